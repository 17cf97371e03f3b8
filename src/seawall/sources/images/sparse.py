"""Files with holes in a tar: GNU's old form, and pax's 0.0, 0.1 and 1.0.

GNU tar's manual, "Storing Sparse Files"; Go's ``archive/tar`` refuses what is refused here.
"""

from collections.abc import Callable, Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.sources.images.pax import Sparse

_BLOCK = 512
_PIECE = 1 << 20
_ZEROS = bytes(_PIECE)
Extents = tuple[tuple[int, int], ...]
"""Offset in the file and length of each stretch of data."""
_Read = Callable[[int, int], bytes]
"""Gives bytes at an offset behind the header; only ever forwards."""


class Map(NamedTuple):
    """Where the bytes of a file with holes are."""

    extents: Extents
    size: int
    """Bytes of the file."""
    skipped: int
    """Bytes of the map between the header and the content."""
    stored: int
    """Bytes of content in the tar."""


def find(header: bytes, said: Sparse | None, stored: int, read: _Read, limit: int) -> Map:
    """The map of a file with holes, which ends within ``limit`` bytes.

    Raises ``ValueError`` with what is wrong with it.
    """
    if said is None:
        numbers, skipped = _old(header, read, limit)
        size = _octal(header[483:495])
        stored_content = stored
    elif said.version == (1, 0):
        numbers, skipped = _of_content(stored, read, limit)
        size = said.size
        stored_content = stored - skipped
    else:
        numbers, skipped, size = list(said.numbers), 0, said.size
        stored_content = stored
    if len(numbers) % 2:
        raise ValueError("an offset has no length")
    extents = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    end = 0
    for offset, length in extents:
        if offset < end or offset + length > size:
            raise ValueError("its stretches overlap or leave the file")
        end = offset + length
    if sum(length for _, length in extents) != stored_content:
        raise ValueError("its stretches are not what is stored")
    return Map(extents, size, skipped, stored_content)


def _old(header: bytes, read: _Read, limit: int) -> tuple[list[int], int]:
    numbers: list[int] = []
    _add_pairs(numbers, header[386:482], 4)
    more = header[482]
    skipped = 0
    while more:
        block = read(skipped, _BLOCK)
        skipped += _BLOCK
        if len(block) != _BLOCK:
            raise ValueError("it is cut off")
        if skipped > limit:
            raise ValueError(f"it has more than {limit} bytes")
        _add_pairs(numbers, block, 21)
        more = block[504]
    return numbers, skipped


def _add_pairs(numbers: list[int], fields: bytes, count: int) -> None:
    for start in range(0, count * 24, 24):
        if not fields[start]:  # the last one in this block
            return
        numbers.append(_octal(fields[start : start + 12]))
        numbers.append(_octal(fields[start + 12 : start + 24]))


def _octal(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(bytes((field[0] & 0x7F,)) + field[1:], "big") & ((1 << 63) - 1)
    text = field.strip(b"\0 ")
    if text and (not text.isdigit() or b"8" in text or b"9" in text):
        raise ValueError("a number is not octal")
    return int(text, 8) if text else 0


def _of_content(stored: int, read: _Read, limit: int) -> tuple[list[int], int]:
    """The map of version 1.0: lines of decimal numbers at the content's begin, in whole blocks."""
    text = b""
    wanted = 1
    lines: list[bytes] = []
    while len(lines) < wanted:
        if len(text) + _BLOCK > min(limit, stored):
            raise ValueError("it is cut off or too long")
        block = read(len(text), _BLOCK)
        if len(block) != _BLOCK:
            raise ValueError("it is cut off")
        text += block
        if b"\n" in block:
            lines = text.split(b"\n")[:-1]
            if lines:
                wanted = 1 + 2 * _decimal(lines[0])
                if wanted > limit:
                    raise ValueError("it is too long")
    return [_decimal(line) for line in lines[1:wanted]], len(text)


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise ValueError("a number is not decimal")
    return int(text)


def with_holes(extents: Extents, size: int, take: Callable[[int], bytes]) -> Iterator[bytes]:
    """The content with zeros for its holes, in pieces; ``take`` gives what is stored next."""
    position = 0
    for offset, length in (*extents, (size, 0)):
        while position < offset:
            piece = _ZEROS[: offset - position]
            position += len(piece)
            yield piece
        while length > 0:
            data = take(min(length, _PIECE))
            position += len(data)
            length -= len(data)  # noqa: PLW2901 - what is left of this stretch
            yield data
