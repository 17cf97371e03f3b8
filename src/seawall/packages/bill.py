"""What all bills of materials have in common: items, what needs what, and what the bill is about.

The readers of CycloneDX and SPDX make a ``Bill``; ``contents_of`` makes packages of it. A package
is known by its package URL; an item without one is told as a problem, unless it only groups others
(a lock file, a directory), is a file, or the operating system, which gives the others their
``distro``.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.packages.package import Contents, Package, Requirement
from seawall.packages.purl import Purl, PurlError, parse
from seawall.packages.reading import Notes

_NO_PACKAGES = frozenset(
    "file data machine-learning-model cryptographic-asset device device-driver snippet "
    "source documentation".split()
)
"""Kinds of items that are no packages."""
_SYSTEM = "operating-system"
_DISTRIBUTIONS = frozenset(("deb", "rpm", "apk", "alpm"))
_WHOLES = frozenset(("oci", "docker", "github"))
_RANGE = pattern(r"[\^~<>=*|,\s]|\.x$")
"""Marks of a version that says which ones would do, as GitHub's exports have them."""


class Item(NamedTuple):
    """A component, package or element of a bill."""

    ref: str
    name: str
    version: str = ""
    purl: str = ""
    kind: str = ""
    """In CycloneDX's words: ``library``, ``application``, ``operating-system``, ``file`` ..."""
    optional: bool = False
    development: bool = False
    source: tuple[str, str] = ("", "")
    line: int = 0
    key_path: KeyPath = ()


class Bill(NamedTuple):
    """A bill of materials as it was read."""

    items: tuple[Item, ...]
    needs: Mapping[str, Iterable[str]]
    """The items that an item asks for, by their refs."""
    roots: frozenset[str]
    """What the bill is about: the project."""
    project: str = ""
    groups: frozenset[str] = frozenset()
    """Items that hold others, and need not be packages themselves."""


def contents_of(bill: Bill, notes: Notes) -> Contents:
    """The packages of a bill."""
    distro = _distro(bill.items)
    packages: dict[str, Package] = {}
    for item in bill.items:
        if item.ref in packages or item.kind == _SYSTEM or item.kind in _NO_PACKAGES:
            continue
        if item.purl:
            package = _package(item, distro, bill, notes)
            if package is not None:
                packages[item.ref or f"#{len(packages)}"] = package
        elif item.ref not in bill.groups and not (item.ref in bill.roots and len(bill.roots) == 1):
            notes.add(f"{item.name} {item.version}".strip(), "no package URL", item.line)
    direct = _direct(bill, packages)
    return Contents(
        tuple(
            package._replace(
                requires=tuple(
                    Requirement(need)
                    for need in dict.fromkeys(bill.needs.get(ref, ()))
                    if need in packages and need != ref
                ),
                direct=None if direct is None else ref in direct,
            )
            for ref, package in packages.items()
        ),
        notes.problems,
        bill.project,
    )


def _distro(items: tuple[Item, ...]) -> str:
    """``debian-12``: what package URLs call the distribution that a bill is of."""
    for item in items:
        if item.kind == _SYSTEM and item.name:
            name = item.name.strip().lower()
            return f"{name}-{item.version}" if item.version else name
    return ""


def _package(item: Item, distro: str, bill: Bill, notes: Notes) -> Package | None:
    try:
        purl = parse(item.purl)
    except PurlError as error:
        notes.add(item.purl, f"it is no package URL: {error}", item.line)
        return None
    if item.ref in bill.roots and _is_project(item, purl, bill):
        return None
    type_, name = purl.type, full_name(purl)
    qualifiers = dict(purl.qualifiers)
    version = purl.version or item.version
    if type_ == "rpm" and (epoch := qualifiers.pop("epoch", "")) and ":" not in version:
        version = f"{epoch}:{version}"
    if type_ in _DISTRIBUTIONS and "distro" not in qualifiers and (distro or purl.namespace):
        qualifiers["distro"] = distro or purl.namespace
    source = item.source
    if upstream := qualifiers.pop("upstream", ""):
        source = _upstream(upstream, version)
    constraint = ""
    if type_ not in _DISTRIBUTIONS and _RANGE.search(version):
        version, constraint = "", version
    if not version and not constraint:
        notes.add(item.purl, "it has no version", item.line)
        return None
    if not notes.fits(name, version or constraint, item.line):
        return None
    return Package(
        type_, name, version, item.line, item.key_path, item.ref,
        development=item.development, optional=item.optional, constraint=constraint,
        qualifiers=tuple(sorted(qualifiers.items())),
        source=source if source[0] and source != (name, version) else ("", ""),
    )  # fmt: skip


def _is_project(item: Item, purl: Purl, bill: Bill) -> bool:
    """Whether a root is the project itself, and not one of the packages that a bill is of.

    A bill may describe all it lists, or one package alone.
    """
    holds_others = bool(bill.needs.get(item.ref)) or item.ref in bill.groups
    return purl.type in _WHOLES or (
        holds_others and len(bill.roots) == 1 and purl.type != "bitnami"
    )


def full_name(purl: Purl) -> str:
    """A package's whole name, its namespace before it as its ecosystem writes that."""
    if not purl.namespace or purl.type in _DISTRIBUTIONS:
        return purl.name
    return f"{purl.namespace}{':' if purl.type == 'maven' else '/'}{purl.name}"


def _upstream(text: str, version: str) -> tuple[str, str]:
    """``openssl`` or ``openssl@3.0.1``; of RPMs the name of the source package's file."""
    name, _, upstream_version = text.partition("@")
    if name.endswith(".src.rpm"):
        parts = name.removesuffix(".src.rpm").rsplit("-", 2)
        if len(parts) == 3:
            return parts[0], f"{parts[1]}-{parts[2]}"
    return name, upstream_version or version


def _direct(bill: Bill, packages: Mapping[str, Package]) -> set[str] | None:
    """What the roots ask for, through items that are no packages; ``None`` if it is not told."""
    waiting = [need for root in bill.roots for need in bill.needs.get(root, ())]
    if not waiting:
        return None
    found: set[str] = set()
    seen = set(bill.roots)
    while waiting:
        ref = waiting.pop()
        if ref in seen:
            continue
        seen.add(ref)
        if ref in packages:
            found.add(ref)
        else:
            waiting += bill.needs.get(ref, ())
    return found
