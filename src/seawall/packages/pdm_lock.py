"""pdm.lock, with the pyproject.toml beside it.

Source: https://pdm-project.org/en/latest/usage/lockfile/ and PDM's ``src/pdm/formats`` and
``src/pdm/project/lockfile``. A package asked for with extras stands there once more, with these.
"""

from typing import NamedTuple

from seawall.core.package_key import python_name
from seawall.packages import lock_toml, pep508
from seawall.packages.graphs import only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.pyproject import beside
from seawall.packages.reading import Notes, Table, public, text_of

_KNOWN_VERSIONS = ("2", "3", "4")


class _Entry(NamedTuple):
    """One package, with all its extras."""

    name: str
    version: str
    line: int
    table: Table
    needs: list[pep508.Python]
    groups: list[str] | None


def read(file: File) -> Contents:
    """The packages of a pdm.lock."""
    notes = Notes()
    document = lock_toml.read(text_of(file.data), skip=("files", "summary"))
    lock = document.value
    metadata = notes.table(lock.get("metadata"), "metadata")
    if "package" not in lock and not metadata:
        raise Unreadable("it is no lock file of PDM")
    version = notes.text(metadata.get("lock_version"), "lock_version")
    if version.partition(".")[0] not in _KNOWN_VERSIONS:
        notes.add(f"lock_version {version}", "this version of the format is not known")
    entries = _entries(document, notes)
    return Contents(tuple(_packages(file, entries, notes)), notes.problems)


def _entries(document: lock_toml.Lock, notes: Notes) -> list[_Entry]:
    result: dict[tuple[str, str], _Entry] = {}
    for number, member in enumerate(notes.array(document.value.get("package"), "package")):
        line = document.line("package", number)
        table = notes.table(member, "package", line)
        name = python_name(notes.text(table.get("name"), "name", line))
        version = notes.text(table.get("version"), name, line)
        if not notes.fits(name, version, line):
            continue
        entry = result.setdefault(
            (name, version), _Entry(name, version, line, table, [], _groups(table))
        )
        for text in notes.texts(table.get("dependencies"), name, line):
            wanted = pep508.parse(text) if len(text) <= pep508.MAX_REQUIREMENT else None
            if wanted is None:
                notes.add(text, "it is no requirement of PEP 508", line)
            else:
                entry.needs.append(wanted)
    return list(result.values())


def _groups(table: Table) -> list[str] | None:
    groups = table.get("groups")
    if not isinstance(groups, list):
        return None
    return [group for group in groups if isinstance(group, str)]


def _packages(file: File, entries: list[_Entry], notes: Notes) -> list[Package]:
    by_name: dict[str, list[_Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, []).append(entry)
    needs = [
        {
            f"{other.name}@{other.version}": wanted.constraint
            for wanted in entry.needs
            for other in by_name.get(wanted.name, ())
            if other is not entry  # of a package with extras: itself without
        }
        for entry in entries
    ]
    manifest = beside(file, notes)
    keys = [f"{entry.name}@{entry.version}" for entry in entries]
    roots: dict[bool, list[str]] = {False: [], True: []}
    for key, entry in zip(keys, entries, strict=True):
        if manifest is not None and entry.name in manifest:
            roots[manifest[entry.name].development].append(key)
    development = only_for_development(
        roots[False], roots[True], dict(zip(keys, needs, strict=True))
    )
    result = []
    for key, entry, wanted in zip(keys, entries, needs, strict=True):
        asked = manifest.get(entry.name) if manifest is not None else None
        is_in_groups = entry.groups is None or not entry.groups or "default" in entry.groups
        download = _download(entry, notes)
        if not entry.version and not download:
            notes.add(entry.name, "it has no version", entry.line)
        if entry.table.get("path") in (".", "./"):
            continue  # the project itself
        result.append(Package(
            "pypi", entry.name, entry.version, entry.line,
            requires=tuple(Requirement(other, constraint) for other, constraint in wanted.items()),
            direct=asked is not None if manifest is not None else None,
            development=key in development if manifest is not None else not is_in_groups,
            optional=asked.optional if asked else False,
            constraint=asked.constraint if asked else "",
            download=download,
        ))  # fmt: skip
    return result


def _download(entry: _Entry, notes: Notes) -> str:
    for kind in ("git", "hg", "svn", "bzr", "url", "path"):
        if kind in entry.table:
            return public(notes.text(entry.table[kind], entry.name, entry.line))
    return ""
