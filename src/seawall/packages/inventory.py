"""What is installed in a root file system: the facts of all its files put together.

``inventory`` takes what the readers of ``image_formats`` made of the files that are left in the
topmost layer. Packages of the system get the release they are of; packages of languages that one of
them brought are kept apart, as the distribution mends those: its advisories speak of its package,
and its version of a library is not the one upstream calls so.
"""

from collections.abc import Iterator, Mapping

from seawall.core.named_tuple import NamedTuple
from seawall.packages.distributions import Release, ecosystem_of_release, release_of
from seawall.packages.os_identity import identity_of
from seawall.packages.ownership import Owners, usual_links
from seawall.packages.package import NOTHING, Contents, Package, Problem
from seawall.packages.suppliers import is_of_others
from seawall.packages.system import Diversion, Facts, Identity

SYSTEM_TYPES = frozenset(("apk", "alpm", "deb", "ebuild", "opkg", "rpm"))
"""The types of packages of systems."""
_STATUS, _UPDATES = "var/lib/dpkg/status", "var/lib/dpkg/updates/"
_RPM = ("rpmdb.sqlite", "Packages.db", "Packages")
"""Databases of RPM in one directory, the newest kind first."""


class Covered(NamedTuple):
    """A package of a language that a package of the system brought."""

    path: str
    package: Package
    owner: Package


class Inventory(NamedTuple):
    """All packages of a root file system."""

    identity: Identity | None
    """Which system it is; ``None`` where no file says so."""
    files: tuple[tuple[str, Contents], ...]
    """What counts, by the file that tells of it, in the order of paths."""
    covered: tuple[Covered, ...]
    """What counts as a part of a package of the system."""
    content_sets: tuple[str, ...]
    owners: Owners
    """Who owns a file: a number into ``owned_by``."""
    system: tuple[Package, ...]
    """The packages of the system that own files, as ``owners`` numbers them."""

    def owner_of(self, path: str) -> Package | None:
        """The package of the system that brought a file; ``None`` where none did."""
        number = self.owners.of(path)
        return None if number is None else self.system[number]


def inventory(found: Mapping[str, Facts], links: Mapping[str, str] | None = None) -> Inventory:
    """Put together what files tell, each by its path from the root without a slash before it.

    ``links`` has the links of directories (``lib`` to ``usr/lib``); without them those of a merged
    ``/usr`` are guessed from the paths.
    """
    identity = identity_of(
        {path: facts.identity for path, facts in found.items() if facts.identity is not None}
    )
    release = Release(identity.id, identity.version) if identity else None
    contents = {
        path: _qualified(facts.contents, release)
        for path, facts in sorted(found.items())
        if facts.contents.packages or facts.contents.problems
    }
    contents = _with_journal(_without_old_databases(contents, found), found)
    owners = Owners(usual_links(found) if links is None else links)
    system = tuple(_own(owners, contents, found))
    files, covered = [], []
    for path, item in contents.items():
        number = None if found[path].shelf else owners.of(path)
        owner = None if number is None else system[number]
        if owner is None or not _mends(owner):
            files.append((path, item))
            continue
        covered += [Covered(path, package, owner) for package in item.packages]
        if item.problems:
            files.append((path, item._replace(packages=())))
    sets = dict.fromkeys(name for _, facts in sorted(found.items()) for name in facts.content_sets)
    return Inventory(identity, tuple(files), tuple(covered), tuple(sets), owners, system)


def _mends(owner: Package) -> bool:
    """Whether the advisories of a distribution speak of a package.

    Some distributions have none, and what others made is in no distribution's.
    """
    release = release_of(owner)
    return release is not None and bool(ecosystem_of_release(release))


def _qualified(contents: Contents, release: Release | None) -> Contents:
    """Packages of the system with the release they are of, unless others made them."""
    if release is None or not any(package.type in SYSTEM_TYPES for package in contents.packages):
        return contents
    distro = f"{release.id}-{release.version}" if release.version else release.id
    return contents._replace(
        packages=tuple(
            package
            if package.type not in SYSTEM_TYPES or is_of_others(package, release.id)
            else package._replace(
                qualifiers=tuple(sorted((*package.qualifiers, ("distro", distro))))
            )
            for package in contents.packages
        )
    )


def _without_old_databases(
    contents: dict[str, Contents], found: Mapping[str, Facts]
) -> dict[str, Contents]:
    """RPM reads one database of a directory; what is left of an older kind tells what once was."""
    result = dict(contents)
    for path in contents:
        directory, _, base = path.rpartition("/")
        if found[path].shelf != "rpm" or base not in _RPM:
            continue
        newer = [name for name in _RPM[: _RPM.index(base)] if f"{directory}/{name}" in contents]
        if newer:
            reason = f"{newer[0]} beside it is newer: it is left over"
            result[path] = Contents((), (Problem(base, reason),))
    return result


def _with_journal(contents: dict[str, Contents], found: Mapping[str, Facts]) -> dict[str, Contents]:
    """What dpkg's journal says of a package counts, and of several entries the last.

    dpkg reads ``status`` and then ``updates`` in their order (its ``lib/dpkg/dbmodify.c``).
    """
    journal = sorted((path for path in found if path.startswith(_UPDATES)), reverse=True)
    if not journal:
        return contents
    result = dict(contents)
    told: set[str] = set()
    for path in [*journal, _STATUS]:
        item = result.get(path, NOTHING)
        if item.packages:
            kept = tuple(package for package in item.packages if package.key not in told)
            result[path] = item._replace(packages=kept)
        told.update(package.key for package in item.packages)
        told.update(found[path].gone if path in found else ())
    return result


def _own(
    owners: Owners, contents: Mapping[str, Contents], found: Mapping[str, Facts]
) -> Iterator[Package]:
    """Give files to their packages; the packages come out in the order of their numbers."""
    by_name = _by_name(contents, found)
    moved = {
        item.path: item
        for facts in found.values()
        for item in facts.diversions
    }  # fmt: skip
    number = 0
    for path, facts in sorted(found.items(), key=_database_first):
        if path.endswith(".md5sums") and f"{path.removesuffix('md5sums')}list" in found:
            continue  # it names a part of what the list names
        for holding in facts.holdings:
            key = (_place(path, facts), holding.package)
            package = by_name.get(key)
            if package is None:
                continue
            applies: Mapping[str, Diversion] | None = moved if facts.shelf == "deb" else None
            owners.add(number, holding.paths, applies, package.name)
            number += 1
            yield package


def _database_first(item: tuple[str, Facts]) -> tuple[bool, str]:
    """Databases before lists of files: nothing of a package is named twice in the first."""
    return not item[1].contents.packages, item[0]


def _place(path: str, facts: Facts) -> str:
    """The database that a file is a part of."""
    return path if facts.shelf in ("rpm", "apk") else facts.shelf


def _by_name(
    contents: Mapping[str, Contents], found: Mapping[str, Facts]
) -> dict[tuple[str, str], Package]:
    """The packages of the system by what lists of files call them."""
    result: dict[tuple[str, str], Package] = {}
    for path, item in contents.items():
        place = _place(path, found[path])
        if not place:
            continue
        for package in item.packages:
            result[place, package.key] = package
            result.setdefault((place, package.name), package)
            if "/status.d/" in path:
                result.setdefault((place, path.rpartition("/")[2]), package)
    return result
