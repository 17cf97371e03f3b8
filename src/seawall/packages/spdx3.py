"""SPDX 3.0 bills of materials in JSON-LD.

Source: SPDX specification 3.0.1, model and JSON-LD serialization: elements in ``@graph`` with
``type`` and ``spdxId``; ``software_Package`` with ``software_packageUrl`` or an
``externalIdentifier`` of type ``packageUrl``; ``Relationship`` from one to several; ``rootElement``
of the document and of ``software_Sbom``.
"""

from collections.abc import Iterator

from seawall.packages.bill import Bill, Item, contents_of
from seawall.packages.package import Contents
from seawall.packages.reading import Notes, Table

_PACKAGES = frozenset(("software_Package", "ai_AIPackage", "dataset_DatasetPackage"))
_RELATIONSHIPS = frozenset(("Relationship", "LifecycleScopedRelationship"))
_DOCUMENTS = frozenset(("SpdxDocument", "software_Sbom", "Bom"))
_NEEDS = frozenset(
    "dependsOn hasDynamicLink hasStaticLink hasPrerequisite hasOptionalDependency "
    "hasProvidedDependency".split()
)
_OPTIONAL = frozenset(("hasOptionalDependency", "hasProvidedDependency"))
_DEVELOPMENT = frozenset(("build", "development", "test"))
_PURPOSES = {"operatingSystem": "operating-system", "file": "file", "data": "data"}


def read_graph(document: Table, notes: Notes) -> Contents:
    """The packages of a document."""
    graph = notes.array(document.get("@graph", [document]), "@graph")
    items: list[Item] = []
    ways: dict[str, set[str]] = {}
    needs: dict[str, list[str]] = {}
    roots: list[str] = []
    groups: set[str] = set()
    documents: set[str] = set()
    for number, value in enumerate(graph):
        entry = notes.table(value, f"@graph[{number}]")
        kind = notes.text(entry.get("type", entry.get("@type")), f"@graph[{number}].type")
        if kind in _PACKAGES:
            items.append(_item(entry, number, notes))
        elif kind in _RELATIONSHIPS:
            _relate(entry, number, needs, groups, ways, notes)
        elif kind in _DOCUMENTS:
            documents.add(_identity(entry, notes))
            roots += notes.texts(entry.get("rootElement"), f"@graph[{number}].rootElement")
    items = [_scoped(item, ways.get(item.ref, set())) for item in items]
    wanted = frozenset(ref for ref in roots if ref not in documents)
    project = next((item.name for item in items if item.ref in wanted), "")
    bill = Bill(tuple(items), needs, wanted, project, frozenset(groups | needs.keys()))
    return contents_of(bill, notes)


def _identity(entry: Table, notes: Notes) -> str:
    return notes.text(entry.get("spdxId", entry.get("@id")), "spdxId")


def _item(entry: Table, number: int, notes: Notes) -> Item:
    what = f"@graph[{number}]"
    purl = notes.text(entry.get("software_packageUrl"), f"{what}.software_packageUrl")
    purl = purl or next(_identifiers(entry, what, notes), "")
    purpose = notes.text(entry.get("software_primaryPurpose"), what)
    return Item(
        _identity(entry, notes) or f"#{number}",
        notes.text(entry.get("name"), f"{what}.name"),
        notes.text(entry.get("software_packageVersion"), f"{what}.software_packageVersion"),
        purl, _PURPOSES.get(purpose, purpose), key_path=("@graph", number),
    )  # fmt: skip


def _identifiers(entry: Table, what: str, notes: Notes) -> Iterator[str]:
    for item in notes.array(entry.get("externalIdentifier"), f"{what}.externalIdentifier"):
        if isinstance(item, dict) and item.get("externalIdentifierType") == "packageUrl":
            yield notes.text(item.get("identifier"), f"{what}.externalIdentifier")


def _relate(
    entry: Table, number: int, needs: dict[str, list[str]], groups: set[str],
    ways: dict[str, set[str]], notes: Notes,
) -> None:  # fmt: skip
    what = f"@graph[{number}]"
    kind = notes.text(entry.get("relationshipType"), f"{what}.relationshipType")
    origin = notes.text(entry.get("from"), f"{what}.from")
    targets = notes.texts(entry.get("to"), f"{what}.to")
    if kind in _NEEDS:
        needs.setdefault(origin, []).extend(targets)
        scope = notes.text(entry.get("scope"), f"{what}.scope")
        way = (
            "optional"
            if kind in _OPTIONAL
            else "development"
            if scope in _DEVELOPMENT
            else "runtime"
        )
        for target in targets:
            ways.setdefault(target, set()).add(way)
    elif kind == "contains":
        groups.add(origin)


def _scoped(item: Item, ways: set[str]) -> Item:
    """An item is what all that ask for it say: optional, or for development."""
    return item._replace(optional=ways == {"optional"}, development=ways == {"development"})
