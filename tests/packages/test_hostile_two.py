"""Whatever a file holds, a reader gives packages and problems or says that it is unreadable.

Samples are cut, mixed up, given other types and nested; the shapes of what comes out are looked at.
"""

# ruff: noqa: E501 - samples have long lines

import json
import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.packages.formats import format_of
from seawall.packages.package import Contents, File, Unreadable
from seawall.packages.purl import PurlError, parse
from tests.packages import test_dotnet, test_java, test_other_locks, test_sbom
from tests.packages.files import file
from tests.packages.test_jar import archive, manifest, maven

LONG = "1." * 5_000


def as_json(value: Any) -> str:
    return json.dumps(value, indent=1)


SAMPLES: dict[str, str | bytes] = {
    "bom.json": as_json({
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "metadata": {"component": {"bom-ref": "root", "name": "shop", "type": "application"}},
        "components": [
            {"bom-ref": "a", "type": "library", "name": "a", "purl": "pkg:npm/a@1", "scope": "optional",
             "properties": [{"name": "syft:metadata:source", "value": "x"}],
             "components": [{"name": "b", "purl": "pkg:deb/debian/b@1:2?upstream=c%401&arch=amd64"}]},
            {"type": "operating-system", "name": "debian", "version": "12"}, {"name": "nothing"}],
        "dependencies": [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["a"]}],
    }),
    "bom.xml": test_sbom.XML,
    "x.spdx": test_sbom.TAGS,
    "x.spdx.json": as_json({
        "spdxVersion": "SPDX-2.3", "name": "shop", "documentDescribes": ["r"],
        "packages": [
            {"SPDXID": "r", "name": "shop"},
            {"SPDXID": "a", "name": "a", "versionInfo": "1", "sourceInfo": "built package from: b 1",
             "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:rpm/x/a@1?epoch=2"}]}],
        "relationships": [{"spdxElementId": "a", "relationshipType": "DEV_DEPENDENCY_OF",
                           "relatedSpdxElement": "r"}],
    }),
    "x.spdx3.json": as_json({
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "SpdxDocument", "spdxId": "d", "rootElement": ["r"]},
            {"type": "software_Package", "spdxId": "r", "name": "shop"},
            {"type": "software_Package", "spdxId": "a", "name": "a", "software_packageVersion": "1",
             "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:npm/a"}]},
            {"type": "LifecycleScopedRelationship", "scope": "test", "relationshipType": "dependsOn",
             "from": "r", "to": ["a"]}],
    }),
    "pom.xml": test_java.POM.format(
        test_java.dependency("g:a", "${jackson}", scope="test", type="zip", classifier="x")
        + test_java.dependency("${g}:b", "[1,2)", optional="true")
    ),
    "gradle.lockfile": "# x\na.b:c:1.0=compileClasspath,testCompileClasspath\nempty=\n",
    "gradle/libs.versions.toml": (
        '[versions]\nk = "1"\nr = { strictly = "[1,2[", prefer = "1.1" }\n[libraries]\na = "g:a:1"\n'
        'b = { module = "g:b", version.ref = "r" }\n[plugins]\np = { id = "x", version.ref = "k" }\n'
    ),
    "build.sbt.lock": as_json({"lockVersion": 1, "dependencies": [
        {"org": "o", "name": "n", "version": "1", "configurations": ["test"]}]}),
    "packages.lock.json": as_json({"version": 1, "dependencies": {"net6.0": {
        "A": {"type": "Direct", "requested": "[1, )", "resolved": "1", "dependencies": {"B": "1"}},
        "B": {"type": "Transitive", "resolved": "1"}}}}),
    "app.deps.json": as_json({
        "targets": {"net6": {"app/1": {"dependencies": {"A": "1"}}, "A/1": {}}},
        "libraries": {"app/1": {"type": "project"}, "A/1": {"type": "package"}}}),
    "project.assets.json": as_json({
        "version": 3, "targets": {"net6": {"A/1": {"type": "package", "dependencies": {"B": "1"}},
                                           "B/1": {"type": "package"}}},
        "project": {"restore": {"projectName": "p"}, "frameworks": {"net6": {"dependencies": {
            "A": {"version": "[1, )", "suppressParent": "All"}}}}}}),
    "packages.config": '<packages>\n<package id="A" version="1" allowedVersions="[1,2)"/>\n</packages>',
    "app.csproj": test_dotnet.PROJECT,
    "pubspec.lock": (
        'packages:\n  a:\n    dependency: "direct dev"\n    description: {url: "https://x"}\n'
        '    source: hosted\n    version: "1.0.0"\n'
    ),
    "mix.lock": '%{\n  "a": {:hex, :a, "1.0", "x", [:mix], [{:b, "~> 1", [hex: :b]}], "hexpm:o", "y"},\n}\n',
    "cabal.project.freeze": "constraints: any.a ==1.0,\n  b >=2 && <3,\n  c +flag\nindex-state: x\n",
    "stack.yaml.lock": (
        "packages:\n- completed:\n    hackage: a-1.0@sha256:x,1\nsnapshots:\n- original: lts-1\n"
    ),
    "renv.lock": as_json({"R": {}, "Packages": {"a": {
        "Package": "a", "Version": "1", "Source": "GitHub", "RemoteHost": "h", "RemoteUsername": "u",
        "RemoteRepo": "r", "Requirements": ["a", "R"], "Imports": "b (>= 1)"}}}),
    "Package.resolved": as_json({"pins": test_other_locks.PINS_2, "version": 2}),
    "Podfile.lock": (
        'PODS:\n  - A (1.0):\n    - B/C (~> 1)\n  - B/C (1.0)\nDEPENDENCIES:\n  - A (~> 1)\n'
        "EXTERNAL SOURCES:\n  A:\n    :git: https://x\n"
    ),
    "conan.lock": as_json({"graph_lock": {"nodes": {
        "0": {"path": "p", "requires": ["1"], "build_requires": ["1"]},
        "1": {"ref": "a/1@u/c#r", "requires": ["1"], "context": "build"}}}}),
    "conanfile.txt": "[requires]\na/1\nb/[>1]\n[options]\nx=y\n",
    "vcpkg.json": as_json({"name": "n", "dependencies": ["a", {"name": "b", "version>=": "1#2"}],
                           "overrides": [{"name": "a", "version": "1"}],
                           "features": {"f": {"dependencies": ["a"]}}}),
    "Manifest.toml": test_other_locks.MANIFEST,
    "x.opam.locked": 'name: "x"\ndepends: [\n  "a" {= "1" & with-test}\n]\npin-depends: [["a.1" "u"]]\n',
    ".github/workflows/x.yml": (
        "jobs:\n  a:\n    uses: o/r/x.yml@v1.0.0\n  b:\n    steps:\n    - uses: a/b@v1 # x\n"
    ),
    "x.jar": archive({
        **maven("g", "a", "1"), **manifest(Bundle_SymbolicName="org.x.lib"),
        "lib/lib-1.jar": archive(manifest(Bundle_SymbolicName="org.x.lib")),
    }),
}  # fmt: skip


