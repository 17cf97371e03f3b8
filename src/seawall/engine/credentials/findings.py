"""Findings of what was found in a text, wherever the text is from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from seawall.core.finding import Finding, Related, Subject
from seawall.core.location import Location, Span
from seawall.core.redacted import Redacted, parts_of, revealing
from seawall.core.rule import Rule
from seawall.engine.credentials.places import Places
from seawall.secrets.candidate import Part, Secret
from seawall.secrets.reporting import Shows, details_of
from seawall.secrets.rules.catalogued import SecretRule, id_of

if TYPE_CHECKING:
    from seawall.secrets.search import Found

PlaceOf = Callable[[Part], Location]
"""Where a stretch of a text, in bytes, stands: in a file, a blob, a layer, a value."""
_MOST_RELATED = 8
_SHORTEST = 4
"""Characters of what is blacked out wherever it stands."""
NOBODY = Subject()


def findings(
    found: "Found", rules: Mapping[str, Rule], place: PlaceOf, subject: Subject = NOBODY
) -> list[Finding]:
    """The findings about what was found in a text, in its order.

    ``rules`` are those that run, by id; what none of them is about is left out. ``place`` tells
    where a stretch of ``found.text.data`` is: line and column of a file come from ``in_file``.
    """
    shows = revealing(values(found))
    return [
        finding
        for secret in found.secrets
        for finding in finding_of(secret, rules, place, shows, subject)
    ]


def finding_of(
    secret: Secret, rules: Mapping[str, Rule], place: PlaceOf, shows: Shows, subject: Subject
) -> Iterator[Finding]:
    """The finding about one secret; none where no rule that runs is about it.

    ``shows`` tells of a text whether it shows a secret: such a name is left out of the message.
    """
    names = [id_of(name) for name in (secret.candidate.rule, *secret.also)]
    rule = next((rules[name] for name in names if name in rules), None)
    if not isinstance(rule, SecretRule):
        return
    details = details_of(secret, rule.provider, rule.revoke, shows)
    also = sorted({*names} - {rule.id})
    if also:
        details["also"] = also
    own, *others = secret.occurrences
    related = tuple(Related(place(part), "the same value") for part in others[:_MOST_RELATED])
    for hit in rule.check(secret, shows):
        yield Finding(
            rule=rule,
            severity=rule.severity if hit.severity is None else hit.severity,
            confidence=rule.confidence if hit.confidence is None else hit.confidence,
            message=hit.message,
            remedy=hit.remedy or rule.remedy,
            subject=subject,
            location=place(own),
            related=related,
            evidence=hit.evidence,
            details=details,
            secret=hit.secret,
        )


def values(found: "Found") -> list[Redacted]:
    """The secret values of a text."""
    return [secret.candidate.value for secret in found.secrets]


def in_file(path: str, places: Places) -> PlaceOf:
    """Places in a file; ``path`` is its name in reports."""
    return lambda part: Location(path, span=places.span(part))


def places_of(found: "Found") -> Places:
    """The lines and columns of all that was found in a text."""
    parts = [part for secret in found.secrets for part in secret.occurrences]
    more = _elsewhere(found)
    return Places(found.text.data, [offset for part in (*parts, *more) for offset in part])


def private(found: "Found", places: Places) -> tuple[Span, ...]:
    """Where the secret values stand in a text, each on one line: no excerpt may show them."""
    parts = [part for secret in found.secrets for part in secret.occurrences]
    spans = {span for part in (*parts, *_elsewhere(found)) for span in places.lines(part)}
    return tuple(sorted(spans))


def _elsewhere(found: "Found") -> Sequence[Part]:
    """Where the values stand besides the places that were told."""
    data = found.text.data
    parts = {part for value in values(found) for part in parts_of(value)}
    wanted = {part.encode("utf-8", "surrogatepass") for part in parts if len(part) >= _SHORTEST}
    return list(_all_of(data, wanted))


def _all_of(data: bytes, wanted: Iterable[bytes]) -> Iterator[Part]:
    for value in wanted:
        at = data.find(value)
        while at >= 0:
            yield Part(at, at + len(value))
            at = data.find(value, at + len(value))
