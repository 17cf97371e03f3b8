"""What a second look costs: the cache, one changed file, ``--since``, configuration, processors."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench import corpus, git
from bench.measure import Run, least_cpu, peak, repeat, run

SEAWALL = str(Path(sys.executable).parent / "seawall")
FILES = 5_000
RUNS = 5
START_RUNS = 60
SINCE = ("HEAD", "HEAD~200")
SIZES = (100_000, 500_000, 1_000_000, 2_000_000, 5_000_000)

Row = tuple[str, str]


def scan(*arguments: str) -> list[str]:
    """A scan of everything."""
    return [SEAWALL, "scan", "--exit-zero", *arguments]


def told(runs: list[Run]) -> str:
    """The least of several runs: other work on the machine only ever adds."""
    return (
        f"{min(item.wall for item in runs) * 1000:.0f} ms, "
        f"{least_cpu(runs) * 1000:.0f} ms of processors, {peak(runs):.0f} MiB"
    )


def manifests(folder: Path) -> None:
    """Five thousand files: Deployment, Service, policy and budget of an application in each."""
    corpus.generated(folder, FILES * 4, per_file=4)


def unchanged(folder: Path) -> Iterator[Row]:
    """A tree of 5,000 files: first, again, after one file has changed."""
    tree = folder / "tree"
    manifests(tree)
    yield f"{FILES:,} files, without the cache", told(repeat(scan(str(tree), "--no-cache"), 2))
    known = str(folder / "known.baseline")
    run(scan(str(tree), "--no-cache", f"--write-baseline={known}"))
    cache = folder / "cache"
    os.environ["SEAWALL_CACHE_DIR"] = str(cache)
    values = count()
    for form, options in {
        "": (),
        ", JSON": ("--format", "json"),
        ", SARIF": ("--format", "sarif"),
        ", all of it known to a baseline": ("--baseline", known),
    }.items():
        what = f"{FILES:,} files{form}"
        command = scan(str(tree), "--output", str(folder / "report"), *options)
        first = []
        for _ in range(1 if form else 2):
            shutil.rmtree(cache, ignore_errors=True)
            first.append(run(command))
        yield f"{what}, the cache empty", told(first)
        yield f"{what}, nothing changed", told(repeat(command, RUNS))
        changed = []
        for number in range(RUNS):
            path = tree / f"apps-{number:05}.yaml"
            new = f"value: v{next(values)}"
            path.write_text(re.sub("value: .*", new, path.read_text(), count=1))
            changed.append(run(command))
        yield f"{what}, one changed", told(changed)


def since(folder: Path) -> Iterator[Row]:
    """A repository of 10,000 commits and 5,000 files, 20 of them edited."""
    repository = folder / "repository"
    repository.mkdir()
    git.build(repository)
    os.environ["SEAWALL_CACHE_DIR"] = str(folder / "cache-of-since")
    for revision in SINCE:
        command = scan(
            "--since", revision, "--format", f"json={folder / 'out.json'}", str(repository)
        )
        what = (
            f"{git.COMMITS:,} commits, {git.FILES:,} files, {git.EDITS} edited, --since {revision}"
        )
        yield f"{what}, without the cache", told(repeat([*command, "--no-cache"], 2))
        yield what, told(repeat(command, RUNS))
    command = scan("--format", f"json={folder / 'out.json'}", str(repository))
    yield f"{git.FILES:,} files, a plain scan, for comparison", told(repeat(command, RUNS))


SETTINGS = """\
profile = "security"
fail-on = "high"
exclude = ["vendor/**"]
[rules.replicas-too-few]
minimum = 3
[[suppress]]
rules = ["host-network"]
names = ["agent-*"]
reason = "the node's own"
until = 2099-12-31
"""
IGNORE = "# seawall: ignore[run-as-non-root] built so until=2099-12-31\n"


def smallest(folder: Path) -> Iterator[Row]:
    """What configuration, ignores and a baseline add to the smallest scan.

    They differ by less than one run from the next. So they run in turns, each round the other way
    around, and the least of many counts: what else the machine does falls on all alike.
    """
    known = str(folder / "seawall.baseline")
    plain, ignoring, configured = (folder / name for name in ("plain", "ignoring", "configured"))
    for tree in (plain, ignoring, configured):
        tree.mkdir()
        (tree / "web.yaml").write_text(("" if tree == plain else IGNORE) + corpus.SMALL)
    (configured / "seawall.toml").write_text(SETTINGS)
    subprocess.run(
        scan(f"--write-baseline={known}", str(configured)), check=True, capture_output=True
    )
    commands = {
        "one manifest": scan(str(plain)),
        "one manifest, an ignore": scan(str(ignoring)),
        "one manifest, an ignore and a configuration": scan(str(configured)),
        "one manifest, an ignore, a configuration and a baseline": scan(
            "--baseline", known, str(configured)
        ),
    }
    least = dict.fromkeys(commands, float("inf"))
    turns = list(commands.items())
    for _ in range(START_RUNS):
        for what, command in turns:
            least[what] = min(least[what], run(command).cpu)
        turns.reverse()
    base = least["one manifest"]
    for what, cpu in least.items():
        more = "" if what == "one manifest" else f", {(cpu - base) * 1000:+.1f} ms"
        yield what, f"{cpu * 1000:.1f} ms of processors{more}"


SPREAD = """
import gc, sys, time
gc.disable()
from seawall.engine import Options, scan, analysing
analysing.WORTH_SPREADING = 0
begin = time.process_time()
scan(Options((sys.argv[1],), workers=int(sys.argv[2])))
print(time.process_time() - begin)
"""
"""Tells the first process's own processor time: what a run takes where the others do not wait."""


def processors(folder: Path) -> Iterator[Row]:
    """From which size on a second process pays, on a machine with two processors at leisure."""
    for size in SIZES:
        tree = folder / f"size-{size}"
        corpus.generated(tree, 20)
        (sample,) = tree.iterdir()
        corpus.generated(tree, 20 * max(1, size // sample.stat().st_size))
        alone, shared = (
            min(
                float(subprocess.check_output([sys.executable, "-c", SPREAD, tree, str(workers)]))
                for _ in range(RUNS)
            )
            for workers in (1, 2)
        )
        yield (
            f"{size / 1e6:g} MB, the first of one and of two processes",
            f"{alone * 1000:.0f} and {shared * 1000:.0f} ms of its processor",
        )


def rows() -> Iterator[Row]:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        for part in (smallest, unchanged, since, processors):
            yield from part(Path(name))


def main() -> None:
    """Measure and print."""
    for what, result in rows():
        print(f"| {what} | {result} |", flush=True)


if __name__ == "__main__":
    main()
