"""CycloneDX bills of materials, JSON and XML, versions 1.2 to 1.7.

Source: CycloneDX specification (ECMA-424), JSON reference of 1.6. What later versions add says
nothing of packages that these readers ask for. Properties of the taxonomies of Trivy, Syft and
cyclonedx-npm say more of a component than the format has words for.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from seawall.core.location import KeyPath
from seawall.packages.bill import Bill, Item, contents_of
from seawall.packages.cpe import purl_of
from seawall.packages.package import Contents
from seawall.packages.reading import Notes, Table
from seawall.packages.xml_reading import xml_of
from seawall.text.xml import Element

_KNOWN = frozenset(("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"))
_DEVELOPMENT = frozenset(
    ("cdx:npm:package:development", "cdx:poetry:package:group:dev", "cdx:pip:package:development",
     "cdx:composer:package:isDevRequirement")
)  # fmt: skip
_SOURCE_NAMES = (
    "aquasecurity:trivy:SrcName",
    "syft:metadata:source",
    "syft:metadata:originPackage",
)
_SOURCE_VERSIONS = ("aquasecurity:trivy:SrcVersion", "syft:metadata:sourceVersion")
_SOURCE_RELEASE = "aquasecurity:trivy:SrcRelease"
_SOURCE_EPOCH = "aquasecurity:trivy:SrcEpoch"


class Component(NamedTuple):
    """A component of either form: what is asked of it."""

    fields: Mapping[str, str]
    """``type``, ``bom-ref``, ``group``, ``name``, ``version``, ``purl``, ``scope``."""
    properties: Mapping[str, str]
    line: int
    key_path: KeyPath
    holds_others: bool


def read_json(document: Table, notes: Notes) -> Contents:
    """The packages of a bill in JSON."""
    _check_version(notes.text(document.get("specVersion"), "specVersion"), notes)
    metadata = notes.table(document.get("metadata"), "metadata")
    roots = list(_of_table(metadata.get("component"), ("metadata", "component"), notes))
    components = list(_of_array(document.get("components"), ("components",), notes))
    needs: dict[str, list[str]] = {}
    for number, item in enumerate(notes.array(document.get("dependencies"), "dependencies")):
        what = f"dependencies[{number}]"
        entry = notes.table(item, what)
        wanted = notes.texts(entry.get("dependsOn"), what)
        needs.setdefault(notes.text(entry.get("ref"), what), []).extend(wanted)
    return _contents(roots, components, needs, notes)


def read_xml(data: bytes, notes: Notes) -> Contents:
    """The packages of a bill in XML; raises Unreadable."""
    root = xml_of(data, "bom")
    namespace = root.get("xmlns").rpartition("/")[2]
    if namespace:
        _check_version(namespace, notes)
    roots = [
        component for element in root.under("metadata", "component") for component in _of(element)
    ]
    found = root.under("components", "component")
    components = [component for element in found for component in _of(element)]
    needs: dict[str, list[str]] = {}
    for element in root.under("dependencies", "dependency"):
        wanted = [child.get("ref") for child in element.named("dependency")]
        needs.setdefault(element.get("ref"), []).extend(wanted)
    return _contents(roots, components, needs, notes)


def _check_version(version: str, notes: Notes) -> None:
    if version not in _KNOWN:
        notes.add(f"specVersion {version}", "this version of CycloneDX is not known")


_FIELDS = ("type", "group", "name", "version", "purl", "cpe", "scope")


def _of_table(value: object, path: KeyPath, notes: Notes) -> Iterator[Component]:
    """A component of JSON with those within it, the outer one first."""
    what = ".".join(map(str, path))
    entry = notes.table(value, what)
    if not entry:
        return
    fields = {name: notes.text(entry.get(name), f"{what}.{name}") for name in _FIELDS}
    fields["bom-ref"] = notes.text(entry.get("bom-ref"), f"{what}.bom-ref")
    properties = {}
    for item in notes.array(entry.get("properties"), f"{what}.properties"):
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            properties[item["name"]] = notes.text(item.get("value"), f"{what}.properties")
    inner = entry.get("components")
    yield Component(fields, properties, 0, path, bool(inner))
    yield from _of_array(inner, (*path, "components"), notes)


def _of_array(value: object, path: KeyPath, notes: Notes) -> Iterator[Component]:
    for number, item in enumerate(notes.array(value, ".".join(map(str, path)))):
        yield from _of_table(item, (*path, number), notes)


def _of(element: Element) -> Iterator[Component]:
    """A component of XML with those within it."""
    fields = {name: element.value(name) for name in _FIELDS}
    fields["type"] = element.get("type")
    fields["bom-ref"] = element.get("bom-ref")
    properties = {
        item.get("name"): item.text.strip() for item in element.under("properties", "property")
    }
    inner = list(element.under("components", "component"))
    yield Component(fields, properties, element.line, (), bool(inner))
    for child in inner:
        yield from _of(child)


def _contents(
    roots: list[Component], components: list[Component], needs: dict[str, list[str]], notes: Notes
) -> Contents:
    items = [_item(component, number) for number, component in enumerate((*roots, *components))]
    project = roots[0].fields if roots else {}
    group = project.get("group", "")
    groups = {
        item.ref
        for item, component in zip(items, (*roots, *components), strict=True)
        if component.holds_others or (needs.get(item.ref) and item.kind == "application")
    }
    bill = Bill(
        tuple(items),
        needs,
        frozenset(item.ref for item in items[:1] if roots),
        f"{group}/{project['name']}" if group else project.get("name", ""),
        frozenset(groups),
    )
    return contents_of(bill, notes)


def _item(component: Component, number: int) -> Item:
    fields, properties = component.fields, component.properties
    group = fields["group"]
    return Item(
        fields["bom-ref"] or fields["purl"] or f"#{number}",
        f"{group}/{fields['name']}" if group else fields["name"],
        fields["version"], fields["purl"] or purl_of(fields["cpe"]), fields["type"],
        optional=fields["scope"] == "optional",
        # "excluded" is for tests and other uses that are not at run time
        development=fields["scope"] == "excluded"
        or any(properties.get(name, "").lower() == "true" for name in _DEVELOPMENT),
        source=_source(properties),
        line=component.line,
        key_path=component.key_path,
    )  # fmt: skip


def _source(properties: Mapping[str, str]) -> tuple[str, str]:
    name = next(filter(None, map(properties.get, _SOURCE_NAMES)), "")
    version = next(filter(None, map(properties.get, _SOURCE_VERSIONS)), "")
    if version and (release := properties.get(_SOURCE_RELEASE)):
        version = f"{version}-{release}"
    if version and (epoch := properties.get(_SOURCE_EPOCH)):
        version = f"{epoch}:{version}"
    return (name, version) if name else ("", "")
