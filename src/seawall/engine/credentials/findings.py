"""Findings of what was found in a text, wherever the text is from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from seawall.core.finding import Finding, Related, Subject
from seawall.core.location import Location, Span
from seawall.core.redacted import Redacted, parts_of
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
_PIECE = 8
"""Characters of a value that give it away; fewer are a word that stands in it, such as a name."""
_SHORTEST = 4
"""Characters of what is blacked out wherever it stands."""
_MANY = 500
"""Secrets of one text from which it takes too long to look for each everywhere."""
_WHOLE_LINE = 1 << 30
NOBODY = Subject()


def findings(
    found: "Found", rules: Mapping[str, Rule], place: PlaceOf, subject: Subject = NOBODY
) -> list[Finding]:
    """The findings about what was found in a text, in its order.

    ``rules`` are those that run, by id; what none of them is about is left out. ``place`` tells
    where a stretch of ``found.text.data`` is: line and column of a file come from ``in_file``.
    """
    shows = shown(values(found))
    return [
        finding
        for secret in found.secrets
        for finding in finding_of(secret, rules, place, shows, subject)
    ]


def finding_of(
    secret: Secret, rules: Mapping[str, Rule], place: PlaceOf, shows: Shows, subject: Subject
) -> Iterator[Finding]:
    """The finding about one secret; none where the rule that is about it does not run.

    ``shows`` tells of a text whether it shows a secret: such a name is left out of the message.
    """
    rule = rules.get(id_of(secret.candidate.rule))
    if not isinstance(rule, SecretRule):
        return
    details = details_of(secret, rule.provider, rule.revoke, shows)
    also = sorted({*map(id_of, secret.also)} - {rule.id})
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


def shown(secrets: Iterable[Redacted]) -> Shows:
    """Tells whether a short text holds one of some values, or ends as one, however many there are.

    What stands before a value and looks like its name may be the end of another one: in a list.
    """
    by_length: dict[int, set[bytes]] = {}
    ends: set[bytes] = set()
    for part in _wanted(secrets):
        by_length.setdefault(len(part), set()).add(part)
        ends.add(part[-_PIECE:])

    def shows(text: bytes) -> bool:
        return (len(text) >= _PIECE and text[-_PIECE:] in ends) or any(
            text[at : at + length] in parts
            for length, parts in by_length.items()
            for at in range(len(text) - length + 1)
        )

    return shows


def values(found: "Found") -> list[Redacted]:
    """The secret values of a text."""
    return [secret.candidate.value for secret in found.secrets]


def in_file(path: str, places: Places) -> PlaceOf:
    """Places in a file; ``path`` is its name in reports."""
    return lambda part: Location(path, span=places.span(part))


def private(found: "Found", places: Places) -> tuple[Span, ...]:
    """Where the secret values stand in a text, each on one line: no excerpt may show them."""
    spans = {span for part in places.parts for span in places.lines(part)}
    if len(found.secrets) > _MANY:
        spans = {Span(span.line, 1, span.line, _WHOLE_LINE) for span in spans}
    return tuple(sorted(spans))


def places_of(found: "Found") -> Places:
    """The lines and columns of all that was found in a text."""
    return Places(found.text.data, {*_parts(found)})


def _parts(found: "Found") -> list[Part]:
    """Where secrets may stand: all that was weighed, and wherever else their values are.

    Of very many only the former: then nothing of their lines is shown.
    """
    told = [part for secret in found.secrets for part in secret.occurrences]
    told += found.seen
    if len(found.secrets) > _MANY:
        return told
    return [*told, *_all_of(found.text.data, _wanted(values(found)))]


def _wanted(secrets: Iterable[Redacted]) -> set[bytes]:
    """What tells some values: parts of those with several lines."""
    parts = {part for secret in secrets for part in parts_of(secret)}
    return {part.encode("utf-8", "surrogatepass") for part in parts if len(part) >= _SHORTEST}


def _all_of(data: bytes, wanted: Iterable[bytes]) -> Iterator[Part]:
    for value in wanted:
        at = data.find(value)
        while at >= 0:
            yield Part(at, at + len(value))
            at = data.find(value, at + len(value))
