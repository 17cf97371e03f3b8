"""Bills of materials of others: CycloneDX and SPDX."""

import json
from typing import Any

import pytest

from seawall.packages.package import Contents, Unreadable
from seawall.packages.sbom import looks_like_sbom
from tests.packages.files import brings, by_name, read, versions


def cyclonedx(*components: Any, **others: Any) -> Contents:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components, **others}
    return read("bom.json", json.dumps(document))


def component(purl: str, **others: Any) -> dict[str, Any]:
    return {"type": "library", "name": "x", "bom-ref": purl, "purl": purl, **others}


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        ("pkg:npm/%40babel/core@7.0.0", ("npm", "@babel/core", "7.0.0")),
        ("pkg:npm/@babel/core@7.0.0", ("npm", "@babel/core", "7.0.0")),
        ("pkg:maven/org.apache/log4j@1.2?type=jar", ("maven", "org.apache:log4j", "1.2")),
        ("pkg:golang/github.com/Masterminds/semver/v3@v3.1.0",
         ("golang", "github.com/Masterminds/semver/v3", "v3.1.0")),
        ("pkg:pypi/Zope.Interface@5", ("pypi", "zope-interface", "5")),
        ("pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64", ("deb", "libc6", "2.36-9+deb12u4")),
        ("pkg:rpm/redhat/vim@8.0-1?epoch=2", ("rpm", "vim", "2:8.0-1")),
        ("pkg:composer/Symfony/Http@5", ("composer", "symfony/http", "5")),
        ("pkg:swift/github.com/apple/swift-nio@2", ("swift", "github.com/apple/swift-nio", "2")),
    ],
)  # fmt: skip
def test_names_and_versions_of_package_urls(purl: str, expected: tuple[str, str, str]) -> None:
    (package,) = cyclonedx(component(purl)).packages
    assert (package.type, package.name, package.version) == expected


def test_cyclonedx_graph_scopes_and_nesting() -> None:
    contents = cyclonedx(
        component("pkg:npm/a@1", components=[component("pkg:npm/inner@2")]),
        component("pkg:npm/b@1", scope="optional"),
        component("pkg:npm/c@1", scope="excluded"),
        component("pkg:npm/d@1", properties=[
            {"name": "cdx:npm:package:development", "value": "true"}]),
        {"type": "application", "name": "package-lock.json", "bom-ref": "lock"},
        {"type": "library", "name": "nameless", "version": "1"},
        {"type": "file", "name": "/bin/sh"},
        metadata={"component": {"type": "application", "bom-ref": "root", "name": "shop"}},
        dependencies=[
            {"ref": "root", "dependsOn": ["lock"]},
            {"ref": "lock", "dependsOn": ["pkg:npm/a@1"]},
            {"ref": "pkg:npm/a@1", "dependsOn": ["pkg:npm/b@1", "gone", "pkg:npm/a@1"]},
            {"ref": "pkg:npm/b@1", "dependsOn": ["pkg:npm/a@1"]},
        ],
    )  # fmt: skip
    packages = by_name(contents)
    assert list(packages) == ["a", "inner", "b", "c", "d"]
    assert [package.direct for package in packages.values()] == [True, *[False] * 4]
    assert brings(packages["a"]) == ["pkg:npm/b@1"]
    assert packages["b"].optional
    assert packages["c"].development
    assert packages["d"].development
    assert packages["inner"].key_path == ("components", 0, "components", 0)
    assert contents.project == "shop"
    assert [(p.what, p.reason) for p in contents.problems] == [("nameless 1", "no package URL")]


