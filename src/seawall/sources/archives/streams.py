"""Archives that are read from front to end: ar, cpio, and what stands around the cpio of an rpm.

Sources: ar(5) and deb(5); cpio's "new ASCII format" (cpio(5)); the RPM file format, version 4
(lead, signature, header, payload).
"""

from collections.abc import Iterator

from seawall.core.named_tuple import NamedTuple


class BrokenError(Exception):
    """An archive that is not what it begins as; the message is a reason."""


class Reader:
    """Pieces as a stream that is read in parts of any size."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def read(self, size: int) -> bytes:
        """So many bytes; raises BrokenError where there are fewer."""
        found = self.some(size)
        if len(found) < size:
            raise BrokenError("it ends too early")
        return found

    def some(self, size: int) -> bytes:
        """So many bytes, fewer at the end."""
        parts = [self._held]
        held = len(self._held)
        while held < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            parts.append(piece)
            held += len(piece)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self._held = data[size:]
        return data[:size]

    def piece(self) -> bytes:
        """What comes next, of any size; nothing at the end."""
        held, self._held = self._held, b""
        return held or next(self._pieces, b"")

    def stretch(self, size: int) -> Iterator[bytes]:
        """So many bytes, in pieces."""
        while size:
            piece = self.piece()
            if not piece:
                raise BrokenError("it ends too early")
            if len(piece) > size:
                self._held = piece[size:]
                piece = piece[:size]
            size -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """All that is left, in pieces."""
        while piece := self.piece():
            yield piece


class Member(NamedTuple):
    """A member: its name, and its bytes, which are to be read before the next one is asked for."""

    name: str
    size: int
    pieces: Iterator[bytes]


def finished(pieces: Iterator[bytes]) -> None:
    """Read what nobody wanted."""
    for _ in pieces:
        pass


_AR_HEADER = 60


def ar(reader: Reader) -> Iterator[Member]:
    """The members of an ar archive, as of Debian's packages."""
    reader.read(8)
    while header := reader.some(_AR_HEADER):
        if len(header) < _AR_HEADER or header[58:] != b"`\n":
            raise BrokenError("a header of a member is broken")
        name = header[:16].decode("utf-8", "replace").strip().rstrip("/")
        size = _number(header[48:58].strip(), 10)
        pieces = reader.stretch(size)
        yield Member(name, size, pieces)
        finished(pieces)
        if size % 2:
            reader.some(1)


_CPIO_HEADER = 110
_FILE_TYPE, _REGULAR = 0o170000, 0o100000
_LONGEST_NAME = 4096


def cpio(reader: Reader) -> Iterator[Member]:
    """The files of a cpio archive of the new format."""
    while True:
        header = reader.read(_CPIO_HEADER)
        if header[:6] not in (b"070701", b"070702"):
            raise BrokenError("a header of a member is broken")
        fields = [_number(header[6 + 8 * n : 14 + 8 * n], 16) for n in range(13)]
        mode, size, length = fields[1], fields[6], fields[11]
        if not 0 < length <= _LONGEST_NAME:
            raise BrokenError(f"a name has {length} bytes")
        name = reader.read(length + -(_CPIO_HEADER + length) % 4)[: length - 1]
        if name == b"TRAILER!!!":
            return
        pieces = reader.stretch(size)
        if mode & _FILE_TYPE == _REGULAR:
            yield Member(name.decode("utf-8", "replace"), size, pieces)
        finished(pieces)
        reader.some(-size % 4)


def _number(digits: bytes, base: int) -> int:
    if not digits.isalnum():
        raise BrokenError("a number in a header is none")
    try:
        return int(digits, base)
    except ValueError:
        raise BrokenError("a number in a header is none") from None


_RPM_LEAD, _RPM_INTRO = 96, 16
_RPM_MAGIC = b"\x8e\xad\xe8\x01"
_LARGEST_HEADER = 256 << 20


def skip_rpm_headers(reader: Reader) -> None:
    """Read an rpm up to its payload, which is compressed."""
    reader.read(_RPM_LEAD)
    for is_signature in (True, False):
        intro = reader.read(_RPM_INTRO)
        if intro[:4] != _RPM_MAGIC:
            raise BrokenError("its header is broken")
        size = int.from_bytes(intro[8:12], "big") * 16 + int.from_bytes(intro[12:16], "big")
        if size > _LARGEST_HEADER:
            raise BrokenError(f"its header is said to have {size} bytes")
        finished(reader.stretch(size + (-size % 8 if is_signature else 0)))
