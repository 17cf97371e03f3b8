"""Alpine and what is made like it: which packages are patched, and how they get there."""

from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial

from seawall.core.errors import InputError
from seawall.patching import apk_package, scripts
from seawall.patching.apk_database import HOMES, Database, Installed
from seawall.patching.apk_package import MOST, Apk, parts_of, read, signer, sum_of
from seawall.patching.apk_relations import compare, fits, unit_of
from seawall.patching.apk_writing import Change, Writer
from seawall.patching.archives import tar_members
from seawall.patching.candidates import Candidate
from seawall.patching.choosing import Package, Shelf, choose
from seawall.patching.errors import DISTRUST, PackageError
from seawall.patching.paragraphs import text_of
from seawall.patching.places import Place
from seawall.patching.plans import Result
from seawall.patching.relations import Unit, World
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
from seawall.sources.images.entry import DIRECTORY, SYMLINK

_KEYS = ("usr/share/apk/keys", "etc/apk/keys")
_INDEX = "APKINDEX.tar.gz"
_REPOSITORIES = ("main", "community")
_UPGRADE = ("pre-upgrade", "post-upgrade", "trigger")
_HARMLESS = frozenset((
    "busybox", "desktop-file-utils", "fontconfig", "gtk-update-icon-cache", "man-db",
    "mandoc-apropos",
))  # fmt: skip
"""Packages whose triggers make caches that tell themselves whether they are old, or links of
BusyBox that are there already."""
_HOW = (
    "use packages that are signed, put the signed APKINDEX.tar.gz of their repository beside them"
)


