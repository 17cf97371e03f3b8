"""A walker over the 512-byte headers of a tar that is read from front to end.

Formats: POSIX.1-1988 (ustar) and 2001 (pax), GNU tar's and star's extensions, as Go's
``archive/tar`` reads them, for nearly every program that makes images or unpacks them has it.
Where another reader would see something else (global headers, what follows the end, names that
lead out of the root), that is told as a problem. Nothing is written anywhere.

A layer has tens of thousands of members: what is done for each is done on slices of one piece.
"""

from collections.abc import Callable, Iterator
from zlib import adler32

from seawall.sources.images import pax, sparse
from seawall.sources.images.entry import FILE, HARD_LINK, LINKS, OTHER, Entry, Kind, tidy
from seawall.sources.images.limits import DEFAULT, Limits
from seawall.sources.images.problems import AGAIN, NO_IMAGE, ArchiveError, Problems

BLOCK = 512
_ZEROS = bytes(BLOCK)
_KINDS = {
    ord("0"): Kind.FILE, 0: Kind.FILE, ord("7"): Kind.FILE, ord("S"): Kind.FILE,
    ord("1"): Kind.HARD_LINK, ord("2"): Kind.SYMLINK, ord("3"): Kind.CHARACTER_DEVICE,
    ord("4"): Kind.BLOCK_DEVICE, ord("5"): Kind.DIRECTORY, ord("6"): Kind.FIFO,
}  # fmt: skip
_EXTENSIONS = frozenset(b"LKxXg")
_OLD_SPARSE = ord("S")
_ODD = ("/", ".")
_DEVICES = (Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE)
_NO_DEVICE = (0, 0)
_NO_ATTRIBUTES: tuple[tuple[str, bytes], ...] = ()
_new = tuple.__new__
"""Makes an entry in half the time its class needs."""
_REMEMBERED = 4096
_MODULUS = 65521
"""Of Adler-32, whose lower half is one more than the sum of the bytes (RFC 1950, section 8.2)."""
_STORED_SUM = slice(148, 156)
_OWNER = slice(100, 124)
_TIME = slice(136, 148)


