"""OSV: records of every producer, the pairs of events, and records that are odd."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from seawall.advisories.advisory import Advisory, Events, Record, Score, Unread
from seawall.advisories.feeds import osv
from seawall.advisories.feeds.archive import Member, members
from tests.shared import DATA, SHARED, needs_shared

SAMPLES = DATA / "feeds" / "osv"


def of(*documents: object) -> list[Record]:
    return list(osv.read((member(json.dumps(each)) for each in documents), "osv"))


def member(text: str) -> Member:
    return Member("a.json", iter([text.encode()]))


def one(document: dict[str, Any]) -> Advisory:
    (found,) = of(document)
    assert isinstance(found, Advisory)
    return found


def ranges(*events: dict[str, str], type_: str = "ECOSYSTEM") -> tuple[Events, ...]:
    record = one(
        {
            "id": "A-1",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": "a"},
                    "ranges": [{"type": type_, "events": list(events)}],
                }
            ],
        }
    )
    return record.affected[0].ranges


def sample(ecosystem: str) -> dict[str, Advisory]:
    found = osv.read(members(str(SAMPLES / ecosystem / "all.jsonl")), f"osv-{ecosystem.lower()}")
    return {each.id: each for each in found if isinstance(each, Advisory)}


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("*/all.jsonl")), ids=lambda path: path.parent.name
)
def test_each_sample_gives_usable_advisories(path: Any) -> None:
    for found in osv.read(members(str(path)), "osv"):
        if isinstance(found, Unread):
            assert (found.record, found.reason) == (
                "PYSEC-2022-15", "a package is named without versions",
            ), found  # fmt: skip
            continue
        assert isinstance(found, Advisory)
        assert found.published or found.modified or path.parent.name in {"Go", "PyPI"}
        for affected in found.affected:
            assert affected.ranges or affected.versions


def test_rustsec_tells_what_is_no_vulnerability() -> None:
    flags = Counter(flag for each in sample("crates.io").values() for flag in each.flags)
    assert set(flags) == {"unmaintained", "unsound", "notice"}


def test_go_tells_import_paths_and_what_nobody_reviewed() -> None:
    found = sample("Go")
    assert any(affected.imports for each in found.values() for affected in each.affected)
    assert any("unreviewed" in each.flags for each in found.values())
    assert {each.published for each in found.values()} == {""}  # the year 1 is no date


def test_ubuntu_speaks_in_words_and_vectors() -> None:
    found = sample("Ubuntu-sample")["UBUNTU-CVE-2026-1403"]
    assert found.upstream
    assert not found.aliases
    assert {score.source for score in found.scores} == {"ubuntu"}
    assert any(score.word for score in found.scores)


def test_github_has_words_vectors_and_weaknesses() -> None:
    samples = sample("GHSA-sample")
    scores = [score for each in samples.values() for score in each.scores]
    assert Score("ghsa", word="high") in scores
    assert {score.source for score in scores} == {"ghsa"}
    assert any(score.vector.startswith("CVSS:3.1/") for score in scores)
    assert any(each.cwes for each in samples.values())
    found = samples["GHSA-fhjf-83wg-r2j9"]
    # The file has introduced 0, introduced 2.0.0, fixed 2.0.1, fixed 1.3.2.
    assert [each for affected in found.affected for each in affected.ranges] == [
        Events("0", fixed="1.3.2"), Events("2.0.0", fixed="2.0.1"),
    ]  # fmt: skip


def test_kubernetes_is_spelled_as_in_the_schema() -> None:
    assert {a.ecosystem for each in sample("Kubernetes").values() for a in each.affected} == {
        "Kubernetes"
    }


def test_repositories_stand_for_what_has_no_package() -> None:
    for each in sample("GIT-psf").values():
        assert {a.ecosystem for a in each.affected} == {"GIT"}
        assert {a.name for a in each.affected} == {"https://github.com/python/cpython"}


def test_pairs_of_events() -> None:
    assert ranges({"introduced": "0"}, {"fixed": "1.2"}) == (Events("0", fixed="1.2"),)
    assert ranges({"introduced": "0"}) == (Events("0"),)
    assert ranges({"introduced": "1"}, {"last_affected": "2"}, {"introduced": "3"}) == (
        Events("1", last_affected="2"), Events("3"),
    )  # fmt: skip
    assert ranges({"introduced": "1"}, {"limit": "*"}) == (Events("1"),)
    assert ranges({"introduced": "1"}, {"limit": "2"}) == (Events("1", limit="2"),)
    # Out of their order: numbers by value, pre-releases before their release.
    starts = {"introduced": "9"}, {"introduced": "0"}
    assert ranges({"fixed": "10.1"}, *starts, {"fixed": "9-b"}) == (
        Events("0", fixed="9-b"), Events("9", fixed="10.1"),
    )  # fmt: skip
    assert ranges({"introduced": "0"}, {"introduced": "2"}, {"fixed": "3"}) == (
        Events("0", fixed="3"),
    )


def test_urgency_and_status_of_debian() -> None:
    found = one(
        {
            "id": "DEBIAN-CVE-2024-1", "upstream": ["CVE-2024-1"],
            "affected": [{
                "package": {"ecosystem": "Debian:12", "name": "a"}, "versions": ["1"],
                "ecosystem_specific": {"urgency": urgency},
            } for urgency in ("unimportant", "end-of-life")],
        }
    )  # fmt: skip
    assert [(a.severity, a.status) for a in found.affected] == [
        ("unimportant", "affected"), ("end-of-life", "end_of_life"),
    ]  # fmt: skip
    assert (found.aliases, found.upstream) == ((), ("CVE-2024-1",))


def test_yaml_of_pypa() -> None:
    text = """id: PYSEC-2026-1
