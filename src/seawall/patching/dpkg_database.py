"""dpkg's database in an image: what is installed, who owns what, what was diverted (dpkg(1)).

Sources: dpkg's ``lib/dpkg/dbmodify.c``, ``db-ctrl-access.c`` (names in ``info``), ``parse.c``;
dpkg-divert(1), dpkg-statoverride(1), dpkg.cfg(5). Distroless images have a file for each package in
``status.d`` instead, and sums beside it.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import translate
from itertools import islice
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.core.lazy import pattern
from seawall.packages.dpkg_files import read_diversions
from seawall.packages.package import File
from seawall.patching.candidates import source_of
from seawall.patching.paragraphs import Paragraph, parse, split, text_of
from seawall.patching.places import is_below
from seawall.patching.relations import ALL, Unit, unit_of
from seawall.patching.tree import Tree

HOME = "var/lib/dpkg"
STATUS, UPDATES, INFO = f"{HOME}/status", f"{HOME}/updates", f"{HOME}/info"
STATUS_D = f"{HOME}/status.d"
_SUMS = ".md5sums"
_SUM = 32
_MOST = 20_000
"""Packages that are installed; a desktop has some 3,000."""
_NAME = pattern(r"[A-Za-z0-9][A-Za-z0-9+.\-]*")
_CONFFILE = pattern(r"(/\S.*?) ([0-9a-f]{32}|newconffile)( obsolete| remove-on-upgrade)*\s*")


class Installed(NamedTuple):
    """A package that is installed."""

    unit: Unit
    paragraph: Paragraph
    wanted: str
    """What is to become of it: ``install``, ``hold``; empty in ``status.d``."""
    state: str
    """``installed``, or what else dpkg says."""
    file: str
    """The file of ``status.d`` that tells of it; empty for dpkg's own status file."""

    @property
    def source(self) -> tuple[str, str]:
        """Name and version of its source package."""
        return source_of(self.paragraph)

    @property
    def conffiles(self) -> Mapping[str, str]:
        """The sum of each configuration file as its package brought it; obsolete ones too."""
        return {found[1].lstrip("/"): found[2]
                for line in self.paragraph.whole("Conffiles").split("\n")
                if (found := _CONFFILE.fullmatch(line.strip()))}  # fmt: skip


class Override(NamedTuple):
    """Whose a file is and what may be done with it, whatever its package says."""

    user: str
    group: str
    mode: int


