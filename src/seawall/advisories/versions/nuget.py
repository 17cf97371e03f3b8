"""Versions of NuGet: four numbers, and a pre-release whose case does not count.

Source: ``NuGetVersion`` and ``VersionComparer`` of NuGet.Versioning: the fourth number stands
before the pre-release, build metadata have no weight.
"""

from seawall.advisories.versions import semver


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    return semver.key(text.lower())
