"""What a database has of the records it was made of."""

import os
from pathlib import Path

import pytest

from seawall.advisories.advisory import (
    DISPUTED,
    MALICIOUS,
    NOT_AFFECTED,
    NOTICE,
    UNMAINTAINED,
    WILL_NOT_FIX,
    Affected,
    Cycle,
    Events,
    Metadata,
    Record,
    Score,
    Unread,
)
from seawall.advisories.build import Builder, Origin
from seawall.advisories.details import Kept
from seawall.advisories.feeds import osv
from seawall.advisories.store import Store
from seawall.core.severity import Severity
from tests.advisories.samples import DAY, advisory, built, opened, package, store_of

HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def told(store: Store, id_: str) -> tuple[Severity | None, str]:
    (number,) = store.find(id_)
    found = store.vulnerability(number)
    return found.severity, found.severity_source


def test_two_records_on_one_fault_are_one_vulnerability(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("GHSA-1", package("flask", "1.0"), aliases=("CVE-2024-1111",)),
        advisory("PYSEC-1", package("Flask", "1.0"), aliases=("CVE-2024-1111", "GHSA-1")),
    )
    ((match,),) = store.match([("PyPI", "flask", "0.9")])
    found = store.vulnerability(match.vulnerability)
    assert found.id == "CVE-2024-1111"
    assert found.aliases == ("GHSA-1", "PYSEC-1")
    assert {match.advisory, *match.also} == {"GHSA-1", "PYSEC-1"}
    assert match.flags == ()
    for id_ in ("CVE-2024-1111", "GHSA-1", "ghsa-1", "PYSEC-1"):
        assert store.find(id_) == [match.vulnerability]


def test_the_ecosystem_s_own_record_counts_and_the_other_one_stays(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("GO-2024-1", package("a", "1.2.3", ecosystem="Go"), aliases=("CVE-2024-1111",)),
        advisory("GHSA-1", package("a", "1.3.0", ecosystem="Go"), aliases=("CVE-2024-1111",)),
    )
    ((match,), late) = store.match([("Go", "a", "1.2.2"), ("Go", "a", "1.2.4")])
    assert (match.advisory, match.also, match.fixed) == ("GO-2024-1", ("GHSA-1",), ("1.2.3",))
    assert late == []
    assert {(each.advisory, each.affected, each.flags) for each in store.of_package("Go", "a")} == {
        ("GO-2024-1", "< 1.2.3", ("disputed-range",)), ("GHSA-1", "< 1.3.0", ("overruled",)),
    }  # fmt: skip


def test_a_bulletin_is_one_vulnerability_for_each_cve(tmp_path: Path) -> None:
    bulletin = advisory(
        "DSA-1-1", package("openssl", "1.1-2", ecosystem="Debian:11"),
        upstream=("CVE-2024-1111", "CVE-2024-2222"),
    )  # fmt: skip
    store = store_of(tmp_path, bulletin)
    (matches,) = store.match([("Debian:11", "openssl", "1.1-1")])
    ids = [store.vulnerability(match.vulnerability).id for match in matches]
    assert sorted(ids) == ["CVE-2024-1111", "CVE-2024-2222"]
    assert {match.advisory for match in matches} == {"DSA-1-1"}
    assert sorted(store.find("DSA-1-1")) == sorted(match.vulnerability for match in matches)
    assert store.match([("Debian:12", "openssl", "1.1-1")]) == [[]]


def test_upstream_joins_nothing(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("DSA-1-1", package("a", "2", ecosystem="Debian:11"),
                 upstream=("CVE-2024-1111", "CVE-2024-2222")),
        advisory("DSA-2-1", package("a", "3", ecosystem="Debian:11"),
                 upstream=("CVE-2024-2222", "CVE-2024-3333")),
    )  # fmt: skip
    (matches,) = store.match([("Debian:11", "a", "1")])
    by_id = {store.vulnerability(match.vulnerability).id: match for match in matches}
    assert sorted(by_id) == ["CVE-2024-1111", "CVE-2024-2222", "CVE-2024-3333"]
    assert by_id["CVE-2024-2222"].fixed == ("3",)
    assert by_id["CVE-2024-2222"].also == ("DSA-1-1",)


