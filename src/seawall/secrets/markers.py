"""Other tools' marks within a text that a secret is known: comments on its line or the one above.

``gitleaks:allow`` counts anywhere on a line of the match (detect/detect.go of 8.30),
``trufflehog:ignore`` on the line of the secret (pkg/engine of 3.90), and detect-secrets' pragmas
in a comment (filters/allowlist.py of 1.5): ``pragma: allowlist secret`` behind the secret,
``pragma: allowlist nextline secret`` alone on the line before it.
"""

from collections.abc import Iterable, Iterator

from seawall.core.ignore import Ignore, Lines
from seawall.core.lazy import pattern
from seawall.core.location import Location, Span
from seawall.secrets.custom.peers import EVERY

_MARKS = (("gitleaks", b"gitleaks:allow"), ("trufflehog", b"trufflehog:ignore"))
_PRAGMA = b"pragma:"
_SAME = pattern(
    rb"(?:#|//|'|--) *pragma: ?(?:allow|white)list[ -]secret.*$"
    rb"|/\* *pragma: ?(?:allow|white)list[ -]secret.*? *\*/[ \t]*$"
    rb"|<!--[# \t]*pragma: ?(?:allow|white)list[ -]secret.*? *-->[ \t]*$"
)
_SAME_IN_YAML = pattern(rb"# *pragma: ?(?:allow|white)list[ -]secret.*$")
_NEXT = pattern(
    rb"[ \t]*(?:(?:#|//|'|--) *pragma: ?allowlist[ -]nextline[ -]secret.*"
    rb"|/\* *pragma: ?allowlist[ -]nextline[ -]secret.*? *\*/[ \t]*"
    rb"|<!--[# \t]*pragma: ?allowlist[ -]nextline[ -]secret.*? *-->[ \t]*)"
)
_NEXT_IN_YAML = pattern(rb"[ \t]*# *pragma: ?allowlist[ -]nextline[ -]secret.*")


def may_have_marks(data: bytes) -> bool:
    """Whether a text may hold a mark: a cheap first look."""
    return _PRAGMA in data or any(mark in data for _, mark in _MARKS)


def ignores(path: str, data: bytes, stretches: Iterable[tuple[int, int]]) -> Iterator[Ignore]:
    """The marks that are about secrets on some lines: the first and last line of each, from 1."""
    if not may_have_marks(data):
        return
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for first, last in sorted(set(stretches)):
        for number in range(max(first, 1), min(last, len(lines)) + 1):
            yield from _on_line(path, lines[number - 1], number, first)
        if 1 < first <= len(lines) + 1:
            yield from _before(path, lines[first - 2], first)


def _on_line(path: str, line: bytes, number: int, first: int) -> Iterator[Ignore]:
    for tool, mark in _MARKS:
        at = line.find(mark)
        if at >= 0:
            yield _ignore(path, tool, number, first, at)
    if _PRAGMA not in line:
        return
    found = (_SAME_IN_YAML if _is_yaml(path) else _SAME).search(line)
    if found is not None:
        yield _ignore(path, "detect-secrets", number, first, found.start())


def _before(path: str, line: bytes, first: int) -> Iterator[Ignore]:
    if _PRAGMA not in line:
        return
    found = (_NEXT_IN_YAML if _is_yaml(path) else _NEXT).fullmatch(line)
    if found is not None:
        yield _ignore(path, "detect-secrets", first - 1, first, 0)


def _is_yaml(path: str) -> bool:
    return path.endswith(".yaml")


def _ignore(path: str, tool: str, line: int, first: int, at: int) -> Ignore:
    """An ignore without a reason: what follows the mark may be the secret itself."""
    place = Location(path, span=Span(line, at + 1, line, at + 1))
    return Ignore((EVERY,), Lines(path, first, first), origin=place, tool=tool)
