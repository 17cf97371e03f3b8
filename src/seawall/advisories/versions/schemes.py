"""Which versions which ecosystem has: the ecosystems of the OSV schema 1.7.5, one line each.

To add one, write a module with ``key(text: str) -> bytes | None`` and a line here; it is imported
when the first version of its ecosystem is met.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from seawall.core.named_tuple import NamedTuple

Key = Callable[[str], bytes | None]


class Scheme(NamedTuple):
    """The order of an ecosystem's versions."""

    name: str
    """The module it lives in: ``semver``, ``pep440``, ``debian``."""
    key: Key
    """The key of a version; ``None`` when the text is none. ``key(a) < key(b)`` when a comes
    before b, and equal when neither does. Never raises."""


_SCHEMES = {
    "AlmaLinux": "rpm",
    "Alpaquita": "apk",
    "Alpine": "apk",
    "Android": "generic",
    "Azure Linux": "rpm",
    "BellSoft Hardened Containers": "apk",
    "Bioconductor": "numbers",
    "Bitnami": "bitnami",
    "CRAN": "numbers",
    "Chainguard": "apk",
    "CleanStart": "apk",
    "ConanCenter": "conan",
    "Debian": "debian",
    "Docker Hardened Images": "generic",
    "Echo": "debian",
    "FreeBSD": "freebsd",
    "GHC": "numbers",
    "GitHub Actions": "semver",
    "Go": "golang",
    "Hackage": "numbers",
    "Hex": "semver",
    "Julia": "pub",
    "Kubernetes": "semver",
    "Linux": "generic",
    "Mageia": "rpm",
    "Maven": "maven",
    "MinimOS": "apk",
    "NuGet": "nuget",
    "OSS-Fuzz": "generic",
    "Packagist": "composer",
    "Photon OS": "rpm",
    "Pub": "pub",
    "PyPI": "pep440",
    "Red Hat": "rpm",
    "Rocky Linux": "rpm",
    "Root": "generic",
    "RubyGems": "gem",
    "SUSE": "rpm",
    "SwiftURL": "semver",
    "TuxCare": "generic",
    "Ubuntu": "debian",
    "VSCode": "semver",
    "Wolfi": "apk",
    "crates.io": "semver",
    "npm": "semver",
    "opam": "opam",
    "openEuler": "rpm",
    "openSUSE": "rpm",
    # No ecosystems of OSV, but distributions whose advisories come in their own form.
    "Amazon Linux": "rpm",
    "Bottlerocket": "rpm",
    "Fedora": "rpm",
    "Oracle Linux": "rpm",
    # Runtimes, and libraries known by their files, of which sources have advisories.
    "CPython": "pep440",
    "Node.js": "semver",
    "Retire.js": "semver",
    "Ruby": "generic",  # 1.9.2-p330 comes after 1.9.2, unlike a version of a gem
}
_LOWER_CASE = {name.lower(): module for name, module in _SCHEMES.items()}
"""Some records have ``kubernetes``."""
_OF_OTHERS = frozenset({"Echo", "Root", "TuxCare"})
"""They mend packages of other ecosystems, which the suffix names: ``Root:Alpine:3.18``."""


def scheme_of(ecosystem: str) -> Scheme | None:
    """The order of versions in an OSV ecosystem, its release ignored: ``Debian:12``, ``PyPI``.

    ``None`` when the ecosystem is not known, and for ``GIT``, whose commits have no order.
    """
    name, _, suffix = ecosystem.partition(":")
    module = _SCHEMES.get(name) or _LOWER_CASE.get(name.lower())
    if name in _OF_OTHERS:
        module = _SCHEMES.get(suffix.partition(":")[0], module)
    return None if module is None else scheme(module)


@cache
def scheme(name: str) -> Scheme:
    """The order of versions that a module of this package has."""
    key: Key = import_module(f"seawall.advisories.versions.{name}").key
    return Scheme(name, key)


def ecosystems() -> tuple[str, ...]:
    """The names of all ecosystems whose versions have an order here."""
    return tuple(_SCHEMES)