class Archive:
    """The members of a tar, once, in their order; duplicates are given as they come.

    ``read`` gives the next piece of the tar, empty at its end; ``name`` is what errors call it.
    ``seek``, where the tar can be sought in, goes to an offset or to the end if that comes first,
    and tells where it is: contents that nobody asks for are not read then.
    The archive is the ``Payload`` of the entry that iteration stands at.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], bytes],
        limits: Limits = DEFAULT,
        seek: Callable[[int], int] | None = None,
    ) -> None:
        self.name = name
        self.problems = Problems()
        self._read = read
        self._seek = seek
        self._limits = limits
        self._names_left = limits.names
        self._data = b""
        self._base = 0  # the offset of _data in the tar
        self._member = ""
        self._start = 0  # of the current content in the tar
        self._stored = 0  # its bytes in the tar
        self._taken = 0  # how many of them were read
        self._size = 0  # its bytes
        self._holed: Iterator[bytes] | None = None  # what is left of them, if there are holes
        self._held = b""  # the first of them, where they were asked for
        self._owners: dict[bytes, tuple[int, int, int]] = {}
        self._times: dict[bytes, int] = {}

    def __iter__(self) -> Iterator[Entry]:
        """Entries; asking for the next passes over what was not read of the last.

        Raises ``ArchiveError`` at a header that is broken, beyond a limit, or cut off.
        """
        left = self._limits.entries
        extended: pax.Extended | None = None
        offset = 0
        while True:
            position = offset - self._base
            block = self._data[position : position + BLOCK]
            if len(block) != BLOCK:
                block = self._at(offset, BLOCK)
            if len(block) != BLOCK or block == _ZEROS:
                self._end(offset, block, extended)
                return
            stored = block[_STORED_SUM]
            said = block[124:135]
            try:
                if (
                    not stored[:6].isdigit()
                    or (
                        (adler32(block) & 0xFFFF)
                        - (adler32(stored) & 0xFFFF)
                        + 256
                        - int(stored[:6], 8)
                    )
                    % _MODULUS
                ):
                    self._check_sum(offset, block)
                size = int(said, 8) if said.isdigit() and block[135] in b"\0 " else -1
            except ValueError:  # digits that are not octal
                self._check_sum(offset, block)
                size = -1
            if size < 0:
                size = self._number(offset, block[124:136], "size")
            kind = block[156]
            if kind in _EXTENSIONS:
                extended = self._extension(kind, offset, size, extended)
            else:
                left -= 1
                if left < 0:
                    raise self._error(
                        offset, f"it has more than {self._limits.entries} members", NO_IMAGE
                    )
                yield self._entry(block, offset, size, extended)
                extended = None
            offset = self._start + self._stored
            offset += -offset % BLOCK

    @property
    def has_holes(self) -> bool:
        """Whether the content of the current entry is not stored as it is."""
        return self._holed is not None

    def _entry(  # noqa: C901 - what is done for each of tens of thousands
        self, block: bytes, offset: int, size: int, extended: pax.Extended | None
    ) -> Entry:
        type_flag = block[156]
        kind = _KINDS.get(type_flag, OTHER)
        raw = block[: block.find(b"\0", 0, 100)] if not block[99] else _until_nul(block[:100])
        if block[345] and block[257:263] == b"ustar\0":
            raw = _prefixed(block, raw)
        link = _until_nul(block[157:257]) if block[157] and kind in LINKS else b""
        mode, uid, gid = self._owners.get(block[_OWNER]) or self._owner(offset, block)
        time = self._times.get(block[_TIME])
        if time is None:
            time = self._time(offset, block)
        capability, attributes = b"", _NO_ATTRIBUTES
        if extended is not None:
            raw, link, size, uid, gid, time, capability, attributes = extended.over(
                raw, link, size, uid, gid, time
            )
            self._check_names(offset, raw, link)
            self._names_left -= len(capability) + sum(len(each[1]) for each in attributes)
        self._names_left -= len(raw) + len(link)
        try:
            path = raw.decode()  # this is quicker than with a handler of errors
        except UnicodeDecodeError:
            path = raw.decode("utf-8", "surrogateescape")
        if path[-1:] == "/":
            path = path[:-1]
            if not type_flag:  # as tars were before POSIX
                kind = Kind.DIRECTORY
        if path[:2] == "./":
            path = path[2:]
        if "/." in path or "//" in path or path[:1] in _ODD or path[-1:] == "/":
            path = self._tidied(offset, path)
        target = link.decode("utf-8", "surrogateescape") if link else ""
        self._member = path
        self._start = offset + BLOCK
        self._taken = 0
        self._held = b""
        self._holed = None
        if kind is not FILE:  # sizes of what has no content mean nothing
            device = self._device(offset, block) if kind in _DEVICES else _NO_DEVICE
            return self._other(
                Entry(
                    path, kind, mode, uid, gid, size, time, target, offset, b"", device, attributes
                ),
                type_flag,
            )
        self._stored = self._size = size
        if type_flag == _OLD_SPARSE or (extended is not None and extended.sparse is not None):
            self._find_holes(block, offset, extended)
        if self._size > self._limits.payload or self._names_left < 0:
            self._refuse(offset)
        return _new(
            Entry,
            (
                path, kind, mode, uid, gid, self._size, time, "", self._start, capability,
                _NO_DEVICE, attributes,
            ),
        )  # fmt: skip

    def _other(self, entry: Entry, type_flag: int) -> Entry:
        """An entry that is no file."""
        offset = entry.offset
        self._size = 0
        self._stored = entry.size if entry.kind is OTHER else 0
        if self._names_left < 0 or self._stored > self._limits.payload:
            self._refuse(offset)
        link = entry.link
        if entry.kind is HARD_LINK:
            link = self._tidied(offset, link)
        elif entry.kind is OTHER and type_flag not in b"VD":
            self.problems.add(
                entry.path, offset, f"is of a type that engines refuse: {type_flag:#04x}"
            )
        return entry._replace(size=0, link=link, offset=-1)

    def _tidied(self, offset: int, path: str) -> str:
        tidied, left = tidy(path)
        if left:
            self.problems.add(path, offset, "leads out of the root: it is taken to end there")
        return tidied

    # Headers that say more of the next one.

    def _extension(
        self, kind: int, offset: int, size: int, known: pax.Extended | None
    ) -> pax.Extended | None:
        if size > self._limits.header:
            raise self._error(
                offset,
                f"an extended header of {size} bytes is larger than {self._limits.header}",
                NO_IMAGE,
            )
        self._start, self._stored, self._member = offset + BLOCK, size, "(extended header)"
        data = self._at(self._start, size)
        if len(data) != size:
            raise self._cut_off()
        if kind in b"LK":
            known = known or pax.Extended()
            text = _until_nul(data)
            return known.with_long_name(text) if kind == ord("L") else known.with_long_link(text)
        try:
            found = pax.parse(data)
        except ValueError as error:
            raise self._error(offset, f"a pax header is broken: {error}", AGAIN) from None
        if kind == ord("g"):
            if found.says_something:
                self.problems.add(
                    "", offset, "a global pax header is passed over, as container engines do"
                )
            return known
        return found.behind(known)

    def _find_holes(self, block: bytes, offset: int, extended: pax.Extended | None) -> None:
        try:
            found = sparse.find(
                block, None if extended is None else extended.sparse, self._stored,
                lambda at, size: self._at(self._start + at, size), self._limits.header,
            )  # fmt: skip
        except ValueError as error:
            raise self._error(
                offset, f"{self._member}: its map of holes is broken: {error}", AGAIN
            ) from None
        self._start += found.skipped
        self._stored = found.stored
        self._size = found.size
        self._holed = sparse.with_holes(found.extents, found.size, self._take)

    # Fields.

    def _number(self, offset: int, field: bytes, what: str) -> int:
        """A field's number: octal digits, or with the first bit set base 256 (GNU tar, star)."""
        if field[0] & 0x80:
            value = int.from_bytes(field, "big", signed=True)
            if field[0] != 0xFF:
                value = int.from_bytes(bytes((field[0] & 0x7F,)) + field[1:], "big")
            if not -(1 << 63) <= value < 1 << 63:
                raise self._error(offset, f"its {what} does not fit in 64 bits", AGAIN)
        else:
            text = _until_nul(field.strip(b"\0 ")).strip(b" ")
            if not text:
                return 0
            if not text.isdigit() or b"8" in text or b"9" in text:
                raise self._error(offset, f"its {what} is no octal number: {_quoted(text)}", AGAIN)
            value = int(text, 8)
        if value < 0 and what == "size":
            raise self._error(offset, f"its size is negative: {value}", AGAIN)
        return value

    def _owner(self, offset: int, block: bytes) -> tuple[int, int, int]:
        mode = self._number(offset, block[100:108], "mode") & 0o7777
        uid = self._number(offset, block[108:116], "user")
        gid = self._number(offset, block[116:124], "group")
        if len(self._owners) > _REMEMBERED:
            self._owners.clear()
        self._owners[block[_OWNER]] = found = (mode, uid, gid)
        return found

    def _device(self, offset: int, block: bytes) -> tuple[int, int]:
        """The numbers of a device; old tars have none."""
        if block[257:262] != b"ustar":
            return _NO_DEVICE
        return (
            self._number(offset, block[329:337], "device"),
            self._number(offset, block[337:345], "device"),
        )

    def _time(self, offset: int, block: bytes) -> int:
        if len(self._times) > _REMEMBERED:
            self._times.clear()
        self._times[block[_TIME]] = found = self._number(offset, block[_TIME], "time")
        return found

    def _check_sum(self, offset: int, block: bytes) -> None:
        """The sum of a header's bytes, with spaces in its own place; signed in very old tars."""
        said = self._number(offset, block[_STORED_SUM], "checksum")
        rest = block[:148] + b" " * 8 + block[156:]
        unsigned = sum(rest)
        signed = unsigned - 256 * sum(byte > 127 for byte in rest)
        if said not in (unsigned, signed):
            raise self._error(
                offset, f"a header's checksum is {said}, its bytes come to {unsigned}", AGAIN
            )

    def _check_names(self, offset: int, raw: bytes, link: bytes) -> None:
        for name in (raw, link):
            if len(name) > self._limits.name:
                raise self._error(
                    offset, f"a name of {len(name)} bytes is longer than {self._limits.name}",
                    NO_IMAGE,
                )  # fmt: skip
        if raw.count(b"/") > self._limits.depth:
            raise self._error(
                offset, f"a path is more than {self._limits.depth} directories deep", NO_IMAGE
            )

    def _refuse(self, offset: int) -> None:
        if self._names_left < 0:
            raise self._error(
                offset, f"its names have more than {self._limits.names} bytes", NO_IMAGE
            )
        raise self._error(
            offset,
            f"{self._member}: is said to have {max(self._size, self._stored)} bytes, "
            f"more than {self._limits.payload}",
            NO_IMAGE,
        )

    # The end.

    def _end(self, offset: int, block: bytes, extended: pax.Extended | None) -> None:
        """Judge what stands where the next header should: nothing, a part, or zeros."""
        if extended is not None:
            raise self._error(offset, "an extended header has no member behind it", AGAIN)
        there = self._base + len(self._data)
        if len(block) < BLOCK and there < offset:
            if there < self._start + self._stored:
                raise self._cut_off()
            self.problems.add("", there, "has no blocks of zeros at its end: it may be cut off")
        elif not block:
            self.problems.add("", there, "has no blocks of zeros at its end: it may be cut off")
        elif len(block) < BLOCK:
            if block.strip(b"\0"):
                raise self._error(offset, f"a header is cut off after {len(block)} bytes", AGAIN)
        else:
            self._look_behind(offset + BLOCK)

    def _look_behind(self, offset: int) -> None:
        """What follows the first block of zeros is never read: tell if that is something."""
        rest = self._data[offset - self._base :] if offset >= self._base else b""
        at = max(offset, self._base)
        while True:
            if rest.count(0) != len(rest):
                at += len(rest) - len(rest.lstrip(b"\0"))
                what = "another archive" if rest.lstrip(b"\0")[257:262] == b"ustar" else "data"
                self.problems.add("", at, f"{what} behind the end is passed over, as tar does")
                break
            at += len(rest)
            rest = self._read()
            if not rest:
                break
        self._base, self._data = at, b""
        while self._read():  # to the end: a digest over all of it may be under way
            pass

    def _cut_off(self) -> ArchiveError:
        there = self._base + len(self._data)
        return self._error(
            there, f"{self._member}: is cut off, {self._start + self._stored - there} bytes short",
            AGAIN,
        )  # fmt: skip

    def _error(self, offset: int, reason: str, remedy: str) -> ArchiveError:
        return ArchiveError(self.name, offset, reason, remedy)

    # Bytes.

    def _at(self, offset: int, size: int) -> bytes:
        """Bytes from an offset on, fewer only at the end; never again any before it."""
        if self._seek is not None and offset > self._base + len(self._data):
            self._base = self._seek(offset)
            self._data = b""
        while offset >= self._base + len(self._data):
            piece = self._read()
            if not piece:
                return b""
            self._base += len(self._data)
            self._data = piece
        start = offset - self._base
        found = self._data[start : start + size]
        if len(found) == size:
            return found
        parts = [found]
        missing = size - len(found)
        while missing:
            piece = self._read()
            if not piece:
                break
            self._base += len(self._data)
            self._data = piece
            parts.append(piece[:missing])
            missing -= len(parts[-1])
        return b"".join(parts)

    def _take(self, size: int) -> bytes:
        """The next bytes of the content as they are stored, at most ``size`` of them."""
        size = min(size, self._stored - self._taken)
        data = self._at(self._start + self._taken, size) if size else b""
        if len(data) != size:
            raise self._cut_off()
        self._taken += size
        return data

    def head(self, size: int) -> bytes:
        """The first bytes of the content; see ``Payload``."""
        size = min(size, self._size)
        if self._holed is None and not self._held:  # nearly all, and nearly all in one piece
            start = self._start - self._base
            data = self._data[start : start + size] if start >= 0 else b""
            if len(data) == size:
                self._held, self._taken = data, size
                return data
        if len(self._held) < size:
            if self._holed is None:
                more = self._take(size - len(self._held))
                self._held = self._held + more if self._held else more
            else:
                parts = [self._held]
                held = len(self._held)
                while held < size:
                    parts.append(next(self._holed))
                    held += len(parts[-1])
                self._held = b"".join(parts)
        return self._held[:size]

    def pieces(self) -> Iterator[bytes]:
        """The content, piece by piece; see ``Payload``."""
        if self._held:
            yield self._held
        if self._holed is not None:
            yield from self._holed
        while self._taken < self._stored:
            here = self._base + len(self._data) - (self._start + self._taken)
            if here <= 0:  # the next piece as a whole: nothing is copied
                self._at(self._start + self._taken, 1)
                here = self._base + len(self._data) - (self._start + self._taken)
            yield self._take(max(here, 1))


def _until_nul(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _prefixed(block: bytes, name: bytes) -> bytes:
    """A name with its prefix: of 155 bytes (POSIX), or 131 where the block is star's."""
    star = block[508:512] == b"tar\0"
    return _until_nul(block[345 : 476 if star else 500]) + b"/" + name


def _quoted(text: bytes) -> str:
    return text.decode("latin-1").encode("unicode_escape").decode()
