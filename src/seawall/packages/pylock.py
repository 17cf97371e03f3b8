"""pylock.toml, the lock file that Python's tools share.

Source: PEP 751; https://packaging.python.org/en/latest/specifications/pylock-toml/
"""

from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.package_key import python_name
from seawall.packages import lock_toml
from seawall.packages.graphs import Index
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.pyproject import Asked, beside
from seawall.packages.reading import Notes, Table, public, text_of

_KNOWN_VERSION = "1"
_OF_GROUPS = pattern(r"""\(?\s*["']([^"']+)["']\s+in\s+(dependency_groups|extras)\s*\)?""")
_OR = pattern(r"\bor\b")
_SOURCES = (
    ("vcs", "url"),
    ("archive", "url"),
    ("vcs", "path"),
    ("archive", "path"),
    ("directory", "path"),
)


class _Entry(NamedTuple):
    """One ``[[packages]]``."""

    name: str
    version: str
    line: int
    table: Table


def read(file: File) -> Contents:
    """The packages of a pylock.toml."""
    notes = Notes()
    document = lock_toml.read(text_of(file.data), skip=("wheels", "sdist", "hashes"))
    lock = document.value
    version = lock.get("lock-version")
    if version is None and "packages" not in lock:
        raise Unreadable("it is no lock file of PEP 751")
    if str(version).partition(".")[0] != _KNOWN_VERSION:
        notes.add(f"lock-version {version}", "this version of the format is not known")
    manifest = beside(file, notes)
    defaults = notes.texts(lock.get("default-groups"), "default-groups")
    entries = _entries(document, notes)
    index = Index([(entry.name, entry.version) for entry in entries])
    packages = [
        _package(entry, key, index, manifest, defaults, notes)
        for entry, key in zip(entries, index.keys, strict=True)
    ]
    return Contents(tuple(found for found in packages if found), notes.problems)


def _entries(document: lock_toml.Lock, notes: Notes) -> list[_Entry]:
    result = []
    for number, member in enumerate(notes.array(document.value.get("packages"), "packages")):
        line = document.line("packages", number)
        table = notes.table(member, "packages", line)
        name = python_name(notes.text(table.get("name"), "name", line))
        version = notes.text(table.get("version"), name, line)
        if notes.fits(name, version, line):
            result.append(_Entry(name, version, line, table))
    return result


def _package(
    entry: _Entry,
    key: str,
    index: Index,
    manifest: dict[str, Asked] | None,
    defaults: list[str],
    notes: Notes,
) -> Package | None:
    asked = manifest.get(entry.name) if manifest is not None else None
    download = ""
    for kind, field in _SOURCES:
        found = notes.table(entry.table.get(kind), entry.name, entry.line).get(field)
        download = download or notes.text(found, entry.name, entry.line)
    if not entry.version and download in (".", "./"):
        return None  # the project itself
    if not entry.version and not download:
        notes.add(entry.name, "it has no version", entry.line)
    marker = notes.text(entry.table.get("marker"), entry.name, entry.line)
    development, optional = _asked_by(marker, defaults)
    return Package(
        "pypi", entry.name, entry.version, entry.line,
        key=key,
        requires=_requires(entry, index, notes),
        direct=asked is not None if manifest is not None else None,
        development=development,
        optional=optional,
        constraint=asked.constraint if asked else "",
        download=public(download),
    )  # fmt: skip


def _requires(entry: _Entry, index: Index, notes: Notes) -> tuple[Requirement, ...]:
    """What it needs: each a table of as many keys as it takes to mean one package."""
    result = []
    for item in notes.array(entry.table.get("dependencies"), entry.name, entry.line):
        wanted = notes.table(item, entry.name, entry.line)
        name = python_name(notes.text(wanted.get("name"), entry.name, entry.line))
        version = notes.text(wanted.get("version"), name, entry.line)
        result += [Requirement(index.keys[number]) for number in index.find(name, version)]
    return tuple(result)


def _asked_by(marker: str, defaults: list[str]) -> tuple[bool, bool]:
    """Whether a marker lets only development ask for a package, and whether only extras do.

    ``"dev" in dependency_groups or "test" in dependency_groups`` is the first.
    """
    development = optional = False
    for part in _OR.split(marker):
        found = _OF_GROUPS.search(part)
        if found is None or (found[2] == "dependency_groups" and found[1] in defaults):
            return False, False
        if found[2] == "extras":
            optional = True
        else:
            development = True
    return development and not optional, optional
