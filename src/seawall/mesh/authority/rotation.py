"""Issuers give way to others, step by step, and never before everybody has followed.

There is no state but that of the slots in the store, and each step is one transaction: whoever is
stopped in between goes on where the store says. Each step raises the *generation*. Those who hand
certificates out say when a generation has arrived everywhere; only then comes the next step.

A root: *prepared* (everybody trusts both), then *active* (leaves are issued below the new one), and
the old one is *gone* in the end. An intermediate needs no trust of its own, since leaves carry it:
the new one signs at once, the old one is gone when no leaf of it is in use. But whoever trusts a
root trusts all that it has signed, until that ends, in use or not: an intermediate whose key may be
known takes its root with it.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.authority.slots import TRUSTED, Kind, Slot, State
from seawall.mesh.authority.store import Store
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import SKEW, Issuer, Validity

ROOTS_KEPT = "roots-kept"
Laggards = Callable[[int], Sequence[str]]
"""Who has not got a generation yet, of those who are alive; by name."""
_NEARLY_OVER, _OVER = 0.75, 0.95
"""The shares of its life after which an issuer gives way also during another rotation, and after
which nobody is waited for."""


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
    with authority.store.changes():
        refuse_meanwhile(authority.store)
        _replace_intermediate(authority)


def rotate_root(authority: Authority) -> None:
    """Make a new root and let everybody trust it; what follows is done by :func:`advance`."""
    with authority.store.changes():
        refuse_meanwhile(authority.store)
        _prepare_root(authority)


def taint(authority: Authority, number: int) -> None:
    """Note that somebody else may have an issuer's key, and replace all that it could vouch for.

    That is the root, also for an intermediate: it could sign for whoever trusts its root. Where a
    rotation is under way, that comes to its end first; see :func:`renewal_due`.
    """
    store = authority.store
    with store.changes():
        slots = store.slots()
        slot = next((own for own in slots if own.number == number), None)
        if slot is None or not _is_trusted(slot, slots, authority.clock()):
            raise RefusedError(f"there is no issuer {number} in use: see seawall mesh ca show")
        root = slot if slot.kind is Kind.ROOT else _root_of(slots, slot)
        if slot is root and not root.key:
            raise RefusedError(f"{slot.about} is another issuer's: replace it there")
        store.taint(number)
        store.record(authority.clock(), "tainted", slot=number)
        if slot.state is State.PREPARED:  # nothing is of it yet, so nobody needs it
            store.set_state(number, State.GONE)
            new_generation(authority, "tainted root withdrawn", slot=number)
    if root.key:  # else its issuer is asked for another one
        renew(authority)


def advance(authority: Authority, laggards: Laggards, *, force: bool = False) -> Progress:
    """Do the next step, if everybody has followed the last one; say where it stands.

    ``force`` does not wait: who has not followed is cut off until it has. Nor is anybody waited for
    where the old issuers are about to end: all would be cut off with who has not followed.
    """
    store = authority.store
    slots = store.slots()
    prepared = _of(slots, Kind.ROOT, (State.PREPARED,))
    retiring = _of_states(slots, (State.RETIRING,))
    generation = generation_of(store)
    if not (prepared or retiring):
        return Progress("idle", generation)
    step = "trust" if prepared else "replace"
    missing = tuple(laggards(generation))
    if missing and not force:
        old = retiring if not prepared else _of(slots, Kind.ROOT, (State.ACTIVE,))
        if not all(_is_old(slot, _OVER, authority.clock()) for slot in old):
            return Progress(step, generation, missing)
    with store.changes():
        if generation_of(store) != generation:  # another controller was quicker
            return Progress(step, generation_of(store))
        if prepared:
            _activate(authority, prepared)
        else:
            for slot in retiring:
                store.set_state(slot.number, State.GONE)
            new_generation(authority, "old issuers gone", forced=bool(missing))
    return Progress("replace" if prepared else "idle", generation + 1)


def renewal_due(authority: Authority) -> Kind | None:
    """Which issuer should give way now: it is tainted, or half of its life is over.

    One after the other; but an intermediate whose life is nearly over does not wait for a rotation
    that somebody holds up, since then all would end with it.
    """
    now = authority.clock()
    slots = authority.store.slots()
    under_way = _of_states(slots, (State.PREPARED, State.RETIRING))
    is_busy = not all(_has_ended(slot, now) for slot in under_way)
    roots = _of(slots, Kind.ROOT, (State.ACTIVE,))
    if not is_busy and any(_is_old(root, 0.5, now) or _is_exposed(root, slots, now)
                           for root in roots):  # fmt: skip
        return Kind.ROOT
    if any(_has_ended(root, now) for root in roots):
        return None  # nothing can be signed below it: a new one must come first
    part = _NEARLY_OVER if is_busy else 0.5
    issuers = _of(slots, Kind.INTERMEDIATE, (State.ACTIVE,))
    old = [slot for slot in issuers if _is_old(slot, part, now)]
    if any(not _root_of(slots, slot).key for slot in old):
        return None if is_busy else Kind.ROOT  # the key of that root is elsewhere
    return Kind.INTERMEDIATE if old else None


def renew(authority: Authority) -> bool:
    """Let an issuer give way whose time it is; whether there was one."""
    if renewal_due(authority) is None:
        return False
    with authority.store.changes():
        due = renewal_due(authority)  # another controller may have been quicker
        for slot in _of_states(authority.store.slots(), (State.PREPARED,)):
            if _has_ended(slot, authority.clock()):
                authority.store.set_state(slot.number, State.GONE)
        if due is Kind.ROOT:
            _prepare_root(authority)
        elif due is Kind.INTERMEDIATE:
            _replace_intermediate(authority)
    return due is not None


def _is_old(slot: Slot, part: float, now: int) -> bool:
    return now >= certificates.validity_of(slot.certificate).share(part)


def _has_ended(slot: Slot, now: int) -> bool:
    return certificates.validity_of(slot.certificate).end <= now


def _is_trusted(slot: Slot, slots: Sequence[Slot], now: int) -> bool:
    """Whether anybody would take what an issuer signs, also one that signs no more."""
    if slot.kind is Kind.ROOT:
        return slot.state in TRUSTED
    roots = {own.number for own in slots if own.kind is Kind.ROOT and own.state in TRUSTED}
    return slot.parent in roots and not _has_ended(slot, now)


def _is_exposed(root: Slot, slots: Sequence[Slot], now: int) -> bool:
    """Whether somebody else may sign for those who trust a root."""
    return root.tainted or any(
        slot.tainted and slot.parent == root.number and not _has_ended(slot, now) for slot in slots
    )


def _root_of(slots: Sequence[Slot], slot: Slot) -> Slot:
    return next(own for own in slots if own.number == slot.parent)


def _prepare_root(authority: Authority) -> None:
    authority.store.set_fact(ROOTS_KEPT, "[]")
    _add_root(authority, State.PREPARED)
    new_generation(authority, "root prepared")


def _replace_intermediate(authority: Authority) -> None:
    """That cuts nobody off: the new one is below a root that all trust, and the old ones stay."""
    slots = authority.store.slots()
    root = _one(slots, Kind.ROOT, State.ACTIVE)
    for slot in _of(slots, Kind.INTERMEDIATE, (State.ACTIVE,)):
        authority.store.set_state(slot.number, State.RETIRING)
    _add_intermediate(authority, root)
    new_generation(authority, "intermediate rotated")


def _activate(authority: Authority, prepared: Sequence[Slot]) -> None:
    """Let new roots take over, with the intermediate that came with them, or one of our own."""
    store = authority.store
    slots = store.slots()
    kept = roots_kept(store)
    for slot in slots:
        if slot.state is State.ACTIVE and slot.number not in kept:
            store.set_state(slot.number, State.RETIRING)
    for root in prepared:
        store.set_state(root.number, State.ACTIVE)
    waiting = _of(slots, Kind.INTERMEDIATE, (State.PREPARED,))
    if waiting:
        store.set_state(waiting[-1].number, State.ACTIVE)
    else:
        _add_intermediate(authority, prepared[-1])
    new_generation(authority, "root active", slot=prepared[-1].number)


def roots_kept(store: Store) -> frozenset[int]:
    """The roots that an issuer outside of the mesh names now, by number; none of our own."""
    return frozenset(json.loads(store.fact(ROOTS_KEPT) or "[]"))


def refuse_meanwhile(store: Store) -> None:
    """Refuse to begin a rotation while another one is under way."""
    if _of_states(store.slots(), (State.PREPARED, State.RETIRING)):
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


def _of_states(slots: Sequence[Slot], states: Sequence[State]) -> list[Slot]:
    return [slot for slot in slots if slot.state in states]


def _of(slots: Sequence[Slot], kind: Kind, states: Sequence[State]) -> list[Slot]:
    return [slot for slot in slots if slot.kind is kind and slot.state in states]


def _one(slots: Sequence[Slot], kind: Kind, state: State) -> Slot:
    found = _of(slots, kind, (state,))
    if not found:
        raise RefusedError(f"there is no {state} {kind}: make one with seawall mesh ca init")
    return found[-1]
