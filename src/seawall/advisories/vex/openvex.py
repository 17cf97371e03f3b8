"""OpenVEX 0.0.1 to 0.2.0 (github.com/openvex/spec, OPENVEX-SPEC.md).

Products were texts in 0.0.1 and are objects since; their ``subcomponents`` say which package of the
product a statement is about.
"""

from collections.abc import Iterator
from typing import Any

from seawall.advisories.vex.statement import (
    FIXED,
    NOT_AFFECTED,
    Statement,
    members,
    purls,
    table,
    words,
)

_STATUSES = {"not_affected": NOT_AFFECTED, "fixed": FIXED}


def statements(value: Any) -> Iterator[Statement]:
    """What a document says does not affect its products."""
    for item in map(table, members(value.get("statements"))):
        status = _STATUSES.get(str(item.get("status")), "")
        ids = tuple(_ids(item.get("vulnerability")))
        if not status or not ids:
            continue
        products = [item.get("products"), value.get("products")]
        named = [text for given in products for text in _identifiers(given)]
        found = purls(named)
        if named and not found:
            continue  # it is about products that are named otherwise: nothing says which
        why = words(item.get("justification")).replace("_", " ")
        more = words(item.get("impact_statement")) or words(item.get("status_notes"))
        yield Statement(ids, found, status, "; ".join(part for part in (why, more) if part))


def _ids(vulnerability: Any) -> Iterator[str]:
    if isinstance(vulnerability, str):
        yield vulnerability
    found = table(vulnerability)
    for text in (found.get("name"), found.get("@id"), *members(found.get("aliases"))):
        if isinstance(text, str) and text:
            yield text.rstrip("/").rpartition("/")[2]


def _identifiers(products: Any) -> Iterator[str]:
    """What names the products, or their parts where it is about those."""
    for product in members(products):
        if isinstance(product, str):
            yield product
            continue
        parts = members(table(product).get("subcomponents"))
        for item in parts or [product]:
            if isinstance(item, str):
                yield item
            for text in (table(item).get("@id"), *table(table(item).get("identifiers")).values()):
                if isinstance(text, str):
                    yield text
