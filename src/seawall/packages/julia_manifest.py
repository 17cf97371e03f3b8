"""``Manifest.toml`` of Julia, formats 1 and 2.

Source: Pkg.jl's documentation, "Project.toml and Manifest.toml". In format 2 the entries stand
below ``deps``; each name may have several, told apart by ``uuid``. What is direct, Project.toml
beside it says. Parts of the standard library without a version have that of Julia itself.
"""

from collections.abc import Iterator

from seawall.packages.closing import closed
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, Table, text_of
from seawall.text.toml import Toml, TomlError, parse

_PROJECTS = {"JuliaManifest.toml": "JuliaProject.toml"}


def read(file: File) -> Contents:
    """The packages of a manifest of Julia."""
    notes = Notes()
    document = _parse(file.data)
    root = document.value
    major = str(root.get("manifest_format", "1")).partition(".")[0]
    if major not in ("1", "2"):
        notes.add(f"manifest_format {major}", "this version of the format is not known")
    path = ("deps",) if isinstance(root.get("deps"), dict) else ()
    entries = root["deps"] if path else {k: v for k, v in root.items() if isinstance(v, list)}
    direct, project = _project(file, notes)
    known: dict[str, list[str]] = {}
    found = list(_entries(entries, path, document, notes))
    for name, entry, _ in found:
        if isinstance(entry.get("uuid"), str):
            known.setdefault(name, []).append(entry["uuid"])
    own = notes.text(root.get("julia_version"), "julia_version")
    packages = []
    for name, entry, line in found:
        version = notes.text(entry.get("version"), name, line)
        if not version and "git-tree-sha1" not in entry:
            version = own
        uuid = notes.text(entry.get("uuid"), name, line)
        if version and "path" not in entry and notes.fits(name, version, line):
            packages.append(
                Package(
                    "julia", name, version, line, key=uuid,
                    requires=tuple(_requires(entry, name, known, notes)),
                    direct=None if direct is None else uuid in direct,
                    qualifiers=(("uuid", uuid),) if uuid else (),
                    download=notes.text(entry.get("repo-url"), name, line),
                )
            )  # fmt: skip
    return Contents(closed(packages), notes.problems, project)


def _parse(data: bytes) -> Toml:
    try:
        return parse(text_of(data))
    except TomlError as error:
        raise Unreadable(error.reason, error.line, error.column) from None
    except ValueError:  # a whole number of more than 4,300 digits
        raise Unreadable("a number has too many digits") from None


def _entries(
    entries: Table, path: tuple[str, ...], document: Toml, notes: Notes
) -> Iterator[tuple[str, Table, int]]:
    for name, items in entries.items():
        for number, item in enumerate(notes.array(items, name)):
            line = document.line((*path, name, number))
            yield name, notes.table(item, name, line), line


def _requires(
    entry: Table, name: str, known: dict[str, list[str]], notes: Notes
) -> Iterator[Requirement]:
    """A list of names, or a table of names and uuids where a name is not enough."""
    needs = entry.get("deps")
    if isinstance(needs, dict):
        for need, uuid in needs.items():
            if uuid in known.get(need, ()):
                yield Requirement(uuid)
        return
    for need in notes.texts(needs, name):
        if len(known.get(need, ())) == 1:
            yield Requirement(known[need][0])


def _project(file: File, notes: Notes) -> tuple[set[str] | None, str]:
    """The uuids that the project asks for, and its name."""
    base = file.path.rpartition("/")[2]
    name = _PROJECTS.get(base, "Project.toml")
    data = file.beside(name)
    if data is None:
        return None, ""
    try:
        root = _parse(data).value
    except Unreadable as error:
        notes.add(name, f"it cannot be read: {error.reason}", error.line)
        return None, ""
    direct = notes.table(root.get("deps"), f"deps of {name}").values()
    title = root.get("name")
    return {uuid for uuid in direct if isinstance(uuid, str)}, title if isinstance(
        title, str
    ) else ""
