"""Lock files held against the advisories: one file, and a tree of them beside osv-scanner."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.measure import Run, least_cpu, median_wall, peak, repeat
from seawall.advisories.snapshot import shipped, unpacked
from seawall.advisories.store import Store

ROOT = Path(__file__).resolve().parent.parent
FEEDS = ROOT.parent / "shared" / "feeds" / "osv"
SEAWALL = str(Path(sys.executable).parent / "seawall")
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
RUNS = 5
START_RUNS = 20
Row = tuple[str, str]


def names(store: Store, ecosystem: str, count: int) -> list[str]:
    """Packages that advisories are about, and as many again that nobody knows."""
    known = [
        name
        for (name,) in store.select(
            "SELECT p.name FROM package p JOIN ecosystem e USING (ecosystem)"
            " WHERE e.name = ? ORDER BY p.name LIMIT ?",
            (ecosystem, count // 2),
        )
    ]
    return known + [f"unknown-{number}" for number in range(count - len(known))]


def tree(folder: Path, store: Store) -> int:
    """Ten lock files of three ecosystems; gives how many packages are in them."""
    many = 0
    for number in range(4):
        lines = [f"{name}==1.{number}.0" for name in names(store, "PyPI", 500)]
        _write(folder / f"python-{number}" / "requirements.txt", lines)
        many += len(lines)
    for number in range(3):
        entries = [
            f'[[package]]\nname = "{name}"\nversion = "0.{number}.1"\nsource = "{REGISTRY}"\n'
            for name in names(store, "crates.io", 600)
        ]
        _write(folder / f"rust-{number}" / "Cargo.lock", ["version = 3\n", *entries])
        many += len(entries)
    for number in range(3):
        modules = [name for name in names(store, "Go", 800) if name not in ("stdlib", "toolchain")]
        paths = [name if "/" in name else f"example.org/{name}" for name in modules][:400]
        needs = [f"\t{path} v1.{number}.0" for path in paths if "/v" not in path]
        _write(
            folder / f"go-{number}" / "go.mod",
            ["module example.org/bench", "go 1.22", "require (", *needs, ")"],
        )
        many += len(needs)
    return many


def _write(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir()
    path.write_text("\n".join(lines) + "\n")


def _told(runs: list[Run]) -> str:
    return (
        f"{median_wall(runs) * 1000:.0f} ms, {least_cpu(runs) * 1000:.0f} ms of processors, "
        f"{peak(runs):.0f} MiB"
    )


def rows() -> Iterator[Row]:
    """One row for each measure."""
    snapshot = shipped()
    if snapshot is None:
        return
    path, _ = unpacked(snapshot, os.environ)
    with tempfile.TemporaryDirectory() as place, Store.open(path) as store:
        folder = Path(place)
        one = folder / "one"
        one.mkdir()
        (folder / "tree").mkdir()
        many = tree(folder / "tree", store)
        shutil.copy(ROOT / "examples" / "shop" / "web" / "requirements.txt", one)
        scan = [SEAWALL, "scan", "--exit-zero", "--no-cache"]
        runs = repeat([*scan, str(one / "requirements.txt")], START_RUNS)
        yield "`scan` of one lock file, whole process", _told(runs)
        yield (
            f"10 lock files with {many:,} packages",
            _told(repeat([*scan, str(folder / "tree")], RUNS)),
        )
        yield from _peer(folder)


def _peer(folder: Path) -> Iterator[Row]:
    """osv-scanner on the same tree with the same public advisories, without a network."""
    if shutil.which("osv-scanner") is None or not FEEDS.is_dir():
        return
    cache = folder / "peer" / "osv-scanner"
    for ecosystem in ("PyPI", "crates.io", "Go"):
        (cache / ecosystem).mkdir(parents=True)
        (cache / ecosystem / "all.zip").symlink_to(FEEDS / ecosystem / "all.zip")
    os.environ["OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY"] = str(folder / "peer")
    command = ["osv-scanner", "scan", "--experimental-offline", "-r", str(folder / "tree")]
    yield "the same by osv-scanner, offline", _told(repeat(command, 3))
