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
