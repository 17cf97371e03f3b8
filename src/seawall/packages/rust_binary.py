"""What cargo-auditable notes in an executable of Rust.

Source: https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md: JSON,
compressed with zlib, in the section ``.dep-v0``; of ``audit-info`` the schema in the same place.
"""

from seawall.packages.executables import Executable
from seawall.packages.package import Contents, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, Table, object_of

_MAX_BYTES = 8 * 1024 * 1024
"""Of the JSON; the specification asks for a limit, and names this one."""
_OWN = "local"
_CRATES_IO = "crates.io"


def contents(executable: Executable, notes: Notes) -> Contents | None:
    """The packages of a Rust program; ``None`` for what was not built with cargo-auditable."""
    data = executable.section(".dep-v0")
    if data is None:
        return None
    import zlib  # noqa: PLC0415 - rare

    try:
        text = zlib.decompressobj().decompress(data, _MAX_BYTES + 1)
        value = object_of(text.decode(), notes) if len(text) <= _MAX_BYTES else None
    except (zlib.error, UnicodeDecodeError, Unreadable):
        notes.add(".dep-v0", "the note of cargo-auditable cannot be read")
        return Contents()
    if value is None:
        notes.add(".dep-v0", f"the note of cargo-auditable is larger than {_MAX_BYTES} bytes")
        return Contents()
    entries = [
        notes.table(item, ".dep-v0") for item in notes.array(value.get("packages"), ".dep-v0")
    ]
    return _contents(entries, notes)


def _contents(entries: list[Table], notes: Notes) -> Contents:
    keys = [f"{entry.get('name')}@{entry.get('version')} #{n}" for n, entry in enumerate(entries)]
    needs = [_needs(entry, len(entries), notes) for entry in entries]
    own = [entry.get("source") == _OWN or entry.get("root") is True for entry in entries]
    asked = {number for is_own, found in zip(own, needs, strict=True) if is_own for number in found}
    packages = []
    project = ""
    for number, entry in enumerate(entries):
        name = notes.text(entry.get("name"), ".dep-v0")
        version = notes.text(entry.get("version"), name)
        source = notes.text(entry.get("source"), name)
        if entry.get("root") is True:
            project = name
        if own[number] or not notes.fits(name, version):
            continue
        packages.append(Package(
            "cargo", name, version,
            key=keys[number],
            requires=tuple(Requirement(keys[found]) for found in needs[number] if not own[found]),
            direct=number in asked,
            development=entry.get("kind") in ("build", "dev", "development"),
            download="" if source in (_CRATES_IO, "") else source,
        ))  # fmt: skip
    return Contents(tuple(packages), project=project)


def _needs(entry: Table, count: int, notes: Notes) -> list[int]:
    """The numbers of the packages that one needs."""
    result = []
    for number in notes.array(entry.get("dependencies"), entry.get("name")):
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < count:
            result.append(number)
        else:
            notes.add(number, "there is no such package in the note")
    return result
