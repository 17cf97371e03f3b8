"""Runtimes and distributions whose support is over, by the release lines of endoflife.date."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from seawall.advisories.advisory import Cycle
from seawall.advisories.image_lines import line_of
from seawall.core.named_tuple import NamedTuple
from seawall.packages.distributions import Release, release_of
from seawall.packages.package import Package

_PRODUCTS = {
    ("generic", "dotnet"): "dotnet",
    ("generic", "elixir"): "elixir",
    ("generic", "erlang"): "erlang",
    ("generic", "go"): "go",
    ("generic", "nodejs"): "nodejs",
    ("generic", "perl"): "perl",
    ("generic", "php"): "php",
    ("generic", "python"): "python",
    ("generic", "ruby"): "ruby",
    ("generic", "rust"): "rust",
    ("golang", "stdlib"): "go",
}
"""Packages that are a runtime, and what endoflife.date calls it."""


_DISTRIBUTIONS = {
    "almalinux": "almalinux", "alpine": "alpine-linux", "amzn": "amazon-linux", "debian": "debian",
    "fedora": "fedora", "ol": "oracle-linux", "opensuse-leap": "opensuse", "photon": "photon",
    "redhat": "rhel", "rhel": "rhel", "rocky": "rocky-linux", "sles": "sles", "ubuntu": "ubuntu",
}  # fmt: skip
"""Distributions by the ``ID`` of os-release(5), and what endoflife.date calls them."""


class Store(Protocol):
    """What is known of release lines."""

    def cycles(self, product: str) -> Sequence[Cycle]:
        """Those of a product, newest first."""


class Ended(NamedTuple):
    """A runtime whose release line gets no more security fixes."""

    package: Package
    cycle: Cycle
    successors: tuple[Cycle, ...]
    """The release lines that are supported on that day, newest first."""


def is_runtime(package: Package) -> bool:
    """Whether a package is a runtime that release lines are known of."""
    return (package.type, package.name) in _PRODUCTS


def ended(packages: Iterable[Package], store: Store, today: str) -> list[Ended]:
    """Those of some packages whose support is over on a day, ``2026-11-26``."""
    found = []
    lines: dict[str, Sequence[Cycle]] = {}
    told: set[tuple[str, str]] = set()
    for package in packages:
        product, version = _product_of(package)
        if not product or not version:
            continue
        if product not in lines:
            lines[product] = store.cycles(product)
        cycle = _cycle_of(version, lines[product])
        if cycle is None or not _is_over(cycle, today):
            continue
        if release_of(package) is not None:  # told once, of the first of its packages
            if (product, cycle.cycle) in told:
                continue
            told.add((product, cycle.cycle))
        successors = tuple(line for line in lines[product] if not _is_over(line, today))
        found.append(Ended(package, cycle, successors))
    return found


def _product_of(package: Package) -> tuple[str, str]:
    """The product whose release lines a package tells something of, and its version."""
    if package.type == "docker":
        return line_of(package.name, package.version)
    release = release_of(package)
    if release is not None:
        return _DISTRIBUTIONS.get(release.id, ""), release.version
    return _PRODUCTS.get((package.type, package.name), ""), package.version


def _cycle_of(version: str, cycles: Sequence[Cycle]) -> Cycle | None:
    """The release line a version belongs to: the longest whose numbers it begins with."""
    numbers = version.lstrip("v").split(".")
    of_version = [
        cycle for cycle in cycles if numbers[: cycle.cycle.count(".") + 1] == cycle.cycle.split(".")
    ]
    return max(of_version, key=lambda cycle: cycle.cycle.count("."), default=None)


_LONG_SUPPORT = frozenset(("debian",))
"""Products whose extended support is for everybody: Debian's LTS is in its own archive of security
updates."""


def _is_over(cycle: Cycle, today: str) -> bool:
    end = _end(cycle)
    return end == "yes" or (end[:1].isdigit() and end < today)


def _end(cycle: Cycle) -> str:
    end = cycle.end_of_life
    if cycle.product in _LONG_SUPPORT and cycle.extended[:1].isdigit():
        return max(end, cycle.extended)
    return end


def end_of(release: Release, store: Store) -> str:
    """The day on which the security support of a distribution ends; empty where it is not known."""
    product = _DISTRIBUTIONS.get(release.id, "")
    cycle = _cycle_of(release.version, store.cycles(product)) if product else None
    end = "" if cycle is None else _end(cycle)
    return end if end[:1].isdigit() else ""
