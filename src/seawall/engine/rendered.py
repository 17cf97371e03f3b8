"""Findings in rendered text, led back to the templates it is from.

Until triage has spoken, findings and ignores stand where they are in the rendered text: an ignore
is about lines of that. Texts of several value sets are told apart by their numbers of lines and
documents: each set's begin at a multiple of ``STRIDE``, the first one's too, for what is said of
the template itself, of secrets in it, has places of its own. Then places become those of the
template, and what several value sets share is said once.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from seawall.core.finding import Finding, Related, fingerprint_basis
from seawall.core.ignore import Ignore, Lines, Part
from seawall.core.location import Location, Span
from seawall.core.report import Suppressed
from seawall.triage.verdicts import Verdict

STRIDE = 1 << 27
"""More than the lines, and the documents, that one rendering may have."""
_INPUT = "input"
_SECRETS = "secrets"
_TOP = Span(1, 1, 1, 1)


class Rendered(NamedTuple):
    """What is known of the texts that one template was rendered to."""

    chart: str
    """The chart's directory in reports."""
    value_sets: tuple[str, ...]
    """The names of the value sets it was rendered with, in the order of their texts."""
    spans: Mapping[Span, Span]
    """By place in a rendered text the place in the template; the top of it where unknown."""
    several: bool = False
    """Whether the chart has several value sets, so that messages name them."""


Shift = Callable[[Location], Location]


def start_of(index: int) -> int:
    """Where the lines and documents begin of the value set with a number: behind a template's."""
    return (index + 1) * STRIDE


def shift_by(index: int) -> Shift:
    """What moves a place to the texts of the value set with a number."""
    by = start_of(index)

    def shift(location: Location) -> Location:
        span = location.span
        return location._replace(
            document=location.document + by, span=None if span is None else moved(span, by)
        )

    return shift


def moved(span: Span, by: int) -> Span:
    """A span some lines further down."""
    return Span(span.line + by, span.column, span.end_line + by, span.end_column)


def shifted_finding(finding: Finding, shift: Shift) -> Finding:
    """A finding with all its places moved."""
    related = tuple(Related(shift(item.location), item.message) for item in finding.related)
    return finding._replace(location=shift(finding.location), related=related)


def shifted_ignore(ignore: Ignore, shift: Shift, index: int) -> Ignore:
    """An ignore with its place and its scope moved."""
    scope, by = ignore.scope, start_of(index)
    if isinstance(scope, Lines):
        scope = scope._replace(first=scope.first + by, last=scope.last + by)
    elif isinstance(scope, Part):
        scope = scope._replace(document=scope.document + by)
    return ignore._replace(scope=scope, origin=shift(ignore.origin))


# After triage ---------------------------------------------------------------------------------


def located(verdict: Verdict, rendered: Mapping[str, Rendered]) -> Verdict:
    """A verdict in which all places are those of files, each finding once."""
    findings = _Merged[Finding]()
    for finding in verdict.findings:
        own = _rendering_of(finding, rendered)
        findings.add(*_placed(finding, own, rendered))
    suppressed = _Merged[Suppressed]()
    for item in verdict.suppressed:
        own = _rendering_of(item.finding, rendered)
        finding, key, value_set = _placed(item.finding, own, rendered)
        origin = None if item.origin is None else _location(item.origin, rendered)
        placed = item._replace(finding=finding, origin=origin)
        suppressed.add(placed, (*key, item.reason, item.form, origin) if key else (), value_set)
    return Verdict(
        [_told(finding, sets, rendered) for finding, sets in findings.items()],
        [
            item._replace(finding=_told(item.finding, sets, rendered))
            for item, sets in suppressed.items()
        ],
    )


Item = TypeVar("Item")


class _Merged(dict[tuple[Hashable, ...], tuple[Item, dict[int, None]]]):
    """Things that value sets share, each with the numbers of those that have it."""

    def add(self, item: Item, key: tuple[Hashable, ...], value_set: int) -> None:
        """One more; one without a key is like no other."""
        key = key or (len(self),)
        self.setdefault(key, (item, {}))[1][value_set] = None

    def items(self) -> Iterable[tuple[Item, dict[int, None]]]:  # type: ignore[override]
        """Each with its value sets."""
        return self.values()


def _rendering_of(finding: Finding, rendered: Mapping[str, Rendered]) -> Rendered | None:
    """What a finding in a template has its place from; nothing where the template has it."""
    if finding.rule.domain == _SECRETS:  # the template itself was searched
        return None
    return rendered.get(finding.location.path)


def _placed(
    finding: Finding, own: Rendered | None, rendered: Mapping[str, Rendered]
) -> tuple[Finding, tuple[Hashable, ...], int]:
    """A finding in its template, what it is known by, and the number of its value set."""
    if own is None:
        return finding, (), 0
    place = finding.location
    value_set = place.document // STRIDE - 1
    if place.span is not None:
        value_set = place.span.line // STRIDE - 1
    related = dict.fromkeys(
        Related(_location(item.location, rendered), item.message) for item in finding.related
    )
    finding = finding._replace(
        location=_location(place, rendered), related=tuple(related), repairs=(), fixes=()
    )
    span = finding.location.span
    return finding, (fingerprint_basis(finding), finding.message, place.path, span), value_set


def _location(location: Location, rendered: Mapping[str, Rendered]) -> Location:
    own = rendered.get(location.path)
    if own is None or max(location.document, location.span.line if location.span else 0) < STRIDE:
        return location  # a place of the template itself
    span = _TOP if location.span is None else own.spans.get(location.span, _TOP)
    return Location(location.path, 0, location.key_path, span)


def _told(finding: Finding, sets: Iterable[int], rendered: Mapping[str, Rendered]) -> Finding:
    """A finding that names its chart, and its value sets where there are several."""
    own = _rendering_of(finding, rendered)
    if own is None or finding.rule.domain == _INPUT:
        return finding
    chart = own.chart or "."
    names = [own.value_sets[number] for number in sorted(sets) if number < len(own.value_sets)]
    message = finding.message
    if own.several:
        several = "value set" if len(names) == 1 else "value sets"
        message = f"{message} (chart {chart}, {several} {', '.join(names)})"
    details = {**finding.details, "chart": chart, "value_sets": names}
    return finding._replace(message=message, details=details)
