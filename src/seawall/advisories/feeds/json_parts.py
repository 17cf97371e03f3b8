"""The parts of one large JSON document, one after the other, so that they are never held together.

The text is looked at as if a byte were a character, which takes no more memory than the bytes;
only a part that is not ASCII is decoded for itself.
"""

import json
from collections.abc import Iterator
from typing import Any

from seawall.advisories.feeds.values import Malformed
from seawall.core.lazy import pattern

_BLANK = pattern(r"[ \t\r\n]*+")
_BOM = b"\xef\xbb\xbf"


def entries(data: bytes) -> Iterator[tuple[str, Any]]:
    """The keys of an object and their values. Raises ``Malformed``, after what came before."""
    parts = _Parts(data)
    for key in parts.names():
        yield key, parts.value()


def listed(data: bytes, wanted: str) -> Iterator[Any]:
    """What is in the list of an object's key; and, if the document is a list, what is in that.

    Raises ``Malformed``, after what came before; there being no such key is one as well.
    """
    parts = _Parts(data)
    if parts.at("["):
        yield from parts.items()
        return
    found = False
    for key in parts.names():
        if key == wanted and parts.at("["):
            found = True
            yield from parts.items()
        else:
            parts.value()
    if not found:
        raise Malformed(f"there is no list {wanted} in it")


class _Parts:
    """A place in a document."""

    def __init__(self, data: bytes) -> None:
        self._data = data.removeprefix(_BOM)
        self._text = self._data.decode("latin-1")
        self._decode = json.JSONDecoder().raw_decode
        self._place = 0

    def at(self, mark: str) -> bool:
        """Whether this comes next."""
        match = _BLANK.match(self._text, self._place)
        self._place = match.end() if match else self._place
        return self._text.startswith(mark, self._place)

    def names(self) -> Iterator[str]:
        """The keys of the object that comes next; their values must be taken between them."""
        self._take("{")
        if self.at("}"):
            return
        while True:
            key = self.value()
            self._take(":")
            yield key if isinstance(key, str) else ""
            if self.at("}"):
                return
            self._take(",")

    def items(self) -> Iterator[Any]:
        """The values of the list that comes next."""
        self._take("[")
        while not self.at("]"):
            yield self.value()
            if not self.at("]"):
                self._take(",")
        self._place += 1

    def value(self) -> Any:
        """The value that comes next."""
        self.at("")
        start = self._place
        try:
            value, self._place = self._decode(self._text, start)
            part = self._data[start : self._place]
            return value if part.isascii() else json.loads(part)
        except RecursionError:
            raise Malformed("it is nested too deep") from None
        except UnicodeDecodeError:
            raise Malformed("it is not UTF-8") from None
        except ValueError:
            raise Malformed("it is no JSON") from None

    def _take(self, mark: str) -> None:
        if not self.at(mark):
            raise Malformed("it is no JSON")
        self._place += 1
