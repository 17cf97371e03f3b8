"""yarn.lock of Yarn 1: its own format, an entry for each package and the ranges that it answers.

Sources: https://classic.yarnpkg.com/lang/en/docs/yarn-lock/ and Yarn's ``src/lockfile/parse.js``.
From Yarn 2 on it is YAML, and read by ``yarn_berry``. What the project asks for stands only in
package.json; but what no package asks for, the project must.
"""

from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages import npm_names, yarn_berry
from seawall.packages.graphs import only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.package_json import Wish, beside, wishes
from seawall.packages.reading import Notes, public, text_of

_HEADER = pattern(r"[^\s#].*:")
_SPEC = pattern(r'"((?:[^"\\]|\\.)*)"|([^\s,"]+)')
_PAIR = pattern(r'( +)("(?:[^"\\]|\\.)*"|[^\s"]\S*?) ("(?:[^"\\]|\\.)*"|\S+)')
_OPEN = pattern(r'  ("(?:[^"\\]|\\.)*"|\S+):')
_GROUPS = ("dependencies", "optionalDependencies")


class _Entry:
    """One entry, filled in line by line."""

    __slots__ = ("line", "needs", "optional", "resolved", "specs", "version")

    def __init__(self, specs: list[str], line: int) -> None:
        self.specs = specs
        self.line = line
        self.version = ""
        self.resolved = ""
        self.needs: dict[str, str] = {}
        self.optional: set[str] = set()
        """Names of ``needs`` that it does without."""


def read(file: File) -> Contents:
    """The packages of a yarn.lock of any version."""
    text = text_of(file.data)
    if "\n__metadata:" in f"\n{text}":
        return yarn_berry.read(file, text)
    notes = Notes()
    entries = _entries(text, notes)
    manifest = beside(file, notes)
    asked = list(wishes(manifest, Notes())) if manifest is not None else None
    has_workspaces = manifest is not None and "workspaces" in manifest
    packages = _Graph(entries, asked, has_workspaces=has_workspaces, notes=notes).packages()
    project = manifest.get("name") if manifest is not None else None
    return Contents(tuple(packages), notes.problems, project if isinstance(project, str) else "")


def _entries(text: str, notes: Notes) -> list[_Entry]:
    entries: list[_Entry] = []
    group = ""
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        line = raw.rstrip()
        if not line or line[0] == "#":
            continue
        if line[0] != " " and _HEADER.fullmatch(line):
            specs = [quoted or bare for quoted, bare in _SPEC.findall(line[:-1])]
            entries.append(_Entry(specs, number))
            group = ""
            continue
        found = _PAIR.fullmatch(line)
        if found and entries and len(found[1]) in (2, 4):
            group = group if len(found[1]) == 4 else ""
            _take(entries[-1], group, found[2].strip('"'), found[3].strip('"'))
            continue
        opened = _OPEN.fullmatch(line)
        if opened is None or not entries:
            if not entries:
                raise Unreadable("it is no lock file of Yarn", number)
            notes.add(line.strip(), "it cannot be read", number)
        else:
            group = opened[1]
    return entries


def _take(entry: _Entry, group: str, key: str, value: str) -> None:
    if group in _GROUPS:
        if group == _GROUPS[1]:
            entry.optional.add(key)
        entry.needs[key] = value
    elif not group and key == "version":
        entry.version = value
    elif not group and key == "resolved":
        entry.resolved = value


class _Identity(NamedTuple):
    """What an entry is."""

    name: str
    download: str


def split(spec: str) -> tuple[str, str]:
    """Name and range of ``@scope/name@^1.0.0``; the range may hold ``@``, too."""
    at = spec.find("@", 1)
    return (spec[:at], spec[at + 1 :]) if at > 0 else (spec, "")


def _identity(entry: _Entry) -> _Identity:
    name, wanted = split(entry.specs[0]) if entry.specs else ("", "")
    real, rest = npm_names.split_alias(wanted)
    resolved, _, fragment = entry.resolved.partition("#")
    if resolved.startswith("http") and not npm_names.download_of(resolved):
        return _Identity(real or name, "")
    if not resolved:
        return _Identity(real or name, rest if npm_names.is_elsewhere(rest) else "")
    return _Identity(real or name, public(f"{resolved}#{fragment}" if fragment else resolved))


class _Graph:
    def __init__(
        self, entries: list[_Entry], asked: list[Wish] | None, *, has_workspaces: bool, notes: Notes
    ) -> None:
        self._entries = entries
        self._notes = notes
        self._has_workspaces = has_workspaces
        self._by_spec = {
            spec: number for number, entry in enumerate(entries) for spec in entry.specs
        }
        self._identities = [_identity(entry) for entry in entries]
        self._keys = [entry.specs[0] if entry.specs else "" for entry in entries]
        self._is_told = asked is not None
        self._by_name: dict[str, set[int]] = {}
        for spec, number in self._by_spec.items():
            self._by_name.setdefault(split(spec)[0], set()).add(number)
        self._needs: dict[int, list[tuple[int, str]]] = {}
        self._needed: set[int] = set()
        """What a package asks for that cannot do without."""
        for number, entry in enumerate(entries):
            self._needs[number] = []
            for name, wanted in entry.needs.items():
                found = self._find(name, wanted)
                if found is not None:
                    self._needs[number].append((found, npm_names.split_alias(wanted)[1]))
                    if name not in entry.optional:
                        self._needed.add(found)
        self._wishes = self._direct(asked or [])

    def _find(self, name: str, wanted: str) -> int | None:
        """The entry of a range; where ``resolutions`` have changed it, the only one of the name."""
        found = self._by_spec.get(f"{name}@{wanted}")
        if found is None:
            others = self._by_name.get(name, set())
            found = next(iter(others)) if len(others) == 1 else None
        return found

    def _direct(self, asked: list[Wish]) -> dict[int, Wish]:
        """What the project asks for; where that is not known, what no package asks for."""
        result: dict[int, Wish] = {}
        for wish in asked:
            found = self._find(wish.name, wish.wanted)
            if found is not None and (found not in result or result[found].development):
                result[found] = wish
        if self._is_told and not self._has_workspaces:
            return result
        wanted = {found for needs in self._needs.values() for found, _ in needs}
        for spec, number in self._by_spec.items():
            if number not in wanted and number not in result:
                result[number] = Wish(*split(spec), "dependencies")
        return result

    def packages(self) -> list[Package]:
        """All of them."""
        production = [n for n, wish in self._wishes.items() if not wish.development]
        roots = [n for n, wish in self._wishes.items() if wish.development]
        edges = {number: [found for found, _ in needs] for number, needs in self._needs.items()}
        # What workspaces ask for in production is not known here.
        development = (
            set() if self._has_workspaces else only_for_development(production, roots, edges)
        )
        result = []
        for number, entry in enumerate(self._entries):
            name, download = self._identities[number]
            if not self._notes.fits(name, entry.version, entry.line):
                continue
            if not entry.version:
                self._notes.add(name, "it has no version", entry.line)
            wish = self._wishes.get(number)
            result.append(Package(
                "npm", name, entry.version, entry.line,
                key=self._keys[number],
                requires=tuple(
                    Requirement(self._keys[found], wanted) for found, wanted in self._needs[number]
                ),
                direct=self._is_direct(wish),
                development=number in development,
                optional=wish.optional if wish else number not in self._needed,
                constraint=npm_names.split_alias(wish.wanted)[1] if wish else "",
                download=download,
            ))  # fmt: skip
        return result

    def _is_direct(self, wish: Wish | None) -> bool | None:
        if wish is not None:
            return True
        return False if self._is_told and not self._has_workspaces else None
