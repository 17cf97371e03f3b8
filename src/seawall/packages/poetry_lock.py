"""poetry.lock, with the pyproject.toml beside it.

Source: Poetry's ``src/poetry/packages/locker.py``. The groups a package belongs to stand in it
since lock version 2.1 (``groups``) and before 1.5 of Poetry (``category``); between these, only
the manifest and the edges tell.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from seawall.core.package_key import python_name
from seawall.packages import lock_toml
from seawall.packages.graphs import Index, only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.pyproject import Asked, beside
from seawall.packages.reading import Notes, Table, public, text_of

_KNOWN_VERSIONS = ("1", "2")


class _Entry(NamedTuple):
    """One ``[[package]]``."""

    name: str
    version: str
    line: int
    table: Table


def read(file: File) -> Contents:
    """The packages of a poetry.lock."""
    notes = Notes()
    document = lock_toml.read(text_of(file.data), skip=("files", "python-versions"))
    lock = document.value
    metadata = notes.table(lock.get("metadata"), "metadata")
    if "package" not in lock and not metadata:
        raise Unreadable("it is no lock file of Poetry")
    version = notes.text(metadata.get("lock-version"), "lock-version") or "1.0"
    if version.partition(".")[0] not in _KNOWN_VERSIONS:
        notes.add(f"lock-version {version}", "this version of the format is not known")
    entries = list(_entries(document, notes))
    packages = _Graph(entries, beside(file, notes), notes).packages()
    return Contents(tuple(packages), notes.problems)


def _entries(document: lock_toml.Lock, notes: Notes) -> Iterator[_Entry]:
    for number, member in enumerate(notes.array(document.value.get("package"), "package")):
        line = document.line("package", number)
        table = notes.table(member, "package", line)
        name = notes.text(table.get("name"), "name", line)
        version = notes.text(table.get("version"), name, line)
        if notes.fits(name, version, line):
            if not version:
                notes.add(name, "it has no version", line)
            yield _Entry(python_name(name), version, line, table)


class _Graph:
    def __init__(
        self, entries: list[_Entry], manifest: dict[str, Asked] | None, notes: Notes
    ) -> None:
        self._entries = entries
        self._manifest = manifest
        self._notes = notes
        self._index = Index([(entry.name, entry.version) for entry in entries])
        self._keys = self._index.keys
        self._needs = [list(self._requirements(entry)) for entry in entries]

    def _requirements(self, entry: _Entry) -> Iterator[tuple[int, str]]:
        wanted = self._notes.table(entry.table.get("dependencies"), entry.name, entry.line)
        for name, value in wanted.items():
            constraint = " || ".join(dict.fromkeys(_constraints(value)))
            for number in self._index.find(python_name(name)):
                yield number, constraint

    def packages(self) -> list[Package]:
        """All of them."""
        development = self._for_development()
        return [
            self._package(number, entry, development=number in development)
            for number, entry in enumerate(self._entries)
        ]

    def _for_development(self) -> set[int]:
        told = [_is_for_production(entry.table) for entry in self._entries]
        if any(found is not None for found in told):
            return {number for number, found in enumerate(told) if found is False}
        roots: dict[bool, list[int]] = {False: [], True: []}
        for item in (self._manifest or {}).values():
            roots[item.development] += self._index.find(item.name)
        edges = {number: [other for other, _ in needs] for number, needs in enumerate(self._needs)}
        return only_for_development(roots[False], roots[True], edges)

    def _package(self, number: int, entry: _Entry, *, development: bool) -> Package:
        asked = self._manifest.get(entry.name) if self._manifest is not None else None
        source = self._notes.table(entry.table.get("source"), entry.name, entry.line)
        kind, url = source.get("type"), self._notes.text(source.get("url"), entry.name, entry.line)
        is_registry = kind in (None, "legacy", "pypi")
        return Package(
            "pypi", entry.name, entry.version, entry.line,
            key=self._keys[number],
            requires=tuple(
                Requirement(self._keys[other], wanted) for other, wanted in self._needs[number]
            ),
            direct=asked is not None if self._manifest is not None else None,
            development=development,
            optional=entry.table.get("optional") is True,
            constraint=asked.constraint if asked else "",
            qualifiers=(("repository_url", public(url)),) if is_registry and url else (),
            download="" if is_registry else public(url),
        )  # fmt: skip


def _constraints(value: Any) -> Iterator[str]:
    """The versions that would do: a text, a table, or one of these for each marker."""
    for item in value if isinstance(value, list) else [value]:
        found = item.get("version") if isinstance(item, dict) else item
        if isinstance(found, str):
            yield found


def _is_for_production(table: Table) -> bool | None:
    """Whether it belongs to the main group; ``None`` where the file does not tell."""
    groups = table.get("groups")
    if isinstance(groups, list):
        return "main" in groups
    category = table.get("category")
    return category != "dev" if isinstance(category, str) else None
