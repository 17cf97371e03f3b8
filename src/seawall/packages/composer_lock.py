"""composer.lock of PHP's Composer, with the composer.json beside it, and what is installed.

Sources: https://getcomposer.org/doc/01-basic-usage.md and Composer's ``src/Composer/Package/
Locker.php``; ``vendor/composer/installed.json`` is of the same form.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from seawall.packages import composer_json
from seawall.packages.graphs import Index
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, Table, json_of, public

_LISTS = {"packages": False, "packages-dev": True}


class Entry(NamedTuple):
    """One package."""

    name: str
    version: str
    table: Table
    key_path: tuple[str | int, ...]
    development: bool


def read(file: File) -> Contents:
    """The packages of a composer.lock."""
    notes = Notes()
    lock = json_of(file.data, notes)
    if not set(_LISTS) & set(lock):
        raise Unreadable("it is no lock file of Composer")
    entries: list[Entry] = []
    for field, is_development in _LISTS.items():
        entries += entries_of(lock.get(field), (field,), notes, development=is_development)
    asked = composer_json.beside(file, notes, "composer.json")
    return Contents(tuple(packages_of(entries, asked, notes)), notes.problems)


def entries_of(
    value: object, path: tuple[str, ...], notes: Notes, *, development: bool = False
) -> Iterator[Entry]:
    """The entries of a list of packages."""
    for number, item in enumerate(notes.array(value, path)):
        table = notes.table(item, (*path, number))
        name = notes.text(table.get("name"), (*path, number)).lower()
        version = notes.text(table.get("version"), name)
        if notes.fits(name, version):
            if not version:
                notes.add(name, "it has no version")
            yield Entry(name, version, table, (*path, number), development)


def packages_of(
    entries: list[Entry], asked: dict[str, composer_json.Wish] | None, notes: Notes
) -> Iterator[Package]:
    """The packages with what brings them in."""
    index = Index([(entry.name, entry.version) for entry in entries])
    stand_ins = _stand_ins(entries, notes)
    for number, entry in enumerate(entries):
        wish = asked.get(entry.name) if asked is not None else None
        yield Package(
            "composer", entry.name, entry.version,
            key_path=entry.key_path, key=index.keys[number],
            requires=tuple(_requires(entry, index, stand_ins, notes)),
            direct=wish is not None if asked is not None else None,
            development=entry.development,
            constraint=wish.constraint if wish else "",
            download=_download(entry, notes),
        )  # fmt: skip


def _stand_ins(entries: list[Entry], notes: Notes) -> dict[str, int]:
    """Names that other packages provide or replace: ``psr/log-implementation``."""
    result: dict[str, int] = {}
    for number, entry in enumerate(entries):
        for field in ("replace", "provide"):
            value = entry.table.get(field)
            if isinstance(value, dict):  # PHP writes an empty table as a list
                for name in value:
                    result.setdefault(name.lower(), number)
            else:
                notes.array(value, f"{entry.name} {field}")
    return result


def _requires(
    entry: Entry, index: Index, stand_ins: dict[str, int], notes: Notes
) -> Iterator[Requirement]:
    value: Any = entry.table.get("require")
    wanted = {} if value == [] else notes.table(value, f"{entry.name} require")
    for name, constraint in wanted.items():
        found = index.find(name.lower())
        number = found[0] if found else stand_ins.get(name.lower())
        if number is not None:
            text = notes.text(constraint, f"{entry.name} require {name}")
            yield Requirement(index.keys[number], text)


def _download(entry: Entry, notes: Notes) -> str:
    """Where a branch comes from, or a directory; versions are archives of their registry."""
    dist = notes.table(entry.table.get("dist"), entry.name)
    source = notes.table(entry.table.get("source"), entry.name)
    if dist.get("type") == "path":
        return public(notes.text(dist.get("url"), entry.name))
    if not entry.version.startswith("dev-") and not entry.version.endswith("-dev"):
        return ""
    url = notes.text(source.get("url") or dist.get("url"), entry.name)
    reference = notes.text(source.get("reference") or dist.get("reference"), entry.name)
    return public(f"{url}#{reference}" if url and reference else url)
