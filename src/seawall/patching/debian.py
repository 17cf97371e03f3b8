"""Debian, Ubuntu and what is made of them: which packages are patched, and how they get there."""

from collections.abc import Iterator, Mapping
from functools import partial

from seawall.core.errors import InputError
from seawall.packages.distributions import CODENAMES
from seawall.patching import apt_archive, certificates, linker_cache
from seawall.patching.apt_archive import Source
from seawall.patching.apt_release import Listed, Trust
from seawall.patching.candidates import Candidate, candidate_of
from seawall.patching.choosing import Package, Shelf, choose
from seawall.patching.deb import MOST, Deb, control_of, read
from seawall.patching.dpkg_database import HOME, UPDATES, Database
from seawall.patching.dpkg_writing import Change, Writer
from seawall.patching.errors import DISTRUST, PackageError
from seawall.patching.fitness import Fitness
from seawall.patching.openpgp import Keyring, program
from seawall.patching.places import Place
from seawall.patching.plans import Result
from seawall.patching.relations import ALL, World, compare
from seawall.patching.sources import (
    Wanted,
    key_files,
    mirror_of,
    package_file,
    package_files,
    sums_of,
    unproven,
)
from seawall.patching.tree import Tree
from seawall.patching.watching import Watch

_KEYS = ("etc/apt/trusted.gpg", "etc/apt/trusted.gpg.d", "usr/share/keyrings")
_OF_ARCHIVES = ("debian-archive-", "ubuntu-archive-", "ubuntu-keyring-", "ubuntu-master-")
"""How the names of keys begin that are those of the distributions; others of
``usr/share/keyrings`` are for archives of others."""
_SUITES = ("", "-updates", "-security")
_HOW = (
    "put the signed InRelease and Packages of their archive beside it, name a file of sums with "
    "--checksums"
)


