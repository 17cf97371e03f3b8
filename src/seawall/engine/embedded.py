"""Places in a Dockerfile whose text stands in a compose or bake file."""

from bisect import bisect_left
from collections.abc import Iterator

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore, Lines, WholeFile
from seawall.core.location import Location, Span
from seawall.dockerfile.rule import Embedding

_KEYS = ("dockerfile_inline", "dockerfile-inline")
MAX_TRIES = 1_000
"""Places that are tried for the first line of a text."""


class Holder:
    """A file that holds the texts of Dockerfiles; they are looked for in their order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines = [one.rstrip("\r") for one in data.decode("utf-8", "replace").split("\n")]
        self._places: dict[str, list[int]] = {}
        self._keys: list[int] = []
        for number, line in enumerate(self._lines):
            self._places.setdefault(line.strip(), []).append(number)
            if any(key in line for key in _KEYS):
                self._keys.append(number)
        self._after = 0

    def place(self, owner: str, text: str, written: str) -> Embedding:
        """Where the next text stands, as it was written.

        Its lines are those of the file with one indentation, as in YAML's block scalars and HCL's
        heredocs. A text in quotes stands on one line, that of its key.
        """
        wanted = written.split("\n")
        while wanted and not wanted[-1].strip():
            wanted.pop()
        found = self._find(wanted)
        if found is None:
            place = bisect_left(self._keys, self._after)
            line = self._keys[place] if place < len(self._keys) else 0
            self._after = line + 1
            return Embedding(self._data, owner, line + 1, width=len(self._lines[line]))
        start, indent = found
        self._after = start + len(wanted)
        read = text.split("\n")
        odd = {
            number: len(self._lines[start + number - 1])
            for number, line in enumerate(wanted, 1)
            if read[number - 1 : number] != [line]
        }
        return Embedding(self._data, owner, start + 1, len(wanted), indent, odd)

    def _find(self, wanted: list[str]) -> tuple[int, int] | None:
        first = next((number for number, line in enumerate(wanted) if line.strip()), None)
        if first is None:
            return None
        places = self._places.get(wanted[first].strip(), [])
        begin = bisect_left(places, self._after + first)
        for place in places[begin : begin + MAX_TRIES]:
            start = place - first
            indent = _indent(self._lines[start : start + len(wanted)], wanted)
            if indent is not None:
                return start, indent
        return None


def _indent(lines: list[str], wanted: list[str]) -> int | None:
    """By how much lines are indented more than the wanted ones, all alike."""
    found: int | None = None
    if len(lines) < len(wanted):
        return None
    for line, text in zip(lines, wanted, strict=True):
        if not text.strip():
            if line.strip():
                return None
            continue
        indent = len(line) - len(text)
        if indent < 0 or line[:indent].strip() or line[indent:] != text:
            return None
        if found is not None and indent != found:
            return None
        found = indent
    return found


def _moved_span(span: Span, embedding: Embedding) -> Span:
    line = embedding.line
    if embedding.lines is None:
        return Span(line, 1, line, 1 + embedding.width)
    if span.line in embedding.odd or span.end_line in embedding.odd:
        width = embedding.odd.get(span.end_line, embedding.indent + span.end_column - 1)
        start = embedding.indent + (1 if span.line in embedding.odd else span.column)
        return Span(line + span.line - 1, start, line + span.end_line - 1, 1 + width)
    return Span(
        line + span.line - 1,
        embedding.indent + span.column,
        line + span.end_line - 1,
        embedding.indent + span.end_column,
    )


def _moved_location(location: Location, embedding: Embedding) -> Location:
    if location.span is None:
        return location
    return location._replace(span=_moved_span(location.span, embedding))


def moved_finding(finding: Finding, embedding: Embedding) -> Finding:
    """A finding at its place in the file that holds the text, without fixes."""
    related = tuple(
        item._replace(location=_moved_location(item.location, embedding))
        for item in finding.related
    )
    location = _moved_location(finding.location, embedding)
    subject = finding.subject._replace(name=embedding.owner)
    return finding._replace(subject=subject, location=location, related=related, fixes=())


def moved_ignore(ignore: Ignore, embedding: Embedding) -> Iterator[Ignore]:
    """An ignore for the lines of the file that holds the text.

    Of a text in quotes, whose lines are nowhere, those for the whole file stay.
    """
    scope = ignore.scope
    last = embedding.line + (embedding.lines or 1) - 1
    if isinstance(scope, WholeFile):
        scope = Lines(scope.path, embedding.line, last)
    elif isinstance(scope, Lines) and embedding.lines is not None:
        shift = embedding.line - 1
        scope = Lines(scope.path, scope.first + shift, scope.last + shift)
    else:
        return
    yield ignore._replace(scope=scope, origin=_moved_location(ignore.origin, embedding))