def test_distribution_and_source_packages() -> None:
    contents = cyclonedx(
        component("pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl"),
        component("pkg:deb/debian/libgcc@12.2-1?upstream=gcc-12%4012.2-0&distro=debian-11"),
        component("pkg:rpm/redhat/vim-minimal@8.0-1?upstream=vim-8.0-1.src.rpm"),
        component(
            "pkg:apk/alpine/libcrypto3@3.1",
            properties=[
                {"name": "aquasecurity:trivy:SrcName", "value": "openssl"},
                {"name": "aquasecurity:trivy:SrcVersion", "value": "3.1"},
                {"name": "aquasecurity:trivy:SrcRelease", "value": "r0"},
            ],
        ),
        {"type": "operating-system", "name": "Debian", "version": "12"},
    )
    packages = by_name(contents)
    assert packages["libssl3"].source == ("openssl", "3.0.11-1")
    assert packages["libssl3"].qualifiers == (("distro", "debian-12"),)
    assert packages["libgcc"].source == ("gcc-12", "12.2-0")
    assert packages["libgcc"].qualifiers == (("distro", "debian-11"),)
    assert packages["vim-minimal"].source == ("vim", "8.0-1")
    assert packages["libcrypto3"].source == ("openssl", "3.1-r0")
    assert contents.problems == ()


def test_without_a_root_nothing_is_said_of_who_asks() -> None:
    (package,) = cyclonedx(component("pkg:npm/a@1")).packages
    assert package.direct is None


@pytest.mark.parametrize(
    ("purl", "reason"),
    [
        ("npm/a@1", "it is no package URL: it does not begin with pkg:"),
        ("pkg:npm", "it is no package URL: it has no name"),
        ("pkg:npm/a", "it has no version"),
        ("pkg:/a@1", "it is no package URL: it has no valid type"),
        ("pkg:1/a@1", "it is no package URL: it has no valid type"),
        (f"pkg:npm/{'a' * 5000}", "it is no package URL: it has more than 4,000 characters"),
    ],
)
def test_package_urls_that_are_none(purl: str, reason: str) -> None:
    contents = cyclonedx(component(purl))
    assert contents.packages == ()
    assert [problem.reason for problem in contents.problems] == [reason]


def test_versions_that_say_which_would_do() -> None:
    (package,) = cyclonedx(component("pkg:npm/a@%5E1.2.0")).packages
    assert (package.version, package.constraint) == ("", "^1.2.0")
    (package,) = cyclonedx(component("pkg:npm/a", version="1.2.0")).packages
    assert package.version == "1.2.0"


XML = """\
<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1">
  <metadata><component type="application" bom-ref="root"><name>shop</name></component></metadata>
  <components>
    <component type="library" bom-ref="a">
      <name>a</name><version>1</version><scope>optional</scope><purl>pkg:npm/a@1</purl>
      <components>
        <component type="library" bom-ref="b"><name>b</name><purl>pkg:npm/b@2</purl></component>
      </components>
    </component>
    <component type="operating-system"><name>debian</name><version>12</version></component>
    <component type="library"><name>c</name></component>
  </components>
  <dependencies>
    <dependency ref="root"><dependency ref="a"/></dependency>
    <dependency ref="a"><dependency ref="b"/></dependency>
  </dependencies>
</bom>
"""


def test_cyclonedx_in_xml() -> None:
    contents = read("bom.xml", XML)
    packages = by_name(contents)
    assert [(p.version, p.line, p.direct) for p in packages.values()] == [
        ("1", 5, True), ("2", 8, False),
    ]  # fmt: skip
    assert packages["a"].optional
    assert brings(packages["a"]) == ["b"]
    assert contents.project == "shop"
    assert [(p.what, p.line) for p in contents.problems] == [("c", 12)]


# SPDX -----------------------------------------------------------------------------------------


def spdx_package(identity: str, purl: str = "", **others: Any) -> dict[str, Any]:
    references = [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
    ]
    return {
        "SPDXID": identity, "name": identity, "externalRefs": references if purl else [], **others,
    }  # fmt: skip


def spdx(packages: list[Any], relationships: list[str], version: str = "SPDX-2.3") -> Contents:
    keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    document = {
        "spdxVersion": version,
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "document",
        "packages": packages,
        "relationships": [dict(zip(keys, text.split(), strict=True)) for text in relationships],
    }
    return read("x.spdx.json", json.dumps(document))


