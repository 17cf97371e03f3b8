"""Versions of Dart's Pub and of Julia: semantic versions whose build metadata count.

Sources: Dart's ``pub_semver`` (a build comes after the version without one, and builds are
compared as pre-releases are); Julia's ``VersionNumber``, which does the same.
"""

from seawall.advisories.versions import semver
from seawall.advisories.versions.number import pack

_BUILD = "\x02"


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    if "-" not in text and "+" not in text:
        plain = semver.key(text)
        return None if plain is None else plain + b"\x01"
    parts = semver.split(text)
    if parts is None:
        return None
    numbers, pre_release, build = parts
    pieces = semver.release(numbers)
    pieces += semver.RELEASE if pre_release is None else semver.before(pre_release)
    return pack(pieces + (semver.END if build is None else _BUILD + semver.identifiers(build)))