class Database:
    """What is installed. Reads all of it at once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.installed = tuple(islice(self._read(), _MOST + 1))
        if len(self.installed) > _MOST:
            raise InputError(
                f"{tree.read.image.name}: more than {_MOST} packages are said to be installed; see "
                f"/{STATUS}"
            )
        self.diversions = {
            item.path: item for item in self._diversions()
        }  # fmt: skip
        self.overrides = dict(self._overrides())
        self._excludes = _Excludes(tree)
        self._lists: dict[tuple[str, str], tuple[str, ...]] = {}

    @property
    def is_there(self) -> bool:
        """Whether there is one at all."""
        return bool(self.installed)

    @property
    def is_pending(self) -> bool:
        """Whether dpkg was interrupted: what it did last is not in its status yet."""
        return bool(self._tree.names(UPDATES))

    @property
    def native(self) -> str:
        """The architecture of the system itself."""
        own = [each.unit for each in self.installed if each.unit.architecture not in (ALL, "")]
        for unit in own:
            if unit.name in ("dpkg", "libc6", "base-files"):
                return unit.architecture
        counts = [unit.architecture for unit in own]
        return max(sorted(set(counts)), key=counts.count, default=ALL)

    def _read(self) -> Iterator[Installed]:
        text = text_of(self._tree.data(STATUS) or b"")
        for part in split(text):
            made = _installed(parse(part), "")
            if made is not None:
                yield made
        for name in self._tree.names(STATUS_D):
            path = f"{STATUS_D}/{name}"
            if not name.endswith(_SUMS):
                made = _installed(parse(text_of(self._tree.data(path) or b"").strip("\n")), path)
                if made is not None:
                    yield made

    def _diversions(self) -> Iterator["Diverted"]:
        data = self._tree.data(f"{HOME}/diversions")
        if data:
            for item in read_diversions(File(f"{HOME}/diversions", data)).diversions:
                if is_below(item.to):
                    yield Diverted(item.path, item.to, item.package)

    def _overrides(self) -> Iterator[tuple[str, Override]]:
        for line in text_of(self._tree.data(f"{HOME}/statoverride") or b"").split("\n"):
            words = line.split(" ", 3)
            if len(words) == 4 and words[2] and not words[2].strip("01234567"):
                yield words[3].lstrip("/"), Override(words[0], words[1], int(words[2], 8))

    # What lies in info.

    def info_name(self, unit: Unit) -> str:
        """What begins the names of a package's files in ``info``."""
        if unit.multi_arch == "same":
            return f"{INFO}/{unit.name}:{unit.architecture}"
        return f"{INFO}/{unit.name}"

    def info(self, installed: Installed, kind: str) -> bytes | None:
        """A file of ``info``, whichever of its two names it has."""
        if installed.file:
            return self._tree.data(f"{installed.file}{_SUMS}") if kind == "md5sums" else None
        found = self._tree.data(f"{self.info_name(installed.unit)}.{kind}")
        if found is None:
            found = self._tree.data(f"{INFO}/{installed.unit.name}.{kind}")
        return found

    def info_files(self, unit: Unit) -> Iterator[str]:
        """The files of ``info`` that are a package's."""
        start = self.info_name(unit).rpartition("/")[2]
        for name in self._tree.names(INFO):
            if name.rpartition(".")[0] == start:
                yield f"{INFO}/{name}"

    def paths(self, installed: Installed) -> tuple[str, ...]:
        """What a package brought, without slashes before it; only files in distroless images."""
        key = installed.unit.key
        if key not in self._lists:
            listed = None if installed.file else self.info(installed, "list")
            if listed is not None:
                rows = [row.strip("/") for row in text_of(listed).split("\n")]
            else:
                rows = [*self.sums(installed)]
            self._lists[key] = tuple(row for row in rows if row not in ("", "."))
        return self._lists[key]

    def sums(self, installed: Installed) -> Mapping[str, str]:
        """The MD5 sums of a package's files by their paths."""
        rows = text_of(self.info(installed, "md5sums") or b"").split("\n")
        return {row[_SUM + 2 :].strip().lstrip("/").removeprefix("./"): row[:_SUM]
                for row in rows if len(row) > _SUM + 2}  # fmt: skip

    def diverted(self, path: str, package: str) -> str:
        """Where dpkg puts a file of a package."""
        found = self.diversions.get(path)
        return found.to if found is not None and found.package != package else path

    def is_excluded(self, path: str) -> bool:
        """Whether dpkg is told to leave a file out (``path-exclude``)."""
        return self._excludes.holds(path)


class Diverted(NamedTuple):
    """A path of which dpkg puts what other packages bring elsewhere."""

    path: str
    to: str
    package: str


def _installed(paragraph: Paragraph, file: str) -> Installed | None:
    unit = unit_of(paragraph)
    if not _NAME.fullmatch(unit.name) or not _NAME.fullmatch(unit.architecture or ALL):
        return None  # no name of a package: it begins the names of files
    if not unit.version:
        return None
    words = paragraph.get("Status").split()
    if file:
        return Installed(unit, paragraph, "", "installed", file)
    if len(words) != 3 or words[2] in ("not-installed", "config-files"):
        return None
    state = words[2] if words[1] == "ok" else words[1]
    return Installed(unit, paragraph, words[0], state, "")


class _Excludes:
    """What images tell dpkg not to unpack: slim ones leave out manuals and documents."""

    def __init__(self, tree: Tree) -> None:
        files = ["etc/dpkg/dpkg.cfg"]
        files += [f"etc/dpkg/dpkg.cfg.d/{name}" for name in tree.names("etc/dpkg/dpkg.cfg.d")]
        self._rules: list[tuple[bool, re.Pattern[str]]] = []
        for file in files:
            for line in text_of(tree.data(file) or b"").split("\n"):
                key, _, value = line.strip().lstrip("-").partition("=")
                if key.strip() in ("path-exclude", "path-include") and value.strip():
                    rule = value.strip().strip("\"'")
                    self._rules.append((key.strip() == "path-exclude", re.compile(translate(rule))))

    def holds(self, path: str) -> bool:
        """Whether the last rule that fits leaves a path out."""
        excluded = False
        for is_exclude, rule in self._rules:
            if rule.match(f"/{path}"):
                excluded = is_exclude
        return excluded