@pytest.mark.parametrize(
    ("scores", "metadata", "expected"),
    [
        ((Score("ghsa", HIGH),), (Score("cna", CRITICAL),), (Severity.HIGH, "ghsa")),
        ((), (Score("nvd", HIGH), Score("cna", CRITICAL)), (Severity.CRITICAL, "cna")),
        ((), (Score("cisa-adp", CRITICAL), Score("nvd", HIGH)), (Severity.HIGH, "nvd")),
        ((), (Score("nvd", CRITICAL, secondary=True), Score("cisa-adp", HIGH)),
         (Severity.HIGH, "cisa-adp")),
        ((Score("ghsa", word="moderate"),), (), (Severity.MEDIUM, "ghsa")),
        ((Score("ghsa", "nonsense"), Score("pypa", HIGH)), (), (Severity.HIGH, "pypa")),
        ((Score("ghsa", word="whatever"),), (), (None, "")),
        ((), (), (None, "")),
    ],
)  # fmt: skip
def test_whose_severity_counts(
    scores: tuple[Score, ...], metadata: tuple[Score, ...],
    expected: tuple[Severity | None, str], tmp_path: Path,
) -> None:  # fmt: skip
    store = store_of(
        tmp_path,
        advisory("PYSEC-1", package("a", "2"), aliases=("CVE-2024-1111",), scores=scores),
        Metadata("CVE-2024-1111", "cve", title="A fault", scores=metadata),
    )
    assert told(store, "CVE-2024-1111") == expected


def test_cvss_3_counts_before_4_and_2(tmp_path: Path) -> None:
    version_4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
    version_2 = "AV:N/AC:L/Au:N/C:C/I:C/A:C"
    vectors = (version_4, version_2, HIGH)
    scores = tuple(Score("ghsa", vector) for vector in vectors)
    store = store_of(
        tmp_path,
        advisory("GHSA-1", package("a", "2"), scores=scores),
        advisory("GHSA-2", package("a", "2"), scores=scores[:2]),
        advisory("GHSA-3", package("a", "2"), scores=scores[1:2]),
    )
    assert told(store, "GHSA-1") == (Severity.HIGH, "ghsa")
    assert told(store, "GHSA-2") == (Severity.CRITICAL, "ghsa")
    assert told(store, "GHSA-3") == (Severity.CRITICAL, "ghsa")
    ratings = store.vulnerability(store.find("GHSA-1")[0]).ratings
    assert [rating.vector for rating in ratings] == list(vectors)


def test_a_distributions_word_is_for_its_own_packages(tmp_path: Path) -> None:
    debian = package("a", "2-1", ecosystem="Debian:11")._replace(severity="unimportant")
    store = store_of(
        tmp_path,
        advisory("DEBIAN-CVE-2024-1111", debian, upstream=("CVE-2024-1111",)),
        Metadata("CVE-2024-1111", "cve", scores=(Score("cna", CRITICAL),)),
    )
    ((match,),) = store.match([("Debian:11", "a", "1")])
    assert match.severity is Severity.LOW
    assert "negligible" in match.flags
    assert told(store, "CVE-2024-1111") == (Severity.CRITICAL, "cna")


def test_what_cisa_and_first_say(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("GHSA-1", package("a", "2"), aliases=("CVE-2024-1111",)),
        Metadata("CVE-2024-1111", "kev", known_exploited="2024-02-01", ransomware=True),
        Metadata("CVE-2024-1111", "epss", epss=0.5, epss_percentile=0.75),
        Metadata("CVE-2024-1111", "cve", ssvc="poc/yes/total", flags=(DISPUTED,), cwes=("CWE-79",)),
        Metadata("CVE-2024-9999", "epss", epss=0.25, epss_percentile=0.5),
    )
    found = store.vulnerability(store.find("GHSA-1")[0])
    assert (found.known_exploited, found.ransomware) == ("2024-02-01", True)
    assert (found.epss, found.epss_percentile, found.ssvc) == (0.5, 0.75, "poc/yes/total")
    assert found.cwes == ("CWE-79",)
    ((match,),) = store.match([("PyPI", "a", "1")])
    assert match.flags == (DISPUTED,)


def test_a_withdrawn_record_matches_nothing_and_is_explained(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("GHSA-1", package("a", "2"), aliases=("CVE-2024-1111",), withdrawn="2024-02-02"),
    )
    assert store.match([("PyPI", "a", "1")]) == [[]]
    (found,) = store.withdrawn("GHSA-1")
    assert (found.day, found.aliases) == ("2024-02-02", ("CVE-2024-1111",))


def test_a_rejected_cve(tmp_path: Path) -> None:
    records: tuple[Record, ...] = (
        advisory("GHSA-1", package("a", "2"), aliases=("CVE-2024-1111",)),
        advisory("ALPINE-CVE-2024-1111", package("b", "2-r0", ecosystem="Alpine:v3.20")),
        advisory("DSA-1-1", package("c", "2", ecosystem="Debian:12"), upstream=("CVE-2024-1111",)),
        Metadata("CVE-2024-1111", "cve", rejected=True, modified="2024-02-02"),
    )
    store = store_of(tmp_path, *records)
    ((language,), alpine, (debian,)) = store.match(
        [("PyPI", "a", "1"), ("Alpine:v3.20", "b", "1-r0"), ("Debian:12", "c", "1")]
    )
    assert store.vulnerability(language.vulnerability).id == "GHSA-1"
    assert alpine == []  # the distribution's name of the CVE alone says nothing of its own
    assert store.vulnerability(debian.vulnerability).id == "DSA-1-1"
    assert "rejected" in debian.flags
    assert store.withdrawn("CVE-2024-1111")[0].reason == "rejected"
    assert store.withdrawn("ALPINE-CVE-2024-1111")[0].reason == "its CVE was rejected"


