"""pnpm-lock.yaml, lock file versions 5, 6 and 9.

Source: https://github.com/pnpm/spec/tree/master/lockfile. What a package is called differs:
``/name/1.0.0_peer@2.0.0`` in version 5, ``/name@1.0.0(peer@2.0.0)`` in 6, ``name@1.0.0`` in 9,
where ``snapshots`` has one entry for each set of peers.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages import lock_yaml, npm_names
from seawall.packages.graphs import only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, Table, public, text_of

_KNOWN_VERSIONS = ("5", "6", "9")
_GROUPS = ("dependencies", "optionalDependencies", "devDependencies")
_OLD_PATH = pattern(r"(?:[^/@][^/]*)?/((?:@[^/]+/)?[^/@]+)/(\d[^/_]*)(?:[_/].*)?")
"""Of versions before 6: ``/name/1.0.0``, after a host if it is not the default registry's."""
_NEW_PATH = pattern(r"/?((?:@[^/@]+/)?[^/@]+)@([^(]+)(?:\(.*)?")


class _Wish(NamedTuple):
    """What a project of the workspace asks for."""

    constraint: str
    group: str


class _Entry:
    """A package, whatever its peers."""

    __slots__ = ("download", "line", "marked", "name", "needs", "optional", "path", "version")

    def __init__(self, name: str, version: str, download: str, path: str, line: int) -> None:
        self.name = name
        self.version = version
        self.download = download
        self.path = path
        self.line = line
        self.needs: dict[str, str] = {}
        """What it brings in: paths, by the names it calls them."""
        self.marked: bool | None = None
        """Whether the file says that it is only for development; version 9 does not."""
        self.optional = True


def read(file: File) -> Contents:
    """The packages of a lock file of pnpm."""
    notes = Notes()
    documents = lock_yaml.read(text_of(file.data))
    if not any("lockfileVersion" in document.value for document in documents):
        raise Unreadable("it is no lock file of pnpm")
    packages: list[Package] = []
    for document in documents:
        version = str(document.value.get("lockfileVersion"))
        if version.partition(".")[0] not in _KNOWN_VERSIONS:
            notes.add(f"lockfileVersion {version}", "this version of the format is not known")
        packages += _Lock(document, notes).packages()
    return Contents(tuple(packages), notes.problems)


