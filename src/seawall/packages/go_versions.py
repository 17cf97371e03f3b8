"""Versions of Go's modules and of Go itself, as far as its files need comparing.

Source: https://go.dev/ref/mod#versions; https://go.dev/doc/toolchain#version
"""

from seawall.core.lazy import pattern

_MODULE = pattern(r"v(\d{1,18})\.(\d{1,18})\.(\d{1,18})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_GO = pattern(
    r"go(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:(rc|beta|alpha)(\d{1,9}))?(?:[-+ ].*)?"
)

Order = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def order(version: str) -> Order | None:
    """What versions of modules compare by; ``None`` for what is none."""
    found = _MODULE.fullmatch(version)
    if found is None:
        return None
    major, minor, patch, pre = found.groups()
    parts = tuple(
        (False, int(part[:18]), "") if part.isdecimal() else (True, 0, part)
        for part in (pre or "").split(".")
    )
    return int(major), int(minor), int(patch), pre is None, parts


def toolchain_version(name: str) -> str:
    """``go1.21rc2`` as the version ``v1.21.0-rc.2`` of advisories; empty for what is none.

    What follows a blank, ``-`` or ``+`` is a distributor's or an experiment's: ``go1.22 X:arenas``.
    """
    found = _GO.fullmatch(name)
    if found is None:
        return ""
    major, minor, patch, word, number = found.groups()
    pre = f"-{word}.{number}" if word else ""
    return f"v{major}.{minor or 0}.{patch or 0}{pre}"