modified: 2026-01-02T03:04:05Z
affected:
- package: {name: a, ecosystem: PyPI}
  ranges:
  - type: ECOSYSTEM
    events: [{introduced: "0"}, {fixed: "1.10"}]
"""
    (found,) = osv.read([Member("vulns/a/PYSEC-2026-1.yaml", iter([text.encode()]))], "osv-pypi")
    assert isinstance(found, Advisory)
    assert found.modified == "2026-01-02"
    assert found.affected[0].ranges == (Events("0", fixed="1.10"),)


def test_what_lies_beside_advisories_in_a_repository() -> None:
    names = ("db-main/README.md", "db-main/LICENSE", "db-main/.github/x.json", "db-main/a.py")
    assert list(osv.read([Member(name, iter([b"x"])) for name in names], "osv")) == []


def test_malicious_packages() -> None:
    found = one(
        {"id": "MAL-2024-1", "affected": [
            {"package": {"ecosystem": "npm", "name": "evil"}, "versions": ["1.0.0"]}]}
    )  # fmt: skip
    assert found.flags == ("malicious",)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("[[]]", "it is no JSON object"),
        ("{", "it is no JSON"),
        ('{"id": 5}', "it has no id"),
        ('{"id": "A-1"}', "it names no affected package"),
        ('{"id": "A-1", "affected": [{}]}', "neither a package nor a repository is named"),
        (
            '{"id": "A-1", "affected": [{"package": {"ecosystem": "npm", "name": "a"}}]}',
            "a package is named without versions",
        ),
        (
            (
                '{"id": "A-1", "affected": [{"package": {"ecosystem": "npm", "name": "a"},'
                ' "ranges":'
                ' [{"type": "SEMVER", "events": [{"fixed": "1"}]}]}]}'
            ),
            "a range does not tell where it starts",
        ),
        (
            (
                '{"id": "A-1", "affected": [{"package": {"ecosystem": "npm", "name": "a"},'
                ' "ranges":'
                ' [{"type": "SEMVER", "events": [{"introduced": 0}]}]}]}'
            ),
            "a range has an event without a version",
        ),
        ("[" * 100_000, "it is nested too deep"),
        ('{"id": "\xff"}', "it is not UTF-8"),
    ],
)
def test_what_cannot_be_understood_is_told(document: str, reason: str) -> None:
    data = document.encode("latin-1")
    (found,) = osv.read([Member("a.json", iter([data]))], "osv")
    assert isinstance(found, Unread)
    assert found.reason == reason


def test_a_part_that_cannot_be_understood_is_told_beside_the_rest() -> None:
    good = {"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1"]}
    found = of({"id": "A-1", "affected": [good, {"package": {"ecosystem": "npm", "name": "b"}}]})
    assert [type(each) for each in found] == [Advisory, Unread]


def test_texts_are_plain_and_not_too_long_and_addresses_are_of_the_web() -> None:
    found = one(
        {
            "id": "A-1", "summary": "a\x1b[31m\nb" + "x" * 1000, "details": "y" * 100_000,
            "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1", "1", 2]}],
            "references": [
                {"url": "https://a.example.org/x"}, {"url": "javascript:alert(1)"},
                {"url": "http://a.example.org/\n"}, {"url": 5}, {"url": "file:///etc/passwd"},
            ],
        }
    )  # fmt: skip
    assert "\x1b" not in found.summary
    assert "\n" not in found.summary
    assert len(found.summary) <= 300
    assert len(found.details) <= 10_000
    assert found.references == ("https://a.example.org/x",)
    assert found.affected[0].versions == ("1",)


WITHDRAWN = {"Go": 17, "PyPI": 10, "crates.io": 13}
FLAGS = {
    "Go": {"unreviewed": 3155},
    "PyPI": {},
    "crates.io": {"unmaintained": 267, "unsound": 203, "notice": 6},
}


def records(ecosystem: str) -> Iterator[Record]:
    (path,) = (SHARED / "feeds" / "osv" / ecosystem).glob("all.*")
    return osv.read(members(str(path)), "osv")


@needs_shared
@pytest.mark.parametrize("ecosystem", WITHDRAWN)
def test_whole_feeds(ecosystem: str) -> None:
    live = [each for each in records(ecosystem) if isinstance(each, Advisory)]
    assert sum(bool(each.withdrawn) for each in live) == WITHDRAWN[ecosystem]
    assert Counter(flag for each in live for flag in each.flags) == FLAGS[ecosystem]
