"""Files that hold an image's parts: of a directory, or of a tar that can be sought in."""

import os
import stat
from collections.abc import Iterable
from typing import Protocol

from seawall.sources.files import reason_of
from seawall.sources.images.entry import FILE, HARD_LINK, SYMLINK, tidy
from seawall.sources.images.limits import DEFAULT, Limits
from seawall.sources.images.problems import AGAIN, FORBIDDEN, NO_IMAGE, ArchiveError
from seawall.sources.images.unpacking import Stream, Unpacked

_MEMBERS = 100_000
_LINKS = 8
"""Symbolic links followed one after the other; ``docker save`` made one for a layer used twice."""
_PIECE = 1 << 16
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class Files(Protocol):
    """The files that an image is stored in. Paths have slashes and no root."""

    name: str

    def open(self, path: str, *, proven: bool = False) -> tuple[Stream, int] | None:
        """A file and its size, ``None`` when there is none.

        ``proven``: a digest will tell whether it is the right one, so it may be a symbolic link.
        """

    def names(self) -> Iterable[str]:
        """The paths at the top, and for a tar all paths."""


class OpenFile:
    """A file's descriptor, closed when nobody holds it any more. Reading has no position."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        status = os.fstat(descriptor)
        self.size = status.st_size
        self.is_regular = stat.S_ISREG(status.st_mode)

    def __del__(self) -> None:
        os.close(self.descriptor)

    def part(self, start: int, size: int) -> "Part":
        """Some of its bytes."""
        return Part(self, start, size)


class Part:
    """Bytes of a file from an offset on; several may be read at once, in any threads."""

    def __init__(self, file: OpenFile, start: int, size: int) -> None:
        self._file = file
        self._position = start
        self._left = size

    def read(self, size: int, /) -> bytes:
        """See ``Stream``."""
        data = os.pread(self._file.descriptor, min(size, self._left), self._position)
        self._position += len(data)
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Nothing: the file is closed when its last part is gone."""


def opened(path: str, *, follow: bool = True, directory: int | None = None) -> OpenFile:
    """A regular file. Raises ``OSError``, also for anything that is none."""
    flags = _OPEN if follow else _OPEN | os.O_NOFOLLOW
    file = OpenFile(os.open(path, flags, dir_fd=directory))
    if not file.is_regular:
        raise OSError(0, "is no regular file")
    return file


class Directory:
    """The files below a directory."""

    def __init__(self, path: str) -> None:
        self.name = path
        self._path = path

    def open(self, path: str, *, proven: bool = False) -> tuple[Stream, int] | None:
        """See ``Files``."""
        parts = path.split("/")
        if tidy(path)[0] != path:
            return None
        try:
            above = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                for part in parts[:-1]:
                    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
                    flags |= 0 if proven else os.O_NOFOLLOW
                    below = os.open(part, flags, dir_fd=above)
                    os.close(above)
                    above = below
                file = opened(parts[-1], follow=proven, directory=above)
            finally:
                os.close(above)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArchiveError(f"{self.name}/{path}", -1, reason_of(error), FORBIDDEN) from None
        return file.part(0, file.size), file.size

    def names(self) -> Iterable[str]:
        """See ``Files``."""
        try:
            return sorted(os.listdir(self._path))
        except OSError as error:
            raise ArchiveError(self.name, -1, reason_of(error), FORBIDDEN) from None


