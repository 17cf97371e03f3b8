"""Makes the places of findings concrete: paths of keys become lines and columns."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from seawall.core.finding import Finding, Related
from seawall.core.location import KeyPath, Location, Span, made
from seawall.core.named_tuple import NamedTuple

if TYPE_CHECKING:
    from seawall.kubernetes.reader import Offsets
    from seawall.text.scalars import Value

Places = dict[tuple[int, KeyPath], Span]
"""Spans of one file, by document and path of keys."""


class Noted(NamedTuple):
    """A document that is one object, and where its values stand, as noted while it was read."""

    value: "Value"
    offsets: "Offsets"


NOTHING: Mapping[int, Noted] = {}


def places_of(
    text: str, wanted: Iterable[tuple[int, KeyPath]], noted: Mapping[int, Noted] = NOTHING
) -> Places:
    """Where paths of a file's documents stand; ``noted`` tells of some of its documents."""
    documents: dict[int, set[KeyPath]] = {}
    for document, key_path in wanted:
        documents.setdefault(document, set()).add(key_path)
    result: Places = {}
    for document in documents.keys() & noted.keys():
        found = _places_in(text, noted[document], documents.pop(document))
        result.update({(document, key_path): span for key_path, span in found.items()})
    if not documents:
        return result
    from seawall.text.places import locate  # noqa: PLC0415 - a run of Dockerfiles needs no YAML
    from seawall.text.yaml import split  # noqa: PLC0415

    chunks = tuple(split(text))
    for document, paths in documents.items():
        for key_path, place in locate(chunks[document], paths).items():
            result[document, key_path] = place.span
    return result


def _places_in(text: str, noted: Noted, paths: Iterable[KeyPath]) -> dict[KeyPath, Span]:
    from seawall.text.offsets import locate  # noqa: PLC0415 - a run of Dockerfiles needs no YAML
    from seawall.text.yaml import Chunk  # noqa: PLC0415

    start, end, line, offsets = noted.offsets
    return locate(Chunk(text[start:end], line, start), noted.value, offsets, paths)


def with_places(findings: Iterable[Finding], text_of: Callable[[str], str | None]) -> list[Finding]:
    """Findings with concrete places, as far as the texts of their files can be had."""
    findings = list(findings)
    everywhere: dict[str, Places] = {}
    for path, wanted in unplaced(findings).items():
        text = text_of(path)
        if text is not None:
            everywhere[path] = places_of(text, wanted)
    return [placed(finding, everywhere) for finding in findings]


def unplaced(findings: Iterable[Finding]) -> dict[str, set[tuple[int, KeyPath]]]:
    """The places that findings name by a path of keys only, by file."""
    wanted: dict[str, set[tuple[int, KeyPath]]] = {}
    for finding in findings:
        _want(finding.location, wanted)
        for item in finding.related:
            _want(item.location, wanted)
    return wanted


def _want(location: Location, wanted: dict[str, set[tuple[int, KeyPath]]]) -> None:
    path, document, key_path, span = location
    if span is None:
        if path not in wanted:
            wanted[path] = set()
        wanted[path].add((document, key_path))


def placed(finding: Finding, places: Mapping[str, Places]) -> Finding:
    """A finding with concrete locations, as far as they are known."""
    location = _placed(finding.location, places)
    if not finding.related:
        return finding.moved(location, ())
    related = tuple(
        Related(_placed(item.location, places), item.message) for item in finding.related
    )
    return finding.moved(location, related)


def _placed(location: Location, places: Mapping[str, Places]) -> Location:
    path, document, key_path, span = location
    if span is not None or path not in places:
        return location
    found = places[path].get((document, key_path))
    return location if found is None else made(Location, (path, document, key_path, found))
