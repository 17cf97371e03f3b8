"""Goes through an archive and what is nested in it, and gives each file in it to who wants it.

Members are named as in ``app.war!/WEB-INF/lib/db.jar!/db.properties``. What cannot be read is
noted; what can be read around it is.
"""

from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import IO, Any, Protocol

from seawall.core.named_tuple import NamedTuple
from seawall.sources.archives import kinds
from seawall.sources.archives.limits import DEFAULT, Limits
from seawall.sources.archives.streams import (
    BrokenError,
    Member,
    Reader,
    ar,
    cpio,
    finished,
    skip_rpm_headers,
)
from seawall.sources.decompression import MissingLibraryError, decompressed

_PIECE = 1 << 18
_CENTRAL_HEADER = 46
"""Bytes that the directory of a zip archive has for a member, at least (APPNOTE 4.3.12)."""
_CENTRAL_MARK = b"PK\x01\x02"
_ENCRYPTED = 1


class Consumer(Protocol):
    """Gets a file piece by piece."""

    def feed(self, piece: bytes) -> None:
        """The next piece."""

    def end(self) -> None:
        """There are no more."""


Visit = Callable[[str, int], Consumer | None]
"""Asked for each file by its name and size (-1: not known) who wants it; ``None``: nobody."""


class Note(NamedTuple):
    """What was not read, and why."""

    name: str
    reason: str


