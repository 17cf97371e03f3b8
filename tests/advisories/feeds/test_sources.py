"""The table of sources, and what each makes of its sample: a fresh clone proves every reader."""

import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from seawall.advisories.advisory import Advisory, Affected, Cycle, Metadata, Record, Unread
from seawall.advisories.cvss import score
from seawall.advisories.feeds import sources
from seawall.advisories.feeds.sources import SOURCES
from tests.advisories.feeds.samples import FILES, OTHERS, sample
from tests.shared import SHARED, needs_shared

SAMPLES = {
    "osv-go": 7, "osv-pypi": 6, "osv-crates-io": 7, "osv-packagist": 3, "osv-bitnami": 4,
    "osv-julia": 5, "osv-opam": 2, "osv-hackage": 4, "osv-cran": 1, "osv-git-psf": 3,
    "osv-kubernetes": 3, "osv-almalinux": 2, "osv-alpaquita": 3, "osv-debian": 2, "osv-alpine": 2,
    "osv-ghsa-sample": 9, "osv-ubuntu-sample": 3, "cve-list": 9, "nvd": 10, "nvd-overrides": 6,
    "kev": 3, "epss": 4, "debian": 4, "debian-changelogs": 34, "ubuntu": 2, "alpine": 11,
    "redhat": 1, "redhat-oval": 1,
    "oracle": 2, "suse": 2, "azure-linux": 3, "photon": 3, "photon-oval": 1, "amazon": 2,
    "rocky": 1, "rubysec": 5, "friendsofphp": 3, "nodejs": 5, "retirejs": 4, "endoflife": 9,
}  # fmt: skip
UNREAD = {
    "osv-pypi": {"a package is named without versions": 1},
    "photon": {"it has no CVE id or names no package": 1},
    "retirejs": {"it is an example": 1},
}


def test_every_reader_has_a_sample() -> None:
    assert not OTHERS
    assert {files.source.name for files in FILES} == set(SAMPLES)
    assert {each.reader for each in SOURCES} == {files.source.reader for files in FILES}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    records = sample(name)
    unread = Counter(each.reason for each in records if isinstance(each, Unread))
    assert len(records) - unread.total() == SAMPLES[name]
    assert unread == UNREAD.get(name, {})
    for each in records:
        assert_usable(each)
        assert isinstance(each, Cycle) or each.source == name


def assert_usable(record: Record) -> None:
    """A record tells something, in words that may be shown."""
    match record:
        case Advisory():
            assert record.affected or record.withdrawn
            for affected in record.affected:
                assert affected.ecosystem
                assert affected.name
                assert tells_versions(affected), record
        case Metadata():
            assert record.id.startswith("CVE-")
        case Cycle():
            assert record.product
            assert record.cycle
        case Unread():
            assert record.record
            assert record.reason


def tells_versions(affected: Affected) -> bool:
    return bool(affected.ranges or affected.versions or affected.native or affected.unaffected)


def test_the_table_is_complete() -> None:
    assert len({each.name for each in SOURCES}) == len(SOURCES)
    for each in SOURCES:
        assert callable(import_module(f"seawall.advisories.feeds.{each.reader}").read)
        assert each.title and each.attribution and each.files and each.home  # noqa: PT018
        assert re.fullmatch(r"[A-Za-z0-9.-]+", each.licence)
        assert each.update.address.startswith("https://")
        host = each.update.address.split("/")[2]
        assert not re.search(r"pypi|npmjs|crates|rubygems|packagist|maven|nuget", host)
        assert sources.source(each.name) is each
        assert sources.licence_of(each.name) == each.licence
    assert sources.licence_of("nobody") == ""


def test_what_must_not_be_passed_on() -> None:
    closed = {each.name for each in SOURCES if not each.is_redistributable}
    assert {"osv-wolfi", "osv-chainguard", "oracle"} <= closed
    apart = {each.name for each in SOURCES if each.is_share_alike}
    assert apart == {"ubuntu", "osv-ubuntu", "osv-ubuntu-sample"}
    assert all(sources.source(name).licence == "CC-BY-SA-4.0" for name in apart)


def test_parts_are_told_from_wholes() -> None:
    assert {each.name for each in SOURCES if each.extent == sources.PART} == {
        "osv-ghsa-sample", "osv-ubuntu-sample", "debian-changelogs", "redhat-sample", "nodejs",
        "retirejs",
    }  # fmt: skip


def test_files_of_nobody_are_told(tmp_path: Path) -> None:
    (tmp_path / "osv" / "Go").mkdir(parents=True)
    (tmp_path / "osv" / "Go" / "all.zip").write_bytes(b"")
    (tmp_path / "README.md").write_bytes(b"")
    (tmp_path / "odd.bin").write_bytes(b"")
    found, others = sources.located(str(tmp_path))
    assert [(each.source.name, each.paths) for each in found] == [("osv-go", ("osv/Go/all.zip",))]
    assert others == ("odd.bin",)


# The whole feeds: records of the list beside them, and why what is not read is not.
WHOLE = {
    "osv-go": 4291, "osv-pypi": 2661, "osv-crates-io": 1206, "osv-packagist": 591,
    "osv-bitnami": 7444, "osv-julia": 1703, "osv-opam": 26, "osv-hackage": 35, "osv-cran": 14,
    "osv-git-psf": 132, "osv-kubernetes": 47, "osv-almalinux": 5637, "osv-alpaquita": 16989,
    "osv-debian": 8835, "osv-alpine": 2438, "osv-ghsa-sample": 418, "osv-ubuntu-sample": 9,
    "cve-list": 44130, "nvd": 116, "nvd-overrides": 32184, "kev": 1404, "epss": 29,
    "debian-changelogs": 2169,  # 1,778 pairs of source and CVE, 391 versions of the suite
    "redhat-sample": 4, "azure-linux": 1222, "rubysec": 1126, "friendsofphp": 1592,
    "nodejs": 644,  # 647 files, three of them list the others
    "retirejs": 1266,  # entries of 76 and 409 libraries
    "endoflife": 8351,  # cycles of 464 products
}  # fmt: skip
WHOLE_UNREAD = {
    "osv-pypi": {"a package is named without versions": 1},  # PYSEC-2022-15, withdrawn
    "retirejs": {"it is an example": 2},
}


@needs_shared
def test_every_shared_file_has_a_source() -> None:
    found, others = sources.located(str(SHARED / "feeds"))
    assert others == ()
    assert {each.source.name for each in found} == set(WHOLE)


@needs_shared
@pytest.mark.parametrize("name", WHOLE)
def test_whole_feeds(name: str) -> None:
    found, _ = sources.located(str(SHARED / "feeds"))
    (files,) = (each for each in found if each.source.name == name)
    count, unread, vectors, last_cve = 0, Counter[str](), set[str](), ""
    for each in sources.records(files):
        if isinstance(each, Unread):
            unread[each.reason] += 1
        else:
            # A record of the CVE list that names packages is metadata and an advisory in one.
            count += not (isinstance(each, Advisory) and each.id == last_cve)
            last_cve = each.id if isinstance(each, Metadata) else ""
            assert_usable(each)
            vectors.update(vectors_of(each))
    print(f"{name}: {count} records, unread: {dict(unread)}")
    assert count == WHOLE[name]
    assert unread == WHOLE_UNREAD.get(name, {})
    if name.startswith("osv-"):
        assert all(score(vector) for vector in vectors)


def vectors_of(record: Record) -> Iterator[str]:
    if isinstance(record, Advisory):
        yield from (each.vector for each in record.scores if each.vector)
        for affected in record.affected:
            yield from affected.vectors
