"""Contents of files, put down in the order of the layers to be read in the order of the paths.

A layer is read once, from front to end, and what is written is sorted. So the contents that are
wanted are kept in a temporary file without a name until then: as many bytes as they have, no more.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.sources.files import reason_of
from seawall.sources.images.entry import FILE, Entry
from seawall.sources.images.image import Image, Layer
from seawall.sources.images.problems import AGAIN, ArchiveError
from seawall.sources.images.walking import Want, walk

MOST = 64 << 30
"""Bytes of all contents together."""
_PIECE = 1 << 20


class Content(NamedTuple):
    """Where the bytes of a file are: a member of a layer."""

    layer: int
    offset: int
    """In the tar; -1 in a directory, where the path tells."""
    path: str
    """Empty where the offset tells."""


def content_of(layer: int, entry: Entry) -> Content:
    """The content of a file of a layer."""
    return Content(layer, entry.offset, entry.path if entry.offset < 0 else "")


class Spool:
    """Contents of files of an image. To be closed."""

    def __init__(self, directory: str | None = None) -> None:
        """``directory``: where there is room, for the temporary file."""
        self._directory = directory
        self._file = -1
        self._places: dict[int, dict[int | str, int]] = {}
        """By layer, and offset or path in it, where contents are in the file."""

    def fill(self, image: Image, wanted: Iterable[tuple[Content, int]]) -> None:
        """Keep contents, given with their sizes; each layer that has some is read once.

        To be called once.

        Raises ``InputError`` where there is no room, ``ArchiveError`` where a layer is broken.
        """
        end = 0
        for content, size in wanted:
            places = self._places.setdefault(content.layer, {})
            if _key(content) not in places:
                places[_key(content)] = end
                end += size
        if end > MOST:
            raise InputError(
                f"{image.name}: its files have {end} bytes, more than {MOST}; name another image"
            )
        self._open(image.name, end)
        copies = {number: _Copies(self._file, places) for number, places in self._places.items()}

        def analyzers(layer: Layer) -> Sequence[_Copies]:
            return [copies[layer.number]]

        for walked in walk(image, analyzers, layers=copies) if copies else ():
            if walked.error is not None:
                raise walked.error
            missing = copies[walked.layer.number].missing
            if missing:
                raise ArchiveError(
                    image.name, -1,
                    f"layer {walked.layer.number + 1} has changed meanwhile", AGAIN,
                )  # fmt: skip

    def _open(self, name: str, total: int) -> None:
        try:
            with tempfile.TemporaryFile(dir=self._directory) as file:
                self._file = os.dup(file.fileno())
            room = os.fstatvfs(self._file)
        except OSError as error:
            raise InputError(
                f"{name}: there can be no temporary file: {reason_of(error)}; set TMPDIR"
            ) from None
        if total > room.f_bavail * room.f_frsize:
            raise InputError(
                f"{name}: there is no room for {total} bytes of its files; make some where the "
                "result goes"
            )

    def pieces(self, content: Content, size: int) -> Iterator[bytes]:
        """The first bytes of a content, all it has at most, a MiB or less at a time."""
        position, left = self._places[content.layer][_key(content)], size
        while left > 0:
            data = os.pread(self._file, min(left, _PIECE), position)
            if not data:
                return
            position += len(data)
            left -= len(data)
            yield data

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _key(content: Content) -> int | str:
    return content.path or content.offset


class _Copies:
    """Copies contents of a layer to their places; an ``Analyzer``."""

    def __init__(self, file: int, places: Mapping[int | str, int]) -> None:
        self._file = file
        self._at = places
        self.missing = set(places)

    def wants(self, entry: Entry) -> Want:
        """The contents that have a place."""
        if entry.kind is not FILE:
            return 0
        key = entry.path if entry.offset < 0 else entry.offset
        at = self._at.get(key)
        if at is None:
            return 0
        self.missing.discard(key)
        return _Copy(self._file, at, entry)

    def take(self, entry: Entry, data: bytes) -> Want:  # noqa: ARG002 - never called
        """Nothing is wanted but contents in pieces."""
        return 0


class _Copy:
    """One content on its way; a ``Consumer``."""

    def __init__(self, file: int, at: int, entry: Entry) -> None:
        self._file = file
        self._at = at
        self._entry = entry
        self._left = entry.size

    def feed(self, piece: bytes) -> None:
        """Put down the next piece; no more than it was said to have."""
        self._left -= len(piece)
        if self._left < 0:
            self.end()
        _write(self._file, piece, self._at)
        self._at += len(piece)

    def end(self) -> None:
        """Raise ``ArchiveError`` where it has another size."""
        if self._left:
            raise ArchiveError(
                f"/{self._entry.path}", -1, "has changed while it was read",
                "see that nobody writes there, and try again",
            )  # fmt: skip


def _write(file: int, data: bytes, position: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, position)
        view = view[written:]
        position += written
