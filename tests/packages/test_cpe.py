"""Runtimes by their CPE, in bills of materials without package URLs."""

import json

import pytest

from seawall.packages.cpe import purl_of
from seawall.packages.package import Contents
from tests.packages.files import read

PYTHON = "cpe:2.3:a:python:python:3.8.1:*:*:*:*:*:*:*"


@pytest.mark.parametrize(
    ("cpe", "purl"),
    [
        (PYTHON, "pkg:generic/python@3.8.1"),
        ("cpe:2.3:a:Python:Python:3.9.0:rc1:*:*:*:*:*:*", "pkg:generic/python@3.9.0rc1"),
        ("cpe:/a:python:python:3.8.1", "pkg:generic/python@3.8.1"),
        (r"cpe:2.3:a:nodejs:node\.js:18.12.0:*:*:*:lts:*:*:*", "pkg:generic/nodejs@18.12.0"),
        ("cpe:/a:nodejs:node%2ejs:18.12.0", "pkg:generic/nodejs@18.12.0"),
        ("cpe:2.3:a:golang:go:1.21.3:-:*:*:*:*:*:*", "pkg:generic/go@1.21.3"),
        ("cpe:2.3:a:python:python:*:*:*:*:*:*:*:*", ""),
        ("cpe:2.3:a:python:python", ""),
        ("cpe:2.3:o:python:python:3.8.1:*", ""),
        ("cpe:2.3:a:python:pillow:3.8.1:*", ""),
        ("cpe:2.3:a:python:python:" + "1" * 2000, ""),
        ("python", ""),
        ("", ""),
    ],
)
def test_runtimes(cpe: str, purl: str) -> None:
    assert purl_of(cpe) == purl


def names(found: Contents) -> list[tuple[str, str, str]]:
    return [(each.type, each.name, each.version) for each in found.packages]


def test_bills_name_runtimes_by_them() -> None:
    wanted = [("generic", "python", "3.8.1")]
    component = {"type": "application", "name": "python", "version": "3.8.1", "cpe": PYTHON}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}
    assert names(read("bom.json", json.dumps(document))) == wanted
    xml = f"""<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>
        <component type="application"><name>python</name><version>3.8.1</version>
        <cpe>{PYTHON}</cpe></component></components></bom>"""
    assert names(read("bom.xml", xml)) == wanted
    reference = {
        "referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": PYTHON,
    }  # fmt: skip
    package = {
        "SPDXID": "SPDXRef-1", "name": "python", "versionInfo": "3.8.1",
        "externalRefs": [reference],
    }  # fmt: skip
    document = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": [package]}
    assert names(read("a.spdx.json", json.dumps(document))) == wanted
    tags = f"""SPDXVersion: SPDX-2.3
PackageName: python
SPDXID: SPDXRef-1
PackageVersion: 3.8.1
ExternalRef: SECURITY cpe23Type {PYTHON}
"""
    assert names(read("a.spdx", tags)) == wanted
