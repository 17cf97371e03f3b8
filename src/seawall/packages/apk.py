"""Alpine's package database and repositories: ``lib/apk/db/installed``, ``etc/apk/repositories``.

Sources: apk-tools' ``src/package.c`` and ``src/database.c`` (fields of the installed database; a
package whose name begins with a dot stands for what was asked for together, ``apk add -t``);
apk-repositories(5).
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, text_of
from seawall.packages.system import MAX_PATH, MAX_PATHS, Facts, Holding, Identity

_MAX_PACKAGES = 100_000
_MAX_LINES = 3_000_000
"""Each file takes three; all of Alpine's packages together have some two million files."""
_STREAM = pattern(r"/(alpine|postmarketos)/(?:v(\d{1,3}\.\d{1,3})|(edge|latest-stable))(?:/|$)")
_ROLLING = (("packages.wolfi.dev/", "wolfi"), ("apk.cgr.dev/chainguard", "chainguard"))
_FIELDS = frozenset("PVAoFRm")


def read(file: File) -> Facts:
    """The packages of the database, and their files."""
    notes = Notes()
    packages: list[Package] = []
    holdings: list[Holding] = []
    left = MAX_PATHS
    for line, fields, paths in _entries(file.data, notes):
        name, version = fields.get("P", ""), fields.get("V", "")
        if name.startswith("."):
            continue
        if len(packages) >= _MAX_PACKAGES:
            notes.add(name, f"there are more than {_MAX_PACKAGES:,} packages")
            break
        if not notes.fits(name, version, line):
            continue
        if not version:
            notes.add(name, "it has no version", line)
        architecture, origin = fields.get("A", ""), fields.get("o", "")
        packages.append(Package(
            "apk", name, version, line, key=name,
            qualifiers=(("arch", architecture),) if architecture else (),
            source=(origin, version) if origin and origin != name else ("", ""),
            supplier=fields.get("m", ""),
        ))  # fmt: skip
        if len(paths) > left:
            notes.add(name, f"more than {MAX_PATHS:,} files are listed: not all are known", line)
        holdings.append(Holding(name, tuple(paths[:left])))
        left -= len(holdings[-1].paths)
    if not packages and file.data.strip() and b"P:" not in file.data:
        raise Unreadable("it names no package")
    return Facts(Contents(tuple(packages), notes.problems), tuple(holdings), shelf="apk")


def _entries(data: bytes, notes: Notes) -> Iterator[tuple[int, dict[str, str], list[str]]]:
    """Each entry: its first line, its fields, its files."""
    fields: dict[str, str] = {}
    paths: list[str] = []
    directory, first = "", 1
    for number, row in _numbered(data, notes):
        if not row or row == "\r":
            if fields:
                yield first, fields, paths
            fields, paths, directory, first = {}, [], "", number + 1
            continue
        kind = row[0]
        if row[1:2] != ":":
            notes.add(row, "a letter and a colon are expected", number)
        elif kind == "R":
            if 2 < len(row) <= MAX_PATH - len(directory):
                paths.append(directory + row[2:])
        elif kind == "F":
            directory = f"{row[2:]}/" if len(row) > 2 else ""
        elif kind in _FIELDS:
            fields.setdefault(kind, row[2:].strip())
    if fields:
        yield first, fields, paths


def _numbered(data: bytes, notes: Notes) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, no more than ``_MAX_LINES``."""
    for number, row in enumerate(_lines(data), 1):
        if number > _MAX_LINES:
            notes.add(f"line {number}", f"it has more than {_MAX_LINES:,} lines: no more are read")
            return
        yield number, row


def _lines(data: bytes) -> Iterator[str]:
    """Lines of a text that may be large: a piece at a time."""
    at, size = 0, 1 << 20
    while at < len(data):
        end = data.rfind(b"\n", at, at + size)
        end = len(data) if at + size >= len(data) else end if end >= at else data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield from data[at:end].decode("utf-8", "surrogateescape").split("\n")
        at = end + 1


def read_repositories(file: File) -> Facts:
    """Which release packages come from: what a repository says counts for more than os-release.

    ``edge`` where any untagged repository is; else the newest release of all. Repositories with a
    tag (``@edge https://...``) serve only what is asked for by it.
    """
    notes = Notes()
    versions: list[tuple[int, int]] = []
    is_edge = False
    for row in text_of(file.data).split("\n"):
        words = row.split()
        if not words or words[0][:1] in ("#", "@") or words[0] == "set":
            continue
        if words[0] in ("v2", "v3", "ndx"):
            del words[0]
        if not words or words[0].startswith("@"):
            continue
        address = words[0][:2000]
        for mark, id_ in _ROLLING:
            if mark in address:
                return Facts(identity=Identity(id_))
        found = _STREAM.search(address)
        if found is None:
            continue
        if found[3] == "edge":
            is_edge = True
        elif found[2]:
            major, minor = found[2].split(".")
            versions.append((int(major), int(minor)))
    version = "edge" if is_edge else ".".join(map(str, max(versions))) if versions else ""
    identity = Identity("alpine", version) if version else None
    return Facts(Contents((), notes.problems), identity=identity)
