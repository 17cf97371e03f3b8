"""Which packages of this machine are in use: what runs, held against who brought which file.

A package of the system is in use when a process runs a file of it; a program or an archive that
tells what it is made of, with all of that; a package of Python when a process has an extension
module that its ``RECORD`` lists; one of Node.js likewise by its directory. Modules that an
interpreter has read and closed again leave no trace.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from posixpath import dirname, join, normpath

from seawall.core.named_tuple import NamedTuple
from seawall.engine.containers.whole import Whole
from seawall.packages.package import Package
from seawall.sources.processes import Opened, Process

_LARGEST = 16 << 20
"""Bytes of a RECORD."""
_PYTHON = ("/site-packages/", "/dist-packages/")
_NOTES = (".dist-info/METADATA", ".egg-info/PKG-INFO")
_NODE = "node_modules/"

Key = tuple[str, str, str, str]
Read = Callable[[str], bytes | None]


class Use(NamedTuple):
    """A process that runs something of a package."""

    name: str
    pid: int
    user: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid}, user {self.user})"


class Outdated(NamedTuple):
    """Processes that run code which was deleted or replaced since they started."""

    package: Package | None
    """What has the file now; ``None`` where no package does."""
    path: str
    """The file, of no package's; empty where it is one's."""
    uses: tuple[Use, ...]


class InUse(NamedTuple):
    """What is in use."""

    packages: Mapping[Key, tuple[Use, ...]] = {}
    outdated: tuple[Outdated, ...] = ()
    strangers: tuple[Use, ...] = ()
    """Processes whose program belongs to nothing that is known."""

    def of(self, file: str, package: Package) -> tuple[Use, ...]:
        """The processes that run something of a package, which is noted in a file."""
        found = self.packages.get(_key("", package)) or self.packages.get(_key(file, package))
        return found or ()


def _key(file: str, package: Package) -> Key:
    return file, package.type, package.identity, package.version


def in_use(
    whole: Whole, found: Iterable[Process], root: str = "/", read: Read | None = None
) -> InUse:
    """What processes use; ``read`` gives the bytes of a file of ``root``."""
    owners = _Owners(whole, read or (lambda path: _bytes(f"{root.rstrip('/')}/{path}")))
    users = {user.uid: user.name for user in reversed(whole.image.accounts.users)}
    packages: dict[Key, dict[Use, None]] = {}
    outdated: dict[tuple[Key | None, str], tuple[Package | None, dict[Use, None]]] = {}
    strangers = []
    for process in found:
        use = Use(process.name, process.pid, users.get(process.uid, str(process.uid)))
        is_known = False
        for file in process.files:
            rows = owners.of(file.path.lstrip("/"))
            is_known |= bool(rows) and file.path == process.program
            if file.replaced:
                for key, package, path in _replaced(file, rows):
                    outdated.setdefault((key, path), (package, {}))[1][use] = None
                continue
            for key, _ in rows:
                packages.setdefault(key, {})[use] = None
        if process.program and not is_known:
            strangers.append(use)
    return InUse(
        {key: tuple(uses) for key, uses in packages.items()},
        tuple(
            Outdated(package, path, tuple(uses))
            for (_, path), (package, uses) in outdated.items()
        ),
        tuple(strangers),
    )  # fmt: skip


def _replaced(
    file: Opened, rows: list[tuple[Key, Package]]
) -> Iterator[tuple[Key | None, Package | None, str]]:
    """What was replaced: a package of the system, else the file that it was a part of."""
    owner = next(((key, package) for key, package in rows if not key[0]), None)
    if owner is not None:
        yield owner[0], owner[1], ""
    else:
        yield None, None, file.path


class _Owners:
    """Who brought which file; asked for each file once."""

    def __init__(self, whole: Whole, read: Read) -> None:
        self._whole = whole
        self._read = read
        self._files = dict(whole.packages.files)
        self._known: dict[str, list[tuple[Key, Package]]] = {}
        self._sites: dict[str, Mapping[str, str]] = {}

    def of(self, path: str) -> list[tuple[Key, Package]]:
        """The packages that a file is of."""
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = list(self._of(path))
        return found

    def _of(self, path: str) -> Iterator[tuple[Key, Package]]:
        owner = self._whole.packages.owner_of(path)
        if owner is not None:
            yield _key("", owner), owner
            return
        for file in (path, self._python(path), self._node(path)):
            contents = self._files.get(file) if file else None
            if contents is not None:
                for package in contents.packages:
                    yield _key(file, package), package
                return

    def _python(self, path: str) -> str:
        """The file that notes the package of an extension module."""
        for mark in _PYTHON:
            site, found, _ = path.rpartition(mark)
            if found:
                site = f"{site}{found}"
                if site not in self._sites:
                    self._sites[site] = dict(self._records(site))
                return self._sites[site].get(path, "")
        return ""

    def _records(self, site: str) -> Iterator[tuple[str, str]]:
        """The files of all packages in a directory, by their records (PEP 376, PEP 627)."""
        import csv  # noqa: PLC0415 - where a process has an extension module

        for file in self._files:
            if not file.startswith(site) or not file.endswith(_NOTES):
                continue
            data = self._read(f"{dirname(file)}/RECORD") or b""
            lines = os.fsdecode(data).replace("\0", "").splitlines()
            try:
                for row in csv.reader(lines):
                    if row:
                        yield normpath(join(site, row[0])), file
            except csv.Error:  # a field without end: what came before it counts
                continue

    def _node(self, path: str) -> str:
        """The file that notes the package of Node.js that a file lies in."""
        above, found, rest = path.rpartition(_NODE)
        if not found:
            return ""
        parts = rest.split("/")
        name = "/".join(parts[:2] if parts[0].startswith("@") else parts[:1])
        return f"{above}{found}{name}/package.json"


def _bytes(path: str) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:
            return stream.read(_LARGEST)
    except OSError:  # none: eggs have no RECORD
        return None
