"""composer.json: what a PHP project asks for.

Source: https://getcomposer.org/doc/04-schema.md. Names without a slash (``php``, ``ext-json``) are
the platform's, no packages.
"""

from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, Table, json_of

_GROUPS = {"require": False, "require-dev": True}
_EXACT = pattern(
    r"[=v\s]*(\d{1,15}(?:\.\d{1,15}){0,3}(?:-?(?:alpha|beta|RC|p|patch|a|b|rc)\.?\d*)?)"
)


class Wish(NamedTuple):
    """One requirement."""

    name: str
    constraint: str
    group: str

    @property
    def development(self) -> bool:
        """Whether it is only asked for to build and test."""
        return _GROUPS[self.group]


def read(file: File) -> Contents:
    """What a composer.json asks for; nothing where a lock file or what is installed says it."""
    notes = Notes()
    table = json_of(file.data, notes)
    project = notes.text(table.get("name"), "name")
    is_installed = file.beside("../../composer/installed.json") is not None
    if is_installed or file.beside("composer.lock") is not None:
        return Contents((), notes.problems, project)
    packages = []
    for wish in wishes(table, notes):
        found = _EXACT.fullmatch(wish.constraint)
        version = found[1] if found else ""
        if notes.fits(wish.name, version):
            packages.append(Package(
                "composer", wish.name.lower(), version,
                key_path=(wish.group, wish.name), key=f"{wish.group}/{wish.name}",
                direct=True, development=wish.development, constraint=wish.constraint,
            ))  # fmt: skip
    return Contents(tuple(packages), notes.problems, project)


def wishes(table: Table, notes: Notes) -> list[Wish]:
    """What a manifest asks for."""
    result = []
    for group in _GROUPS:
        value = table.get(group)
        for name, wanted in ({} if value == [] else notes.table(value, group)).items():
            if "/" in name:
                result.append(Wish(name, notes.text(wanted, f"{group} {name}"), group))
    return result


def beside(file: File, notes: Notes, path: str) -> dict[str, Wish] | None:
    """What the manifest at a path asks for, by name; production goes first."""
    data = file.beside(path)
    if data is None:
        return None
    try:
        table = json_of(data, Notes())
    except Unreadable as error:
        notes.add(path, f"it cannot be read: {error.reason}", error.line)
        return None
    return {wish.name.lower(): wish for wish in reversed(wishes(table, Notes()))}
