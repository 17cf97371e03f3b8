"""SPDX 2.3 bills of materials in JSON.

Source: SPDX specification 2.3, its JSON schema, chapter 11 (relationships). The project is the
package that the document describes. The format demands a time: where none is given it is the start
of 1970, as with ``SOURCE_DATE_EPOCH=0``, so that the same packages give the same bytes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from seawall import __version__
from seawall.core.indented import indented
from seawall.core.lazy import pattern
from seawall.packages.merged import DEVELOPMENT, OPTIONAL, Node, Whole, merge, uuid_of
from seawall.packages.package import Contents

_DOCUMENT, _ROOT = "SPDXRef-DOCUMENT", "SPDXRef-Project"
_NO_TIME = "1970-01-01T00:00:00Z"
_UNFIT = pattern(r"[^A-Za-z0-9.-]+")
_ADDRESS = pattern(r"(?:(?:git|hg|svn|bzr)\+)?[a-z]+://[^\s#?]+")
_BACKWARD = {DEVELOPMENT: "DEV_DEPENDENCY_OF", OPTIONAL: "OPTIONAL_DEPENDENCY_OF"}


def write(
    files: Iterable[tuple[str, Contents]],
    name: str,
    time: str = "",
    used: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> str:
    """A bill of the packages of some files, given by path, of a project of this name.

    ``time`` is when it was made, in UTC (``2027-01-31T12:00:00Z``); ``used`` has programs that run
    something of a package, by its URL.
    """
    whole = merge(files)
    name = name or "project"
    ids = {node.purl: _id(node) for node in whole.nodes}
    project = {
        "SPDXID": _ROOT,
        "name": name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "APPLICATION",
    }
    document: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": name,
        "creationInfo": {
            "created": time or _NO_TIME,
            "creators": [f"Tool: seawall-{__version__}"],
        },
    }
    if whole.gaps:
        document["comment"] = "Not covered:\n" + "\n".join(map(str, whole.gaps))
    packages = (_package(node, ids[node.purl], used.get(node.purl, ())) for node in whole.nodes)
    document["packages"] = [project, *packages]
    document["relationships"] = [
        {"spdxElementId": left, "relationshipType": kind, "relatedSpdxElement": right}
        for left, kind, right in _relationships(whole, ids)
    ]
    unique = uuid_of(json.dumps(document, sort_keys=True))
    namespace = f"https://spdx.org/spdxdocs/{_UNFIT.sub('-', name)}-{unique}"
    return indented({**document, "documentNamespace": namespace}) + "\n"


def _id(node: Node) -> str:
    from hashlib import sha256  # noqa: PLC0415 - only where a bill is written

    readable = _UNFIT.sub("-", f"{node.package.type}-{node.package.name}").strip("-")
    return f"SPDXRef-{readable[:100]}-{sha256(node.purl.encode()).hexdigest()[:16]}"


def _package(node: Node, identity: str, used: Sequence[str]) -> dict[str, Any]:
    package = node.package
    result: dict[str, Any] = {"SPDXID": identity, "name": package.name}
    if package.version:
        result["versionInfo"] = package.version
    is_address = _ADDRESS.fullmatch(package.download) is not None
    result["downloadLocation"] = package.download if is_address else "NOASSERTION"
    result["filesAnalyzed"] = False
    result["primaryPackagePurpose"] = "LIBRARY"
    places = (
        f"{place.path}:{place.line}" if place.line else place.path for place in node.occurrences
    )
    result["sourceInfo"] = "named in: " + ", ".join(places)
    comments = [f"asked for: {node.constraint}"] if node.constraint else []
    comments += [f"in use by: {', '.join(used)}"] if used else []
    if comments:
        result["comment"] = "\n".join(comments)
    result["externalRefs"] = [
        {
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": node.purl,
        }
    ]
    return result


def _relationships(whole: Whole, ids: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """What stands in which relationship to what."""
    yield _DOCUMENT, "DESCRIBES", _ROOT
    scopes = {node.purl: node.scope for node in whole.nodes}
    for node in whole.nodes:
        if node.direct:
            yield _needs(_ROOT, ids[node.purl], node.scope)
        else:
            yield _ROOT, "CONTAINS", ids[node.purl]
    for node in whole.nodes:
        for need in node.needs:
            yield _needs(ids[node.purl], ids[need], scopes[need])


def _needs(left: str, right: str, scope: str) -> tuple[str, str, str]:
    kind = _BACKWARD.get(scope)
    return (left, "DEPENDS_ON", right) if kind is None else (right, kind, left)
