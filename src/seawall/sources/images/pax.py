"""Extended headers: records of pax (POSIX.1-2001, pax, "pax Extended Header"), GNU's long names."""

from seawall.core.named_tuple import NamedTuple

_KNOWN = frozenset(("path", "linkpath", "size", "uid", "gid", "mtime"))
_ATTRIBUTE = "SCHILY.xattr."
_CAPABILITY = f"{_ATTRIBUTE}security.capability"
_SPARSE = "GNU.sparse."
_BIGGEST = (1 << 63) - 1


class Sparse(NamedTuple):
    """What ``GNU.sparse.*`` says of a file with holes."""

    version: tuple[int, int]
    size: int
    numbers: tuple[int, ...]
    """Offset and length of each stretch of data, in turn; of version 1.0 they are elsewhere."""


class Extended(NamedTuple):
    """What stands before a header and counts in place of its fields; ``None`` or empty: nothing."""

    path: bytes = b""
    link: bytes = b""
    size: int | None = None
    uid: int | None = None
    gid: int | None = None
    time: int | None = None
    capability: bytes = b""
    attributes: tuple[tuple[str, bytes], ...] = ()
    sparse: Sparse | None = None
    long_name: bytes = b""
    """GNU's; as Go has it, it counts more than pax's."""
    long_link: bytes = b""

    @property
    def says_something(self) -> bool:
        """Whether it changes anything."""
        return self != Extended()

    def with_long_name(self, name: bytes) -> "Extended":
        """The same behind a header of GNU's type ``L``."""
        return self._replace(long_name=name)

    def with_long_link(self, name: bytes) -> "Extended":
        """The same behind a header of GNU's type ``K``."""
        return self._replace(long_link=name)

    def behind(self, known: "Extended | None") -> "Extended":
        """This one in place of an earlier one, whose long names stay."""
        if known is None:
            return self
        return self._replace(long_name=known.long_name, long_link=known.long_link)

    def over(
        self, path: bytes, link: bytes, size: int, uid: int, gid: int, time: int
    ) -> tuple[bytes, bytes, int, int, int, int, bytes, tuple[tuple[str, bytes], ...]]:
        """A header's fields, the capability and the other attributes, as they count."""
        return (
            self.long_name or self.path or path,
            self.long_link or self.link or link,
            size if self.size is None else self.size,
            uid if self.uid is None else self.uid,
            gid if self.gid is None else self.gid,
            time if self.time is None else self.time,
            self.capability,
            self.attributes,
        )


def parse(data: bytes) -> Extended:
    """Read the records of a pax header. Raises ``ValueError`` with what is wrong."""
    values: dict[str, bytes] = {}
    numbers: list[int] = []
    position = 0
    while position < len(data):
        space = data.find(b" ", position, position + 20)
        digits = data[position:space] if space >= 0 else b""
        if not digits.isdigit():
            raise ValueError("a record has no length")
        end = position + int(digits)
        if end > len(data) or end <= space + 2 or data[end - 1] != 0x0A:
            raise ValueError("a record's length is wrong")
        raw, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not raw or not equals:
            raise ValueError("a record has no key")
        position = end
        key = raw.decode("utf-8", "replace")
        if key in _KNOWN and b"\0" in value:
            raise ValueError(f"a zero byte in {key}")
        if key in ("GNU.sparse.offset", "GNU.sparse.numbytes"):
            numbers.append(_whole(key, value))  # these may come again and again
        elif key in _KNOWN or key.startswith((_ATTRIBUTE, _SPARSE)):
            values[key] = value
    return _extended(values, numbers)


def _extended(values: dict[str, bytes], numbers: list[int]) -> Extended:
    def number(key: str) -> int | None:
        value = values.get(key, b"")
        return _whole(key, value) if value else None

    return Extended(
        path=values.get("GNU.sparse.name", b"") or values.get("path", b""),
        link=values.get("linkpath", b""),
        size=number("size"),
        uid=number("uid"),
        gid=number("gid"),
        time=_seconds(values.get("mtime", b"")),
        capability=values.get(_CAPABILITY, b""),
        attributes=tuple(
            (key.removeprefix(_ATTRIBUTE), values[key])
            for key in sorted(values)
            if key.startswith(_ATTRIBUTE) and key != _CAPABILITY
        ),
        sparse=_sparse(values, numbers),
    )


def _sparse(values: dict[str, bytes], numbers: list[int]) -> Sparse | None:
    def number(key: str) -> int:
        return _whole(_SPARSE + key, values.get(_SPARSE + key, b"0"))

    if _SPARSE + "major" in values:
        version = (number("major"), number("minor"))
        if version != (1, 0):
            return None  # as Go does: then it is a file like others
        return Sparse(version, number("realsize"), ())
    if _SPARSE + "map" in values:
        text = values[_SPARSE + "map"]
        numbers = [_whole(_SPARSE + "map", each) for each in text.split(b",")] if text else []
        return Sparse((0, 1), number("size"), tuple(numbers))
    if _SPARSE + "size" in values or numbers:
        return Sparse((0, 0), number("size"), tuple(numbers))
    return None


def _whole(key: str, value: bytes) -> int:
    if not value.isdigit() or len(value) > 19 or int(value) > _BIGGEST:
        raise ValueError(f"{key} is no whole number of 63 bits")
    return int(value)


def _seconds(value: bytes) -> int | None:
    """Seconds with or without a fraction, which is left out; before 1970 they are negative."""
    if not value:
        return None
    whole, _, fraction = value.partition(b".")
    digits = whole.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 18 or (fraction and not fraction.isdigit()):
        raise ValueError("mtime is no number of seconds")
    return int(whole)