def contents_of(
    path: str, data: str | bytes, beside: dict[str, str] | None = None
) -> Contents | None:
    """What the reader makes of a file, when it is readable, after a look at its shape."""
    found = format_of(path)
    assert found is not None, path
    try:
        contents = found.read(file(path, data, beside))
    except Unreadable as error:
        fault = error
    else:
        look_at(contents, path)
        return contents
    assert fault.reason
    assert fault.line >= 0
    assert fault.column >= 0
    return None


def look_at(contents: Contents, path: str) -> None:
    """Names, versions and edges are such as may be counted on."""
    keys = {package.identity for package in contents.packages}
    for package in contents.packages:
        assert package.name
        assert len(package.name) <= 1_000
        assert len(package.version) <= 1_000
        assert isinstance(package.version, str)
        assert package.line > 0 or package.key_path or package.file or path.endswith(".jar")
        assert all(need.key in keys for need in package.requires)
        assert all(isinstance(text, str) for pair in package.qualifiers for text in pair)
        assert parse_or_none(package.type, package.name)
    for problem in contents.problems:
        assert problem.reason
        assert len(problem.what) <= 100


def parse_or_none(type_: str, name: str) -> bool:
    """The package has a URL."""
    from seawall.packages.package import Package
    from seawall.packages.purl import purl_of

    return purl_of(Package(type_, name, "1")).startswith(f"pkg:{type_}/")


def bytes_of(sample: str | bytes) -> bytes:
    return sample if isinstance(sample, bytes) else sample.encode()


PATHS = pytest.mark.parametrize("path", SAMPLES)
TEXTS = pytest.mark.parametrize("path", [path for path in SAMPLES if path != "x.jar"])
DOCUMENTS = pytest.mark.parametrize("path", [p for p in SAMPLES if str(SAMPLES[p])[:1] == "{"])


@PATHS
def test_samples_have_packages(path: str) -> None:
    contents = contents_of(path, SAMPLES[path])
    assert contents is not None
    assert contents.packages


