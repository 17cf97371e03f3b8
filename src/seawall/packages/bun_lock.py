"""bun.lock: JSON with trailing commas.

Source: https://bun.com/docs/pm/lockfile and Bun's ``src/install/lockfile/bun.lock.zig``. A
package is ``[name@version, registry, {what it needs}, hash]``; its key is its path in
``node_modules``, the directories' names left out: ``parent/child``.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages import npm_names
from seawall.packages.graphs import only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.package_json import Wish, wishes
from seawall.packages.reading import Notes, Table, object_of, public, text_of

_KNOWN_VERSIONS = (0, 1)
_COMMENT = pattern(r'("(?:[^"\\]++|\\.)*+")|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/')
_LAST_COMMA = pattern(r'("(?:[^"\\]++|\\.)*+")|,(?=\s*+[}\]])')
_COMMA_AT_END = pattern(r",(?=[ \t\r]*+\n\s*+[}\]])")
"""Of a line, as Bun writes them: no string of JSON goes beyond its line."""
_OWN = ("workspace:", "link:", "root:")
_PART = pattern(r"@[^/]+/[^/]+|[^/]+")
_MAX_PARTS = 200
_MAX_PATH = 8000


class _Entry(NamedTuple):
    """One package."""

    key: str
    name: str
    reference: str
    """What follows its name: a version, or where it comes from."""
    needs: Table

    @property
    def is_own(self) -> bool:
        """Whether it is part of the project."""
        return self.reference.startswith(_OWN)


def read(file: File) -> Contents:
    """The packages of a bun.lock."""
    notes = Notes()
    text = text_of(file.data)
    try:
        lock = object_of(_COMMA_AT_END.sub("", text), notes)
    except Unreadable:
        notes = Notes()
        lock = object_of(_LAST_COMMA.sub(r"\1", _COMMENT.sub(r"\1", text)), notes)
    version = lock.get("lockfileVersion")
    if version is None and "packages" not in lock:
        raise Unreadable("it is no lock file of Bun")
    if isinstance(version, bool) or version not in _KNOWN_VERSIONS:
        notes.add(f"lockfileVersion {version}", "this version of the format is not known")
    workspaces = notes.table(lock.get("workspaces"), "workspaces")
    root = notes.table(workspaces.get(""), "workspaces")
    entries = list(_entries(notes.table(lock.get("packages"), "packages"), notes))
    packages = _Graph(entries, workspaces, notes).packages()
    return Contents(tuple(packages), notes.problems, notes.text(root.get("name"), "name"))


def _entries(packages: Table, notes: Notes) -> Iterator[_Entry]:
    for key, value in packages.items():
        fields = notes.array(value, key)
        identity = notes.text(fields[0] if fields else None, key)
        at = identity.find("@", 1)
        name, reference = (identity[:at], identity[at + 1 :]) if at > 0 else (identity, "")
        needs = next((field for field in fields[1:] if isinstance(field, dict)), {})
        if key.count("/") > _MAX_PARTS or len(key) > _MAX_PATH:
            notes.add(key, "it is nested too deeply")
        elif notes.fits(name, reference):
            if not reference:
                notes.add(key, "it has no version")
            yield _Entry(key, name, reference, needs)


class _Graph:
    def __init__(self, entries: list[_Entry], workspaces: Table, notes: Notes) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._notes = notes
        self._needs = {entry.key: self._targets(entry) for entry in entries}
        self._wishes: dict[str, Wish] = {}
        for path, value in workspaces.items():
            table = notes.table(value, path)
            name = notes.text(table.get("name"), path)
            for wish in wishes(table, notes):
                found = self._find(name if path else "", wish.name)
                if found and (found not in self._wishes or self._wishes[found].development):
                    self._wishes[found] = wish

    def _targets(self, entry: _Entry) -> list[tuple[str, str]]:
        result: dict[str, str] = {}
        for wish in wishes(entry.needs, self._notes):
            found = None if wish.development else self._find(entry.key, wish.name)
            if found is not None:
                result.setdefault(found, npm_names.split_alias(wish.wanted)[1])
        return list(result.items())

    def _find(self, key: str, name: str) -> str | None:
        """Where node finds a name asked for by the package of a key: the nearest there is."""
        parts = _PART.findall(key)
        for number in range(len(parts), -1, -1):
            found = "/".join((*parts[:number], name))
            if found in self._entries:
                return found
        return None

    def packages(self) -> list[Package]:
        """All but the workspaces."""
        development = only_for_development(
            [key for key, wish in self._wishes.items() if not wish.development],
            [key for key, wish in self._wishes.items() if wish.development],
            {
                key: [found for found, _ in needs]
                for key, needs in self._needs.items()
                if not self._entries[key].is_own
            },
        )
        return [
            self._package(entry, development=entry.key in development)
            for entry in self._entries.values()
            if not entry.is_own
        ]

    def _package(self, entry: _Entry, *, development: bool) -> Package:
        wish = self._wishes.get(entry.key)
        is_elsewhere = not npm_names.exact(entry.reference)
        return Package(
            "npm", entry.name, "" if is_elsewhere else entry.reference,
            key_path=("packages", entry.key), key=entry.key,
            requires=tuple(
                Requirement(found, wanted)
                for found, wanted in self._needs[entry.key]
                if not self._entries[found].is_own
            ),
            direct=wish is not None,
            development=development,
            optional=wish.optional if wish else False,
            constraint=npm_names.split_alias(wish.wanted)[1] if wish else "",
            download=public(entry.reference) if is_elsewhere else "",
        )  # fmt: skip