class Debian:
    """The packages of an image that dpkg installed."""

    type = "deb"

    def __init__(self, tree: Tree, wanted: Wanted) -> None:
        self._tree = tree
        self._wanted = wanted
        self.database = Database(tree)
        self._debs: dict[str, Deb] = {}
        self._notes: list[str] = []
        self._told: list[str] = []

    def patch(self, watch: Watch) -> Result:
        """Patch what is to be patched. Raises ``InputError``."""
        database = self.database
        if database.is_pending:
            raise InputError(
                f"{self._tree.read.image.name}: dpkg was interrupted in it (/{UPDATES} is not "
                "empty); build the image again"
            )
        packages = [
            Package(each.unit, each.state, each.wanted == "hold") for each in database.installed
        ]
        shelf = Shelf(self._candidates(frozenset(each.unit.name for each in packages)), compare)
        by_key = {each.unit.key: each for each in database.installed}
        fitness = Fitness(self._tree, database, keep_changed=self._wanted.keep_changed_conffiles)

        def obstacle(key: tuple[str, str], candidate: Candidate) -> str:
            return fitness.obstacle(by_key[key], self._deb(candidate))

        plan = choose(
            packages, shelf, watch, self._wanted, obstacle,
            lambda units: World(units, database.native),
        )  # fmt: skip
        changes = [Change(by_key[step.old.key], self._deb(step.candidate)) for step in plan.steps]
        if changes:
            writer = Writer(self._tree, database)
            writer.apply(changes)
            self._notes += writer.notes
            self._notes += linker_cache.refresh(self._tree)
            if any(change.old.unit.name == certificates.PACKAGE for change in changes):
                self._notes += certificates.refresh(self._tree)
        return Result(plan, tuple(self._told + self._notes))

    def _deb(self, candidate: Candidate) -> Deb:
        key = repr(candidate.unit[:3])
        if key not in self._debs:
            deb = read(candidate.fetch(), candidate.label)
            own = tuple(deb.control.get(each) for each in ("Package", "Version", "Architecture"))
            if own != candidate.unit[:3]:
                raise PackageError(candidate.label, f"is {' '.join(own)} in truth", DISTRUST)
            self._debs[key] = deb
        return self._debs[key]

    # Where they come from.

    def _candidates(self, names: frozenset[str]) -> Iterator[Candidate]:
        architectures = {each.unit.architecture for each in self.database.installed} | {ALL}
        trust = self._trust()
        for text in self._wanted.mirrors:
            mirror = mirror_of(text)
            suites = mirror.suites or self._suites(mirror.place)
            source = Source(mirror.place, suites, mirror.components, bool(mirror.suites))
            yield from apt_archive.candidates(
                source, architectures, names, trust, self._told.append
            )
        sums = sums_of(self._wanted.checksums)
        for path in self._wanted.packages:
            place = Place(path)
            if "InRelease" in place.names() or "Release" in place.names():
                source = Source(place, ("./",), (), must=True)
                yield from apt_archive.candidates(
                    source, architectures, names, trust, self._told.append
                )
            else:
                yield from self._of_files(place, names, sums)

    def _suites(self, place: Place) -> tuple[str, ...]:
        """The suites of a mirror whose user names none: those of the image's release."""
        if place.get("InRelease", MOST) is not None:
            return ("./",)
        identity = self._tree.identity
        numbers = {number: name for name, number in CODENAMES.items()}
        number = ".".join(identity.version.split(".")[: 1 if identity.id == "debian" else 2])
        codename = identity.codename or numbers.get(number, "")
        if not codename:
            raise InputError(
                f"{self._tree.read.image.name}: nothing tells its release; name the suite: "
                "--mirror 'ADDRESS SUITE'"
            )
        return tuple(f"{codename}{suffix}" for suffix in _SUITES)

    def _of_files(
        self, place: Place, names: frozenset[str], sums: Mapping[str, str]
    ) -> Iterator[Candidate]:
        files = package_files(place, ".deb")
        if not sums and not self._wanted.allow_unsigned and files:
            raise unproven(files, place, _HOW)
        if self._wanted.allow_unsigned and files:
            self._told.append(f"{place.name}: NOT verified")
        for name in files:
            label = f"{place.name.rstrip('/')}/{name}"
            if name not in sums and not self._wanted.allow_unsigned:
                self._told.append(f"{label}: passed over, as --checksums does not name it")
                continue
            fetch = partial(_fetched, place, name, sums.get(name, ""))
            control = control_of(fetch(), label)
            if control.get("Package") in names:
                yield candidate_of(control, place.name, fetch)

    def _trust(self) -> Trust:
        """The keys that are believed: the image's own for its distribution, and the user's."""
        keyrings = [Keyring(*item) for item in key_files(self._wanted.keyrings).items()]
        for place in _KEYS:
            names = self._tree.names(place)
            paths = [f"{place}/{name}" for name in names if name.endswith((".gpg", ".asc"))]
            if place == _KEYS[-1]:
                paths = [path for path in paths
                         if path.rpartition("/")[2].startswith(_OF_ARCHIVES)]  # fmt: skip
            for path in paths or [place]:
                data = self._tree.data(path)
                if data:
                    keyrings.append(Keyring(f"/{path} of the image", data))
        if not self._wanted.allow_unsigned and self._wanted.mirrors and program() is None:
            raise InputError(
                "signatures of mirrors are checked by gpgv: install it (gpgv, or gnupg), or say "
                "--allow-unsigned"
            )
        return Trust(
            keyrings, self._wanted.allow_unsigned, self._wanted.ignore_valid_until,
            self._wanted.time,
        )  # fmt: skip


def _fetched(place: Place, name: str, sum_: str) -> bytes:
    """A file of a directory, held against its sum where there is one."""
    data = package_file(place, name, MOST)
    if sum_:
        label = f"{place.name.rstrip('/')}/{name}"
        apt_archive.checked(label, data, Listed("sha256", sum_, -1))
    return data


def is_there(tree: Tree) -> bool:
    """Whether an image has packages of dpkg."""
    return bool(tree.names(HOME))
