"""JSON Web Tokens (RFC 7519): a header with an algorithm, claims, a signature of fitting length."""

from binascii import b2a_base64
from time import time
from typing import Any

from seawall.secrets.candidate import Proof
from seawall.secrets.chance import Chance
from seawall.secrets.verifying.encoded import json_of, packed, unpacked
from seawall.secrets.verifying.verdict import REFUTED, Verdict

EXPIRED = "expired"
PUBLIC = "meant to be public"
SAMPLE = "the sample of jwt.io"
_SIZES = {
    "HS256": (32,), "HS384": (48,), "HS512": (64,), "ES256": (64,), "ES384": (96,), "ES512": (132,),
    "EdDSA": (64,), "RS256": range(128, 1025), "RS384": range(128, 1025),
    "RS512": range(128, 1025), "PS256": range(128, 1025), "PS384": range(128, 1025),
    "PS512": range(128, 1025),
}  # fmt: skip
"""Bytes of a signature by algorithm (RFC 7518)."""
_SAMPLE_SUBJECT, _SAMPLE_NAME = "1234567890", "John Doe"
_LONGEST_ISSUER = 80


def check(value: str) -> Verdict:
    """Proven where all parts fit each other; refuted where they are no JSON.

    An expired token, a sample and one that is made for browsers are proven, and say so.
    """
    value = value[value.find("eyJ") :]
    parts = value.split(".")
    if len(parts) != 3:
        return REFUTED
    header, claims = json_of(parts[0]), json_of(parts[1])
    signature = unpacked(parts[2])
    if not isinstance(header, dict) or not isinstance(claims, dict) or signature is None:
        return REFUTED
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        return REFUTED
    sizes = _SIZES.get(algorithm)
    fits = sizes is not None and len(signature) in sizes and len(set(signature)) > 12
    return Verdict(Proof.PROVEN if fits else Proof.PLAUSIBLE, _told(claims))


def _told(claims: dict[str, Any]) -> str:
    if claims.get("name") == _SAMPLE_NAME and claims.get("sub") == _SAMPLE_SUBJECT:
        return SAMPLE
    if claims.get("role") == "anon":  # Supabase's key for browsers
        return PUBLIC
    until = claims.get("exp")
    if isinstance(until, int | float) and until < time():
        return EXPIRED
    issuer = claims.get("iss")
    return f"issued by {issuer[:_LONGEST_ISSUER]}" if isinstance(issuer, str) and issuer else ""


def sign(value: str, random: Chance) -> str:
    """A token with a signature of the right length, under the value's prefix."""
    header = packed({"alg": "HS256", "typ": "JWT"})
    claims = packed({"iss": "https://login.example.org", "sub": str(random.randrange(10**6))})
    signature = random.randbytes(32)
    text = _encoded(signature)
    return f"{value[: value.find('eyJ')]}{header}.{claims}.{text}"


def _encoded(data: bytes) -> str:
    text = b2a_base64(data, newline=False).decode().rstrip("=")
    return text.translate({43: "-", 47: "_"})
