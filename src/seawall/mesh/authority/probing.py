"""Test certificates of the mesh's own issuer, by which ``seawall mesh verify`` attacks workloads.

None of them is anybody: each id is below ``/seawall/verify``, which no workload can have and which
no proxy lets in (``control.reserved``). They hold for two minutes at most, stand in the store and
in the audit log as all certificates do, and none can sign another: it is no issuer, or its key may
not sign; and the mesh's intermediates allow no issuer below them.
"""

from enum import StrEnum
from typing import NamedTuple

from seawall.mesh.authority.authority import Authority, Grant
from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.authority.store import Issued
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import SKEW, Issuer, Odd, Validity
from seawall.mesh.identity.requests import read_request
from seawall.mesh.identity.spiffe_id import SpiffeId

PATH = ("seawall", "verify")
"""Where the ids of probes are, in any trust domain."""
LONGEST = 120
"""Seconds that a probe holds at most."""
_CALLER = "mesh verify"
_STRANGE = SpiffeId("verify.invalid")
"""A trust domain that nobody has (RFC 2606 2)."""


class Variant(StrEnum):
    """What is wrong with a probe."""

    VALID = "valid"
    """Nothing: it is refused for who it is."""
    EXPIRED = "expired"
    FUTURE = "not yet valid"
    TWO_NAMES = "two names"
    STRANGE = "other trust domain"
    AUTHORITY = "issuer"
    """It says that it is an issuer; its key may not sign."""
    SIGNING = "may sign"
    """Its key may sign; it is no issuer."""


class _Form(NamedTuple):
    names: tuple[SpiffeId, ...]
    validity: Validity
    odd: Odd = Odd()


def probe(authority: Authority, request: bytes, variant: Variant, seconds: int = 0) -> Grant:
    """A test certificate for a request (PKCS #10, DER).

    ``seconds`` is how long a valid one holds. Raises :class:`RefusedError` for any id but a
    probe's, or ``StoreError`` where it cannot be written down or the issuer's key is not here.
    """
    name, key = read_request(request)
    own = authority.store.trust_domain()
    if not name.is_below(own.child(*PATH)) or name == own.child(*PATH):
        raise RefusedError(f"{name} is no probe: ask for an id below {own.child(*PATH)}")
    slot = authority.issuer()
    issuer = Issuer(slot.certificate, authority.key_of(slot))
    now = authority.clock()
    form = _form(name, variant, now, seconds)
    serial = certificates.new_serial()
    authority.remember(
        [Issued(serial, form.names[0], f"{_CALLER}: {variant}", keys.fingerprint(key), slot.number,
                now, form.validity.end)]
    )  # fmt: skip
    leaf = certificates.make_odd_leaf(form.names, key, form.validity, issuer, serial, form.odd)
    return Grant(name, (leaf, slot.certificate), form.validity, slot.number)


def _form(name: SpiffeId, variant: Variant, now: int, seconds: int) -> _Form:
    usual = Validity(now - SKEW, now + min(max(seconds, 1), LONGEST))
    match variant:
        case Variant.EXPIRED:
            return _Form((name,), Validity(now - 2 * LONGEST, now - LONGEST))
        case Variant.FUTURE:
            return _Form((name,), Validity(now + LONGEST, now + 2 * LONGEST))
        case Variant.TWO_NAMES:
            return _Form((name, name._replace(path=f"{name.path}-2")), usual)
        case Variant.STRANGE:
            return _Form((name._replace(trust_domain=_STRANGE.trust_domain),), usual)
        case Variant.AUTHORITY:
            return _Form((name,), usual, Odd(is_authority=True))
        case Variant.SIGNING:
            return _Form((name,), usual, Odd(may_sign=True))
        case Variant.VALID:
            return _Form((name,), usual)
