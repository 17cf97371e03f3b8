"""Which distribution and release a package is of, and how the OSV ecosystems call it.

Sources: the ``distro`` qualifier of package URLs, which is ``ID-VERSION_ID`` of os-release(5)
(``debian-12``, ``alpine-3.20.3``, ``rhel-9.4``); the OSV schema's list of ecosystems.
"""

from collections.abc import Callable

from seawall.core.named_tuple import NamedTuple
from seawall.packages.package import Package

_TYPES = frozenset(("apk", "deb", "rpm"))
CODENAMES = {
    "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14",
    "trusty": "14.04", "xenial": "16.04", "bionic": "18.04", "focal": "20.04", "jammy": "22.04",
    "noble": "24.04",
}  # fmt: skip
_BY_SOURCE = frozenset(("alpine", "azurelinux", "chainguard", "debian", "echo", "mariner",
                        "photon", "ubuntu", "wolfi"))  # fmt: skip
"""Distributions whose advisories name source packages; the others name binary ones."""


class Release(NamedTuple):
    """A distribution and its release, in the words of os-release(5)."""

    id: str
    version: str


def release_of(package: Package) -> Release | None:
    """The release that a package is of.

    ``None`` when it is no package of a distribution, or when nothing says which.
    """
    if package.type not in _TYPES:
        return None
    distro = dict(package.qualifiers).get("distro", "").lower()
    id_, _, version = distro.partition("-")
    if distro.startswith(("opensuse-", "sle-", "sles-", "suse-")):
        id_, _, version = distro.rpartition("-")
    if not version and id_ in CODENAMES:
        version = CODENAMES[id_]
        id_ = "ubuntu" if "." in version else "debian"
    version = CODENAMES.get(version, version)
    return Release(id_, version) if id_ else None


def ecosystem_of_release(release: Release) -> str:
    """The OSV ecosystem of a release; empty where there is none."""
    name = _ECOSYSTEMS.get(release.id)
    return "" if name is None else name(release.version)


def name_of(package: Package, release: Release) -> tuple[str, str]:
    """Name and version under which the advisories of a release know a package."""
    source, version = package.source
    if release.id in _BY_SOURCE and source:
        return source, version or package.version
    return package.name, package.version


def _parts(version: str, count: int) -> str:
    return ".".join(version.split(".")[:count])


def _numbered(name: str, count: int) -> Callable[[str], str]:
    """``NAME:VERSION``, of a version only its first numbers; empty without one."""
    return lambda version: f"{name}:{_parts(version, count)}" if version else ""


def _ubuntu(version: str) -> str:
    number = _parts(version, 2)
    year, _, month = number.partition(".")
    if not (year.isdecimal() and month):
        return ""
    is_lts = int(year) % 2 == 0 and month == "04"
    return f"Ubuntu:{number}:LTS" if is_lts else f"Ubuntu:{number}"


def _alpine(version: str) -> str:
    if version.startswith("edge") or "_alpha" in version:
        return "Alpine:edge"
    return f"Alpine:v{_parts(version, 2)}" if version else ""


def _amazon(version: str) -> str:
    """The first one counts as 1, although its versions are those of Ubuntu's form: 2018.03."""
    number = "1" if "." in version and version[:2] == "20" else _parts(version, 1)
    return f"Amazon Linux:{number}" if number else ""


def _suse(version: str) -> str:
    major, _, pack = version.partition(".")
    text = f"{major} SP{pack}" if pack and pack != "0" else major
    return f"SUSE:Linux Enterprise Server {text}" if major else ""


_ECOSYSTEMS: dict[str, Callable[[str], str]] = {
    "almalinux": _numbered("AlmaLinux", 1),
    "alpaquita": lambda version: f"Alpaquita:{version or 'stream'}",
    "alpine": _alpine,
    "amzn": _amazon,
    "azurelinux": _numbered("Azure Linux", 1),
    # Built from the sources of Red Hat, whose advisories are the only ones there are for it.
    "centos": _numbered("Red Hat:enterprise_linux", 1),
    "chainguard": lambda _version: "Chainguard",
    "debian": _numbered("Debian", 1),
    "fedora": _numbered("Fedora", 1),
    "mariner": _numbered("Azure Linux", 1),
    "ol": _numbered("Oracle Linux", 1),
    "opensuse-leap": lambda version: f"openSUSE:Leap {_parts(version, 2)}" if version else "",
    "photon": lambda version: f"Photon OS:{_parts(version, 1)}.0" if version else "",
    "redhat": _numbered("Red Hat:enterprise_linux", 1),
    "rhel": _numbered("Red Hat:enterprise_linux", 1),
    "rocky": _numbered("Rocky Linux", 1),
    "sles": _suse,
    "ubuntu": _ubuntu,
    "wolfi": lambda _version: "Wolfi",
}
"""By the ``ID`` of os-release(5)."""
