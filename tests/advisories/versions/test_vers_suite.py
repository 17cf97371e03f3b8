"""The VERS specification's own test suite: each test passes, or it is told here why not."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from seawall.advisories.versions import ranges
from seawall.advisories.versions.interval import Interval, contains
from seawall.advisories.versions.ranges import RangeError
from seawall.advisories.versions.schemes import Scheme, scheme, scheme_of
from seawall.advisories.versions.vers import parse
from seawall.packages.ecosystems import ecosystem_of
from tests.shared import DATA

Case = dict[str, Any]
_PACKED = (DATA / "vers" / "tests.jsonl.zst").read_bytes()
SUITE: list[Case] = [
    json.loads(line)
    for line in zstandard.ZstdDecompressor().stream_reader(_PACKED).read().splitlines()
]
NO_ORDER = {"alpm", "datetime", "gentoo", "lexicographic", "nginx", "openssl"}
"""Schemes of which no source has advisories."""
_OWN = {"alpine": "apk"}
CANONICAL_ONLY = {
    # The suite refuses what is not in canonical form; documents of the world are not.
    "vers:npm/>=2.0.0|<1.0.0",
    # The suite takes any text for a version of npm.
    "vers:npm/1.0%252F0",
}
MAVEN = {("2-1", "2.0.a"), ("2-1", "2.0.0.a")}
"""Maven's own ComparableVersion has 2.0.a before 2-1 (``comparable_version``)."""
PARTIAL = {
    ("npm", each)
    for each in ("<= 1.0", "<=2.1 >=1.1", "2.1 || 2.6", ">= 1.x", ">= 2.2.x", "1.1.2 1.2.2")
}
"""node-semver: ``<= 1.0`` is ``<1.1.0-0``, ``2.1`` any ``2.1.x``, ``>= 2.2.x`` has no end, and two
versions side by side are both wanted, which none is."""
OVERLAPPING = {
    ("npm", each)
    for each in (
        "<2.0.1 || <1.1.7",
        "<2.0.18 || <3.0.16 || <3.1.6 || <4.0.8 || <5.0.0-beta.5",
        "^2.0.18 || ^3.0.16 || ^3.1.6 || ^4.0.8 || ^5.0.0-beta.5",
        ">= 0.2.0 <= 0.9.6 || ~0.8.0-pre",
    )
}
"""The suite writes ends of ranges that overlap side by side; read by VERS' own algorithm they are
other ranges."""
NATIVE = {
    *PARTIAL, *OVERLAPPING,
    # The suite drops the hyphen, which makes the bound a pre-release.
    ("conan", ">1- <2.0"), ("conan", ">1- <2.0 || ^3.2 "),
    # The suite has a range without constraints, which VERS does not know.
    ("conan", ""),
}  # fmt: skip


def of_type(*types: str) -> list[Case]:
    return [case for case in SUITE if case["test_type"] in types]


def order_of(type_: str) -> Scheme | None:
    known = {"apk": "apk", "semver": "semver", "deb": "debian", "rpm": "rpm"}
    name = known.get(_OWN.get(type_, type_))
    return scheme_of(ecosystem_of(type_)) if name is None else scheme(name)


def test_the_suite_is_whole() -> None:
    assert Counter(case["test_type"] for case in SUITE) == {
        "comparison": 1761, "equality": 161, "from_native": 737, "containment": 11,
        "validate": 19, "parse": 12,
    }  # fmt: skip


def test_versions_have_the_order_of_the_suite() -> None:
    wrong = []
    judged = 0
    for case in of_type("comparison", "equality"):
        type_, versions = case["input"]["input_scheme"], case["input"]["versions"]
        own = order_of(type_)
        if own is None:
            assert type_ in NO_ORDER
            continue
        keys = [own.key(version) or b"" for version in versions]
        expected = case["expected_output"]
        judged += 1
        if case["test_type"] == "equality":
            right = (len(set(keys)) == 1) == expected
        else:
            right = [own.key(each) for each in expected] == sorted(keys)
        if not (right and all(keys)):
            wrong.append((type_, tuple(versions)))
    assert judged == 1773
    assert {case for case in wrong if case[0] != "maven"} == set()
    assert {versions for _, versions in wrong} == MAVEN


@pytest.mark.parametrize("case", of_type("containment"), ids=lambda case: case["file"])
def test_what_is_in_a_range(case: Case) -> None:
    found = parse(case["input"]["vers"])
    own = order_of(found.type)
    assert own is not None
    key = own.key(case["input"]["version"])
    assert key is not None
    assert contains(found.intervals, key) == case["expected_output"]


@pytest.mark.parametrize("case", of_type("validate"), ids=lambda case: case["input"])
def test_a_range_is_the_same_in_its_canonical_form(case: Case) -> None:
    assert parse(case["input"]).intervals == parse(case["expected_output"]).intervals


@pytest.mark.parametrize("case", of_type("parse"), ids=lambda case: case["input"])
def test_the_constraints_of_a_range(case: Case) -> None:
    expected = case.get("expected_output", {}).get("version_constraints")
    try:
        found = [list(each) for each in parse(case["input"]).constraints]
    except RangeError:
        found = None
    assert (found == expected) != (case["input"] in CANONICAL_ONLY)


# Ranges in the notation of their ecosystems ---------------------------------------------------


def probes(*texts: str) -> Iterator[str]:
    """Releases at the versions that texts name, and around them."""
    named = {
        tuple(int(number or 0) for number in found)
        for text in texts
        for found in re.findall(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", text)
    }
    for major, minor, patch in sorted(named):
        yield f"{major}.{minor}.{patch}"
        yield f"{major}.{minor}.{patch + 1}"
        yield f"{major}.{minor + 1}.0"
        yield f"{major + 1}.0.0"
        if patch:
            yield f"{major}.{minor}.{patch - 1}"
        if minor:
            yield f"{major}.{minor - 1}.9"


def test_native_ranges_hold_the_releases_that_the_suite_says() -> None:
    """Releases only: whether pre-releases of a bound are in is told in another way by VERS."""
    wrong: set[tuple[str, str]] = set()
    judged = points = 0
    for case in of_type("from_native"):
        type_, native = case["input"]["scheme"], case["input"]["native_range"]
        own = order_of(type_)
        if own is None:
            assert type_ in NO_ORDER
            continue
        judged += 1
        try:
            expected = parse(case["expected_output"]).intervals
            found = ranges.parse(ecosystem_of(type_), native)
        except RangeError:
            wrong.add((type_, native))
            continue
        for version in set(probes(native, case["expected_output"])):
            key = own.key(version)
            assert key is not None
            points += 1
            if _differ(found, expected, key):
                wrong.add((type_, native))
    assert judged == 725
    assert points > 4_000
    assert wrong == NATIVE


def _differ(one: tuple[Interval, ...], other: tuple[Interval, ...], key: bytes) -> bool:
    return contains(one, key) != contains(other, key)