class Walk:
    """A walk through one file.

    ``notes`` tells what was not read. Nothing that is in the file raises.
    """

    def __init__(self, visit: Visit, limits: Limits = DEFAULT) -> None:
        self._visit = visit
        self._limits = limits
        self._total_left = limits.total
        self._entries_left = limits.entries
        self.notes: list[Note] = []
        self.left_out = 0
        """How many notes there would be besides."""

    def file(self, name: str, stream: IO[bytes], size: int) -> None:
        """Go through a file that can be sought in."""
        limits = self._limits
        self._total_left = min(limits.total, max(limits.ratio * size, limits.member))
        try:
            if is_zip(name, stream):
                self._guarded(name, partial(self._zip, name, stream, size, 1))
            else:
                self.content(name, iter(partial(stream.read, _PIECE), b""), 0)
        except _StopError as stop:
            self.note(name, str(stop))

    def data(self, name: str, data: bytes) -> None:
        """Go through a file that is in memory."""
        self.file(name, BytesIO(data), len(data))

    def content(self, name: str, pieces: Iterator[bytes], depth: int, size: int = -1) -> None:
        """Go through what comes piece by piece: an archive, or a file that goes to who wants it.

        ``depth`` is in how many archives it is.
        """
        reader = Reader(pieces)
        head = reader.some(kinds.ENOUGH)
        rest = _joined(head, reader)
        kind = kinds.kind_of(head)
        if not kind:
            unknown = kinds.unreadable_of(head)
            if unknown:
                self.note(name, f"{unknown} archives are not read")
            self._give(name, rest, size)
        elif depth >= self._limits.depth:
            self.note(name, f"archives are nested more than {self._limits.depth} deep")
            finished(rest)
        else:
            self._guarded(name, partial(self._archive, kind, name, rest, depth + 1))

    def note(self, name: str, reason: str) -> None:
        """Note what is not read."""
        if len(self.notes) < self._limits.notes:
            self.notes.append(Note(name, reason))
        else:
            self.left_out += 1

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """Do something with an archive; what is wrong with it is noted."""
        try:
            work()
        except _StopError:
            raise
        except (BrokenError, MissingLibraryError) as error:
            self.note(name, str(error))
        except EOFError:
            self.note(name, "it ends too early")
        except Exception as error:  # noqa: BLE001 - each library has errors of its own
            self.note(name, f"it cannot be unpacked: {getattr(error, 'reason', error)}")

    def _archive(self, kind: str, name: str, pieces: Iterator[bytes], depth: int) -> None:
        if kind == kinds.ZIP:
            data = self._whole(pieces)
            self._zip(name, BytesIO(data), len(data), depth)
        elif kind == kinds.TAR:
            self._tar(name, pieces, depth)
        elif kind == kinds.AR:
            self._members(name, ar(Reader(pieces)), depth)
        elif kind == kinds.CPIO:
            self._members(name, cpio(Reader(pieces)), depth)
        elif kind == kinds.RPM:
            reader = Reader(pieces)
            skip_rpm_headers(reader)
            self._compressed(name, reader.rest(), depth)
        else:
            self._compressed(name, pieces, depth)

    # Kinds ------------------------------------------------------------------------------------

    def _members(self, name: str, members: Iterator[Member], depth: int) -> None:
        for member in members:
            self._member(f"{name}!/{_tidy(member.name)}", member.pieces, member.size, depth)

    def _member(self, full: str, pieces: Iterator[bytes], size: int, depth: int) -> None:
        self._entries_left -= 1
        if self._entries_left < 0:
            raise _StopError(f"it has more than {self._limits.entries:,} members")
        if size > self._limits.member:
            self.note(full, f"it has {size} bytes, more than {self._limits.member}")
            return
        self.content(full, self._counted(pieces), depth, size)

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same pieces; raises where more comes out than may come out of one file."""
        size = 0
        for piece in pieces:
            size += len(piece)
            self._total_left -= len(piece)
            if size > self._limits.member:
                raise BrokenError(f"a member has more than {self._limits.member} bytes")
            if self._total_left < 0:
                raise _StopError("too much comes out of it: a bomb?")
            yield piece

    def _zip(self, name: str, stream: IO[bytes], size: int, depth: int) -> None:
        from zipfile import ZipFile  # noqa: PLC0415 - if there are any

        if size > self._limits.entries * _CENTRAL_HEADER:
            stream.seek(0)
            marks = sum(map(_marks, iter(partial(stream.read, _PIECE), b"")))
            if marks > self._limits.entries:
                raise BrokenError(f"it has more than {self._limits.entries:,} members")
            stream.seek(0)
        with ZipFile(stream) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    full = f"{name}!/{_tidy(info.filename)}"
                    self._guarded(full, partial(self._zipped, archive, info, full, depth))

    def _zipped(self, archive: Any, info: Any, full: str, depth: int) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise BrokenError("it is encrypted")
        limit = max(self._limits.free, self._limits.ratio * info.compress_size)
        if info.file_size > limit:
            raise BrokenError(f"it is packed more than {self._limits.ratio} times: a bomb?")
        with archive.open(info) as stream:
            _quicken(stream, info)
            pieces = iter(partial(stream.read, _PIECE), b"")
            self._member(full, pieces, info.file_size, depth)

    def _tar(self, name: str, pieces: Iterator[bytes], depth: int) -> None:
        from seawall.sources.images import tar  # noqa: PLC0415 - if there are any
        from seawall.sources.images.entry import FILE  # noqa: PLC0415 - as above
        from seawall.sources.images.limits import Limits as OfLayers  # noqa: PLC0415 - as above

        own = OfLayers(entries=self._limits.entries, names=32 << 20)
        archive = tar.Archive(name, lambda: next(pieces, b""), own)
        for entry in archive:
            if entry.kind is FILE and entry.size:
                full = f"{name}!/{entry.path}"
                self._member(full, archive.pieces(), entry.size, depth)

    def _compressed(self, name: str, pieces: Iterator[bytes], depth: int) -> None:
        """What is compressed as a whole: a tar, which is one with it, or a file."""
        packed = _Counter(pieces)
        reader = Reader(self._inflated(packed))
        head = reader.some(kinds.ENOUGH)
        inner = _joined(head, reader)
        kind = kinds.kind_of(head)
        if kind in (kinds.TAR, kinds.CPIO):
            self._archive(kind, name, inner, depth)
        else:
            self._member(f"{name}!/{kinds.without_end(name)}", inner, -1, depth)

    def _inflated(self, packed: "_Counter") -> Iterator[bytes]:
        reader = Reader(packed)
        head = reader.some(kinds.ENOUGH)
        kind = kinds.kind_of(head)
        if kind not in ("gzip", "bzip2", "xz", "zstd"):
            raise BrokenError("its compression is not known")
        size = 0
        for piece in decompressed(kind, _joined(head, reader), lambda: None):
            size += len(piece)
            if size > max(self._limits.free, self._limits.ratio * packed.size):
                raise BrokenError(f"it is packed more than {self._limits.ratio} times: a bomb?")
            yield piece

    # Files ------------------------------------------------------------------------------------

    def _whole(self, pieces: Iterator[bytes]) -> bytes:
        parts = []
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self._limits.held:
                raise BrokenError(
                    f"it is an archive of more than {self._limits.held} bytes within another one"
                )
            parts.append(piece)
        return b"".join(parts)

    def _give(self, name: str, pieces: Iterator[bytes], size: int) -> None:
        consumer = self._visit(name, size)
        if consumer is None:
            finished(pieces)
            return
        try:
            for piece in pieces:
                consumer.feed(piece)
        finally:  # what came before it broke off counts
            consumer.end()


def _quicken(stream: Any, info: Any) -> None:
    """Have a member of a zip archive unpacked by ISA-L, which takes a third of zlib's time."""
    from zipfile import ZIP_DEFLATED  # noqa: PLC0415 - loaded already

    if info.compress_type == ZIP_DEFLATED and hasattr(stream, "_decompressor"):
        from isal.isal_zlib import decompressobj  # noqa: PLC0415 - if there are any

        stream._decompressor = decompressobj(-15)  # noqa: SLF001 - the same interface as zlib's


class _StopError(Exception):
    """Ends a walk; the message is the reason."""


def is_zip(name: str, stream: IO[bytes]) -> bool:
    """Whether a file is a zip archive, also one with a program in front; goes to its begin."""
    stream.seek(0)
    head = stream.read(kinds.ENOUGH)
    stream.seek(0)
    kind = kinds.kind_of(head)
    if kind or not name.lower().endswith(kinds.ZIP_ENDS):
        return kind == kinds.ZIP
    from zipfile import is_zipfile  # noqa: PLC0415 - if there are any

    found = is_zipfile(stream)
    stream.seek(0)
    return found


class _Counter:
    """Counts what passes by."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self.size += len(piece)
        return piece


def _joined(head: bytes, reader: Reader) -> Iterator[bytes]:
    if head:
        yield head
    yield from reader.rest()


def _marks(piece: bytes) -> int:
    return piece.count(_CENTRAL_MARK)


def _tidy(name: str) -> str:
    """A name that leads nowhere else: nothing is written, but names are read."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts)[:_LONGEST_NAME] or "unnamed"


_LONGEST_NAME = 4096
