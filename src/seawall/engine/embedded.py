"""Places in a Dockerfile whose text stands in a compose or bake file."""

from collections.abc import Iterator

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore, Lines, WholeFile
from seawall.core.location import Location, Span
from seawall.dockerfile.rule import Embedding

LONG = 1_000
"""Lines of a file that are looked at for the first line of a text that stands in it."""


def embedded(data: bytes, owner: str, text: str, written: str, after: int) -> Embedding:
    """Where a text stands in a file, as it was written, looked for behind a line.

    Its lines are those of the file with one indentation, as in YAML's block scalars and HCL's
    heredocs. A text in quotes stands on one line, that of its key.
    """
    lines = data.decode("utf-8", "replace").split("\n")
    wanted = written.split("\n")
    while wanted and not wanted[-1].strip():
        wanted.pop()
    first = next((number for number, line in enumerate(wanted) if line.strip()), 0)
    read = text.split("\n")
    odd = frozenset(
        number for number, line in enumerate(wanted, 1) if read[number - 1 : number] != [line]
    )
    tries = 0
    for start in range(after, len(lines) - len(wanted) + 1):
        if tries > LONG or not wanted:
            break
        if lines[start + first].strip() == wanted[first].strip():
            tries += 1
            indent = _indent(lines[start : start + len(wanted)], wanted)
            if indent is not None:
                return Embedding(data, owner, start + 1, len(wanted), indent, odd)
    keys = ("dockerfile_inline", "dockerfile-inline")
    place = next(
        (n for n in range(after, len(lines)) if any(key in lines[n] for key in keys)), after
    )
    return Embedding(data, owner, place + 1)


def _indent(lines: list[str], wanted: list[str]) -> int | None:
    """By how much lines are indented more than the wanted ones, all alike."""
    found: int | None = None
    for line, text in zip((one.removesuffix("\r") for one in lines), wanted, strict=True):
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


def end_of(embedding: Embedding) -> int:
    """The last line of the text, from 1."""
    return embedding.line + (embedding.lines or 1) - 1


def _moved_span(span: Span, embedding: Embedding) -> Span:
    line = embedding.line
    if embedding.lines is None:
        text = embedding.data.decode("utf-8", "replace").split("\n")[line - 1 : line]
        width = len(text[0].rstrip()) if text else 0
        return Span(line, 1, line, 1 + width)
    if span.line in embedding.odd or span.end_line in embedding.odd:
        last = embedding.data.decode("utf-8", "replace").split("\n")
        end = line + span.end_line - 1
        width = len(last[end - 1].rstrip("\r")) if end <= len(last) else 0
        return Span(line + span.line - 1, 1 + embedding.indent, end, 1 + width)
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
    last = end_of(embedding)
    if isinstance(scope, WholeFile):
        scope = Lines(scope.path, embedding.line, last)
    elif isinstance(scope, Lines) and embedding.lines is not None:
        shift = embedding.line - 1
        scope = Lines(scope.path, scope.first + shift, scope.last + shift)
    else:
        return
    yield ignore._replace(scope=scope, origin=_moved_location(ignore.origin, embedding))