class TarFiles:
    """The files in a tar, which is looked through once; a packed one is unpacked first.

    That goes to a temporary file without a name: the parts are read in any order.
    """

    def __init__(self, path: str, limits: Limits = DEFAULT) -> None:
        self.name = path
        self._limits = limits
        self._index: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        self.problems: tuple[str, ...] = ()
        from seawall.sources.decompression import kind_of  # noqa: PLC0415 - only for tars

        try:
            self._file = opened(path)
            head = os.pread(self._file.descriptor, 10, 0)
            if kind_of(head):
                self._file = self._unpacked()
            self._look_through()
        except OSError as error:
            raise ArchiveError(path, -1, reason_of(error), FORBIDDEN) from None

    def _unpacked(self) -> OpenFile:
        import tempfile  # noqa: PLC0415 - only for a packed archive

        read = Unpacked(self.name, self._file.part(0, self._file.size), limits=self._limits)
        with tempfile.TemporaryFile() as file:
            try:
                while piece := read():
                    file.write(piece)
            finally:
                read.close()
            file.flush()
            return OpenFile(os.dup(file.fileno()))

    def _look_through(self) -> None:
        from seawall.sources.images.tar import Archive  # noqa: PLC0415 - only for tars

        file, position = self._file, 0

        def read() -> bytes:
            nonlocal position
            data = os.pread(file.descriptor, _PIECE, position)
            position += len(data)
            return data

        def seek(offset: int) -> int:
            nonlocal position
            position = min(offset, file.size)
            return position

        limits = self._limits._replace(entries=min(_MEMBERS, self._limits.entries))
        archive = Archive(self.name, read, limits, seek)
        for entry in archive:
            if entry.kind is FILE and not archive.has_holes:
                self._index[entry.path] = (entry.offset, entry.size)
                self._links.pop(entry.path, None)
            elif entry.kind is HARD_LINK:
                self._links[entry.path] = entry.link
            elif entry.kind is SYMLINK:
                above = entry.path.rpartition("/")[0]
                self._links[entry.path] = tidy(f"{above}/{entry.link}")[0]
        self.problems = tuple(
            f"{problem.path or 'the archive'}: {problem.reason}"
            for problem in archive.problems.told
        )

    def open(self, path: str, *, proven: bool = False) -> tuple[Stream, int] | None:  # noqa: ARG002
        """See ``Files``; links never leave the archive."""
        for _ in range(_LINKS):
            target = self._links.get(path)
            if target is None:
                break
            path = target
        where = self._index.get(path)
        if where is None:
            return None
        return self._file.part(*where), where[1]

    def names(self) -> Iterable[str]:
        """See ``Files``."""
        return (*self._index, *self._links)


def files_at(path: str) -> Directory | TarFiles:
    """The files of a directory or of a tar. Raises ``ArchiveError``."""
    return Directory(path) if os.path.isdir(path) else TarFiles(path)


def read_file(files: Files, path: str, limit: int, *, proven: bool = False) -> bytes | None:
    """All of a small file, ``None`` where there is none. Raises ``ArchiveError``."""
    found = files.open(path, proven=proven)
    if found is None:
        return None
    stream, size = found
    name = f"{files.name}: {path}"
    if size > limit:
        raise ArchiveError(name, -1, f"has {size} bytes, more than {limit}", NO_IMAGE)
    return whole(name, stream, limit)


def whole(name: str, stream: Stream, limit: int) -> bytes:
    """All that a stream gives. Raises ``ArchiveError`` when that is more than ``limit``."""
    parts: list[bytes] = []
    left = limit
    try:
        while part := stream.read(min(left + 1, 1 << 20)):
            left -= len(part)
            if left < 0:
                raise ArchiveError(name, -1, f"has more than {limit} bytes", NO_IMAGE)
            parts.append(part)
    except OSError as error:
        raise ArchiveError(name, -1, reason_of(error), FORBIDDEN) from None
    finally:
        stream.close()
    return b"".join(parts)


class Opener:
    """Opens a file, as often as it is called, in any process."""

    __slots__ = ("_files", "_path")

    def __init__(self, files: Files, path: str) -> None:
        self._files = files
        self._path = path

    def __call__(self) -> Stream:
        """The file from its beginning. Raises ``ArchiveError`` when it is not there any more."""
        found = self._files.open(self._path, proven=True)
        if found is None:
            raise ArchiveError(f"{self._files.name}: {self._path}", -1, "is missing", AGAIN)
        return found[0]
