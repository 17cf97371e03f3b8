"""The tar of a layer that an engine keeps as a directory, put together again byte by byte.

Beside each layer engines keep what its tar held besides the contents of files: JSON lines, packed
with gzip (``github.com/vbatts/tar-split``, its ``tar/storage/entry.go``). A line of type 2 has
bytes (headers, padding), one of type 1 names a file whose content comes next. What comes out has
the layer's DiffID, unless somebody changed a file since: so layers in storages are verified, too.
"""

import binascii
import json
import os
from collections.abc import Callable, Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.sources.decompression import decompressed
from seawall.sources.files import reason_of
from seawall.sources.images.entry import tidy
from seawall.sources.images.problems import AGAIN, FORBIDDEN, ArchiveError
from seawall.sources.images.stores import OpenFile, opened
from seawall.sources.images.unpacking import Stream

_FILE, _SEGMENT = 1, 2
_PIECE = 1 << 20
_LINE = 64 << 20
"""Bytes of a line: a header with all its extensions, in base 64."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LINKS = 40
"""Symbolic links that may lie in a path, as Linux has it."""


def opener(split: str, directory: str) -> Callable[[], Stream]:
    """Opens the tar of a layer, as often as it is called.

    ``split``: the file of JSON lines; ``directory``: where the layer's files are. Reading raises
    ``ArchiveError`` where a file is missing or the lines are broken.
    """
    return lambda: _Joined(_pieces(split, directory))


class _Joined:
    """Pieces as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def read(self, size: int, /) -> bytes:
        """See ``Stream``; less than ``size`` may come."""
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held = piece
        data, self._held = self._held[:size], self._held[size:]
        return data

    def close(self) -> None:
        """See ``Stream``."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def _pieces(split: str, directory: str) -> Iterator[bytes]:
    try:
        top = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ArchiveError(directory, -1, reason_of(error), FORBIDDEN) from None
    waiting = bytearray()
    try:
        for row in _rows(split):
            if isinstance(row, bytes):
                waiting += row
            if waiting and (isinstance(row, _File) or len(waiting) >= _PIECE):
                yield bytes(waiting)
                waiting.clear()
            if isinstance(row, _File):
                yield from _content(top, directory, row)
        if waiting:
            yield bytes(waiting)
    finally:
        os.close(top)


class _File(NamedTuple):
    """A file whose content comes next."""

    name: str
    size: int


def _rows(split: str) -> Iterator[bytes | _File]:
    """Bytes, and files, in the order of the tar."""
    for number, line in enumerate(_lines(split), 1):
        try:
            row = _row(json.loads(line))
        except (ValueError, RecursionError):
            row = None
        if row is None:
            raise ArchiveError(split, -1, f"line {number} is none that an engine writes", AGAIN)
        if row:
            yield row


def _row(value: object) -> bytes | _File | None:
    """What a line says; ``None`` for one that says nothing. Raises ``ValueError`` for bad base 64.

    A file without content, which may be a link or a directory, is nothing to be put in.
    """
    fields = value if isinstance(value, dict) else {}
    if fields.get("type") == _SEGMENT:
        payload = fields.get("payload") or ""
        return binascii.a2b_base64(payload) if isinstance(payload, str) else None
    if fields.get("type") != _FILE:
        return None
    raw, name, size = fields.get("name_raw"), fields.get("name", ""), fields.get("size", 0)
    if isinstance(raw, str):
        name = os.fsdecode(binascii.a2b_base64(raw))
    if not isinstance(name, str) or not isinstance(size, int) or size < 0:
        return None
    return _File(name, size) if size else b""


def _lines(split: str) -> Iterator[bytes]:
    """The lines of the file."""
    try:
        file = opened(split)
    except OSError as error:
        raise ArchiveError(split, -1, reason_of(error), FORBIDDEN) from None
    part = file.part(0, file.size)
    held = b""
    try:
        for piece in decompressed("gzip", iter(lambda: part.read(_PIECE), b"")):
            *lines, held = (held + piece).split(b"\n")
            yield from filter(None, lines)
            if len(held) > _LINE:
                break
    except Exception as error:  # noqa: BLE001 - each library has errors of its own
        raise ArchiveError(split, -1, f"is broken: {error}", AGAIN) from None
    if len(held) > _LINE:
        raise ArchiveError(split, -1, f"has a line of more than {_LINE} bytes", AGAIN)
    if held:
        yield held


def _content(top: int, directory: str, wanted: _File) -> Iterator[bytes]:
    path, size = tidy(wanted.name)[0], wanted.size
    where = f"{directory}/{path}"
    try:
        file = _opened(top, path)
    except (OSError, ValueError) as error:  # ValueError: no file can have this name
        told = reason_of(error) if isinstance(error, OSError) else str(error)
        reason = f"a file of the layer cannot be read: {told}"
        raise ArchiveError(where, -1, reason, "fetch the image again") from None
    if file.size != size:
        raise ArchiveError(
            where, -1, f"has {file.size} bytes, but {size} when the image was fetched",
            "do not trust it: fetch the image again",
        )  # fmt: skip
    part = file.part(0, size)
    while piece := part.read(_PIECE):
        yield piece


def _opened(top: int, path: str) -> OpenFile:
    """A file below a directory; links on the way lead nowhere else. Raises ``OSError``.

    A layer may have a file below a link of its own: ``lib/x`` where ``lib`` leads to ``usr/lib``.
    """
    parts, done = path.split("/")[::-1], list[str]()
    left = _LINKS
    above = os.dup(top)
    try:
        while len(parts) > 1:
            part = parts.pop()
            try:
                below = os.open(part, _DIRECTORY, dir_fd=above)
            except OSError:
                left -= 1
                target = os.readlink(part, dir_fd=above)  # raises where it is no link either
                if left < 0:
                    raise
                start = "" if target.startswith("/") else "/".join(done)
                whole = tidy(f"{start}/{target}")[0].split("/")
                parts += [each for each in whole[::-1] if each]
                done = []
                os.close(above)
                above = -1
                above = os.dup(top)
                continue
            os.close(above)
            above = below
            done.append(part)
        return opened(parts[0], follow=False, directory=above)
    finally:
        if above >= 0:
            os.close(above)
