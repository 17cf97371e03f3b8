"""Versions of Bitnami's components: semantic versions, with a revision of the packaging behind.

``1.2.3-4`` is the fourth packaging of 1.2.3 and no pre-release; without one it is the zeroth.
Source: the ``bitnami/go-version`` library, which Bitnami's own records are made with.
"""

from seawall.advisories.versions import semver
from seawall.advisories.versions.number import num, pack


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    parts = semver.split(text)
    if parts is None:
        return None
    numbers, rest, _build = parts
    pre_release, revision = _revision(rest)
    pieces = semver.release(numbers)
    pieces += semver.RELEASE if pre_release is None else semver.before(pre_release)
    return pack(pieces + num(revision))


def _revision(rest: str | None) -> tuple[str | None, str]:
    """A pre-release and a revision, which is the number at the end behind a hyphen."""
    if rest is None:
        return None, ""
    head, _, last = rest.rpartition("-")
    if last.isdigit():
        return head or None, last
    return rest, ""
