"""apk's database in an image: what is installed, with which files, scripts and triggers.

Sources: apk-tools' ``src/database.c`` (``installed``, ``scripts.tar``, ``triggers``), apk-world(5).
Entries of packages that are not patched are kept to the byte.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.patching.apk_relations import unit_of
from seawall.patching.errors import PackageError
from seawall.patching.paragraphs import text_of
from seawall.patching.relations import Unit
from seawall.patching.tree import Tree

HOMES = ("usr/lib/apk/db", "lib/apk/db")
WORLD = "etc/apk/world"
_MOST = 20_000
"""Packages that are installed."""
_BLOCK = 512
_ZEROS = bytes(_BLOCK)
_LONG_NAME = b"L"


class Installed(NamedTuple):
    """A package that is installed."""

    unit: Unit
    fields: Mapping[str, str]
    files: Mapping[str, str]
    """The sum of each file, by its path; empty where there is none."""
    directories: tuple[str, ...]
    text: str
    """Its entry."""


class Record(NamedTuple):
    """A member of ``scripts.tar``, to the byte."""

    name: str
    content: bytes
    data: bytes
    """With its headers and padding."""


class Database:
    """What is installed. Reads all of it at once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.home = next((home for home in HOMES if tree.data(f"{home}/installed")), "")
        text = text_of(tree.data(f"{self.home}/installed") or b"") if self.home else ""
        parts = [stripped for part in text.split("\n\n") if (stripped := part.strip("\n"))]
        if len(parts) > _MOST:
            raise InputError(
                f"{tree.read.image.name}: more than {_MOST} packages are said to be installed; see "
                f"/{self.home}/installed"
            )
        self.installed = tuple(map(_installed, parts))
        self.scripts_file, self.scripts = self._scripts()
        self.triggers = dict(self._triggers())

    def _scripts(self) -> tuple[str, tuple[Record, ...]]:
        for name in ("scripts.tar", "scripts.tar.gz"):
            path = f"{self.home}/{name}"
            data = self._tree.data(path) if self.home else None
            if data is not None:
                if name.endswith(".gz"):
                    data = _gunzipped(data, path)
                return path, tuple(records(data, path))
        return f"{self.home}/scripts.tar", ()

    def _triggers(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The paths that packages want to know of, by the sum of the package."""
        text = text_of(self._tree.data(f"{self.home}/triggers") or b"") if self.home else ""
        for line in text.split("\n"):
            words = line.split()
            if len(words) > 1:
                yield words[0], tuple(words[1:])

    def scripts_of(self, installed: Installed) -> Mapping[str, str]:
        """The scripts of a package by their names."""
        start = script_start(installed.unit)
        return {record.name.rpartition(".")[2]: text_of(record.content)
                for record in self.scripts if record.name.startswith(start)}  # fmt: skip

    @property
    def pins(self) -> Unit:
        """What the image's user asked for, as if a package asked for it."""
        text = " ".join(text_of(self._tree.data(WORLD) or b"").split())
        return unit_of("world", "", "", text, "")


def script_start(unit: Unit) -> str:
    """What begins the names of a package's scripts."""
    return f"{unit.name}-{unit.version}."


def _installed(text: str) -> Installed:
    fields: dict[str, str] = {}
    files: dict[str, str] = {}
    directories = []
    directory, path = "", ""
    for line in text.split("\n"):
        key, _, value = line.partition(":")
        if key == "F":
            directory = value
            directories.append(value)
        elif key == "R":
            path = f"{directory}/{value}" if directory else value
            files[path] = ""
        elif key == "Z":
            files[path] = value
        elif not directories and len(key) == 1:
            fields.setdefault(key, value)
    unit = unit_of(
        fields.get("P", ""), fields.get("V", ""), fields.get("A", ""), fields.get("D", ""),
        fields.get("p", ""),
    )  # fmt: skip
    return Installed(unit, fields, files, tuple(directories), text)


def records(data: bytes, name: str) -> Iterator[Record]:
    """The members of a tar as they are; names may hold sums with slashes that no path has.

    Raises ``PackageError`` where it is broken.
    """
    at, start, long_name = 0, 0, ""
    while at + _BLOCK <= len(data):
        header = data[at : at + _BLOCK]
        if header == _ZEROS:
            return
        digits = header[124:136].strip(b"\0 ")
        if digits.strip(b"01234567"):
            raise PackageError(name, f"is broken at byte {at}", "build the image again")
        size = int(digits or b"0", 8)
        content = data[at + _BLOCK : at + _BLOCK + size]
        at += _BLOCK + size + -size % _BLOCK
        if at > len(data) + _BLOCK:
            raise PackageError(name, "is cut off", "build the image again")
        if header[156:157] == _LONG_NAME:
            long_name = text_of(content.rstrip(b"\0"))
            continue
        own = text_of(header[:100].partition(b"\0")[0])
        yield Record(long_name or own, content, data[start:at])
        start, long_name = at, ""


def _gunzipped(data: bytes, name: str) -> bytes:
    import zlib  # noqa: PLC0415 - of apk 3 only

    try:
        unpacker = zlib.decompressobj(31)
        return unpacker.decompress(data, 64 << 20)
    except zlib.error as error:
        raise PackageError(name, f"is broken: {error}", "build the image again") from None
