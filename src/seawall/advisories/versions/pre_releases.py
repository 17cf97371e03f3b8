"""Which versions are pre-releases, as the package manager of their ecosystem sees it."""

from seawall.advisories.versions import pep440, semver
from seawall.core.lazy import pattern

_UNSTABLE = pattern(r"(?:^|[0-9._@-])(?:dev|alpha|a|beta|b|rc)(?:[0-9.-]|dev|$)")
_LETTER = pattern(r"[A-Za-z]")


def is_pre_release(scheme: str, version: str) -> bool:
    """Whether a version is a pre-release, by the name of its scheme (``schemes.Scheme.name``)."""
    match scheme:
        case "pep440":
            return pep440.is_pre_release(version)
        case "gem":
            return "-" in version or _LETTER.search(version) is not None
        case "composer":
            return _UNSTABLE.search(version.lower()) is not None
        case "conan":
            return "-" in version.partition("+")[0]
    return numbers_of_pre_release(version) is not None


def numbers_of_pre_release(version: str) -> tuple[str, ...] | None:
    """Major, minor and patch of a semantic pre-release; ``None`` for all else."""
    parts = semver.split(version)
    if parts is None or parts[1] is None:
        return None
    return tuple((each.lstrip("0") or "0") for each in (*parts[0], "0", "0")[:3])
