"""Versions of opam's packages: those of Debian without an epoch (opam manual)."""

from seawall.advisories.versions.debian import part
from seawall.advisories.versions.number import is_odd, pack


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    text = text.strip()
    if not text or is_odd(text):
        return None
    upstream, hyphen, revision = text.rpartition("-")
    return pack(part(upstream) + part(revision) if hyphen else part(text) + part(""))
