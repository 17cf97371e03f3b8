"""What lets secrets of a text pass: other tools' marks beside them, allow lists of users' rules."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore, Lines
from seawall.core.location import Location, Span
from seawall.engine.credentials.places import Places
from seawall.secrets.markers import ignores, may_have_marks

if TYPE_CHECKING:
    from seawall.secrets.candidate import Secret
    from seawall.secrets.search import Found


def ignores_of(
    found: "Found", places: Places, path: str, findings: Sequence[Finding]
) -> tuple[Ignore, ...]:
    """Ignores for findings of a text; ``places`` knows all that was found in it.

    A finding stands for all places of a value, so a mark counts where each of them has one; and an
    ignore is about a line, so nothing else that begins on the line may be without.
    """
    by_line: dict[int, list[Secret]] = {}
    for secret in found.secrets:
        by_line.setdefault(places.span(secret.occurrences[0]).line, []).append(secret)
    result: list[Ignore] = []
    if may_have_marks(found.text.data):
        for line, secrets in by_line.items():
            result += _marked(found, places, path, line, secrets)
    if any(secret.allowed for secret in found.secrets):
        result += _allowed(by_line, path, findings)
    return tuple(result)


def _marked(
    found: "Found", places: Places, path: str, line: int, secrets: "Sequence[Secret]"
) -> Iterator[Ignore]:
    first: list[Ignore] = []
    for secret in secrets:
        for part in secret.occurrences:
            span = places.span(part)
            marks = list(ignores(path, found.text.data, [(span.line, span.end_line)]))
            if not marks:
                return
            first = first or marks
    for ignore in first[:1]:
        yield ignore._replace(scope=Lines(path, line, line))


def _allowed(
    by_line: "dict[int, list[Secret]]", path: str, findings: Sequence[Finding]
) -> Iterator[Ignore]:
    rules: dict[int, set[str]] = {}
    for finding in findings:
        if finding.location.span is not None:
            rules.setdefault(finding.location.span.line, set()).add(finding.rule.id)
    for line, secrets in by_line.items():
        named = tuple(sorted(rules.get(line, ())))
        if named and all(secret.allowed for secret in secrets):
            origin, _, reason = secrets[0].allowed.partition(": ")
            yield Ignore(
                named, Lines(path, line, line), reason or origin, origin=_place(origin),
                form="configuration",
            )  # fmt: skip


def _place(origin: str) -> Location:
    """``FILE:LINE`` as a place."""
    path, colon, line = origin.rpartition(":")
    if not (colon and line.isdecimal()):
        return Location(origin)
    return Location(path, span=Span(int(line), 1, int(line), 1))
