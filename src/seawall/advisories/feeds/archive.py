"""What is in an archive, a directory or a file, one member after the other.

Nothing is unpacked to a path and no member is kept: a reader gets its bytes as they come. What
data is, is told by its first bytes; only lines of JSON go by their name (``.jsonl``). Archives in
archives and compressed members are opened as well (the CVE list is a zip in a zip).
"""

import io
import os
import stat
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from seawall.advisories.feeds.compression import Limits, Meter, decompressed, metered
from seawall.advisories.feeds.errors import FeedError
from seawall.sources.decompression import kind_of

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MAX_MEMBERS = 1_000_000
"""Members of one file or directory; OSV's largest archive has about 600,000."""
MAX_IN_MEMORY = 512 << 20
"""Bytes of one member that a reader may ask for at once."""
MAX_LINE = 64 << 20
"""Bytes of one line of a file of JSON lines."""
_MAX_NESTING = 3
_CHUNK = 1 << 17
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_TAR_MAGIC = 257
_LINES = (".jsonl", ".ndjson")


class Member:
    """A file of an archive: to be read once, and before the next one is asked for."""

    __slots__ = ("_chunks", "name")

    def __init__(self, name: str, chunks: Iterator[bytes]) -> None:
        self.name = name
        """Its path in what was opened; of a line of JSON lines, the file and the line."""
        self._chunks = chunks

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, piece by piece. Raises ``FeedError``."""
        return self._chunks

    def read(self) -> bytes:
        """All its bytes. Raises ``FeedError`` when they are more than ``MAX_IN_MEMORY``."""
        parts: list[bytes] = []
        size = 0
        for chunk in self._chunks:
            size += len(chunk)
            if size > MAX_IN_MEMORY:
                raise FeedError(
                    f"{self.name}: has more than {MAX_IN_MEMORY >> 20} MB: is it the right file?"
                )
            parts.append(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def members(path: str, limits: Limits | None = None, name: str = "") -> Iterator[Member]:
    """The files in an archive, a compressed file, a plain file or a directory.

    ``name`` is what a file that is no archive is called; its own name without one. Raises
    ``FeedError`` when it cannot be opened, is broken, or goes beyond a limit.
    """
    meter = Meter(limits or Limits())
    for count, member in enumerate(_of_path(path, name, meter)):
        if count >= MAX_MEMBERS:
            raise FeedError(f"{path}: has more than {MAX_MEMBERS} members: split it")
        yield member


def _of_path(path: str, called: str, meter: Meter) -> Iterator[Member]:
    if os.path.isdir(path):
        for name in _files(path):
            with _opened(os.path.join(path, name)) as file:
                yield from _expanded(name, file, meter, 0)
        return
    with _opened(path) as file:
        yield from _expanded(called or os.path.basename(path), file, meter, 0)


def _opened(path: str) -> BinaryIO:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise FeedError(f"{path}: is no regular file")
        return open(path, "rb")
    except OSError as error:
        raise FeedError(f"{path}: {error.strerror or error}") from None


def _files(root: str) -> Iterator[str]:
    """Files below a directory, sorted; hidden ones and symbolic links left out."""
    for directory, directories, names in os.walk(root):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(names):
            full = os.path.join(directory, name)
            if not name.startswith(".") and not os.path.islink(full):
                yield os.path.relpath(full, root).replace(os.sep, "/")


def _expanded(name: str, file: BinaryIO, meter: Meter, depth: int) -> Iterator[Member]:
    """The members of a file that can be sought in: a zip, or a stream."""
    head = file.read(4)
    file.seek(0)
    if head in {_ZIP, _EMPTY_ZIP}:
        yield from _zip_members(name, file, meter, depth)
    else:
        yield from _stream(name, metered(name, file, meter), meter, depth)


def _stream(name: str, chunks: Iterator[bytes], meter: Meter, depth: int) -> Iterator[Member]:
    """The members of a stream of bytes, decompressed as often as it is compressed."""
    first = next(chunks, b"")
    while len(first) <= _TAR_MAGIC + 5:
        more = next(chunks, b"")
        if not more:
            break
        first += more
    if depth > _MAX_NESTING:
        raise FeedError(f"{name}: archives are nested more than {_MAX_NESTING} deep: unpack it")
    kind = kind_of(first)
    if kind:
        plain = decompressed(name, kind, _again(first, chunks), meter)
        yield from _stream(_without_suffix(name), plain, meter, depth + 1)
    elif first.startswith((_ZIP, _EMPTY_ZIP)):
        with _spooled(_again(first, chunks)) as file:
            yield from _zip_members(name, file, meter, depth + 1)
    elif first[_TAR_MAGIC : _TAR_MAGIC + 5] == b"ustar":
        yield from _tar_members(name, _again(first, chunks), meter, depth)
    elif name.endswith(_LINES):
        yield from _lines(name, _again(first, chunks))
    else:
        yield Member(name, _again(first, chunks))


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _without_suffix(name: str) -> str:
    base, suffix = os.path.splitext(name)
    if suffix in {".tgz", ".txz", ".tbz2", ".tzst"}:
        return f"{base}.tar"
    return base if suffix in {".gz", ".xz", ".bz2", ".zst", ".zstd"} else name


def _spooled(chunks: Iterator[bytes]) -> BinaryIO:
    """A nameless temporary file: the directory of a zip stands at its end."""
    import tempfile  # noqa: PLC0415 - only for a zip within an archive

    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the caller
    for chunk in chunks:
        file.write(chunk)
    file.seek(0)
    return file


def _zip_members(name: str, file: BinaryIO, meter: Meter, depth: int) -> Iterator[Member]:
    from zipfile import BadZipFile, ZipFile  # noqa: PLC0415 - off the scan path

    try:
        archive = ZipFile(file)
        entries = archive.infolist()
    except (BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise FeedError(f"{name}: is a broken zip: {error}: fetch it again") from None
    if len(entries) > MAX_MEMBERS:
        raise FeedError(f"{name}: has more than {MAX_MEMBERS} members: split it")
    for entry in entries:
        if not entry.is_dir():
            chunks = _zip_member(name, archive, entry, meter)
            if depth or _plain(entry.filename):
                yield Member(entry.filename, chunks)
            else:
                yield from _stream(entry.filename, chunks, meter, depth + 1)


def _plain(name: str) -> bool:
    """Whether a name promises no archive, so that its member need not be looked into."""
    return name.endswith((".json", ".yaml", ".yml", ".xml", ".md", ".txt"))


def _zip_member(name: str, archive: "ZipFile", entry: "ZipInfo", meter: Meter) -> Iterator[bytes]:
    from zipfile import BadZipFile  # noqa: PLC0415 - as above
    from zlib import error as zlib_error  # noqa: PLC0415

    where = f"{name}/{entry.filename}"
    produced = 0
    try:
        with archive.open(entry) as member:
            while chunk := member.read(_CHUNK):
                produced += len(chunk)
                meter.count(where, len(chunk), produced, entry.compress_size)
                yield chunk
    except (
        BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError, zlib_error,
    ) as error:  # fmt: skip
        raise FeedError(f"{where}: cannot be read: {error}: fetch the archive again") from None


def _tar_members(name: str, chunks: Iterator[bytes], meter: Meter, depth: int) -> Iterator[Member]:
    import tarfile  # noqa: PLC0415 - off the scan path

    try:
        with tarfile.open(fileobj=Pieces(chunks), mode="r|") as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isreg() else None
                if content is not None:
                    pieces = iter(partial(content.read, _CHUNK), b"")
                    yield from _stream(entry.name.removeprefix("./"), pieces, meter, depth + 1)
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise FeedError(f"{name}: is a broken tar: {error}: fetch it again") from None


class Pieces(io.RawIOBase):
    """A file made of pieces, read from front to end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Bytes, fewer only at the end."""
        parts = [self._rest]
        held = len(self._rest)
        while size < 0 or held < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            parts.append(piece)
            held += len(piece)
        whole = b"".join(parts)
        end = len(whole) if size < 0 else size
        self._rest = whole[end:]
        return whole[:end]


def _lines(name: str, chunks: Iterator[bytes]) -> Iterator[Member]:
    number = 0
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise FeedError(f"{name}:{number}: a line has more than {MAX_LINE >> 20} MB")
        for line in lines:
            number += 1
            if not line.isspace() and line:
                yield Member(f"{name}:{number}", iter((line,)))
    if rest.strip():
        yield Member(f"{name}:{number + 1}", iter((rest,)))
