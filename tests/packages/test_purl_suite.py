"""The package URL specification's own tests: each passes, or it is told here why not."""

import json
from typing import Any

import pytest
import zstandard

from seawall.packages.purl import Purl, PurlError, parse
from tests.shared import DATA

Case = dict[str, Any]
_PACKED = (DATA / "purl" / "specification.jsonl.zst").read_bytes()
SUITE: list[Case] = [
    json.loads(line)
    for line in zstandard.ZstdDecompressor().stream_reader(_PACKED).read().splitlines()
]
UNJUDGED = {
    f"types/{name}-test.json" for name in (
        "chrome-extension", "cpan", "git", "huggingface", "mlflow", "otp", "vcpkg",
        "vscode-extension",
    )
}  # fmt: skip
"""Types of which no source has advisories: what is peculiar to their names is not looked at."""
READ_ALL_THE_SAME = {
    # Keys of qualifiers in capitals: the specification of 2025 refuses what tools wrote before.
    "pkg:gem/jruby-launcher@1.1.2?Platform=java",
    "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25",
    # Without the uuid, and without the host: the name alone can still be matched.
    "pkg:julia/Dates",
    "pkg:swift/Alamofire@5.4.3",
}


def of_type(type_: str) -> list[Case]:
    return [case for case in SUITE if case["test_type"] == type_]


def name_of(case: Case) -> str:
    return f"{case['file']}: {case['input']}"


def parts_of(value: dict[str, Any]) -> tuple[object, ...]:
    texts = (value.get(part) or "" for part in ("type", "namespace", "name", "version", "subpath"))
    return (*texts, value.get("qualifiers") or {})


def test_the_suite_is_whole() -> None:
    assert [len(of_type(each)) for each in ("parse", "build", "validate")] == [206, 176, 204]


@pytest.mark.parametrize("case", of_type("parse"), ids=name_of)
def test_it_is_read_as_the_specification_says(case: Case) -> None:
    expected = None if case.get("expected_failure") else parts_of(case["expected_output"])
    try:
        purl = parse(case["input"])
    except PurlError:
        found = None
    else:
        found = (purl.type, purl.namespace, purl.name, purl.version, purl.subpath,
                 dict(purl.qualifiers))  # fmt: skip
    if found != expected:
        assert case["file"] in UNJUDGED or case["input"] in READ_ALL_THE_SAME
    else:
        assert case["input"] not in READ_ALL_THE_SAME


@pytest.mark.parametrize(
    "case", [case for case in of_type("build") if not case.get("expected_failure")], ids=name_of
)
def test_it_is_written_as_the_specification_says(case: Case) -> None:
    wanted = case["input"]
    qualifiers = tuple(sorted((wanted.get("qualifiers") or {}).items()))
    type_, namespace, name, version = (
        str(wanted.get(part) or "") for part in ("type", "namespace", "name", "version")
    )
    subpath = wanted.get("subpath") or ""
    written = str(Purl(type_, namespace, name, version, qualifiers, subpath))
    assert (str(parse(written)) == case["expected_output"]) or case["file"] in UNJUDGED


@pytest.mark.parametrize("case", of_type("validate"), ids=name_of)
def test_what_is_valid_is_taken(case: Case) -> None:
    purl = parse(case["input"])
    assert parse(str(purl)) == purl
