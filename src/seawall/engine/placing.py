"""Makes the places of findings concrete: a second pass over the documents that have any."""

from collections.abc import Iterable, Mapping, Sequence

from seawall.core.finding import Finding, Related
from seawall.core.location import KeyPath, Location, Span
from seawall.text.places import locate
from seawall.text.yaml import Chunk, split

Places = dict[tuple[int, KeyPath], Span]
"""Spans of one file, by document and path of keys."""


def places_of(text: str, wanted: Iterable[tuple[int, KeyPath]]) -> Places:
    """Where paths of a file's documents stand."""
    documents: dict[int, set[KeyPath]] = {}
    for document, key_path in wanted:
        documents.setdefault(document, set()).add(key_path)
    if not documents:
        return {}
    chunks: Sequence[Chunk] = tuple(split(text))
    result: Places = {}
    for document, paths in documents.items():
        for key_path, place in locate(chunks[document], paths).items():
            result[document, key_path] = place.span
    return result


def unplaced(findings: Iterable[Finding]) -> dict[str, set[tuple[int, KeyPath]]]:
    """The places that findings name by a path of keys only, by file."""
    wanted: dict[str, set[tuple[int, KeyPath]]] = {}
    for finding in findings:
        for location in (finding.location, *(item.location for item in finding.related)):
            if location.span is None:
                place = (location.document, location.key_path)
                wanted.setdefault(location.path, set()).add(place)
    return wanted


def placed(finding: Finding, places: Mapping[str, Places]) -> Finding:
    """A finding with concrete locations, as far as they are known."""
    location = _placed(finding.location, places)
    if finding.related:
        related = tuple(
            Related(_placed(item.location, places), item.message) for item in finding.related
        )
        return finding._replace(location=location, related=related)
    return finding._replace(location=location)


def _placed(location: Location, places: Mapping[str, Places]) -> Location:
    if location.span is not None:
        return location
    span = places.get(location.path, {}).get((location.document, location.key_path))
    return location if span is None else location._replace(span=span)
