"""Versions of Go modules, of the standard library and of the tool chain.

Modules have semantic versions; pseudo-versions (``v0.0.0-20191109021931-daa7c04131f5``) are
pre-releases whose time is their order, and ``+incompatible`` has no weight (Go modules reference).
Versions of the tool chain (``go1.21rc2``, ``1.21``) are brought into the form that the Go
vulnerability database has for them, ``1.21.0-rc.2``.
"""

from seawall.advisories.versions import semver
from seawall.core.lazy import pattern

_TOOL_CHAIN = pattern(r"([0-9]+(?:\.[0-9]+){0,2})(?:(rc|beta|alpha)([0-9]+))?")
_LONGEST = 100


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one, as ``(devel)`` is not."""
    if text[:2] == "go":
        # What stands behind is an experiment or a vendor's mark: go1.22.1 X:boringcrypto,
        # go1.21.3-vendor.
        text = text[2:_LONGEST].partition(" ")[0].partition("-")[0].partition("+")[0]
    elif "-" in text or text[:1] == "v":
        return semver.key(text)
    found = _TOOL_CHAIN.fullmatch(text) if len(text) < _LONGEST else None
    if found is None or found[2] is None:
        return semver.key(text)
    numbers, stage, number = found.groups()
    return semver.key(f"{numbers}-{stage}.{number}")
