"""Agents that come back without a token: they prove that they have the key of their first join.

A host whose agent was away until its certificate ended, or was started again, has nothing else to
show. It asks for a challenge and signs it together with its request, so what it sends is good once.
"""

import secrets
from collections import OrderedDict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.identity.certificates import HASH
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import PrivateKey, PublicKey, checked
from seawall.mesh.identity.spiffe_id import SpiffeId

LIFETIME = 60
"""Seconds that a challenge can be answered."""
_MOST = 1000
_PURPOSE = b"seawall-mesh rejoin"
_REMEDY = "give it a new token: seawall mesh token"


class Challenges:
    """Those that have not been answered yet; the oldest make room for others."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def new(self, host: str, now: int) -> str:
        """A challenge for the agent of a host."""
        while len(self._open) >= _MOST:
            self._open.popitem(last=False)
        challenge = secrets.token_urlsafe(32)
        self._open[challenge] = host, now + LIFETIME
        return challenge

    def take(self, challenge: str, host: str, now: int) -> None:
        """Use one up; raises :class:`RefusedError` where it is none of that host's, or too old."""
        known, ends = self._open.pop(challenge, ("", 0))
        if known != host or now > ends:
            raise RefusedError("the challenge is unknown, used or too old: ask for another one")


def proof_of(key: PrivateKey, trust_domain: SpiffeId, challenge: str, request: bytes) -> bytes:
    """What the agent sends: its signature (ECDSA) over challenge and request."""
    return key.sign(_signed(trust_domain, challenge, request), ec.ECDSA(HASH))


def check_proof(
    authority: Authority, host: str, challenge: str, request: bytes, proof: bytes
) -> None:
    """Refuse who has not got the key that the host joined with."""
    data = authority.store.host_key(host)
    if not data:
        raise RefusedError(f"{host} has left no key here to come back with: {_REMEDY}")
    signed = _signed(authority.store.trust_domain(), challenge, request)
    try:
        checked(load_der_public_key(data)).verify(proof, signed, ec.ECDSA(HASH))
    except InvalidSignature:
        raise RefusedError(f"this is not the key that {host} joined with: {_REMEDY}") from None


def public_of(key: PublicKey) -> bytes:
    """A public key as it is sent and kept (SubjectPublicKeyInfo, DER)."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def checked_public(data: bytes) -> bytes:
    """The same bytes, if they are a P-256 key; nothing for nothing."""
    if not data:
        return b""
    try:
        return public_of(checked(load_der_public_key(data)))
    except (ValueError, TypeError) as error:
        raise IdentityError(f"no public key: {error}; update seawall on both sides") from None


def _signed(trust_domain: SpiffeId, challenge: str, request: bytes) -> bytes:
    return b"\0".join((_PURPOSE, str(trust_domain).encode(), challenge.encode(), request))