def test_spdx_relationships() -> None:
    contents = spdx(
        [
            spdx_package("app"), spdx_package("a", "pkg:npm/a@1"), spdx_package("b", "pkg:npm/b@1"),
            spdx_package("c", "pkg:npm/c@1"), spdx_package("d", "pkg:npm/d@1"),
            spdx_package("e", "pkg:npm/e", versionInfo="NOASSERTION"), spdx_package("f"),
        ],
        [
            "SPDXRef-DOCUMENT DESCRIBES app", "app DEPENDS_ON a", "b DEPENDENCY_OF a",
            "c TEST_DEPENDENCY_OF app", "d DEV_DEPENDENCY_OF app", "a DEPENDS_ON d",
            "app CONTAINS e",
        ],
    )  # fmt: skip
    packages = by_name(contents)
    assert list(packages) == ["a", "b", "c", "d"]
    assert [package.direct for package in packages.values()] == [True, False, True, True]
    assert brings(packages["a"]) == ["b", "d"]
    assert packages["c"].development
    assert not packages["d"].development, "a needs it to run"
    assert contents.project == "app"
    assert [problem.what for problem in contents.problems] == ["pkg:npm/e", "f"]


def test_spdx_system_and_source() -> None:
    contents = spdx(
        [
            spdx_package("debian", versionInfo="12", primaryPackagePurpose="OPERATING-SYSTEM"),
            spdx_package("ssl", "pkg:deb/debian/libssl3@3.0-1",
                         sourceInfo="built package from: openssl 3.0-1"),
        ],
        [],
    )  # fmt: skip
    (package,) = contents.packages
    assert package.source == ("openssl", "3.0-1")
    assert package.qualifiers == (("distro", "debian-12"),)


def test_the_only_package_of_a_bill_is_one() -> None:
    relationships = ["SPDXRef-DOCUMENT DESCRIBES a"]
    assert versions(spdx([spdx_package("a", "pkg:maven/g/a@1")], relationships)) == [("g:a", "1")]
    assert spdx([spdx_package("a", "pkg:oci/a@sha256:1")], relationships).packages == ()
    both = [spdx_package("a", "pkg:npm/a@1"), spdx_package("b", "pkg:npm/b@1")]
    for kind in ("DEPENDS_ON", "CONTAINS"):
        assert versions(spdx(both, [*relationships, f"a {kind} b"])) == [("b", "1")]


def test_a_bill_may_describe_all_it_lists() -> None:
    packages = [
        spdx_package("a", "pkg:generic/a@1"), spdx_package("b", "pkg:npm/b@1"), spdx_package("c"),
    ]  # fmt: skip
    contents = spdx(packages, [f"SPDXRef-DOCUMENT DESCRIBES {name}" for name in "abc"])
    assert versions(contents) == [("a", "1"), ("b", "1")]
    assert [problem.what for problem in contents.problems] == ["c"]


TAGS = """\
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: shop
DocumentComment: <text>PackageName: not one
PackageName: nor this</text>
# a comment
FileName: ./before
SPDXID: SPDXRef-file

PackageName: a
SPDXID: SPDXRef-a
PackageVersion: 1.0
ExternalRef: SECURITY cpe23Type cpe:2.3:a:b:c:1:*:*:*:*:*:*:*
ExternalRef: PACKAGE-MANAGER purl pkg:pypi/a@1.0

PackageName: b
SPDXID: SPDXRef-b
ExternalRef: PACKAGE-MANAGER purl pkg:pypi/b@2.0

FileName: ./x
SPDXID: SPDXRef-x
Relationship: SPDXRef-a DEPENDS_ON SPDXRef-b
Relationship: nonsense
no tag
"""


def test_spdx_in_tags() -> None:
    contents = read("x.spdx", TAGS)
    a, b = contents.packages
    assert (a.name, a.version, a.line, a.identity) == ("a", "1.0", 11, "SPDXRef-a")
    assert (b.name, b.version, b.line) == ("b", "2.0", 17)
    assert brings(a) == [b.identity]
    assert contents.project == "shop"
    assert [problem.line for problem in contents.problems] == [24, 25]


