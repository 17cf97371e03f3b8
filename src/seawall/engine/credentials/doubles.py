"""One finding for one secret in one file, where rules of other domains report it too.

Theirs stays: it knows the object and how to mend it. What the search knows goes into its details.
"""

from binascii import Error, a2b_base64
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.core.finding import Finding
from seawall.core.location import KeyPath, Span
from seawall.core.redacted import parts_of

if TYPE_CHECKING:
    from seawall.engine.texts import Texts

DOMAIN = "secrets"
_SHORTEST = 6
"""Characters from which a value within another one is the same secret."""
_KIND = "Secret"
_DATA = frozenset(("data", "stringData"))


def without_doubles(
    others: Sequence[Finding], own: Iterable[Finding], texts: "Texts"
) -> list[Finding]:
    """The findings of other domains, then those of ``own`` that none of them tells already."""
    by_path: dict[str, list[Finding]] = {}
    for finding in own:
        by_path.setdefault(finding.location.path, []).append(finding)
    told = list(others)
    for number, other in enumerate(others):
        mine = by_path.get(other.location.path) if is_about_secret(other) else None
        if not mine:
            continue
        values = _values(other, texts)
        same = [finding for finding in mine if _is_one_of(finding.secret.reveal(), values)]
        if same:
            told[number] = _enriched(other, same)
            same_ones = set(map(id, same))
            mine[:] = [finding for finding in mine if id(finding) not in same_ones]
    return [*told, *(finding for mine in by_path.values() for finding in mine)]


def is_about_secret(finding: Finding) -> bool:
    """Whether a finding of another domain is about a credential."""
    return bool(finding.secret) or (finding.rule.sensitive and finding.rule.domain != DOMAIN)


def _is_one_of(value: str, values: Collection[str]) -> bool:
    return value in values or any(
        min(len(value), len(other)) >= _SHORTEST and (value in other or other in value)
        for other in values
    )


def _enriched(finding: Finding, same: Sequence[Finding]) -> Finding:
    """A finding with what the search knows of its secret."""
    best = max(same, key=lambda item: (item.severity, item.confidence))
    names = {item.rule.id for item in same}
    for item in same:
        also = item.details.get("also")
        names.update(also if isinstance(also, list) else ())
    known = {**best.details, "also": sorted(names)}
    confidence = max(finding.confidence, *(item.confidence for item in same))
    return finding._replace(details={**finding.details, "secret": known}, confidence=confidence)


def joined_places(
    one: Mapping[str, tuple[Span, ...]], other: Mapping[str, tuple[Span, ...]]
) -> Mapping[str, tuple[Span, ...]]:
    """Where secrets stand, as two of those who looked know."""
    result = dict(one)
    for path, spans in other.items():
        result[path] = tuple(sorted({*result.get(path, ()), *spans}))
    return result


# What a finding is about ------------------------------------------------------------------------


def _values(finding: Finding, texts: "Texts") -> set[str]:
    """The values that a finding is about: its own, or those at its place in the document."""
    if finding.secret:
        return {finding.secret.reveal(), *parts_of(finding.secret)}
    text = texts.text(finding.location.path) if finding.location.key_path else None
    if text is None:
        return set()
    from seawall.text.yaml import Broken, load  # noqa: PLC0415 - a run of Dockerfiles needs none

    for document in load(text):
        if document.number == finding.location.document and not isinstance(document, Broken):
            return set(_texts_at(document.value, finding.location.key_path))
    return set()


def _texts_at(value: Any, path: KeyPath) -> Iterator[str]:
    """The texts at a place; all of a Secret's where it is one's."""
    for key in path[:-1]:
        value = _member(value, key)
    places = [path[-1]]
    if isinstance(value, Mapping) and value.get("kind") == _KIND:
        places = [key for key in value if key in _DATA]
    for key in places:
        for text in _texts_in(_member(value, key)):
            yield text
            yield from _decoded(text)


def _member(value: Any, key: str | int) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        return None


def _texts_in(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            pending += item.values()
        elif isinstance(item, list | tuple):
            pending += item


def _decoded(text: str) -> Iterator[str]:
    try:
        yield a2b_base64(text.encode(), strict_mode=True).decode()
    except (Error, ValueError):
        return
