"""SPDX 2 bills of materials (2.2, 2.3) in JSON and YAML, and what the tag-value form shares.

Source: SPDX specification 2.3, chapters 7 (packages), 11 (relationships) and annex F (``purl``).
"""

from collections.abc import Iterable
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.packages.bill import Bill, Item, contents_of
from seawall.packages.cpe import purl_of
from seawall.packages.package import Contents, Unreadable
from seawall.packages.reading import Notes, Table

DOCUMENT = "SPDXRef-DOCUMENT"
_KNOWN = frozenset(("SPDX-2.0", "SPDX-2.1", "SPDX-2.2", "SPDX-2.3"))
_NOTHING = frozenset(("", "NOASSERTION", "NONE"))
_BUILT_FROM = pattern(r"built package from: (\S+) (\S+)")
"""As Trivy writes ``sourceInfo``."""
_FORWARD = frozenset(("DEPENDS_ON", "HAS_PREREQUISITE", "DYNAMIC_LINK", "STATIC_LINK"))
_BACKWARD = frozenset(
    "DEPENDENCY_OF RUNTIME_DEPENDENCY_OF BUILD_DEPENDENCY_OF DEV_DEPENDENCY_OF TEST_DEPENDENCY_OF "
    "OPTIONAL_DEPENDENCY_OF PROVIDED_DEPENDENCY_OF PREREQUISITE_FOR".split()
)
_DEVELOPMENT = frozenset("BUILD_DEPENDENCY_OF DEV_DEPENDENCY_OF TEST_DEPENDENCY_OF".split())
_OPTIONAL = frozenset(("OPTIONAL_DEPENDENCY_OF", "PROVIDED_DEPENDENCY_OF"))
_HOLDS = {"CONTAINS": 0, "CONTAINED_BY": 1}
_PURPOSES = {"OPERATING-SYSTEM": "operating-system", "OPERATING_SYSTEM": "operating-system"}


class Relationship(NamedTuple):
    """``left`` stands in a relationship to ``right``."""

    left: str
    kind: str
    right: str


class Element(NamedTuple):
    """A package of a document."""

    ref: str
    name: str
    version: str
    purl: str
    purpose: str
    source_info: str
    line: int = 0
    key_path: KeyPath = ()


def read_table(document: Table, notes: Notes) -> Contents:
    """The packages of a document in JSON or YAML."""
    if "spdxVersion" not in document:
        raise Unreadable("it has no spdxVersion: it is no SPDX document", 1)
    packages = [
        _element(notes.table(item, f"packages[{number}]"), number, notes)
        for number, item in enumerate(notes.array(document.get("packages"), "packages"))
    ]
    relationships = []
    for number, item in enumerate(notes.array(document.get("relationships"), "relationships")):
        what = f"relationships[{number}]"
        entry = notes.table(item, what)
        keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
        relationships.append(Relationship(*(notes.text(entry.get(key), what) for key in keys)))
    described = notes.texts(document.get("documentDescribes"), "documentDescribes")
    relationships += (Relationship(DOCUMENT, "DESCRIBES", ref) for ref in described)
    version = notes.text(document.get("spdxVersion"), "spdxVersion")
    name = notes.text(document.get("name"), "name")
    return contents(version, name, packages, relationships, notes)


def _element(entry: Table, number: int, notes: Notes) -> Element:
    what = f"packages[{number}]"

    def text(key: str) -> str:
        return notes.text(entry.get(key), f"{what}.{key}")

    purl = cpe = ""
    for item in notes.array(entry.get("externalRefs"), f"{what}.externalRefs"):
        reference = notes.table(item, f"{what}.externalRefs")
        if reference.get("referenceType") == "purl" and not purl:
            purl = notes.text(reference.get("referenceLocator"), f"{what}.externalRefs")
        elif reference.get("referenceType") == "cpe23Type":
            cpe = cpe or notes.text(reference.get("referenceLocator"), f"{what}.externalRefs")
    return Element(
        text("SPDXID"), text("name"), text("versionInfo"), purl or purl_of(cpe),
        text("primaryPackagePurpose"),
        text("sourceInfo"), key_path=("packages", number),
    )  # fmt: skip


def contents(
    version: str, name: str, packages: Iterable[Element], relationships: Iterable[Relationship],
    notes: Notes,
) -> Contents:  # fmt: skip
    """The packages of a document of either form."""
    if version not in _KNOWN:
        notes.add(f"spdxVersion {version}", "this version of SPDX is not known")
    needs: dict[str, list[str]] = {}
    roots, groups = set(), set()
    flags: dict[str, set[str]] = {}
    for left, kind, right in relationships:
        if kind == "DESCRIBES" and left == DOCUMENT:
            roots.add(right)
        elif kind == "DESCRIBED_BY" and right == DOCUMENT:
            roots.add(left)
        elif kind in _FORWARD:
            needs.setdefault(left, []).append(right)
            flags.setdefault(right, set()).add(kind)
        elif kind in _BACKWARD:
            needs.setdefault(right, []).append(left)
            flags.setdefault(left, set()).add(kind)
        elif kind in _HOLDS:
            groups.add((left, right)[_HOLDS[kind]])
    packages = list(packages)
    items = [_item(package, number, flags) for number, package in enumerate(packages)]
    project = next((item.name for item in items if item.ref in roots), name)
    groups |= needs.keys()
    bill = Bill(tuple(items), needs, frozenset(roots), project, frozenset(groups))
    return contents_of(bill, notes)


def _item(package: Element, number: int, flags: dict[str, set[str]]) -> Item:
    kinds = flags.get(package.ref, set())
    found = _BUILT_FROM.match(package.source_info)
    purpose = package.purpose.upper()
    return Item(
        package.ref or f"#{number}", package.name,
        "" if package.version in _NOTHING else package.version,
        package.purl, _PURPOSES.get(purpose, purpose.lower()),
        optional=bool(kinds) and kinds <= _OPTIONAL,
        development=bool(kinds) and kinds <= _DEVELOPMENT,
        source=(found[1], found[2]) if found else ("", ""),
        line=package.line, key_path=package.key_path,
    )  # fmt: skip
