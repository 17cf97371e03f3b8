"""CSAF 2.0, profile VEX (docs.oasis-open.org/csaf/csaf/v2.0, sections 3.2.2, 3.2.3 and 4.5).

Products are numbered in a tree of branches and by relationships ("this package as a part of that
product"); helpers give their package URLs.
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

_GROUPS = (("known_not_affected", NOT_AFFECTED), ("fixed", FIXED), ("first_fixed", FIXED))
_DEEPEST = 100


def statements(value: Any) -> Iterator[Statement]:
    """What a document says does not affect its products."""
    products = _products(table(value.get("product_tree")))
    for item in map(table, members(value.get("vulnerabilities"))):
        others = (table(other).get("text") for other in members(item.get("ids")))
        ids = tuple(text for text in (item.get("cve"), *others) if isinstance(text, str) and text)
        groups = table(item.get("product_status"))
        for group, status in _GROUPS if ids else ():
            numbers = [number for number in members(groups.get(group)) if isinstance(number, str)]
            found = purls(products.get(number, "") for number in numbers)
            if found:
                yield Statement(ids, found, status, _reason(item, numbers))


def _reason(item: dict[str, Any], numbers: list[str]) -> str:
    """The first flag or threat of impact that is about one of some products."""
    for name, key in (("flags", "label"), ("threats", "details")):
        for said in map(table, members(item.get(name))):
            about = members(said.get("product_ids"))
            if not about or any(number in about for number in numbers):
                return words(said.get(key)).replace("_", " ")
    return ""


def _products(tree: dict[str, Any]) -> dict[str, str]:
    """The package URL of each product that has one, by its number."""
    found: dict[str, str] = {}

    def note(product: Any) -> None:
        number = table(product).get("product_id")
        purl = table(table(product).get("product_identification_helper")).get("purl")
        if isinstance(number, str) and isinstance(purl, str):
            found[number] = purl

    for product in members(tree.get("full_product_names")):
        note(product)
    waiting = [(0, branch) for branch in members(tree.get("branches"))]
    while waiting:
        depth, branch = waiting.pop()
        note(table(branch).get("product"))
        if depth < _DEEPEST:
            waiting += [(depth + 1, inner) for inner in members(table(branch).get("branches"))]
    for relation in map(table, members(tree.get("relationships"))):
        whole = relation.get("full_product_name")
        note(whole)
        number, part = table(whole).get("product_id"), relation.get("product_reference")
        if isinstance(number, str) and isinstance(part, str) and part in found:
            found.setdefault(number, found[part])
    return found
