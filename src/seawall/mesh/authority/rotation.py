"""Issuers give way to others, step by step, and never before everybody has followed.

There is no state but that of the slots in the store, and each step is one transaction: whoever is
stopped in between goes on where the store says. Each step raises the *generation*. Those who hand
certificates out say when a generation has arrived everywhere; only then comes the next step.

A root: *prepared* (everybody trusts both), then *active* (leaves are issued below the new one), and
the old one is *gone* in the end. An intermediate needs no trust of its own, since leaves carry it:
the new one signs at once, the old one is gone when no leaf of it is in use.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.authority.slots import TRUSTED, Kind, Slot, State
from seawall.mesh.authority.store import Store
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import SKEW, Issuer, Validity

Laggards = Callable[[int], Sequence[str]]
"""Who has not got a generation yet, of those who are alive; by name."""


class Progress(NamedTuple):
    """How far a rotation has come."""

    step: str
    """What is being done: ``idle``, ``trust`` (the new root is made known), ``replace`` (what the
    old issuers signed is replaced)."""
    generation: int
    waits_for: tuple[str, ...] = ()
    """Those who have not followed yet."""


def generation_of(store: Store) -> int:
    """The number of the last step: what was issued before it may be out of date."""
    return int(store.fact("generation") or 0)


def begin(authority: Authority) -> None:
    """Make the first root and its intermediate, of a store that has none."""
    store = authority.store
    with store.changes():
        if store.slots():
            raise RefusedError(f"{store.path} has issuers already: rotate them instead")
        root = _add_root(authority, State.ACTIVE)
        _add_intermediate(authority, root)
        new_generation(authority, "begun")


def rotate_intermediate(authority: Authority) -> None:
    """Let a new intermediate sign from now on."""
    store = authority.store
    with store.changes():
        _refuse_meanwhile(store)
        root = _one(store.slots(), Kind.ROOT, State.ACTIVE)
        for slot in _of(store.slots(), Kind.INTERMEDIATE, (State.ACTIVE,)):
            store.set_state(slot.number, State.RETIRING)
        _add_intermediate(authority, root)
        new_generation(authority, "intermediate rotated")


def rotate_root(authority: Authority) -> None:
    """Make a new root and let everybody trust it; what follows is done by :func:`advance`."""
    store = authority.store
    with store.changes():
        _refuse_meanwhile(store)
        _add_root(authority, State.PREPARED)
        new_generation(authority, "root prepared")


def taint(authority: Authority, number: int) -> None:
    """Note that somebody else may have an issuer's key, and replace it.

    For a root that is the way of :func:`rotate_root`: a new one must be trusted first.
    """
    store = authority.store
    with store.changes():
        slot = next((own for own in store.slots() if own.number == number), None)
        if slot is None or slot.state not in TRUSTED:
            raise RefusedError(f"there is no issuer {number} in use: see seawall mesh ca show")
        store.taint(number)
        store.record(authority.clock(), "tainted", slot=number)
    if slot.state is State.ACTIVE:
        (rotate_root if slot.kind is Kind.ROOT else rotate_intermediate)(authority)


def advance(authority: Authority, laggards: Laggards, *, force: bool = False) -> Progress:
    """Do the next step, if everybody has followed the last one; say where it stands.

    ``force`` does not wait: who has not followed is cut off until it has.
    """
    store = authority.store
    slots = store.slots()
    prepared = _of(slots, Kind.ROOT, (State.PREPARED,))
    retiring = [slot for slot in slots if slot.state is State.RETIRING]
    generation = generation_of(store)
    if not (prepared or retiring):
        return Progress("idle", generation)
    step = "trust" if prepared else "replace"
    missing = tuple(laggards(generation))
    if missing and not force:
        return Progress(step, generation, missing)
    with store.changes():
        if generation_of(store) != generation:  # another controller was quicker
            return Progress(step, generation_of(store))
        if prepared:
            _activate(authority, prepared[-1])
        else:
            for slot in retiring:
                store.set_state(slot.number, State.GONE)
            new_generation(authority, "old issuers gone", forced=bool(missing))
    return Progress("replace" if prepared else "idle", generation + 1)


def renewal_due(authority: Authority) -> Kind | None:
    """Which issuer is so old that it should give way now: half of its life is over."""
    now = authority.clock()
    slots = authority.store.slots()
    if any(slot.state in (State.PREPARED, State.RETIRING) for slot in slots):
        return None  # one after the other
    for kind in (Kind.ROOT, Kind.INTERMEDIATE):
        for slot in _of(slots, kind, (State.ACTIVE,)):
            if now >= certificates.validity_of(slot.certificate).share(0.5):
                return kind
    return None


def _activate(authority: Authority, root: Slot) -> None:
    store = authority.store
    for slot in store.slots():
        if slot.state is State.ACTIVE:
            store.set_state(slot.number, State.RETIRING)
    store.set_state(root.number, State.ACTIVE)
    _add_intermediate(authority, root)
    new_generation(authority, "root active", slot=root.number)


def _refuse_meanwhile(store: Store) -> None:
    if any(slot.state in (State.PREPARED, State.RETIRING) for slot in store.slots()):
        raise RefusedError("a rotation is under way: let it end, see seawall mesh ca show")


def new_generation(authority: Authority, event: str, **said: object) -> None:
    """Note that all have to follow something new, within ``changes``."""
    store = authority.store
    generation = generation_of(store) + 1
    store.set_fact("generation", str(generation))
    store.record(authority.clock(), event, generation=generation, **said)


def _add_root(authority: Authority, state: State) -> Slot:
    now = authority.clock()
    key = keys.new_key()
    validity = Validity(now - SKEW, now + authority.lifetimes.root)
    certificate = certificates.make_root(authority.store.trust_domain(), key, validity)
    slot = Slot(authority.store.next_slot(), Kind.ROOT, state, 0, certificate, b"")
    slot = slot._replace(key=authority.sealed(key, slot.about))
    authority.store.add_slot(slot)
    return slot


def _add_intermediate(authority: Authority, root: Slot) -> Slot:
    now = authority.clock()
    key = keys.new_key()
    validity = Validity(now - SKEW, now + authority.lifetimes.intermediate)
    issuer = Issuer(root.certificate, authority.key_of(root))
    domain = authority.store.trust_domain()
    certificate = certificates.make_intermediate(domain, key.public_key(), validity, issuer)
    number = authority.store.next_slot()
    slot = Slot(number, Kind.INTERMEDIATE, State.ACTIVE, root.number, certificate, b"")
    slot = slot._replace(key=authority.sealed(key, slot.about))
    authority.store.add_slot(slot)
    return slot


def _of(slots: Sequence[Slot], kind: Kind, states: Sequence[State]) -> list[Slot]:
    return [slot for slot in slots if slot.kind is kind and slot.state in states]


def _one(slots: Sequence[Slot], kind: Kind, state: State) -> Slot:
    found = _of(slots, kind, (state,))
    if not found:
        raise RefusedError(f"there is no {state} {kind}: make one with seawall mesh ca init")
    return found[-1]
