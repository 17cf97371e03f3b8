"""The intermediate of a mesh that has its root elsewhere: asked for, waited for, installed.

The key is made here and is kept, sealed, beside the request until the answer comes; so whoever is
stopped in between goes on with the same request. What is installed takes over as issuers of our own
do (``authority.rotation``): new roots are made known everywhere before anything is signed below
them.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.authority.rotation import ROOTS_KEPT, new_generation, refuse_meanwhile
from seawall.mesh.authority.slots import TRUSTED, Kind, Slot, State
from seawall.mesh.authority.store import ABOVE
from seawall.mesh.authority.upstream import Signed
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.checking import check_authority
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.requests import make_authority_request

_PENDING, _FAULT = "pending", "issuer-fault"
_ABOUT = "the key of the request"


class Pending(NamedTuple):
    """A request that waits for its answer."""

    request: bytes
    """PKCS #10, PEM."""
    key: bytes
    """Sealed."""
    since: int


def pending(authority: Authority) -> Pending | None:
    """The request that waits, if there is one."""
    text = authority.store.fact(_PENDING)
    if not text:
        return None
    plain = json.loads(text)
    return Pending(plain["request"].encode(), b64decode(plain["key"]), plain["since"])


def request_of(authority: Authority) -> bytes:
    """The request that waits to be signed, PEM; it is made where there is none."""
    found = pending(authority)
    if found is not None:
        return found.request
    key = keys.new_key()
    request = make_authority_request(authority.store.trust_domain(), key)
    sealed = b64encode(authority.sealed(key, _ABOUT)).decode()
    plain = {"request": request.decode(), "key": sealed, "since": authority.clock()}
    with authority.store.changes():
        authority.store.set_fact(_PENDING, json.dumps(plain))
        authority.store.record(
            authority.clock(), "intermediate asked for", key=keys.fingerprint(key.public_key())
        )
    return request


def is_due(authority: Authority) -> bool:
    """Whether the issuer is to be asked: a request waits, or the intermediate is missing or old."""
    slots = authority.store.slots()
    if any(slot.state in (State.PREPARED, State.RETIRING) for slot in slots):
        return False
    if pending(authority) is not None:
        return True
    now = authority.clock()
    found = [own for own in slots if own.kind is Kind.INTERMEDIATE and own.state is State.ACTIVE]
    return not found or any(
        own.tainted or now >= certificates.validity_of(own.certificate).share(0.5) for own in found
    )


def is_served(authority: Authority) -> bool:
    """Whether there is an intermediate that signs, and holds still."""
    now = authority.clock()
    return any(
        own.kind is Kind.INTERMEDIATE and own.state is State.ACTIVE
        and certificates.validity_of(own.certificate).end > now
        for own in authority.store.slots()
    )  # fmt: skip


def install(authority: Authority, signed: Signed) -> None:
    """Take the answer to the request that waits.

    Raises :class:`IdentityError` or :class:`RefusedError` where it is none; everything stays as it
    was then.
    """
    found = pending(authority)
    if found is None:
        raise RefusedError("no request waits to be signed: make one with seawall mesh ca request")
    key = authority.opened(found.key, _ABOUT)
    chain = _without_roots(signed)
    store = authority.store
    check_authority(chain, signed.bundle, store.trust_domain(), authority.clock())
    if keys.checked(chain[0].public_key()) != key.public_key():
        raise IdentityError("the certificate is for another request: install the right one")
    with store.changes():
        refuse_meanwhile(store)
        roots, is_new = _roots(authority, signed.bundle)
        state = State.PREPARED if is_new else State.ACTIVE
        if not is_new:
            kept = {root.number for root in roots}
            for slot in store.slots():
                if slot.state is State.ACTIVE and slot.number not in kept:
                    store.set_state(slot.number, State.RETIRING)
        parent = _parent(roots, chain[-1])
        slot = Slot(store.next_slot(), Kind.INTERMEDIATE, state, parent.number, chain[0], b"")
        store.add_slot(slot._replace(key=authority.sealed(key, slot.about)))
        store.set_fact(f"{ABOVE}{slot.number}", certificates.as_pem(chain[1:]).decode())
        store.set_fact(ROOTS_KEPT, json.dumps([root.number for root in roots]))
        store.set_fact(_PENDING, "")
        store.set_fact(_FAULT, "")
        new_generation(authority, "intermediate installed", slot=slot.number)


def _without_roots(signed: Signed) -> tuple[x509.Certificate, ...]:
    """Some issuers put the root behind the chain."""
    return tuple(own for own in signed.chain if own not in signed.bundle)


def _roots(authority: Authority, bundle: Sequence[x509.Certificate]) -> tuple[list[Slot], bool]:
    """The slots of the roots of a bundle, and whether somebody has to hear of new ones first."""
    store = authority.store
    slots = store.slots()
    known = {
        own.certificate.public_bytes(Encoding.DER): own
        for own in slots
        if own.kind is Kind.ROOT and own.state in TRUSTED
    }
    state = State.PREPARED if slots else State.ACTIVE  # at the very first there is nobody to hear
    found, is_new = [], False
    for root in bundle:
        slot = known.get(root.public_bytes(Encoding.DER))
        if slot is None:
            slot = Slot(store.next_slot(), Kind.ROOT, state, 0, root, b"")
            store.add_slot(slot)
            is_new = bool(slots)
        found.append(slot)
    return found, is_new


def _parent(roots: Sequence[Slot], last: x509.Certificate) -> Slot:
    for root in roots:
        try:
            last.verify_directly_issued_by(root.certificate)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return root
    raise IdentityError("no root of the bundle signed the chain: install the right one")


def note_fault(authority: Authority, text: str) -> None:
    """Remember why the issuer has not signed, for the status."""
    if authority.store.fact(_FAULT) != text:
        with authority.store.changes():
            authority.store.set_fact(_FAULT, text)


def fault(authority: Authority) -> str:
    """Why the issuer has not signed what it was asked for last; empty where it has."""
    return authority.store.fact(_FAULT)


def warnings(authority: Authority, settings: Mapping[str, Any]) -> list[str]:
    """What operators should know of issuers, long before anything ends."""
    if not settings:
        return []
    now, found = authority.clock(), []
    for slot in authority.store.slots():
        validity = certificates.validity_of(slot.certificate)
        if slot.state is State.ACTIVE and now >= validity.share(0.5):
            found.append(
                f"{slot.about} ends in {validity.end - now} s and is to be renewed by its issuer"
            )
        if slot.tainted and validity.end > now and slot.kind is Kind.INTERMEDIATE:
            found.append(
                f"{slot.about} is tainted: whoever has its key can sign for {validity.end - now} s "
                "more, for all who trust its root; have its issuer replace the root"
            )
    why = fault(authority)
    if why:
        found.append(f"the issuer has not signed: {why}")
    return found