def test_spdx_in_yaml() -> None:
    text = """\
        spdxVersion: SPDX-2.3
        packages:
          - SPDXID: SPDXRef-a
            name: a
            externalRefs: [{referenceType: purl, referenceLocator: "pkg:npm/a@1"}]
        """
    (package,) = read("x.spdx.yaml", text).packages
    assert package.key_path == ("packages", 0)


def test_spdx_3() -> None:
    def element(kind: str, identity: str, **others: Any) -> dict[str, Any]:
        return {"type": kind, "spdxId": identity, **others}

    def relationship(kind: str, origin: str, to: list[str], **others: Any) -> dict[str, Any]:
        name = "LifecycleScopedRelationship" if "scope" in others else "Relationship"
        return element(
            name, f"{origin}-{kind}", relationshipType=kind, **{"from": origin}, to=to, **others
        )

    graph = [
        element("SpdxDocument", "doc", rootElement=["bom"]),
        element("software_Sbom", "bom", rootElement=["app"]),
        element("software_Package", "app", name="shop"),
        element("software_Package", "a", name="a", software_packageVersion="1",
                software_packageUrl="pkg:npm/a@1"),
        element("software_Package", "b", name="b", software_packageVersion="2", externalIdentifier=[
            {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl",
             "identifier": "pkg:npm/b@2"}]),
        element("software_Package", "c", name="c"),
        element("software_File", "f", name="file"),
        relationship("dependsOn", "app", ["a"]),
        relationship("dependsOn", "a", ["b"], scope="test"),
        relationship("contains", "app", ["f"]),
    ]  # fmt: skip
    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    text = json.dumps({"@context": context, "@graph": graph})
    contents = read("x.spdx3.json", text)
    a, b = contents.packages
    assert (a.name, a.version, a.direct, a.development) == ("a", "1", True, False)
    assert (b.name, b.version, b.direct, b.development) == ("b", "2", False, True)
    assert brings(a) == ["b"]
    assert contents.project == "shop"
    assert [problem.what for problem in contents.problems] == ["c"]
    assert looks_like_sbom(text.encode())


# Which it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"bomFormat": "CycloneDX"}', True), (b'\xef\xbb\xbf {"spdxVersion": "SPDX-2.3"}', True),
        (b'{"a": ' + b" " * 9000 + b'1, "bomFormat": "CycloneDX"}', True),
        (XML.encode(), True), (TAGS.encode(), True),
        (b"{}", False), (b"", False), (b"<html/>", False), (b"\0\1", False),
        (b"PackageName: a", False),
    ],
)  # fmt: skip
def test_content_tells_what_a_bill_is(data: bytes, expected: bool) -> None:
    assert looks_like_sbom(data) is expected


def test_other_json_of_the_name_is_told() -> None:
    contents = read("sbom.json", '{"name": "x"}')
    assert [problem.reason for problem in contents.problems] == ["it is no CycloneDX and no SPDX"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("bom.json", "{"), ("bom.xml", "<bom>"), ("bom.xml", "<html/>"), ("x.spdx", "nothing"),
        ("x.spdx", '<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#"/>'), ("x.spdx.yaml", "a: 1"),
        ("x.spdx", "SPDXVersion: SPDX-2.3\nPackageComment: <text>no end"),
    ],
)  # fmt: skip
def test_what_is_none_is_unreadable(path: str, text: str) -> None:
    with pytest.raises(Unreadable):
        read(path, text)


def test_unknown_versions_are_told_and_read() -> None:
    contents = cyclonedx(component("pkg:npm/a@1"), specVersion="2.0")
    assert versions(contents) == [("a", "1")]
    assert [problem.what for problem in contents.problems] == ["specVersion 2.0"]
    contents = spdx([spdx_package("a", "pkg:npm/a@1")], [], version="SPDX-2.9")
    assert versions(contents) == [("a", "1")]
    assert [problem.what for problem in contents.problems] == ["spdxVersion SPDX-2.9"]
    assert cyclonedx(component("pkg:npm/a@1"), specVersion="1.7").problems == ()
