"""Releases of official images that get security updates for years to come.

What the projects announce for their releases (https://endoflife.date gathers it), as known in 2026.
Only what keeps its data and its interface for the length of a release: no databases.
"""

import re
from collections.abc import Mapping

from seawall.core.lazy import pattern

_SUPPORTED: Mapping[str, tuple[str, ...]] = {
    "alpine": ("3.22",),
    "debian": ("12", "13"),
    "node": ("22", "24"),
    "php": ("8.3", "8.4"),
    "python": ("3.11", "3.14"),
    "ruby": ("3.3", "3.4"),
    "ubuntu": ("22.04", "24.04"),
}
"""The oldest with support into 2027 or longer, which is closest to what has ended, and a new one
with long support; of alpine the same."""
_OLD_SYSTEMS = pattern(
    r"(?:-(?:wheezy|jessie|stretch|buster|bullseye|trusty|xenial|bionic|focal)"
    r"|(?<=-alpine)\d+(?:\.\d+)*)"
)
"""Systems in tags for which a newer release has no image."""
_VARIANT = pattern(r"(?:-(?:slim|alpine|bookworm|trixie|apache|fpm|cli|zts|buster))*")


def current(name: str) -> str:
    """A release with long support, for an image of which none is named; empty if none is known."""
    return _SUPPORTED.get(name, ("",))[-1]


def successor(name: str, tag: str, ended: str) -> str:
    """The tag closest to one whose release gets no updates any more; empty if none is known.

    The variant stays (``3.9-slim`` gives ``3.11-slim``), but for a system that has ended too.
    """
    release = _SUPPORTED.get(name, ("",))[0]
    rest = re.sub(r"^(?:\.\d+)*", "", tag.removeprefix(ended))
    variant = _OLD_SYSTEMS.sub("", rest)
    return f"{release}{variant}" if release and _VARIANT.fullmatch(variant) else ""
