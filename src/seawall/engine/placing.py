"""Makes the places of findings concrete: a second pass over the documents that have any."""

from collections.abc import Callable, Iterable, Mapping

from seawall.core.finding import Finding, Related
from seawall.core.location import KeyPath, Location, Span

Places = dict[tuple[int, KeyPath], Span]
"""Spans of one file, by document and path of keys."""


def places_of(text: str, wanted: Iterable[tuple[int, KeyPath]]) -> Places:
    """Where paths of a file's documents stand."""
    documents: dict[int, set[KeyPath]] = {}
    for document, key_path in wanted:
        documents.setdefault(document, set()).add(key_path)
    if not documents:
        return {}
    from seawall.text.places import locate  # noqa: PLC0415 - a run of Dockerfiles needs no YAML
    from seawall.text.yaml import split  # noqa: PLC0415

    chunks = tuple(split(text))
    result: Places = {}
    for document, paths in documents.items():
        for key_path, place in locate(chunks[document], paths).items():
            result[document, key_path] = place.span
    return result


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
    return location if found is None else Location(path, document, key_path, found)
