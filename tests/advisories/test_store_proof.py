"""The database says of every version what the OSV specification says of it.

Each end of each range of every record, and versions beside and above it, are asked of the store
and of an evaluator that walks the events of the documents (``osv_evaluation``).
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from seawall.advisories.build import Builder, Origin
from seawall.advisories.feeds import archive, osv
from seawall.advisories.schema import OVERRULED, bits_of
from seawall.advisories.store import Store
from tests.advisories.osv_evaluation import Entry, Package, entries, questions
from tests.shared import DATA, SHARED

FEEDS = SHARED / "feeds" / "osv"
OWN = DATA / "feeds" / "osv"
ECOSYSTEMS = sorted(path.name for path in FEEDS.iterdir()) if FEEDS.is_dir() else []
QUICK = (
    "Alpine", "CRAN", "GHSA-sample", "GIT-psf", "Go", "Hackage", "Kubernetes", "Packagist",
    "crates.io", "opam",
)  # fmt: skip
"""Those that are built in a moment; ``make test-full`` asks for everything."""
LEAST_POINTS = 200_000
_BATCH = 5_000

Question = tuple[Package, str, bytes | None]


def store_of(feed: Path, directory: Path) -> Store:
    path = str(directory / "advisories.db")
    builder = Builder(path)
    builder.add(Origin("osv", "OSV", "CC0-1.0"), osv.read(archive.members(str(feed)), "osv"))
    builder.finish()
    return Store.open(path)


def asked(packages: dict[Package, list[Entry]], share: int) -> Iterator[Question]:
    """Every ``share``-th of the questions on each package, its first always."""
    for package, found in packages.items():
        for version, key in islice(questions(package[0], found), 0, None, share):
            yield package, version, key


def compare(feed: Path, directory: Path, share: int = 1) -> tuple[int, list[str]]:
    """How many versions were asked for, and where the answers differ."""
    packages = entries(feed)
    differences = []
    count = 0
    with store_of(feed, directory) as store:
        pending = asked(packages, share)
        while batch := list(islice(pending, _BATCH)):
            count += len(batch)
            answers = store.match([(*package, version) for package, version, _ in batch])
            for (package, version, key), matches in zip(batch, answers, strict=True):
                told = {record for each in matches for record in (each.advisory, *each.also)}
                right = {
                    entry.record for entry in packages[package] if entry.has(version, key)
                }  # fmt: skip
                if told != right:
                    differences.append(f"{package} {version}: {sorted(told ^ right)}")
    return count, differences


def of_feed(name: str) -> Path:
    (feed,) = (FEEDS / name).iterdir()
    return feed


@pytest.mark.skipif(not ECOSYSTEMS, reason="the shared feeds are not beside this checkout")
@pytest.mark.parametrize("name", [name for name in ECOSYSTEMS if name in QUICK])
def test_a_sample_of_each_feed(name: str, tmp_path: Path) -> None:
    count, differences = compare(of_feed(name), tmp_path, share=11)
    assert not differences[:5]
    assert count or name == "GIT-psf"


@pytest.mark.full
@pytest.mark.skipif(not ECOSYSTEMS, reason="the shared feeds are not beside this checkout")
def test_all_feeds(tmp_path: Path) -> None:
    total = 0
    for name in ECOSYSTEMS:
        count, differences = compare(of_feed(name), tmp_path)
        assert not differences[:5], name
        total += count
    assert total >= LEAST_POINTS


@pytest.mark.parametrize("feed", sorted(OWN.rglob("*.jsonl")), ids=lambda path: path.parent.name)
def test_the_records_of_a_fresh_clone(feed: Path, tmp_path: Path) -> None:
    count, differences = compare(feed, tmp_path)
    assert not differences[:5]
    assert count or feed.parent.name == "GIT-psf"


# Records that another one overrules -----------------------------------------------------------

WIDER = {
    # RUSTSEC-2023-0015 has 0.6.0 among its unaffected versions.
    ("crates.io", "ascii", "0.6.0"): "GHSA-mrrw-grhq-86gf",
    # RUSTSEC-2020-0071 has 0.2.0 to 0.2.6 among them; GitHub's says "last affected: 0.2".
    ("crates.io", "time", "0.2"): "GHSA-wcg3-cvx6-7396",
}
"""Where GitHub's copy says more than the ecosystem's own record, which counts."""


@pytest.mark.skipif(not ECOSYSTEMS, reason="the shared feeds are not beside this checkout")
def test_nothing_of_a_record_is_lost_that_another_one_overrules(tmp_path: Path) -> None:
    path = str(tmp_path / "advisories.db")
    builder = Builder(path)
    for name in ("Go", "crates.io", "GHSA-sample"):
        records = osv.read(archive.members(str(of_feed(name))), name)
        builder.add(Origin(name, name, "CC-BY-4.0"), records)
    builder.finish()
    packages = entries(of_feed("GHSA-sample"))
    with Store.open(path) as store:
        without = store.select(
            "SELECT id FROM record WHERE record NOT IN (SELECT record FROM affected)"
            " AND record NOT IN (SELECT record FROM exact)"
        )
        assert not without
        overruled = {
            id_ for (id_,) in store.select(
                "SELECT DISTINCT r.id FROM record r JOIN affected a USING (record)"
                " JOIN statement s USING (statement) WHERE s.flags & ?",
                (bits_of((OVERRULED,)),),
            )
        }  # fmt: skip
        assert len(overruled) == 15
        wider: dict[tuple[str, ...], str] = {}
        for package, version, key in asked(packages, 1):
            theirs = {entry.record for entry in packages[package] if entry.has(version, key)}
            ((matches),) = store.match([(*package, version)])
            told = {id_ for match in matches for id_ in (match.advisory, *match.also)}
            if version.count(".") < 3:  # 0.6.0.1 is no version of a crate
                wider |= {(*package, version): id_ for id_ in theirs & overruled - told}
        assert wider == WIDER
