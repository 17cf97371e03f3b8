"""The packages that a bill of materials lists, as they are compared with another tool's."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from seawall.packages.cyclonedx_writer import write
from seawall.packages.package import Contents
from tests.oracles.osv_scanner import Package

_NO_PACKAGES = ("file", "operating-system")


def listed(files: Iterable[tuple[str, Contents]]) -> frozenset[Package]:
    """What our bill of some files lists."""
    return packages_of(json.loads(write(files, "", "")).get("components", ()))


def packages_of(components: Iterable[dict[str, Any]]) -> frozenset[Package]:
    """The packages among components of CycloneDX."""
    return frozenset(_package(item) for item in components if item["type"] not in _NO_PACKAGES)


def _package(component: dict[str, Any]) -> Package:
    """Type, name and version of a component's package URL, or its own name where it has none."""
    purl = component.get("purl", "").partition("?")[0].partition("#")[0]
    if not purl:
        return "", component["name"], component.get("version", "")
    type_, _, rest = unquote(purl).removeprefix("pkg:").partition("/")
    name, at, version = rest.rpartition("@")
    if not at or "/" in version:
        name, version = rest, ""
    if type_ in ("github", "githubactions"):
        return "githubactions", name.lower(), version.removeprefix("v")
    return type_, name, version
