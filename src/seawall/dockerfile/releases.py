"""Releases of official images: with security updates for years to come, and without any.

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


_ENDED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "debian": (("6", "2016-02"), ("7", "2018-05"), ("8", "2020-06"), ("9", "2022-06"),
               ("10", "2024-06"), ("squeeze", "2016-02"), ("wheezy", "2018-05"),
               ("jessie", "2020-06"), ("stretch", "2022-06"), ("buster", "2024-06")),
    "ubuntu": (("14.04", "2019-04"), ("16.04", "2021-04"), ("18.04", "2023-05"),
               ("20.04", "2025-05"), ("trusty", "2019-04"), ("xenial", "2021-04"),
               ("bionic", "2023-05"), ("focal", "2025-05")),
    "centos": (("5", "2017-03"), ("6", "2020-11"), ("7", "2024-06"), ("8", "2021-12")),
    "alpine": (*((f"3.{n}", "2024-11") for n in range(1, 18)),
               ("3.18", "2025-05"), ("3.19", "2025-11")),
    "python": (("2", "2020-01"), ("3.5", "2020-09"), ("3.6", "2021-12"), ("3.7", "2023-06"),
               ("3.8", "2024-10"), ("3.9", "2025-10")),
    "node": (*((str(n), "2025-04") for n in range(4, 19)),
             ("19", "2023-06"), ("20", "2026-04"), ("21", "2024-06"), ("23", "2025-06")),
    "php": (("5", "2018-12"), ("7", "2022-11"), ("8.0", "2023-11"), ("8.1", "2025-12")),
    "postgres": (("9", "2021-11"), ("10", "2022-11"), ("11", "2023-11"), ("12", "2024-11"),
                 ("13", "2025-11")),
    "ruby": (("2", "2023-03"), ("3.0", "2024-04"), ("3.1", "2025-03"), ("3.2", "2026-03")),
    "openjdk": (("", "2022-07"),),
}  # fmt: skip
"""Releases whose security support has ended, with the month (the projects' own release pages).

The image ``openjdk`` is deprecated as a whole (docker-library, July 2022).
"""


def ended(name: str, tag: str) -> tuple[str, str] | None:
    """The release of a tag, and the month in which its support had ended; ``None`` for others."""
    for release, month in _ENDED.get(name, ()) if tag else ():
        rest = tag.removeprefix(release)
        if not release or (tag.startswith(release) and rest[:1] in ("", ".", "-")):
            return release, month
    return None
