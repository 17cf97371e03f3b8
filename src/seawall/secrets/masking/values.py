"""Values that are known to be secret, looked for as they are and as programs write them."""

from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from json import dumps
from urllib.parse import quote

from seawall.core.errors import UsageError
from seawall.secrets.finding import native
from seawall.secrets.finding.finder import PLACES, SHIFT, Finder
from seawall.secrets.rules.shapes import Shape

SHORTEST, LONGEST, MOST = 4, 4096, 10_000
"""Bytes of a value, and how many there may be: shorter ones stand in every text."""
_FEW = 16
"""Values up to which each is looked for by itself: that is as fast as one look for all."""
_LONG = 512
"""Bytes from which a value is looked for by itself, for a database of such becomes too large."""
_ENCODED = 8
"""Bytes of a value from which its image in base64 is told from chance."""


class Values:
    """Some values; made once, and used for any number of texts."""

    def __init__(self, values: Iterable[bytes]) -> None:
        wanted = dict.fromkeys(form for value in values for form in _forms(value))
        self._alone = [value for value in wanted if len(value) > _LONG]
        self._together = [value for value in wanted if len(value) <= _LONG]
        self._finder: Finder | None = None
        if len(self._together) > _FEW and native.available():
            self._finder = native.opened(native.build(list(map(_shape, self._together))))

    def find(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where the values stand, from start to end, in any order."""
        together: Iterable[bytes] = self._together
        if self._finder is not None:
            events, complete = self._finder.find(data)
            for event in events:
                end = event & PLACES
                yield end - len(self._together[event >> SHIFT]), end
            together = () if complete else together
        for value in (*self._alone, *together):
            at = data.find(value)
            while at >= 0:
                yield at, at + len(value)
                at = data.find(value, at + 1)


def _forms(value: bytes) -> Iterator[bytes]:
    """A value, and how it looks in JSON, in addresses and within base64."""
    yield value
    yield quote(value, safe="").encode("ascii")
    for ascii_only in (True, False):
        text = dumps(value.decode("utf-8", "surrogateescape"), ensure_ascii=ascii_only)
        yield text[1:-1].encode("utf-8", "surrogateescape")
    if len(value) >= _ENCODED:
        for phase in range(3):
            image = b2a_base64(bytes(phase) + value, newline=False)
            # The letters that no byte before or behind the value decides (RFC 4648).
            letters = image[(phase * 8 + 5) // 6 : (phase + len(value)) * 8 // 6]
            yield letters
            yield letters.translate(bytes.maketrans(b"+/", b"-_"))


def _shape(value: bytes) -> Shape:
    source = "".join(f"\\x{byte:02x}" for byte in value)
    return Shape(source, source, (), len(value), leads=False)


def load(path: str) -> list[bytes]:
    """The values in a file, one a line; raises UsageError, with the line, for what is no value."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(LONGEST * MOST)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(
            f"cannot read the values {path}: {reason}; name a file with one value a line"
        ) from None
    values = []
    for number, line in enumerate(data.split(b"\n"), 1):
        value = line.removesuffix(b"\r")
        if not value.strip():
            continue
        if not SHORTEST <= len(value) <= LONGEST:
            raise UsageError(
                f"{path}:{number}: a value must have {SHORTEST} to {LONGEST} bytes: "
                "remove the line, or hide it where it is logged"
            )
        values.append(value)
    if len(values) > MOST:
        raise UsageError(f"{path}: there are more than {MOST} values: name fewer")
    return values
