"""Cargo.lock of Rust, versions 1 to 4, with the Cargo.toml beside it.

Sources: cargo's ``core/resolver/encode.rs`` (how the versions of the format differ);
https://doc.rust-lang.org/cargo/reference/manifest.html. The lock file alone names every package
and edge; which kind a dependency is of and what the project would take, only Cargo.toml tells.
"""

from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages import lock_toml
from seawall.packages.cargo_manifests import Manifests, Wish
from seawall.packages.graphs import Index, only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, public, text_of
from seawall.packages.registries import is_default

_KNOWN_VERSIONS = (1, 2, 3, 4)
_DEPENDENCY = pattern(r"(\S+)(?: (\S+))?(?: \(([^)]*)\))?")


class _Entry(NamedTuple):
    """One ``[[package]]``."""

    name: str
    version: str
    source: str
    """Empty for the project's own: members of the workspace and paths."""
    line: int
    dependencies: list[str]


def read(file: File) -> Contents:
    """The packages of a Cargo.lock."""
    notes = Notes()
    document = lock_toml.read(text_of(file.data))
    lock = document.value
    version = lock.get("version", 1)
    if isinstance(version, bool) or version not in _KNOWN_VERSIONS:
        notes.add(f"version {version}", "this version of the format is not known")
    if not {"package", "root", "version"} & set(lock):
        raise Unreadable("it holds no packages")
    entries = _entries(document, notes)
    own = [entry for entry in entries if not entry.source]
    manifests = Manifests(file, [entry.name for entry in own], notes)
    return Contents(
        tuple(_Graph(entries, manifests, notes).packages()), notes.problems, manifests.project
    )


def _entries(document: lock_toml.Lock, notes: Notes) -> list[_Entry]:
    lock = document.value
    members = notes.array(lock.get("package"), "package")
    tables = [(member, document.line("package", number)) for number, member in enumerate(members)]
    if "root" in lock:  # before cargo 1.16 the root package had a table of its own
        tables.append((lock["root"], 0))
    result = []
    for value, line in tables:
        table = notes.table(value, "package", line)
        name = notes.text(table.get("name"), "name", line)
        version = notes.text(table.get("version"), name, line)
        source = notes.text(table.get("source"), name, line)
        if notes.fits(name, version, line):
            if not version:
                notes.add(name, "it has no version", line)
            wanted = notes.texts(table.get("dependencies"), name, line)
            result.append(_Entry(name, version, source, line, wanted))
    return result


class _Graph:
    """The entries and which of them a dependency's text means."""

    def __init__(self, entries: list[_Entry], manifests: Manifests, notes: Notes) -> None:
        self._entries = entries
        self._manifests = manifests
        self._notes = notes
        self._index = Index([(entry.name, entry.version) for entry in entries])
        self._keys = self._index.keys
        self._has_own = any(not entry.source for entry in entries)
        self._edges = [self._targets(entry) for entry in entries]

    def packages(self) -> list[Package]:
        direct = self._direct()
        development = only_for_development(
            [number for number, wish in direct.items() if not wish.development],
            [number for number, wish in direct.items() if wish.development],
            {n: self._edges[n] for n, entry in enumerate(self._entries) if entry.source},
        )  # fmt: skip
        return [
            self._package(number, entry, direct.get(number), development=number in development)
            for number, entry in enumerate(self._entries)
            if entry.source
        ]

    def _package(
        self, number: int, entry: _Entry, wish: Wish | None, *, development: bool
    ) -> Package:
        kind, _, address = entry.source.partition("+")
        is_registry = kind in ("registry", "sparse")
        is_other = is_registry and not is_default("cargo", entry.source)
        return Package(
            "cargo", entry.name, entry.version, entry.line,
            key=self._keys[number],
            requires=tuple(
                Requirement(self._keys[target])
                for target in self._edges[number]
                if self._entries[target].source
            ),
            direct=wish is not None if self._has_own else None,
            development=development,
            optional=wish.optional if wish else False,
            constraint=wish.constraint if wish else "",
            qualifiers=(("repository_url", public(address)),) if is_other else (),
            download="" if is_registry else public(entry.source),
        )  # fmt: skip

    def _targets(self, entry: _Entry) -> list[int]:
        result = []
        for text in entry.dependencies:
            found = _DEPENDENCY.fullmatch(text)
            targets = self._matching(*found.groups(default="")) if found else []
            if targets:
                result.append(targets[0])
            else:
                self._notes.add(
                    f"{entry.name}: {text}", "there is no such package in the file", entry.line
                )
        return result

    def _matching(self, name: str, version: str, source: str) -> list[int]:
        return [
            number
            for number in self._index.find(name, version)
            if source in ("", self._entries[number].source)
        ]

    def _direct(self) -> dict[int, Wish]:
        """What the project's own packages ask for, and how."""
        result: dict[int, Wish] = {}
        for number, entry in enumerate(self._entries):
            if entry.source:
                continue
            for target in self._edges[number]:
                wish = self._manifests.wish(
                    entry.name, self._entries[target].name, self._entries[target].version
                )
                if target not in result or result[target].development:
                    result[target] = wish
        return result
