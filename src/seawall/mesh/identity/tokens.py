"""JWT-SVIDs (JWT-SVID.md) and the keys that vouch for them (RFC 7515, 7517, 7518).

One algorithm is made and taken: ES256. Of what a token says of itself only the name of its key is
believed before its signature holds.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from seawall.mesh.identity.certificates import HASH, SKEW
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import PrivateKey, PublicKey
from seawall.mesh.identity.spiffe_id import SpiffeId, parse

ALGORITHM = "ES256"
LONGEST = 16 * 1024
"""Letters of a token; an honest one has about 500."""
MOST_AUDIENCES, LONGEST_AUDIENCE = 16, 512
_SIZE = 32
"""Bytes of a coordinate, and of each half of a signature (RFC 7518 3.4)."""
_USE = "jwt-svid"
_HEADERS = {"alg", "kid", "typ"}
"""The only ones that a token may have (JWT-SVID.md 2)."""
Claims = Mapping[str, Any]
Keys = Mapping[str, PublicKey]
"""Public keys by their names (``kid``)."""


class Statement(NamedTuple):
    """What a token says."""

    id: SpiffeId
    audience: tuple[str, ...]
    issued: int
    ends: int
    number: str
    """Which token it is (``jti``), for the audit log."""


def key_id(key: PublicKey) -> str:
    """The name of a key: its thumbprint (RFC 7638)."""
    members = json.dumps(_coordinates(key), sort_keys=True, separators=(",", ":"))
    return _packed(sha256(members.encode()).digest())


def key_set(keys: Iterable[PublicKey]) -> str:
    """The keys as a JWK Set, with the use that SPIFFE gives them."""
    entries = [{**_coordinates(key), "kid": key_id(key), "use": _USE} for key in keys]
    return json.dumps({"keys": entries}, sort_keys=True)


def keys_in(text: str) -> Keys:
    """The keys of a JWK Set that vouch for tokens; those of other kinds and uses are passed over.

    Raises :class:`IdentityError` where it is no JWK Set.
    """
    try:
        entries = json.loads(text)["keys"]
        return {
            str(own["kid"]): _public(own)
            for own in entries
            if own.get("use") == _USE and own.get("kty") == "EC" and own.get("crv") == "P-256"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IdentityError(f"no JWK Set: {error!r}; take it from the agent's socket") from None


def make_token(statement: Statement, key: PrivateKey) -> str:
    """A signed token (JWS Compact Serialization)."""
    header = {"alg": ALGORITHM, "kid": key_id(key.public_key()), "typ": "JWT"}
    audience = statement.audience
    claims = {
        "sub": str(statement.id), "aud": audience[0] if len(audience) == 1 else list(audience),
        "iat": statement.issued, "exp": statement.ends, "jti": statement.number,
    }  # fmt: skip
    signed = f"{_json(header)}.{_json(claims)}"
    first, second = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(HASH)))
    signature = first.to_bytes(_SIZE, "big") + second.to_bytes(_SIZE, "big")
    return f"{signed}.{_packed(signature)}"


def read_token(
    token: str, keys: Keys, trust_domain: SpiffeId, audience: str, now: int
) -> tuple[SpiffeId, Claims]:
    """Who a token is for and all that it says, where one of the keys vouches for it.

    Raises :class:`IdentityError` with the first thing that is wrong.
    """
    if len(token) > LONGEST:
        raise IdentityError(f"a token of {len(token)} letters: send one of {LONGEST} at most")
    signed, _, signature = token.rpartition(".")
    head, dot, body = signed.partition(".")
    if not dot or "." in body:
        raise IdentityError("no token: send three parts with dots between them")
    header = _object(head)
    if header.get("alg") != ALGORITHM or not header.keys() <= _HEADERS:
        raise IdentityError(f"the token is not signed with {ALGORITHM} alone: fetch another one")
    if header.get("typ", "JWT") not in ("JWT", "JOSE"):
        raise IdentityError("the token is of a type that is no JWT-SVID: fetch another one")
    key = keys.get(str(header.get("kid", "")))
    if key is None:
        raise IdentityError("the token is signed with a key that is not trusted: fetch another one")
    _check_signature(key, signed, _unpacked(signature))
    claims = _object(body)
    return _subject(claims, trust_domain, audience, now), claims


def check_audience(audience: Sequence[str]) -> None:
    """Refuse an audience that no token is made for (JWT-SVID.md 3.2: at least one value)."""
    if not audience or len(audience) > MOST_AUDIENCES:
        raise IdentityError(f"{len(audience)} audiences: name one, or {MOST_AUDIENCES} at most")
    for own in audience:
        if not own or len(own) > LONGEST_AUDIENCE or not own.isprintable():
            raise IdentityError(
                f"{own[:80]!r} is no audience: write 1 to {LONGEST_AUDIENCE} printable letters"
            )


def _check_signature(key: PublicKey, signed: str, signature: bytes) -> None:
    fault = IdentityError("the token's signature does not hold: fetch another one")
    if len(signature) != 2 * _SIZE:
        raise fault
    halves = (int.from_bytes(signature[:_SIZE], "big"), int.from_bytes(signature[_SIZE:], "big"))
    try:
        key.verify(encode_dss_signature(*halves), signed.encode(), ec.ECDSA(HASH))
    except InvalidSignature:
        raise fault from None


def _subject(claims: Claims, trust_domain: SpiffeId, audience: str, now: int) -> SpiffeId:
    ends = claims.get("exp")
    if not isinstance(ends, int | float) or isinstance(ends, bool):
        raise IdentityError("the token does not say when it ends: fetch another one")
    if now > ends:
        raise IdentityError(f"the token ended {now - int(ends)} s ago: fetch another one")
    begins = claims.get("nbf", now)
    if not isinstance(begins, int | float) or begins > now + SKEW:
        raise IdentityError("the token does not hold yet: set the clock")
    meant = claims.get("aud")
    if audience not in ([meant] if isinstance(meant, str) else meant or ()):
        raise IdentityError(f"the token is not for {audience[:200]!r}: fetch one that is")
    name = parse(str(claims.get("sub", "")))
    if name.trust_domain != trust_domain.trust_domain or not name.is_workload:
        raise IdentityError(f"{name} is no workload of {trust_domain}: fetch another token")
    return name


def _coordinates(key: PublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {
        "crv": "P-256", "kty": "EC", "x": _packed(numbers.x.to_bytes(_SIZE, "big")),
        "y": _packed(numbers.y.to_bytes(_SIZE, "big")),
    }  # fmt: skip


def _public(entry: Mapping[str, str]) -> PublicKey:
    """The key of an entry; one that is no point of the curve is a ``ValueError``."""
    x, y = (int.from_bytes(_unpacked(entry[name]), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _json(value: Mapping[str, Any]) -> str:
    return _packed(json.dumps(value, separators=(",", ":")).encode())


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_unpacked(part))
    except (ValueError, RecursionError):
        raise IdentityError("a part of the token is no JSON: fetch another one") from None
    if not isinstance(found, dict):
        raise IdentityError("a part of the token is no object: fetch another one")
    return found


def _packed(data: bytes) -> str:
    """Base64url without padding (RFC 7515 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        data = b""
    if _packed(data) != text:  # the decoder passes over what it does not know
        raise IdentityError("a part of the token is no base64url: fetch another one")
    return data
