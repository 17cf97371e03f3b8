"""SPIFFE ids (SPIFFE-ID.md): ``spiffe://`` trust domain, path.

The grammar is narrow on purpose: no port, user, percent-encoding, query or fragment, no empty or
dotted segment. What is not exactly an id is refused; nothing is mended.
"""

from functools import lru_cache
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.mesh.identity.errors import IdentityError

SCHEME = "spiffe://"
LONGEST = 2048
"""Bytes of an id that every implementation must support; longer ones are refused."""
LONGEST_TRUST_DOMAIN = 255
_TRUST_DOMAIN = pattern(r"[a-z0-9._-]+\Z")
_SEGMENT = pattern(r"[a-zA-Z0-9._-]+\Z")


class SpiffeId(NamedTuple):
    """A name in a trust domain; without a path it is that of the trust domain itself."""

    trust_domain: str
    path: str = ""
    """Empty, or a slash and segments with slashes between them."""

    def __str__(self) -> str:
        """``spiffe://example.org/ns/shop/sa/web``."""
        return f"{SCHEME}{self.trust_domain}{self.path}"

    @property
    def is_workload(self) -> bool:
        """Whether it names something in the trust domain: only such an id may authenticate."""
        return bool(self.path)

    def is_below(self, other: "SpiffeId") -> bool:
        """Whether it is ``other`` or lies below it, at the border of a segment."""
        return self.trust_domain == other.trust_domain and (
            self.path == other.path or self.path.startswith(f"{other.path}/")
        )

    def child(self, *segments: str) -> "SpiffeId":
        """The id with further segments behind."""
        return parse(f"{self}/{'/'.join(segments)}")


def parse(text: object) -> SpiffeId:
    """The id that a text is; raises :class:`IdentityError` with what is wrong about it."""
    if not isinstance(text, str):
        raise IdentityError("an id is a text: write one like spiffe://example.org/ns/shop/sa/web")
    return _parsed(text)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> SpiffeId:
    fault = _fault(text)
    if fault:
        raise IdentityError(
            f"{text[:200]!r} is no SPIFFE id: {fault}; write one like "
            "spiffe://example.org/ns/shop/sa/web"
        )
    domain, slash, path = text[len(SCHEME) :].partition("/")
    return SpiffeId(domain, slash + path)


def trust_domain(name: str) -> SpiffeId:
    """The id of a trust domain by its name."""
    if name.startswith(SCHEME) or "/" in name:
        raise IdentityError(f"{name[:200]!r} is no name of a trust domain: write the name alone")
    return parse(SCHEME + name)


def _fault(text: str) -> str:
    if not text.isascii():
        return "it has letters beyond ASCII"
    if len(text) > LONGEST:
        return f"it is longer than {LONGEST} bytes"
    if not text.startswith(SCHEME):
        return f"it does not begin with {SCHEME}"
    domain, slash, path = text[len(SCHEME) :].partition("/")
    return _fault_of_domain(domain) or (_fault_of_path(path) if slash else "")


def _fault_of_domain(domain: str) -> str:
    if not domain:
        return "it has no trust domain"
    if len(domain) > LONGEST_TRUST_DOMAIN:
        return f"its trust domain is longer than {LONGEST_TRUST_DOMAIN} letters"
    if not _TRUST_DOMAIN.match(domain):
        return "its trust domain may have small letters, digits, '.', '-' and '_' only"
    return ""


def _fault_of_path(path: str) -> str:
    for segment in path.split("/"):
        if not segment:
            return "its path has an empty segment"
        if segment in (".", ".."):
            return f"its path has the segment {segment!r}"
        if not _SEGMENT.match(segment):
            return "its path may have letters, digits, '.', '-', '_' and '/' only"
    return ""
