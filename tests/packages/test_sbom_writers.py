"""Bills of materials that are written: valid, the same each time, and read back as they were."""

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from seawall.packages import cyclonedx_writer, spdx_writer
from seawall.packages.package import Contents, File, Package, Problem, Requirement
from seawall.packages.purl import purl_of
from seawall.packages.sbom import read
from tests.shared import DATA

SCHEMAS = DATA / "schemas" / "sbom"

LOCK = Contents(
    (
        Package(
            "npm", "@babel/core", "7.0.0", 12, key="core", direct=True, constraint="^7",
            requires=(Requirement("json5", "^2"), Requirement("gone")),
        ),
        Package("npm", "json5", "2.2.1", 20, key="json5", direct=False),
        Package("npm", "jest", "29.0.0", 30, direct=True, development=True,
                requires=(Requirement("helper"),)),
        Package("npm", "helper", "1.0.0", key_path=("packages", "helper"), key="helper",
                direct=False, development=True),
        Package("npm", "fsevents", "2.3.2", 40, direct=True, optional=True),
    ),
    (Problem("left-pad", "it has no version", 7),),
    "web",
)  # fmt: skip
OTHERS = Contents(
    (
        Package("maven", "org.example:lib", "1.0", 3, qualifiers=(("type", "war"),)),
        Package("deb", "libssl3", "3.0.11-1~deb12u2", 9, source=("openssl", "3.0.11-1"),
                qualifiers=(("arch", "amd64"), ("distro", "debian-12"))),
        Package("rpm", "vim", "2:8.0-1", 4, qualifiers=(("distro", "rocky-9.3"),)),
        Package("golang", "github.com/Masterminds/semver/v3", "v3.2.0", 5,
                download="https://example.org/semver.git"),
        Package("pypi", "zope-interface", "", 6, constraint=">=5", direct=True),
        Package("npm", "json5", "2.2.1", 2, development=True, direct=True),
        Package("generic", "odd name/\N{GREEK SMALL LETTER ALPHA}\udcff", "1 2"),
    )
)  # fmt: skip
FILES = [("web/package-lock.json", LOCK), ("b/other.lock", OTHERS)]
WRITERS = pytest.mark.parametrize("writer", [cyclonedx_writer, spdx_writer])


@cache
def validator(name: str) -> Draft7Validator:
    names = ("spdx.schema.json", "jsf-0.82.schema.json")
    resources = [Resource.from_contents(json.loads((SCHEMAS / n).read_text())) for n in names]
    registry: Registry[Any] = Registry().with_resources(
        (str(resource.id()), resource) for resource in resources
    )
    schema = json.loads((SCHEMAS / name).read_text())
    return Draft7Validator(schema, registry=registry, format_checker=Draft7Validator.FORMAT_CHECKER)


SCHEMA_OF = {cyclonedx_writer: "bom-1.6.schema.json", spdx_writer: "spdx-2.3.schema.json"}


@WRITERS
@pytest.mark.parametrize("time", ["", "2027-01-31T12:00:00Z"])
@pytest.mark.parametrize("files", [FILES, [], [("a", Contents())]], ids=["full", "none", "empty"])
def test_what_is_written_is_valid(writer: Any, files: Any, time: str) -> None:
    document = json.loads(writer.write(files, "shop", time))
    errors = [error.message for error in validator(SCHEMA_OF[writer]).iter_errors(document)]
    assert errors == []


def test_the_schemas_would_find_faults() -> None:
    document = json.loads(cyclonedx_writer.write(FILES, "shop"))
    document["components"][0]["scope"] = "sometimes"
    assert not validator("bom-1.6.schema.json").is_valid(document)
    document = json.loads(spdx_writer.write(FILES, "shop"))
    document["relationships"][0]["relationshipType"] = "LIKES"
    assert not validator("spdx-2.3.schema.json").is_valid(document)


@WRITERS
def test_the_same_files_give_the_same_bytes_in_any_order(writer: Any) -> None:
    turned = [
        (path, contents._replace(packages=contents.packages[::-1]))
        for path, contents in FILES[::-1]
    ]
    assert writer.write(FILES, "shop") == writer.write(turned, "shop")
    assert writer.write(FILES, "shop") != writer.write(FILES[:1], "shop")


def facts(contents: Contents) -> dict[str, tuple[Any, ...]]:
    """What of each package a bill can hold, without what stands for one only by name."""
    urls = {package.identity: purl_of(package) for package in contents.packages}
    return {
        purl_of(package): (
            package.type, package.name, package.version, package.development, package.optional,
            bool(package.direct), package.qualifiers, package.source,
            frozenset(urls[need.key] for need in package.requires if need.key in urls),
        )
        for package in contents.packages
    }  # fmt: skip


@WRITERS
def test_what_is_written_is_read_back(writer: Any) -> None:
    text = writer.write([("web/package-lock.json", LOCK)], "shop")
    back = read(File("bom.json", text.encode()))
    assert back.project == "shop"
    assert back.problems == ()
    assert facts(back) == facts(LOCK)


@WRITERS
def test_odd_names_are_read_back(writer: Any) -> None:
    packages = OTHERS.packages[:4]
    text = writer.write([("x", Contents(packages))], "shop")
    assert facts(read(File("bom.json", text.encode()))) == facts(Contents(packages))


def test_a_package_of_several_files_stands_once() -> None:
    document = json.loads(cyclonedx_writer.write(FILES, "shop"))
    (component,) = [c for c in document["components"] if c["name"] == "json5"]
    assert component["scope"] == "required"
    assert component["evidence"]["occurrences"] == [
        {"location": "b/other.lock", "line": 2},
        {"location": "web/package-lock.json", "line": 20},
    ]


def test_what_could_not_be_read_is_told() -> None:
    document = json.loads(cyclonedx_writer.write(FILES, "shop"))
    assert document["compositions"] == [{"aggregate": "incomplete", "assemblies": ["root"]}]
    (gap,) = document["metadata"]["properties"]
    assert gap["value"] == "web/package-lock.json:7: left-pad: it has no version"
    assert gap["value"] in json.loads(spdx_writer.write(FILES, "shop"))["comment"]


def test_a_time_is_written_only_when_it_is_given() -> None:
    assert "timestamp" not in cyclonedx_writer.write(FILES, "shop")
    assert '"1970-01-01T00:00:00Z"' in spdx_writer.write(FILES, "shop")
    for writer in (cyclonedx_writer, spdx_writer):
        assert "2027-01-31T12:00:00Z" in writer.write(FILES, "shop", "2027-01-31T12:00:00Z")