@PATHS
def test_every_beginning(path: str) -> None:
    data = bytes_of(SAMPLES[path])
    for length in range(0, len(data), max(1, len(data) // 400)):
        contents_of(path, data[:length])


@PATHS
def test_mixed_up_bytes(path: str) -> None:
    dice = random.Random(path)
    data = bytes_of(SAMPLES[path])
    for _ in range(300):
        mutated = bytearray(data)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(mutated))
            how = dice.randrange(4)
            if how == 0:
                mutated[at] = dice.randrange(256)
            elif how == 1:
                del mutated[at : at + dice.randint(1, 20)]
            elif how == 2:
                mutated[at:at] = mutated[at : at + 30]
            else:
                mutated[at:at] = dice.choice(
                    [
                        b"{",
                        b"}",
                        b"[",
                        b"]",
                        b'"',
                        b"\\",
                        b"\0",
                        b"\xff",
                        b"${a}",
                        b"<",
                        b"\n",
                        b": ",
                    ]
                )
            if not mutated:
                break
        contents_of(path, bytes(mutated))


ODD: tuple[Any, ...] = (
    None, True, 0, 1.5, "", "x", LONG, "\udcff\n", [], ["x"], [None], [[]], [{}], {}, {"x": "y"},
    {"x": None}, {"x": []}, {"x": {"x": {}}}, [5],
)  # fmt: skip


def replaced(value: Any, number: int, odd: Any) -> tuple[Any, int]:
    """A value with one of its parts, counted from the outside, replaced; and what is left to count."""
    if number == 0:
        return odd, -1
    number -= 1
    if isinstance(value, dict):
        result = {}
        for key, part in value.items():
            result[key], number = replaced(part, number, odd) if number >= 0 else (part, number)
        return result, number
    if isinstance(value, list):
        items = []
        for part in value:
            changed, number = replaced(part, number, odd) if number >= 0 else (part, number)
            items.append(changed)
        return items, number
    return value, number


@DOCUMENTS
def test_other_types_in_every_field(path: str) -> None:
    value = json.loads(SAMPLES[path])
    parts = next(number for number in range(1_000) if replaced(value, number, None)[1] >= 0)
    assert parts > 3
    for odd in ODD:
        for number in range(parts):
            contents_of(path, json.dumps(replaced(value, number, odd)[0]))


@TEXTS
def test_long_and_odd_texts_in_every_place(path: str) -> None:
    text = bytes_of(SAMPLES[path]).decode()
    words = list(re.finditer(r"[A-Za-z0-9.:/@-]+", text))
    for word in words[:: max(1, len(words) // 60)]:
        for other in (LONG, "", "${x}", "\x07", "..", "/", "[1,2)", "\N{HEBREW LETTER ALEF}"):
            contents_of(path, text[: word.start()] + other + text[word.end() :])


@TEXTS
@pytest.mark.parametrize("unit", ["[", "{", '{"a":', "<a>", "- ", "%{", "[[", "a.", "(", "${"])
def test_deep_nesting(path: str, unit: str) -> None:
    contents_of(path, unit * 20_000)
    text = bytes_of(SAMPLES[path]).decode()
    at = len(text) // 2
    contents_of(path, text[:at] + unit * 20_000 + text[at:])


@pytest.mark.parametrize("path", ["bom.xml", "pom.xml", "app.csproj", "packages.config"])
def test_entities_are_refused(path: str) -> None:
    root = {"bom.xml": "bom", "pom.xml": "project", "app.csproj": "Project"}.get(path, "packages")
    laugh = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    assert contents_of(path, f"{laugh}<{root}>&b;</{root}>") is None
    external = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    assert contents_of(path, f"{external}<{root}>&a;</{root}>") is None


def test_keys_that_stand_twice_are_told() -> None:
    text = '{"lockVersion": 1, "dependencies": [{"org": "a", "org": "b", "name": "n", "version": "1"}]}'
    contents = contents_of("build.sbt.lock", text)
    assert contents is not None
    assert [problem.what for problem in contents.problems] == ["org"]
    assert [package.name for package in contents.packages] == ["b:n"]


@pytest.mark.parametrize("path", ["pom.xml", "app.csproj", "Manifest.toml"])
@pytest.mark.parametrize("other", ["", "<", "<project/>", "[", "\0", "a = 1", "<Project/>"])
def test_odd_files_beside(path: str, other: str) -> None:
    found = format_of(path)
    assert found is not None
    sample = bytes_of(SAMPLES[path])
    contents = found.read(File(path, sample, lambda _name: other.encode()))
    assert contents.packages or contents.problems


def test_a_parent_that_is_everywhere_ends() -> None:
    sample = bytes_of(SAMPLES["pom.xml"])
    module = b"<modules>" + b"".join(b"<module>m%d</module>" % n for n in range(50)) + b"</modules>"
    imports = b"".join(
        b"<dependency><groupId>org.example</groupId><artifactId>i%d</artifactId><version>1</version>"
        b"<type>pom</type><scope>import</scope></dependency>" % n
        for n in range(200)
    )
    managed = (
        b"<dependencyManagement><dependencies>%s</dependencies></dependencyManagement>" % imports
    )
    parent = sample.replace(b"app</artifactId>", b"root</artifactId>")
    parent = parent.replace(b"</project>", module + managed + b"</project>")
    found = format_of("pom.xml")
    assert found is not None
    found.read(File("pom.xml", sample, lambda _name: parent))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60) | st.text("pkg:/@?#=&%.-_a1A").map("pkg:{}".format))
def test_package_urls_never_raise_otherwise_and_stay_what_they_are(text: str) -> None:
    try:
        purl = parse(text)
    except PurlError:
        return
    again = parse(str(purl))
    assert parse(str(again)) == again
