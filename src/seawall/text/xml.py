"""XML (1.0) without what makes it dangerous: no DTD, no entities, limits on depth and size.

Names are without their prefix, as the files that are read have one vocabulary each; attributes
keep theirs. Documents that declare no namespace, or a wrong one, are read all the same.

Sources: XML 1.0, sections 2.8 and 4; CWE-611 and CWE-776 on what is refused.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

MAX_DEPTH = 200
MAX_ELEMENTS = 2_000_000
"""Elements of one document, or of one part that is given at once."""
_CHUNK = 1 << 16


class XmlError(Exception):
    """Text that is no XML that may be read; line and column count from 1, 0 when not known."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


class Element:
    """An element: its name, its attributes, what is in it and the line it starts on."""

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.text = ""
        """The text before its first child."""
        self.children: list[Element] = []

    def get(self, attribute: str, default: str = "") -> str:
        """An attribute, by its name with its prefix."""
        return self.attributes.get(attribute, default)

    def child(self, name: str) -> "Element | None":
        """Its first child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def named(self, name: str) -> Iterator["Element"]:
        """Its children of this name."""
        return (child for child in self.children if child.name == name)

    def under(self, *path: str) -> Iterator["Element"]:
        """The elements that a path of names leads to."""
        found: Iterable[Element] = (self,)
        for name in path:
            found = [child for element in found for child in element.named(name)]
        return iter(found)

    def value(self, *path: str) -> str:
        """The trimmed text of the first element a path of names leads to; empty without one."""
        return next((element.text.strip() for element in self.under(*path)), "")

    def walk(self, name: str) -> Iterator["Element"]:
        """All elements of this name in it, in the order of the document."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            if element.name == name:
                yield element
            waiting.extend(reversed(element.children))


def parse(data: bytes) -> Element:
    """The root element of a document. Raises ``XmlError``."""
    chunks = (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
    for element in _Reader(None).read(chunks):
        return element
    raise XmlError("there is no element in it", 1, 1)


def iterate(chunks: Iterable[bytes], names: Iterable[str]) -> Iterator[Element]:
    """The elements of these names, each when its end has been read; nothing else is kept.

    One within another is part of it, and not given for itself. Raises ``XmlError``.
    """
    return _Reader(frozenset(names)).read(chunks)


class _Reader:
    """Builds elements from what expat calls."""

    __slots__ = ("_count", "_depth", "_done", "_names", "_open", "_parser", "_texts")

    def __init__(self, names: frozenset[str] | None) -> None:
        from xml.parsers import expat  # noqa: PLC0415 - off the scan path until XML is met

        self._names = names
        self._depth = 0
        self._count = 0
        self._open: list[Element] = []
        self._texts: list[str] = []
        self._done: deque[Element] = deque()
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity
        self._parser = parser

    def read(self, chunks: Iterable[bytes]) -> Iterator[Element]:
        from xml.parsers import expat  # noqa: PLC0415 - as above

        try:
            for chunk in chunks:
                self._parser.Parse(chunk, False)  # noqa: FBT003 - it takes no keyword
                while self._done:
                    yield self._done.popleft()
            self._parser.Parse(b"", True)  # noqa: FBT003
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "it is not well-formed")
            raise XmlError(reason, error.lineno, error.offset + 1) from None
        except (LookupError, ValueError) as error:  # an encoding Python does not have
            raise self._error(str(error)) from None
        yield from self._done

    def _error(self, reason: str) -> XmlError:
        parser = self._parser
        return XmlError(reason, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"elements are nested more than {MAX_DEPTH} deep")
        name = name.rpartition(":")[2]
        opened = self._open
        if not opened:
            if self._names is not None and name not in self._names:
                return
            self._count = 0
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise self._error(f"there are more than {MAX_ELEMENTS} elements")
        element = Element(name, attributes, self._parser.CurrentLineNumber)
        if opened:
            self._close_text()
            opened[-1].children.append(element)
        opened.append(element)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if not self._open:
            return
        self._close_text()
        element = self._open.pop()
        if not self._open:
            self._done.append(element)

    def _text(self, text: str) -> None:
        if self._open and not self._open[-1].children:
            self._texts.append(text)

    def _close_text(self) -> None:
        if self._texts:
            self._open[-1].text += "".join(self._texts)
            self._texts.clear()

    def _doctype(self, _name: str, _system: Any, _public: Any, internal: int) -> None:
        if internal:
            raise self._error("a DTD inside a document is not read: remove it (CWE-776)")

    def _entity(self, *_arguments: object) -> int:
        raise self._error("entities are not read: remove them (CWE-611, CWE-776)")
