"""CycloneDX 1.4 to 1.6: ``vulnerabilities[].analysis`` (cyclonedx.org, capability VEX).

``affects[].ref`` is the ``bom-ref`` of a component of the document, a BOM-Link to one of another
document (``urn:cdx:SERIAL/VERSION#BOM-REF``), or a package URL.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from seawall.advisories.vex.statement import (
    FIXED,
    NOT_AFFECTED,
    Statement,
    members,
    purls,
    table,
    words,
)

_STATUSES = {
    "not_affected": NOT_AFFECTED,
    "false_positive": NOT_AFFECTED,
    "resolved": FIXED,
    "resolved_with_pedigree": FIXED,
}
_DEEPEST = 100


def statements(value: Any) -> Iterator[Statement]:
    """What a document says does not affect its components."""
    components = dict(_components(value))
    for item in map(table, members(value.get("vulnerabilities"))):
        analysis = table(item.get("analysis"))
        status = _STATUSES.get(str(analysis.get("state")), "")
        others = (table(other).get("id") for other in members(item.get("references")))
        ids = tuple(text for text in (item.get("id"), *others) if isinstance(text, str) and text)
        if not status or not ids:
            continue
        refs = [table(affected).get("ref") for affected in members(item.get("affects"))]
        named = [ref for ref in refs if isinstance(ref, str)]
        found = purls(components.get(name, name) for name in map(_bare, named))
        if named and not found:
            continue  # it is about components that the document does not hold
        why = words(analysis.get("justification")).replace("_", " ")
        more = words(analysis.get("detail"))
        yield Statement(ids, found, status, "; ".join(part for part in (why, more) if part))


def _bare(ref: str) -> str:
    return unquote(ref.partition("#")[2]) if ref.startswith("urn:cdx:") else ref


def _components(value: Any) -> Iterator[tuple[str, str]]:
    """The package URL of each component, by its reference."""
    waiting = [(0, table(table(value.get("metadata")).get("component")))]
    waiting += [(0, table(item)) for item in members(value.get("components"))]
    while waiting:
        depth, item = waiting.pop()
        ref, purl = item.get("bom-ref"), item.get("purl")
        if isinstance(ref, str) and isinstance(purl, str):
            yield ref, purl
        if depth < _DEEPEST:
            waiting += [(depth + 1, table(inner)) for inner in members(item.get("components"))]
