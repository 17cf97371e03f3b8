"""Repositories of git: tags, commits, and the runtimes that are made of them.

What is said of commits is held against histories: graphs of commits, in which the OSV
specification's evaluation of GIT ranges is walked.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.advisories.advisory import Advisory, Affected, Events, Record
from seawall.advisories.assessing import Assessment, assess, query_of
from seawall.advisories.build import Builder, Origin
from seawall.advisories.commits import judged
from seawall.advisories.feeds import archive, osv
from seawall.advisories.store import Store
from seawall.packages.package import Package
from tests.advisories.osv_evaluation import documents
from tests.shared import DATA, SHARED, needs_shared

REPOSITORY = "https://github.com/python/cpython"
MENDED = "4df1b6d478020ac51c84467f47e42083f53adbad"
OTHER = "5" * 40
SHIPPED = sorted(path.parent for path in (DATA / "feeds" / "osv").rglob("GIT-psf/*.jsonl"))


def record(
    id_: str, *events: dict[str, str], versions: Iterable[str] = (), repo: str = REPOSITORY,
    aliases: Iterable[str] = (),
) -> list[Record]:  # fmt: skip
    ranges = [{"type": "GIT", "repo": repo, "events": list(events)}]
    affected = {"ranges": ranges, "versions": list(versions)}
    value = {"id": id_, "aliases": list(aliases), "affected": [affected]}
    return list(osv.advisory(value, "psf", id_))


def store_of(directory: Path, *records: Record) -> Store:
    path = str(directory / "git.db")
    builder = Builder(path)
    builder.add(Origin("psf", "PSF", "CC-BY-4.0"), records)
    builder.finish()
    return Store.open(path)


def ids(found: Assessment) -> list[str]:
    return [exposure.match.advisory for exposure in found.exposures]


def github(version: str, name: str = "python/cpython") -> Package:
    return Package("github", name, version)


def python(version: str) -> Package:
    return Package("generic", "python", version)


FIXED = ({"introduced": "0"}, {"fixed": MENDED})


def test_tags_are_releases(tmp_path: Path) -> None:
    records = record("PSF-1", *FIXED, versions=["v3.9.0", "v3.9.1", "v3.10.0rc1"])
    with store_of(tmp_path, *records) as store:
        for version in ("3.9.1", "3.10.0rc1", "3.10.0c1"):
            assert ids(assess([python(version)], store)) == ["PSF-1"]
        for version in ("v3.9.1", "3.9.1"):
            found = assess([github(version)], store)
            assert ids(found) == ["PSF-1"]
            assert not found.blind
        for package in (github("v3.9.2"), python("3.9.2"), python("3.10.0")):
            found = assess([package], store)
            assert not found.exposures
            assert not found.blind


def test_tags_of_what_is_no_runtime(tmp_path: Path) -> None:
    records = record(
        "OSV-1", *FIXED, versions=["v1.0", "release-2"], repo="https://GitHub.com/Example/Repo.git"
    )
    with store_of(tmp_path, *records) as store:
        for version in ("v1.0", "1.0", "release-2"):
            assert ids(assess([github(version, "example/repo")], store)) == ["OSV-1"]
        found = assess([github("v1.1", "example/repo")], store)
        assert not found.exposures  # the record lists its tags: 1.1 is not affected by it
        assert [item.reason for item in found.blind] == [
            "of repositories only the tags that advisories name can be judged"
        ]


def test_a_commit_is_judged_by_the_records_that_name_it(tmp_path: Path) -> None:
    start = "1" * 40
    records = [
        *record("PSF-1", {"introduced": start}, {"fixed": MENDED}),
        *record("PSF-2", {"introduced": "0"}, {"last_affected": OTHER}),
    ]
    with store_of(tmp_path, *records) as store:
        for commit, affected, dark in (
            (start, ["PSF-1"], "PSF-2"), (MENDED, [], "PSF-2"), (OTHER, ["PSF-2"], "PSF-1"),
        ):  # fmt: skip
            found = assess([github(commit)], store)
            assert ids(found) == affected
            assert [item.reason for item in found.blind][1:] == [
                (
                    "1 advisory on it cannot be held against this version: "
                    f"commits have no order here ({dark})"
                )
            ]
        found = assess([github("2" * 40)], store)
        assert not found.exposures
        assert "2 advisories on it cannot be held" in found.blind[-1].reason


def test_a_commit_is_not_judged_by_tags(tmp_path: Path) -> None:
    with store_of(tmp_path, *record("PSF-1", *FIXED, versions=["v3.9.1"])) as store:
        found = assess([github("2" * 40)], store)
        assert not found.exposures
        assert "its tags are listed, but commits have no order here" in found.blind[-1].reason
        assert len(assess([github(MENDED)], store).blind) == 1  # it is the one that mends it


def test_what_nobody_mended_is_in_all(tmp_path: Path) -> None:
    with store_of(tmp_path, *record("PSF-1", {"introduced": "0"})) as store:
        for package in (github("2" * 40), github("v3.99.0"), python("3.99.0")):
            assert ids(assess([package], store)) == ["PSF-1"]


def test_what_names_commits_only_is_told_of_a_release(tmp_path: Path) -> None:
    with store_of(tmp_path, *record("PSF-1", *FIXED)) as store:
        for package in (python("3.9.1"), github("v3.9.1")):
            found = assess([package], store)
            assert not found.exposures
            assert [item.reason for item in found.blind] == [
                (
                    "1 advisory on it cannot be held against this version: "
                    "commits have no order here (PSF-1)"
                )
            ]
            assert found.blind[0].remedy == "look them up: seawall db show PSF-1"


def test_another_record_may_tell_the_versions(tmp_path: Path) -> None:
    """The CVE list and Bitnami tell versions of what the PSF tells by commits."""
    cve = "CVE-2024-1111"
    versions = Affected("CPython", "cpython", (Events("0", "3.9.20"), Events("3.10.0", "3.10.15")))
    bitnami = Affected("Bitnami", "python", (Events("0", "3.9.20"),))
    records = [
        *record("PSF-1", *FIXED, aliases=[cve]),
        *record("PSF-2", *FIXED, aliases=["CVE-2024-2222"]),
        *record("PSF-3", *FIXED),
        Advisory(cve, "cve-list", (versions,)),
        Advisory("BIT-python-2024-2222", "osv-bitnami", (bitnami,), aliases=("CVE-2024-2222",)),
    ]
    with store_of(tmp_path, *records) as store:
        found = assess([python("3.10.1")], store)
        (exposure,) = found.exposures
        assert exposure.vulnerability.id == cve
        assert exposure.upgrade.versions == ("3.10.15",)
        assert [item.reason.rpartition(" (")[2] for item in found.blind] == ["PSF-3)"]
        assert len(assess([python("3.9.1")], store).exposures) == 2
        assert not assess([python("3.10.15")], store).exposures


@pytest.mark.parametrize(
    ("package", "wanted"),
    [
        (python("3.11.4"), ("CPython", "cpython", "3.11.4")),
        (python("3.11"), ("CPython", "cpython", "")),  # whichever release of that line
        (Package("generic", "nodejs", "18.12.0"), ("Node.js", "node", "18.12.0")),
        (Package("generic", "node", "18.12.0"), ("Node.js", "node", "18.12.0")),
        (Package("generic", "ruby", "3.2.1"), ("Ruby", "ruby", "3.2.1")),
        (Package("generic", "go", "1.21.3"), ("Go", "stdlib", "1.21.3")),
        (Package("generic", "perl", "5.40.0"), ("", "perl", "5.40.0")),
        (github("go1.21.3", "golang/go"), ("Go", "stdlib", "1.21.3")),
        (github("v3_2_1", "ruby/ruby"), ("Ruby", "ruby", "3.2.1")),
        (github("v18.12.0", "nodejs/node"), ("Node.js", "node", "18.12.0")),
        (github(OTHER, "nodejs/node"), ("GIT", "github.com/nodejs/node", OTHER)),
        (Package("gitlab", "a/b", "v1"), ("GIT", "gitlab.com/a/b", "v1")),
        (
            Package("generic", "x", "1", qualifiers=(("vcs_url", f"git+https://e.org/x.git@{OTHER}"),)),
            ("GIT", "e.org/x", OTHER),
        ),
        (
            Package("generic", "x", "1", qualifiers=(("vcs_url", "git+ssh://git@e.org/x"),)),
            ("", "x", "1"),
        ),
    ],
)  # fmt: skip
def test_what_is_asked(package: Package, wanted: tuple[str, str, str]) -> None:
    assert query_of(package) == wanted


# Histories ------------------------------------------------------------------------------------

History = Mapping[int, frozenset[int]]
"""Of each commit, its parents."""


def has(history: History, commit: int, events: Iterable[tuple[str, int]]) -> bool:
    """The specification's evaluation of one GIT range: a walk back from a commit.

    It is affected when there is a way to a start that no fix lies on, nor a commit that comes
    after the last affected one. A fix counts before a start of the same commit.
    """
    kinds: dict[int, set[str]] = {}
    for kind, other in events:
        kinds.setdefault(other, set()).add(kind)
    waiting, seen = [(commit, True)], set()
    while waiting:
        at, is_itself = waiting.pop()
        if (at, is_itself) in seen:
            continue
        seen.add((at, is_itself))
        here = kinds.get(at, set())
        if "last_affected" in here and not is_itself:
            continue
        if "introduced" in here:
            return True
        if "fixed" in here:
            continue
        waiting += ((parent, False) for parent in history[at])
        if not history[at] and 0 in kinds and "introduced" in kinds[0]:
            return True  # the beginning: introduced "0"
    return False


def name(commit: int) -> str:
    return f"{commit:040x}" if commit else "0"


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, list[list[tuple[str, int]]]]:
    size = draw(st.integers(2, 9))
    commits = range(1, size + 1)
    history = {
        commit: frozenset(draw(st.sets(st.integers(1, commit - 1), max_size=2)))
        if commit > 1 else frozenset()
        for commit in commits
    }  # fmt: skip
    ranges = []
    for _ in range(draw(st.integers(1, 3))):
        start = ("introduced", draw(st.integers(0, size)))
        kind = draw(st.sampled_from(("fixed", "last_affected")))
        ends = draw(st.lists(st.integers(1, size), max_size=3, unique=True))
        # What is the last affected, or mends, comes after what brought it in.
        ends = [end for end in ends if has(history, end, [start]) and end != start[1]]
        if kind == "last_affected":  # each on a branch of its own
            ends = [end for end in ends if not _comes_after(history, end, ends)]
        ranges.append([start, *((kind, end) for end in ends)])
    return history, ranges


def _comes_after(history: History, commit: int, others: Iterable[int]) -> bool:
    return any(has(history, commit, [("introduced", each)]) for each in others if each != commit)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(histories())
def test_what_is_said_of_commits_holds_in_every_history(
    made: tuple[History, list[list[tuple[str, int]]]],
) -> None:
    history, ranges = made
    pairs = []
    for (_, start), *ends in ranges:
        own = [Events(name(start), **{kind: name(end)}) for kind, end in ends]
        pairs.append(own or [Events(name(start))])
    found = judged(pairs)
    for commit in history:
        is_affected = any(has(history, commit, events) for events in ranges)
        if name(commit) in found.affected or found.is_all:
            assert is_affected
        if name(commit) in found.mended:
            assert not is_affected


# The PSF's records ----------------------------------------------------------------------------


def compare(feed: Path, directory: Path) -> tuple[int, int]:
    """Each commit that a record names is asked for; gives how many and by how many records."""
    read = osv.read(archive.members(str(feed)), "psf")
    rows = 0
    values = list(documents(feed))
    with store_of(directory, *read) as store:
        for value in values:
            ((each,),) = [entry["ranges"] for entry in value["affected"]]
            for event in each["events"]:
                ((kind, commit),) = event.items()
                if commit == "0":
                    continue
                found = assess([github(commit)], store)
                matches = [exposure.match for exposure in found.exposures]
                told = {id_ for match in matches for id_ in (match.advisory, *match.also)}
                assert (value["id"] in told) == (kind != "fixed"), (value["id"], event)
                dark = store.unjudged([query_of(github(commit))])
                assert not any(value["id"] in item.records for item in dark)
                rows += 1
        ((records,),) = store.select(
            "SELECT count(*) FROM record r WHERE EXISTS (SELECT 1 FROM exact e"
            " WHERE e.record = r.record) OR EXISTS (SELECT 1 FROM affected a"
            " WHERE a.record = r.record)"
        )
    assert records == len(values)
    return rows, records


@needs_shared
def test_each_record_of_the_psf_has_rows(tmp_path: Path) -> None:
    feed = SHARED / "feeds" / "osv" / "GIT-psf" / "all.zip"
    assert compare(feed, tmp_path) == (529, 132)


@pytest.mark.parametrize("directory", SHIPPED, ids=lambda path: path.name)
def test_the_records_of_a_fresh_clone_have_rows(directory: Path, tmp_path: Path) -> None:
    (feed,) = directory.iterdir()
    rows, records = compare(feed, tmp_path)
    assert rows >= records
