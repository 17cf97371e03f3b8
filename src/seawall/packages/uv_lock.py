"""uv.lock.

Source: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile and uv's
``crates/uv-resolver/src/lock/mod.rs``. Packages whose source is ``editable``, ``virtual`` or
``directory`` are the project's own: what they need is direct.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.package_key import python_name
from seawall.packages import lock_toml
from seawall.packages.graphs import Index, only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, Table, public, text_of
from seawall.packages.registries import is_default

_KNOWN_VERSION = 1
_OWN = ("editable", "virtual", "directory")
_ELSEWHERE = ("git", "url", "path")


class _Entry(NamedTuple):
    """One ``[[package]]``."""

    name: str
    version: str
    source: Table
    line: int
    table: Table
    is_own: bool
    """Whether it is part of the project."""


class _Ask(NamedTuple):
    """Who asks for it, in which manner."""

    development: bool
    optional: bool
    constraint: str


def read(file: File) -> Contents:
    """The packages of a uv.lock."""
    notes = Notes()
    document = lock_toml.read(text_of(file.data), skip=("wheels", "sdist"))
    lock = document.value
    version = lock.get("version")
    if version is None and "package" not in lock:
        raise Unreadable("it is no lock file of uv")
    if isinstance(version, bool) or version != _KNOWN_VERSION:
        notes.add(f"version {version}", "this version of the format is not known")
    entries = list(_entries(document, notes))
    own = [entry for entry in entries if entry.is_own]
    root = next((entry for entry in own if "." in entry.source.values()), None)
    packages = _Graph(entries, notes).packages()
    return Contents(tuple(packages), notes.problems, root.name if root else "")


def _entries(document: lock_toml.Lock, notes: Notes) -> Iterator[_Entry]:
    members = document.value.get("package", document.value.get("distribution"))
    for number, member in enumerate(notes.array(members, "package")):
        line = document.line("package", number)
        table = notes.table(member, "package", line)
        name = notes.text(table.get("name"), "name", line)
        version = notes.text(table.get("version"), name, line)
        if notes.fits(name, version, line):
            source = notes.table(table.get("source"), name, line)
            is_own = any(kind in source for kind in _OWN)
            yield _Entry(python_name(name), version, source, line, table, is_own)


class _Graph:
    def __init__(self, entries: list[_Entry], notes: Notes) -> None:
        self._entries = entries
        self._notes = notes
        self._index = Index([(entry.name, entry.version) for entry in entries])
        self._keys = self._index.keys
        self._has_own = any(entry.is_own for entry in entries)
        self._asked: dict[int, _Ask] = {}
        self._edges: dict[int, list[int]] = {}
        for number, entry in enumerate(entries):
            self._edges[number] = self._ask(entry) if entry.is_own else list(self._needs(entry))

    def packages(self) -> list[Package]:
        development = only_for_development(
            [number for number, ask in self._asked.items() if not ask.development],
            [number for number, ask in self._asked.items() if ask.development],
            {n: edges for n, edges in self._edges.items() if not self._entries[n].is_own},
        )
        return [
            self._package(number, entry, development=number in development)
            for number, entry in enumerate(self._entries)
            if not entry.is_own
        ]

    def _package(self, number: int, entry: _Entry, *, development: bool) -> Package:
        ask = self._asked.get(number)
        if not entry.version and not entry.source:
            self._notes.add(entry.name, "it has no version", entry.line)
        registry = entry.source.get("registry")
        return Package(
            "pypi", entry.name, entry.version, entry.line,
            key=self._keys[number],
            requires=tuple(
                Requirement(self._keys[other])
                for other in dict.fromkeys(self._edges[number])
                if not self._entries[other].is_own
            ),
            direct=ask is not None if self._has_own else None,
            development=development,
            optional=ask.optional if ask else False,
            constraint=ask.constraint if ask else "",
            qualifiers=(
                (("repository_url", public(registry)),)
                if isinstance(registry, str) and not is_default("pypi", registry)
                else ()
            ),
            download=next(
                (public(str(entry.source[kind])) for kind in _ELSEWHERE if kind in entry.source), ""
            ),
        )  # fmt: skip

    def _needs(self, entry: _Entry) -> Iterator[int]:
        table, notes = entry.table, self._notes
        yield from self._targets(table.get("dependencies"), entry)
        extras = notes.table(table.get("optional-dependencies"), entry.name, entry.line)
        for value in extras.values():
            yield from self._targets(value, entry)

    def _targets(self, value: object, entry: _Entry) -> Iterator[int]:
        """The packages that a list of dependencies means."""
        for item in self._notes.array(value, entry.name, entry.line):
            wanted = self._notes.table(item, entry.name, entry.line)
            name = self._notes.text(wanted.get("name"), entry.name, entry.line)
            version = self._notes.text(wanted.get("version"), name, entry.line)
            targets = [
                number
                for number in self._index.find(name, version)
                if wanted.get("source") in (None, self._entries[number].source)
            ]
            if not targets:
                what = f"{entry.name}: {name}"
                self._notes.add(what, "there is no such package in the file", entry.line)
            yield from targets

    def _ask(self, entry: _Entry) -> list[int]:
        """Note what a part of the project asks for."""
        table, notes = entry.table, self._notes
        metadata = notes.table(table.get("metadata"), entry.name, entry.line)
        wanted = self._constraints(entry, [metadata.get("requires-dist")])
        for_development = notes.table(metadata.get("requires-dev"), entry.name, entry.line)
        wanted_in_development = self._constraints(entry, list(for_development.values()))
        groups: list[tuple[object, bool, bool]] = [(table.get("dependencies"), False, False)]
        extras = notes.table(table.get("optional-dependencies"), entry.name, entry.line)
        groups += [(value, False, True) for value in extras.values()]
        development = notes.table(table.get("dev-dependencies"), entry.name, entry.line)
        groups += [(value, True, False) for value in development.values()]
        result = []
        for value, is_development, is_optional in groups:
            constraints = wanted_in_development if is_development else wanted
            for number in self._targets(value, entry):
                constraint = constraints.get(self._entries[number].name, "")
                ask = _Ask(is_development, is_optional, constraint)
                self._asked[number] = min(self._asked.get(number, ask), ask)
                result.append(number)
        return result

    def _constraints(self, entry: _Entry, lists: list[object]) -> dict[str, str]:
        result: dict[str, str] = {}
        for value in lists:
            for item in self._notes.array(value, entry.name, entry.line):
                wanted = self._notes.table(item, entry.name, entry.line)
                name = self._notes.text(wanted.get("name"), entry.name, entry.line)
                result.setdefault(name, self._notes.text(wanted.get("specifier"), name, entry.line))
        return result
