"""The database of advisories: making it of the public feeds, and matching packages against it."""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import run
from seawall.advisories.matching import Wanted
from seawall.advisories.snapshot import shipped
from seawall.advisories.store import Store

ROOT = Path(__file__).resolve().parent.parent
FEEDS = ROOT.parent / "shared" / "feeds"
PACKAGES = 2_000
ROUNDS = 15
ECOSYSTEMS = ("PyPI", "Go", "crates.io", "RubyGems", "Packagist", "Maven", "npm", "Debian:11")
SEAWALL = str(Path(sys.executable).parent / "seawall")
Row = tuple[str, str]


def packages(store: Store) -> list[Wanted]:
    """Packages of languages and of Debian, half of them known; versions within known ranges."""
    known = [
        row
        for ecosystem in ECOSYSTEMS
        for row in store.select(
            "SELECT e.name, p.name, min(s.ranges) FROM affected a JOIN package p USING (package)"
            " JOIN ecosystem e USING (ecosystem) JOIN statement s USING (statement)"
            " WHERE e.name = ? GROUP BY p.package ORDER BY p.package",
            (ecosystem,),
        )
    ]
    source = random.Random(1)  # noqa: S311 - the same in each run
    result = []
    for ecosystem, name, ranges in source.sample(known, PACKAGES // 2):
        first, _, last = ranges.split("\n")[0].partition("\t")
        result.append((ecosystem, name, first or last[1:] or "1.0"))
    result += [
        (source.choice(ECOSYSTEMS), f"unknown-{number}", f"1.{number}.2")
        for number in range(PACKAGES // 2)
    ]
    source.shuffle(result)
    return result


def matching(path: str) -> Iterator[Row]:
    """The least of some rounds, each on a newly opened database."""
    with Store.open(path) as store:
        wanted = packages(store)
    rounds, opened = [], []
    count = 0
    for _ in range(ROUNDS):
        start = time.process_time()
        with Store.open(path) as store:
            opened.append(time.process_time() - start)
            start = time.process_time()
            count = sum(map(len, store.match(wanted)))
            rounds.append(time.process_time() - start)
    yield "database of advisories, opened", f"{min(opened) * 1000:.1f} ms"
    least = f"{min(rounds) * 1000:.0f} ms"
    yield f"{PACKAGES:,} packages matched, keys included, {count:,} matches", least


def rows() -> Iterator[Row]:
    """One row for each measure; none where the public feeds are not beside the checkout."""
    if not FEEDS.is_dir():
        print("the public feeds are not beside this checkout: their part is left out")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "advisories.db")
        made = run([SEAWALL, "db", "build", "--from", str(FEEDS), "--output", path])
        with Store.open(path) as store:
            records = store.advisories
        took = f"{made.cpu:.0f} s of processor, {made.wall:.0f} s, {made.peak:.0f} MiB"
        yield f"database made of {records:,} records", took
        size = Path(path).stat().st_size
        yield "its bytes a record, with details and references", f"{size / records:.0f}"
        yield from matching(path)
    snapshot = shipped()
    if snapshot is not None:
        packed = Path(snapshot.path).stat().st_size
        yield "shipped database", f"{packed / 1e6:.1f} MB, {snapshot.size / 1e6:.1f} MB unpacked"


def main() -> None:
    """Print the rows."""
    for name, value in rows():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
