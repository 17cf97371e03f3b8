"""CycloneDX 1.6 bills of materials in JSON.

Source: CycloneDX 1.6 (ECMA-424), JSON reference. Development dependencies have the scope
``excluded``, which is for tests and other uses that are not at run time; what could not be read
makes the composition ``incomplete`` and is named in the metadata. Each component tells where it was
seen (``evidence.occurrences``). Nothing depends on when or where it is written.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from seawall import __version__
from seawall.core.indented import indented
from seawall.packages.merged import DEVELOPMENT, Node, Whole, merge, uuid_of
from seawall.packages.package import Contents
from seawall.packages.purl import decoded_purl_of

ROOT = "root"
_SCOPES = {DEVELOPMENT: "excluded"}
_TYPES = {"docker": "container", "oci": "container"}


def write(
    files: Iterable[tuple[str, Contents]],
    name: str,
    time: str = "",
    used: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> str:
    """A bill of the packages of some files, given by path, of a project of this name.

    ``time`` is when it was made (RFC 3339), left out when empty; ``used`` has programs that run
    something of a package, by its URL.
    """
    whole = merge(files)
    root = {"type": "application", "bom-ref": ROOT, "name": name or "project"}
    metadata: dict[str, Any] = {"timestamp": time} if time else {}
    tool = {"type": "application", "name": "seawall", "version": __version__}
    metadata |= {"tools": {"components": [tool]}, "component": root}
    if whole.gaps:
        metadata["properties"] = [
            {"name": "seawall:not-covered", "value": str(gap)} for gap in whole.gaps
        ]
    bill: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": [_component(node, used.get(node.purl, ())) for node in whole.nodes],
        "dependencies": _dependencies(whole),
        "compositions": [
            {
                "aggregate": "incomplete" if whole.gaps else "unknown",
                "assemblies": [ROOT],
            }
        ],
    }
    serial = f"urn:uuid:{uuid_of(json.dumps(bill, sort_keys=True))}"
    return indented({**bill, "serialNumber": serial}) + "\n"


def _component(node: Node, used: Sequence[str]) -> dict[str, Any]:
    purl = decoded_purl_of(node.package)
    result: dict[str, Any] = {
        "type": _TYPES.get(purl.type, "library"),
        "bom-ref": node.purl,
    }
    if purl.namespace:
        result["group"] = purl.namespace
    result["name"] = purl.name
    if node.package.version:
        result["version"] = node.package.version
    result["scope"] = _SCOPES.get(node.scope, node.scope)
    result["purl"] = node.purl
    if node.package.download:
        result["properties"] = [{"name": "seawall:download", "value": node.package.download}]
    if node.constraint:
        properties = result.setdefault("properties", [])
        properties.append({"name": "seawall:constraint", "value": node.constraint})
    if used:
        properties = result.setdefault("properties", [])
        properties += [{"name": "seawall:in-use-by", "value": program} for program in used]
    result["evidence"] = {
        "occurrences": [
            {"location": place.path} | ({"line": place.line} if place.line else {})
            for place in node.occurrences
        ]
    }
    return result


def _dependencies(whole: Whole) -> list[dict[str, Any]]:
    """What the project asks for, then what each package does; empty ones are told as well."""
    direct = [node.purl for node in whole.nodes if node.direct]
    result: list[dict[str, Any]] = [{"ref": ROOT, "dependsOn": direct}] if direct else []
    result += (
        {"ref": node.purl} | ({"dependsOn": [*node.needs]} if node.needs else {})
        for node in whole.nodes
    )
    return result
