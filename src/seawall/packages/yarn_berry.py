"""yarn.lock of Yarn 2 and later: YAML, with the workspaces among the packages.

Sources: Yarn's ``packages/yarnpkg-core/sources/Project.ts`` (``LOCKFILE_VERSION``) and
https://yarnpkg.com/protocols. A workspace's entry names all that it asks for; which of it is for
development, only its package.json tells. A patched package stands beside the one it was made of,
and is the same.
"""

from typing import NamedTuple

from seawall.packages import lock_yaml, npm_names
from seawall.packages.graphs import only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.package_json import Wish, beside, wishes
from seawall.packages.reading import Notes, Table, public

_KNOWN_VERSIONS = range(2, 10)
_OWN = ("workspace:", "link:", "portal:")
_MAX_WORKSPACES = 2000


class _Entry(NamedTuple):
    """One entry."""

    specs: list[str]
    name: str
    reference: str
    """Where it is, after its name in ``resolution``: ``npm:1.0.0``, ``workspace:packages/a``."""
    version: str
    table: Table
    line: int

    @property
    def is_own(self) -> bool:
        """Whether it is part of the project."""
        return self.reference.startswith(_OWN)


def read(file: File, text: str) -> Contents:
    """The packages of a yarn.lock that is YAML."""
    notes = Notes()
    documents = lock_yaml.read(text)
    if not documents:
        raise Unreadable("it is no lock file of Yarn")
    lock = documents[0]
    version = str(notes.table(lock.value.get("__metadata"), "__metadata").get("version"))
    if not version.isdecimal() or len(version) > 3 or int(version) not in _KNOWN_VERSIONS:
        notes.add(f"__metadata version {version}", "this version of the format is not known")
    entries = []
    for header, value in lock.value.items():
        line = lock.lines.get((header, "version"), 0)
        if header != "__metadata":
            entry = _entry(header, notes.table(value, header, line), line, notes)
            if entry:
                entries.append(entry)
    graph = _Graph(entries, file, notes)
    root = next((entry.name for entry in entries if entry.reference == "workspace:."), "")
    return Contents(tuple(graph.packages()), notes.problems, root)


def _entry(header: str, table: Table, line: int, notes: Notes) -> _Entry | None:
    specs = header.split(", ")
    resolution = notes.text(table.get("resolution"), header, line) or specs[0]
    at = resolution.find("@", 1)
    name, reference = (resolution[:at], resolution[at + 1 :]) if at > 0 else (resolution, "")
    version = notes.text(table.get("version"), header, line)
    if not notes.fits(name, version, line):
        return None
    return _Entry(specs, name, reference, version, table, line)


class _Graph:
    def __init__(self, entries: list[_Entry], file: File, notes: Notes) -> None:
        self._entries = entries
        self._notes = notes
        self._by_spec = {
            spec: number for number, entry in enumerate(entries) for spec in entry.specs
        }
        self._keys = [f"{entry.name}@{entry.reference}" for entry in entries]
        by_key = {key: number for number, key in enumerate(self._keys)}
        self._same = {
            number: by_key[original]
            for number, entry in enumerate(entries)
            if (original := _patched(entry.reference)) in by_key
        }
        """Patched packages and what they were made of."""
        self._needs = {number: self._targets(entry) for number, entry in enumerate(entries)}
        self._wishes = self._direct(file)

    def _targets(self, entry: _Entry) -> list[tuple[int, str]]:
        result = []
        wanted = self._notes.table(entry.table.get("dependencies"), entry.name, entry.line)
        for name, value in wanted.items():
            text = self._notes.text(value, f"{entry.name}: {name}", entry.line)
            found = self._find(name, text)
            if found is not None:
                result.append((found, npm_names.split_alias(text)[1] or text.removeprefix("npm:")))
        return result

    def _find(self, name: str, wanted: str) -> int | None:
        found = self._by_spec.get(f"{name}@{wanted}", self._by_spec.get(f"{name}@npm:{wanted}"))
        return self._same.get(found, found) if found is not None else None

    def _direct(self, file: File) -> dict[int, Wish]:
        """What the workspaces ask for."""
        result: dict[int, Wish] = {}
        own = [(number, entry) for number, entry in enumerate(self._entries) if entry.is_own]
        for number, entry in own[:_MAX_WORKSPACES]:
            for_development = self._for_development(file, entry)
            for found, wanted in self._needs[number]:
                name = self._entries[found].name
                group = "devDependencies" if name in for_development else "dependencies"
                if found not in result or result[found].development:
                    result[found] = Wish(name, wanted, group)
        return result

    def _for_development(self, file: File, entry: _Entry) -> set[str]:
        directory = entry.reference.partition(":")[2]
        manifest = beside(file, self._notes, f"{directory}/package.json")
        if manifest is None:
            return set()
        asked = list(wishes(manifest, Notes()))
        needed = {wish.name for wish in asked if not wish.development}
        names = set()
        for wish in asked:
            if wish.development and wish.name not in needed:
                found = self._find(wish.name, wish.wanted)
                names.add(self._entries[found].name if found is not None else wish.name)
        return names

    def packages(self) -> list[Package]:
        """All but the workspaces, and each patched one once."""
        development = only_for_development(
            [n for n, wish in self._wishes.items() if not wish.development],
            [n for n, wish in self._wishes.items() if wish.development],
            {
                n: [found for found, _ in needs]
                for n, needs in self._needs.items()
                if not self._entries[n].is_own
            },
        )
        has_own = any(entry.is_own for entry in self._entries)
        result = []
        for number, entry in enumerate(self._entries):
            if entry.is_own or number in self._same:
                continue
            wish = self._wishes.get(number)
            if not entry.version:
                self._notes.add(entry.name, "it has no version", entry.line)
            result.append(Package(
                "npm", entry.name, entry.version, entry.line,
                key=self._keys[number],
                requires=tuple(
                    Requirement(self._keys[found], wanted)
                    for found, wanted in self._needs[number]
                    if not self._entries[found].is_own
                ),
                direct=wish is not None if has_own else None,
                development=number in development,
                optional="conditions" in entry.table,
                constraint=wish.wanted if wish else "",
                download=_download(entry.reference),
            ))  # fmt: skip
        return result


def _download(reference: str) -> str:
    return "" if reference.startswith(("npm:", "patch:")) else public(reference)


def _patched(reference: str) -> str:
    """The package that ``patch:name@npm%3A1.0.0#...`` was made of; empty where it is no patch."""
    if not reference.startswith("patch:"):
        return ""
    return reference[len("patch:") :].partition("#")[0].replace("%3A", ":").replace("%3a", ":")