def test_contradicting_records(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("GO-1", package("m", "1.2.0", ecosystem="Go"), aliases=("CVE-2024-1111",)),
        advisory("GHSA-1", package("m", "1.5.0", ecosystem="Go"), aliases=("CVE-2024-1111",)),
        advisory("PYSEC-2", package("p", "1.2"), aliases=("CVE-2024-2222",)),
        advisory("GHSA-2", package("p", "1.5"), aliases=("CVE-2024-2222",)),
    )
    below, above = store.match([("Go", "m", "1.0.0"), ("Go", "m", "1.3.0")])
    assert (below[0].advisory, below[0].flags, above) == ("GO-1", ("disputed-range",), [])
    both, one = store.match([("PyPI", "p", "1.0"), ("PyPI", "p", "1.3")])
    assert (both[0].advisory, both[0].also, both[0].fixed) == ("GHSA-2", ("PYSEC-2",), ("1.5",))
    assert both[0].flags == one[0].flags == ("disputed-range",)


def test_kinds_that_are_no_vulnerabilities_are_flagged(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("RUSTSEC-1", package("a", ecosystem="crates.io"), flags=(UNMAINTAINED,)),
        advisory("MAL-1", package("b", ecosystem="npm")),
        advisory("ALBA-2024:1", package("c", "2", ecosystem="AlmaLinux:9")),
        advisory("ALBA-2024:2", package("d", "2", ecosystem="AlmaLinux:9"),
                 related=("CVE-2024-1111",)),
    )  # fmt: skip
    found = store.match(
        [("crates.io", "a", "1.0.0"), ("npm", "b", "1.0.0"), ("AlmaLinux:9", "c", "1"),
         ("AlmaLinux:9", "d", "1")]
    )  # fmt: skip
    assert [match.flags for (match,) in found] == [(UNMAINTAINED,), (MALICIOUS,), (NOTICE,), ()]


def test_statuses(tmp_path: Path) -> None:
    waits = package("a", ecosystem="Debian:12")._replace(status=WILL_NOT_FIX)
    safe = Affected("Debian:12", "b", (Events(),), status=NOT_AFFECTED)
    store = store_of(tmp_path, advisory("DEBIAN-CVE-2024-1111", waits, safe))
    (match,), none = store.match([("Debian:12", "a", "1"), ("Debian:12", "b", "1")])
    assert (match.status, match.fixed, none) == (WILL_NOT_FIX, (), [])


def test_each_branch_of_a_package_in_an_entry_of_its_own(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory(
            "GHSA-1", package("a", "1.2", introduced="1.0"), package("A", "2.2", introduced="2.0")
        ),
    )
    ((match,),) = store.match([("PyPI", "a", "2.1")])
    assert (match.affected, match.fixed) == (">= 2.0, < 2.2", ("2.2", "1.2"))


def test_coverage_is_by_release(tmp_path: Path) -> None:
    path = built(
        tmp_path / "a.db",
        ("debian", [advisory("DSA-1-1", package("a", "2", ecosystem="Debian:11"))]),
        ("npm-sample", [advisory("GHSA-1", package("b", "2", ecosystem="npm"))]),
    )
    store = opened(path)
    covered = store.coverage("Debian:11")
    assert covered is not None
    assert (covered.sources, covered.records, covered.until, covered.whole) == (
        ("debian",), 1, DAY, True,
    )  # fmt: skip
    part = store.coverage("npm")
    assert part is not None
    assert not part.whole
    assert store.coverage("Debian:12") is None
    assert store.coverage("Debian") is None


def test_what_is_not_understood_is_counted_by_reason(tmp_path: Path) -> None:
    bad = Affected("npm", "a", (Events("0", fixed="not a version"),))
    store = store_of(
        tmp_path,
        advisory("GHSA-1", bad), Unread("tests", "GHSA-2.json", "it has no id"),
        Unread("tests", "GHSA-3.json", "it has no id"),
    )  # fmt: skip
    missed = {(each.reason, each.times, each.example) for each in store.missed()}
    assert missed == {
        ("it has no id", 2, "GHSA-2.json"),
        ("npm: the version 'not a version' cannot be read", 1, "GHSA-1"),
    }
    (source,) = store.sources()
    assert (source.records, source.rows, source.unread) == (1, 0, 2)
    assert store.select("SELECT reason FROM unjudged") == [
        ("the version 'not a version' cannot be read",)
    ]


