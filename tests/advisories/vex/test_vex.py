"""VEX documents of three formats, and which findings they hide."""

import json
from pathlib import Path
from typing import Any

import pytest

from seawall.advisories.vex import read
from seawall.core.errors import UsageError
from seawall.core.finding import Finding, Subject
from seawall.core.location import Location
from seawall.core.severity import Confidence, Severity

LODASH = "pkg:npm/lodash@4.17.15"


def openvex(**statement: Any) -> dict[str, Any]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex/1",
        "author": "shop",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2021-23337", "aliases": ["GHSA-35jh-r3h4-6jhm"]},
                "products": [{"@id": LODASH}],
                "status": "not_affected",
                "justification": "vulnerable_code_not_in_execute_path",
                "impact_statement": "template() is never called",
            }
            | statement
        ],
    }


CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "components": [
        {"type": "library", "name": "x", "bom-ref": "x", "components": [
            {"type": "library", "name": "lodash", "bom-ref": "ref-1", "purl": LODASH}]}],
    "vulnerabilities": [
        {
            "id": "CVE-2021-23337",
            "analysis": {"state": "not_affected", "justification": "code_not_reachable",
                         "detail": "template() is never called"},
            "affects": [{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#ref-1"}],
        }
    ],
}  # fmt: skip
CSAF = {
    "document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "x"},
    "product_tree": {
        "branches": [{"category": "vendor", "name": "shop", "branches": [
            {"category": "product_version", "name": "lodash", "product": {
                "name": "lodash", "product_id": "P1",
                "product_identification_helper": {"purl": LODASH}}}]}],
        "relationships": [{
            "category": "default_component_of", "product_reference": "P1",
            "relates_to_product_reference": "P0",
            "full_product_name": {"name": "lodash in shop", "product_id": "P0:P1"}}],
    },
    "vulnerabilities": [
        {
            "cve": "CVE-2021-23337",
            "product_status": {"known_not_affected": ["P0:P1"], "known_affected": ["P2"]},
            "flags": [{"label": "vulnerable_code_not_in_execute_path", "product_ids": ["P0:P1"]}],
        }
    ],
}  # fmt: skip


def finding(purl: str = LODASH, path: tuple[str, ...] = ()) -> Finding:
    from seawall.advisories.rules import vulnerable_package

    return Finding(
        vulnerable_package, Severity.HIGH, Confidence.HIGH, "m", "r", Subject("npm", "", "lodash"),
        Location("package-lock.json"),
        details={"id": "CVE-2021-23337", "package": {"purl": purl}, "path": path},
    )  # fmt: skip


def written(tmp_path: Path, value: object) -> str:
    file = tmp_path / "vex.json"
    file.write_text(json.dumps(value, indent=1))
    return str(file)


@pytest.mark.parametrize("document", [openvex(), CYCLONEDX, CSAF], ids=["openvex", "cdx", "csaf"])
def test_each_format_says_what_does_not_affect_a_package(tmp_path: Path, document: object) -> None:
    (ignore,) = read(written(tmp_path, document)).ignores
    assert ignore.rules[0] == "CVE-2021-23337"
    assert ignore.reason.startswith("not affected: ")
    assert ignore.scope.covers(finding())
    assert not ignore.scope.covers(finding("pkg:npm/lodash@4.17.21"))
    assert not ignore.scope.covers(finding("pkg:npm/underscore@4.17.15"))
    assert ignore.origin.span is not None
    assert ignore.origin.span.line > 1


def test_a_product_without_a_version_is_every_version(tmp_path: Path) -> None:
    document = openvex(products=[{"@id": "pkg:npm/lodash"}])
    (ignore,) = read(written(tmp_path, document)).ignores
    assert ignore.scope.covers(finding())


def test_a_package_that_brings_it_in(tmp_path: Path) -> None:
    document = openvex(products=[{"@id": "pkg:npm/grunt@1.0.0"}])
    (ignore,) = read(written(tmp_path, document)).ignores
    assert ignore.scope.covers(finding(path=("grunt@1.0.0", "lodash@4.17.15")))
    assert not ignore.scope.covers(finding(path=("gulp@1.0.0", "lodash@4.17.15")))


def test_a_part_of_the_product_that_is_scanned(tmp_path: Path) -> None:
    whole = {"@id": "pkg:oci/shop", "subcomponents": [{"@id": LODASH}]}
    (ignore,) = read(written(tmp_path, openvex(products=[whole]))).ignores
    assert ignore.scope.covers(finding())
    assert not ignore.scope.covers(finding("pkg:npm/lodash@3.0.0"))
    (ignore,) = read(written(tmp_path, openvex(products=[{"@id": "pkg:oci/shop"}]))).ignores
    assert ignore.scope.covers(finding("pkg:npm/lodash@3.0.0"))


@pytest.mark.parametrize("status", ["affected", "under_investigation", "", None, 3])
def test_other_statements_hide_nothing(tmp_path: Path, status: object) -> None:
    assert read(written(tmp_path, openvex(status=status))).ignores == ()


def test_products_that_are_named_otherwise_hide_nothing(tmp_path: Path) -> None:
    document = openvex(products=[{"@id": "cpe:2.3:a:lodash:lodash:*"}])
    assert read(written(tmp_path, document)).ignores == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"), ("[]", "no VEX document"), ('{"bomFormat": "x"}', "no VEX document"),
        ("[" * 100_000, "no JSON"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "vex.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=reason):
        read(str(file))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read(str(tmp_path / "none.json"))


@pytest.mark.parametrize("document", [openvex(), CYCLONEDX, CSAF], ids=["openvex", "cdx", "csaf"])
@pytest.mark.parametrize("odd", [None, 3, "x", [], {}, [None], [[]], {"a": []}])
def test_odd_types_hide_nothing_and_raise_nothing(
    tmp_path: Path, document: dict[str, Any], odd: object
) -> None:
    text = json.dumps(document)
    paths = _paths(json.loads(text))
    for path in paths:
        value = json.loads(text)
        at = value
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = odd
        try:
            read(written(tmp_path, value))
        except UsageError as error:
            assert "VEX document" in str(error)  # noqa: PT017 - most are no error at all


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    found = []
    for key, inner in pairs:
        found += [(*path, key), *_paths(inner, (*path, key))]
    return found