class Alpine:
    """The packages of an image that apk installed."""

    type = "apk"

    def __init__(self, tree: Tree, wanted: Wanted) -> None:
        self._tree = tree
        self._wanted = wanted
        self.database = Database(tree)
        self._apks: dict[str, Apk] = {}
        self._told: list[str] = []

    def patch(self, watch: Watch) -> Result:
        """Patch what is to be patched. Raises ``InputError``."""
        database = self.database
        by_key = {each.unit.key: each for each in database.installed}
        packages = [
            Package(each.unit, "broken" if each.fields.get("f", "").strip("S") else "installed",
                    is_held=False)
            for each in database.installed if not each.unit.name.startswith(".")
        ]  # fmt: skip
        shelf = Shelf(self._candidates(frozenset(each.unit.name for each in packages)), compare)
        pins = database.pins

        def obstacle(key: tuple[str, str], candidate: Candidate) -> str:
            reasons = self._reasons(by_key[key], candidate.unit, self._apk(candidate))
            return next(reasons, "")

        plan = choose(
            packages, shelf, watch, self._wanted, obstacle,
            lambda units: World([*units, pins], None, fits),
        )  # fmt: skip
        changes = [
            Change(by_key[step.old.key], step.candidate.unit, self._apk(step.candidate))
            for step in plan.steps
        ]
        notes: list[str] = []
        if changes:
            writer = Writer(self._tree, database)
            writer.apply(changes)
            notes = writer.notes
        return Result(plan, tuple(self._told + notes))

    def _apk(self, candidate: Candidate) -> Apk:
        key = repr(candidate.unit[:3])
        if key not in self._apks:
            apk = read(candidate.fetch(), candidate.label)
            own = apk.get("pkgname"), apk.get("pkgver"), apk.get("arch")
            if own != candidate.unit[:3]:
                raise PackageError(candidate.label, f"is {' '.join(own)} in truth", DISTRUST)
            self._apks[key] = apk
        return self._apks[key]

    # What speaks against a package.

    def _reasons(self, old: Installed, unit: Unit, new: Apk) -> Iterator[str]:
        if reason := scripts.refused_by_name(unit.name):
            yield f"{reason}, and no script is run"
        texts = {name: text_of(data) for name, data in new.scripts.items()}
        before = self.database.scripts_of(old)
        if reason := scripts.obstacle(texts, before, _UPGRADE):
            yield reason
        yield from self._triggers(old, new)
        known = {*old.files, *old.directories}
        for member in new.files:
            entry = member.entry
            node = self._tree.actual(entry.path).node
            if node is None:
                continue
            if entry.kind is DIRECTORY:
                if not self._tree.is_directory(entry.path):
                    yield f"/{entry.path} is a directory in it, and something else in the image"
            elif node.entry.kind is DIRECTORY or (
                node.entry.kind is SYMLINK and self._tree.is_directory(entry.path)
                and entry.kind is not SYMLINK
            ):  # fmt: skip
                yield f"/{entry.path} is a file in it, and a directory in the image"
            elif entry.path not in known:
                owner = self._tree.whole.packages.owner_of(entry.path)
                if owner is not None and owner.name != unit.name:
                    yield f"its /{entry.path} is in {owner.name}"

    def _triggers(self, old: Installed, new: Apk) -> Iterator[str]:
        names = {each.fields.get("C", ""): each.unit.name for each in self.database.installed}
        directories = {f"/{each.entry.path.rpartition('/')[0]}" for each in new.files
                       if each.entry.kind is not DIRECTORY}  # fmt: skip
        wanted = [(names.get(sum_, ""), paths) for sum_, paths in self.database.triggers.items()]
        for package, paths in wanted:
            if not package or package in _HARMLESS:
                continue
            for path in paths:
                pattern = path.lstrip("+")
                hit = next((each for each in sorted(directories) if fnmatchcase(each, pattern)), "")
                if hit:
                    whose = "it" if package == old.unit.name else package
                    yield f"{whose} has a trigger for {hit}, and no script is run"

    # Where they come from.

    def _candidates(self, names: frozenset[str]) -> Iterator[Candidate]:
        architectures = sorted({each.unit.architecture for each in self.database.installed}
                               - {"", "noarch"})  # fmt: skip
        keys = self._keys()
        for text in self._wanted.mirrors:
            mirror = mirror_of(text)
            found = False
            for directory in self._directories(mirror.suites, mirror.components):
                for architecture in architectures:
                    below = f"{directory}/{architecture}" if directory else architecture
                    data = mirror.place.get(f"{below}/{_INDEX}", MOST)
                    if data is not None:
                        found = True
                        yield from self._of_index(mirror.place, below, data, names, keys)
            if not found:
                raise InputError(
                    f"{mirror.place.name}: has no {_INDEX} for {', '.join(architectures)}; name "
                    "the branch: --mirror 'ADDRESS v3.20 [REPOSITORY...]'"
                )
        sums = sums_of(self._wanted.checksums)
        for path in self._wanted.packages:
            place = Place(path)
            data = place.get(_INDEX, MOST)
            if data is not None:
                yield from self._of_index(place, "", data, names, keys)
            else:
                yield from self._of_files(place, names, keys, sums)

    def _directories(self, suites: Collection[str], components: Collection[str]) -> Iterator[str]:
        """Where a mirror's repositories may be: at its top, or in the image's branch."""
        if suites:
            yield from (f"{suite}/{each}" for suite in suites
                        for each in components or _REPOSITORIES)  # fmt: skip
            return
        yield ""
        version = self._tree.identity.version
        number = ".".join(version.split(".")[:2])
        branch = "edge" if version.startswith("edge") or "_" in version else f"v{number}"
        yield from (f"{branch}/{each}" for each in _REPOSITORIES)

    def _of_index(
        self, place: Place, below: str, data: bytes, names: frozenset[str],
        keys: Mapping[str, bytes],
    ) -> Iterator[Candidate]:  # fmt: skip
        above = f"{below}/" if below else ""
        name = f"{place.name.rstrip('/')}/{above}{_INDEX}"
        parts = parts_of(data, name, is_index=True)
        if self._wanted.allow_unsigned:
            self._told.append(f"{name}: NOT verified")
        else:
            self._told.append(f"{name}: signed by {signer(parts, keys, name)}")
        index = next((each.data for each in tar_members(parts.signed, name)
                      if each.entry.path == "APKINDEX"), None)  # fmt: skip
        if index is None:
            raise PackageError(name, "holds no APKINDEX", DISTRUST)
        for text in text_of(index).split("\n\n"):
            fields = {line[0]: line[2:] for line in text.split("\n") if line[1:2] == ":"}
            if fields.get("P", "") in names:
                yield self._listed(place, above, fields)

    @staticmethod
    def _listed(place: Place, above: str, fields: Mapping[str, str]) -> Candidate:
        unit = unit_of(
            fields["P"], fields.get("V", ""), fields.get("A", ""), fields.get("D", ""),
            fields.get("p", ""),
        )  # fmt: skip
        path = f"{above}{unit.name}-{unit.version}.apk"

        def fetch() -> bytes:
            data = place.get(path, MOST)
            name = f"{place.name.rstrip('/')}/{path}"
            if data is None:
                raise PackageError(name, "is not there", "renew the mirror")
            own = sum_of(parts_of(data, name))
            if own != fields.get("C"):
                raise PackageError(name, f"its sum is {own}, not {fields.get('C')}", DISTRUST)
            return data

        return Candidate(unit, (fields.get("o") or unit.name, unit.version), place.name, fetch)

    def _of_files(
        self, place: Place, names: frozenset[str], keys: Mapping[str, bytes],
        sums: Mapping[str, str],
    ) -> Iterator[Candidate]:  # fmt: skip
        vouched: set[str] = set()
        for name in package_files(place, ".apk"):
            label = f"{place.name.rstrip('/')}/{name}"
            info = apk_package.info_of(parts_of(package_file(place, name, MOST), label), label)
            got = {key: " ".join(values) for key, values in info.items()}
            if got["pkgname"] not in names:
                continue
            verify = partial(self._vouched, place, name, keys, sums)
            vouched.add(verify()[1])
            unit = unit_of(got["pkgname"], got["pkgver"], got.get("arch", ""),
                           got.get("depend", ""), got.get("provides", ""))  # fmt: skip
            source = got.get("origin") or unit.name, unit.version
            yield Candidate(unit, source, place.name, partial(_first, verify))
        self._told += [f"{place.name}: {each}" for each in sorted(vouched)]

    def _vouched(
        self, place: Place, name: str, keys: Mapping[str, bytes], sums: Mapping[str, str]
    ) -> tuple[bytes, str]:
        """A file of a directory, and what vouches for it. Raises ``InputError``."""
        label = f"{place.name.rstrip('/')}/{name}"
        data = package_file(place, name, MOST)
        if name in sums:
            _check_sum(label, data, sums[name])
            return data, "as --checksums says"
        if self._wanted.allow_unsigned:
            return data, "NOT verified"
        parts = parts_of(data, label)
        if not parts.signatures:
            raise unproven([name], place, _HOW)
        return data, f"signed by {signer(parts, keys, label)}"

    def _keys(self) -> Mapping[str, bytes]:
        """The keys that are believed, by the names that signatures call them by."""
        found: dict[str, bytes] = {}
        for place in _KEYS:
            for name in self._tree.names(place):
                data = self._tree.data(f"{place}/{name}")
                if data:
                    found[name] = data
        for path, data in key_files(self._wanted.keyrings).items():
            found[path.rpartition("/")[2]] = data
        return found


def _first(verify: Callable[[], tuple[bytes, str]]) -> bytes:
    return verify()[0]


def _check_sum(name: str, data: bytes, said: str) -> None:
    import hashlib  # noqa: PLC0415 - only where there are sums

    found = hashlib.sha256(data).hexdigest()
    if found != said:
        raise PackageError(name, f"its SHA-256 is {found}, not {said}", DISTRUST)


def is_there(tree: Tree) -> bool:
    """Whether an image has packages of apk."""
    return any(tree.data(f"{home}/installed") for home in HOMES)
