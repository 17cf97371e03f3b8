"""Ignore comments in lock files and manifests: those with ``#``, ``//``, ``;`` or ``<!-- -->``."""

from collections.abc import Iterator

from seawall.core.ignore import MARK, Ignore, Lines, WholeFile, directive
from seawall.core.lazy import pattern
from seawall.core.location import Location, Span
from seawall.text.decoding import Undecodable, decode
from seawall.text.lines import split_lines

_COMMENT = pattern(r"(?:^|(?<=\s))(?:#|//|;|<!--)\s*(seawall:.*?)\s*(?:-->\s*)?$")


def ignores_of(path: str, data: bytes) -> Iterator[Ignore]:
    """The ignore comments of a file whose format has comments."""
    start = data.lstrip()[:2]
    is_json = start[:1] in (b"{", b"[") and start != b"{{"  # a template may begin so
    if MARK.encode() not in data or is_json:  # JSON has no comments
        return
    text = decode(data)
    if not isinstance(text, Undecodable):
        yield from ignores(text, path)


def ignores(text: str, path: str) -> Iterator[Ignore]:
    """Those of a text. On a line of its own a comment is about the next line that holds more."""
    lines = split_lines(text)
    for number, line in enumerate(lines, 1):
        found = _COMMENT.search(line) if "seawall:" in line else None
        said = directive(found[1]) if found else None
        if found is None or said is None:
            continue
        about = number if line[: found.start()].strip() else _next(lines, number)
        origin = Location(path, span=Span(number, found.start() + 1, number, found.end() + 1))
        scope = WholeFile(path) if said.whole_file else Lines(path, about, about)
        yield Ignore(said.rules, scope, said.reason, said.until, origin, fault=said.fault)


def _next(lines: list[str], number: int) -> int:
    """The first line after another one that is neither empty nor a comment only."""
    for after in range(number + 1, len(lines) + 1):
        line = lines[after - 1].strip()
        if line and not line.startswith(("#", "//", ";", "<!--")):
            return after
    return number