class _Lock:
    def __init__(self, document: lock_yaml.Lock, notes: Notes) -> None:
        self._notes = notes
        self._value = document.value
        self._lines = document.lines
        self._entries: dict[str, _Entry] = {}
        """By name, version and where it comes from."""
        self._paths: dict[str, str] = {}
        """Which of them each path means."""
        self._needs: dict[str, list[tuple[str, str]]] = {}
        self._read_packages()
        self._wishes: dict[str, _Wish] = {}
        self._has_projects = False
        for project in self._projects():
            self._has_projects = True
            self._ask(project)

    def _read_packages(self) -> None:
        for path, value in self._notes.table(self._value.get("packages"), "packages").items():
            line = self._lines.get(("packages", path), 0)
            table = self._notes.table(value, path, line)
            entry = self._entry(path, table, line)
            if entry:
                self._needs[path] = list(self._wanted(path, table))
        for path, value in self._notes.table(self._value.get("snapshots"), "snapshots").items():
            line = self._lines.get(("snapshots", path), 0)
            table = self._notes.table(value, path, line)
            base = path.partition("(")[0]
            if base not in self._paths:
                self._entry(base, {}, line)
            if base in self._paths:
                self._paths[path] = self._paths[base]
                self._needs[path] = list(self._wanted(path, table))
                entry = self._entries[self._paths[base]]
                entry.optional = entry.optional and table.get("optional") is True

    def _entry(self, path: str, table: Table, line: int) -> _Entry | None:
        notes = self._notes
        found = _NEW_PATH.fullmatch(path) or _OLD_PATH.fullmatch(path)
        name, version = found.groups() if found else (path, "")
        name = notes.text(table.get("name"), path, line) or name
        version = notes.text(table.get("version"), path, line) or version
        resolution = notes.table(table.get("resolution"), path, line)
        download = self._download(resolution, version, path)
        if npm_names.is_elsewhere(version):
            version = ""
        if found is None and "name" not in table:
            notes.add(path, "it names no package", line)
            return None
        if not notes.fits(name, version, line):
            return None
        if not version and not download:
            notes.add(path, "it has no version", line)
            return None
        key = f"{name}@{version or download}"
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(name, version, download, path, line)
        self._paths[path] = key
        if isinstance(table.get("dev"), bool):
            entry.marked = bool(table["dev"]) and entry.marked is not False
        if "snapshots" not in self._value:
            entry.optional = entry.optional and table.get("optional") is True
        return entry

    def _download(self, resolution: Table, version: str, path: str) -> str:
        """Where it comes from when that is no registry."""
        notes = self._notes
        for kind in ("tarball", "repo", "directory"):
            found = notes.text(resolution.get(kind), path)
            if found:
                commit = notes.text(resolution.get("commit"), path)
                address = npm_names.download_of(found) if kind == "tarball" else public(found)
                return f"{address}#{commit}" if commit and address else address
        return public(version) if npm_names.is_elsewhere(version) else ""

    def _wanted(self, path: str, table: Table) -> Iterator[tuple[str, str]]:
        for group in _GROUPS[:2]:
            for name, version in self._notes.table(table.get(group), path).items():
                yield name, self._notes.text(version, f"{path} {name}")

    def _find(self, name: str, version: str) -> str | None:
        """The entry that a version asked for means; versions of aliases are paths themselves."""
        for path in (f"{name}@{version}", f"/{name}@{version}", f"/{name}/{version}", version):
            if path in self._paths:
                return self._paths[path]
        base = f"{name}@{version}".partition("(")[0]
        return self._paths.get(base, self._paths.get(version.partition("(")[0]))

    def _projects(self) -> Iterator[Table]:
        importers = self._notes.table(self._value.get("importers"), "importers")
        for path, value in importers.items():
            yield self._notes.table(value, path)
        if not importers and any(group in self._value for group in _GROUPS):
            yield self._value

    def _ask(self, project: Table) -> None:
        """Note what a project of the workspace asks for."""
        specifiers = self._notes.table(project.get("specifiers"), "specifiers")
        for group in _GROUPS:
            for name, value in self._notes.table(project.get(group), group).items():
                table = (
                    {"version": value} if isinstance(value, str) else self._notes.table(value, name)
                )
                found = self._find(name, self._notes.text(table.get("version"), name))
                constraint = table.get("specifier", specifiers.get(name))
                known = self._wishes.get(found) if found else None
                if found and (known is None or known.group == _GROUPS[2]):
                    text = self._notes.text(constraint, name)
                    self._wishes[found] = _Wish(npm_names.split_alias(text)[1], group)

    def packages(self) -> list[Package]:
        """All of them, each once."""
        edges: dict[str, dict[str, None]] = {}
        for path, needs in self._needs.items():
            targets = edges.setdefault(self._paths[path], {})
            for name, version in needs:
                found = self._find(name, version)
                if found is not None:
                    targets[found] = None
        development = only_for_development(
            [key for key, wish in self._wishes.items() if wish.group != _GROUPS[2]],
            [key for key, wish in self._wishes.items() if wish.group == _GROUPS[2]],
            edges,
        )
        result = []
        for key, entry in self._entries.items():
            wish = self._wishes.get(key)
            result.append(Package(
                "npm", entry.name, entry.version, entry.line,
                key_path=() if entry.line else ("packages", entry.path), key=key,
                requires=tuple(Requirement(found) for found in edges.get(key, ())),
                direct=wish is not None if self._has_projects else None,
                development=key in development if entry.marked is None else entry.marked,
                optional=entry.optional,
                constraint=wish.constraint if wish else "",
                download=entry.download,
            ))  # fmt: skip
        return result