def test_cycles(tmp_path: Path) -> None:
    old, new = Cycle("debian", "11", "2021-08-14"), Cycle("debian", "12", "2023-06-10")
    store = store_of(tmp_path, old, new)
    assert store.cycles("debian") == [new, old]
    assert store.cycles("nothing") == []


def test_words_are_kept_or_shortened(tmp_path: Path) -> None:
    record = advisory(
        "GHSA-1", package("a", "2"), details="word " * 100, references=("https://example.org/1",),
        published="2024-01-01", cwes=("CWE-79",),
    )  # fmt: skip
    full = opened(built(tmp_path / "full.db", ("tests", [record])))
    short = opened(
        built(tmp_path / "short.db", ("tests", [record]),
              kept=Kept(details=False, references=False, cpes=False))
    )  # fmt: skip
    whole, titles = (each.vulnerability(each.find("GHSA-1")[0]) for each in (full, short))
    assert (whole.details, whole.references) == (record.details, record.references)
    assert (titles.details, titles.references) == ("", ("https://github.com/advisories/GHSA-1",))
    assert titles.title.startswith("word word")
    assert len(titles.title) <= 120
    assert (titles.published, titles.cwes) == ("2024-01-01", ("CWE-79",))


def test_cves_of_no_package_are_not_shipped(tmp_path: Path) -> None:
    records: list[Record] = [
        advisory("GHSA-1", package("a", "2"), aliases=("CVE-2024-1111",)),
        Metadata("CVE-2024-1111", "cve", title="One"),
        Metadata("CVE-2024-2222", "cve", title="Two"),
    ]  # fmt: skip
    full = opened(built(tmp_path / "full.db", ("tests", records)))
    short = opened(built(tmp_path / "s.db", ("tests", records), kept=Kept(details=False)))
    assert [len(full.find(id_)) for id_ in ("CVE-2024-1111", "CVE-2024-2222")] == [1, 1]
    assert [len(short.find(id_)) for id_ in ("CVE-2024-1111", "CVE-2024-2222")] == [1, 0]


def test_many_records_share_a_dictionary(tmp_path: Path) -> None:
    text = "The same words come again in every record of this source. " * 3
    records = [
        advisory(f"GHSA-{number}", package(f"p{number}", "2"), details=f"{text}{number}")
        for number in range(500)
    ]
    store = store_of(tmp_path, *records)
    ((size,),) = store.select("SELECT max(length(detail)) FROM record")
    assert size < 100
    assert store.vulnerability(store.find("GHSA-499")[0]).details == f"{text}499"


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    records = [
        advisory(f"GHSA-{number}", package(f"p{number % 7}", f"{number}.0"), details="x" * number,
                 aliases=(f"CVE-2024-{number % 50 + 1000}",))
        for number in range(300)
    ]  # fmt: skip
    one = built(tmp_path / "one.db", ("tests", records)).read_bytes()
    other = built(tmp_path / "other.db", ("tests", records)).read_bytes()
    assert one == other
    assert built(tmp_path / "less.db", ("tests", records[1:])).read_bytes() != one
    assert sorted(os.listdir(tmp_path)) == ["less.db", "one.db", "other.db"]


def test_a_day_to_come_does_not_count(tmp_path: Path) -> None:
    store = store_of(tmp_path, advisory("GHSA-1", package("a", "2"), modified="2999-01-01"))
    assert store.until < "2999-01-01"


def test_commits_alone_are_counted_by_their_reason(tmp_path: Path) -> None:
    """PSF's records name commits and no versions: no package is matched by them, and that shows."""

    def record(id_: str, versions: list[str]) -> dict[str, object]:
        events = [{"introduced": "0"}, {"fixed": "4df1b6d478020ac51c84467f47e42083f53adbad"}]
        ranges = [{"type": "GIT", "repo": "https://example.org/repo", "events": events}]
        return {"id": id_, "affected": [{"ranges": ranges, "versions": versions}]}

    path = str(tmp_path / "git.db")
    builder = Builder(path)
    rows = [record("PSF-1", []), record("PSF-2", []), record("PSF-3", ["v1.0", "v1.1"])]
    records = [each for row in rows for each in osv.advisory(row, "psf", str(row["id"]))]
    tally = builder.add(Origin("psf", "PSF", "CC-BY-4.0"), records)
    builder.finish()
    # Two tags are affected; the commit that mends it is said not to be, by each of them.
    assert (tally.records, tally.rows) == (3, 5)
    with Store.open(path) as store:
        told = store.select("SELECT reason, count FROM unread")
        assert [tuple(row) for row in told] == [("GIT: commits have no order here", 2)]
        (found,) = store.match([("GIT", "https://example.org/repo", "v1.1")])
        assert len(found) == 1
