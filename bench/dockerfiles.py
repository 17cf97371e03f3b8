"""A thousand Dockerfiles, and one, beside hadolint."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import zstandard

from bench.measure import Run, least_cpu, median_wall, peak, repeat

SEAWALL = str(Path(sys.executable).parent / "seawall")
RECORDED = Path(__file__).resolve().parent.parent / "tests" / "data" / "oracles"
PUBLIC = "SEAWALL_DOCKERFILES"
"""Names a directory with Dockerfiles of public repositories, which are longer."""
COUNT = 1000
RUNS = 5
START_RUNS = 20
ONE = """\
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 10001
CMD ["python", "app.py"]
"""

Row = tuple[str, str]


def recorded() -> Iterator[bytes]:
    """The Dockerfiles of the tests' recording, each once."""
    with (RECORDED / "dockerfiles.jsonl.zst").open("rb") as stream:
        lines = zstandard.ZstdDecompressor().stream_reader(stream).read().splitlines()
    yield from dict.fromkeys(json.loads(line)["text"].encode() for line in lines)


def public(folder: Path) -> Iterator[bytes]:
    """The Dockerfiles of a directory."""
    paths = sorted(path for path in folder.iterdir() if path.suffix != ".jsonl")
    yield from dict.fromkeys(path.read_bytes() for path in paths)


def written(texts: Iterable[bytes], folder: Path) -> list[str]:
    """Write a thousand of them; gives their paths."""
    paths = []
    for number, text in enumerate(islice(texts, COUNT)):
        path = folder / f"{number // 50:02}" / f"{number:04}" / "Dockerfile"
        path.parent.mkdir(parents=True)
        path.write_bytes(text)
        paths.append(str(path))
    return paths


def many(name: str, texts: Iterable[bytes], folder: Path) -> Iterator[Row]:
    """All of them in one run of each tool; a ratio above 1 says that hadolint takes longer."""
    paths = written(texts, folder)
    scan = [SEAWALL, "scan", "--no-cache", "--exit-zero"]
    ours = {
        "seawall": [*scan, str(folder)],
        "seawall, all rules": [*scan, "--profile", "all", str(folder)],
        "seawall, all rules, one process": [*scan, "--profile", "all", "--jobs", "1", str(folder)],
    }
    theirs = None
    if shutil.which("hadolint"):
        theirs = repeat(["hadolint", "--no-fail", *paths], 2)
    what = f"{len(paths):,} {name} Dockerfiles"
    for tool, command in ours.items():
        runs = repeat(command, RUNS)
        told = f"{_times(runs, len(paths))}, {peak(runs):.0f} MiB"
        if theirs is not None:
            wall = median_wall(theirs) / median_wall(runs)
            cpu = least_cpu(theirs) / least_cpu(runs)
            told += f"; hadolint: {wall:.1f} times it, processor {cpu:.1f}"
        yield f"{tool}, {what}", told
    if theirs is not None:
        yield f"hadolint, {what}", f"{_times(theirs, len(paths))}, {peak(theirs):.0f} MiB"


def _times(runs: list[Run], files: int) -> str:
    """What a run takes, and a file of it: sets differ in how heavy their files are."""
    wall, cpu = median_wall(runs), least_cpu(runs)
    return f"{wall:.2f} s, {wall / files * 1000:.1f} ms a file, processor {cpu:.2f} s"


def one(folder: Path) -> Iterator[Row]:
    """What the start costs: processor time, least of twenty runs."""
    path = folder / "Dockerfile"
    path.write_text(ONE)
    commands = {
        "seawall scan, one Dockerfile": [SEAWALL, "scan", "--exit-zero", str(path)],
        "seawall scan, one Dockerfile, all rules": [
            SEAWALL, "scan", "--exit-zero", "--profile", "all", str(path)
        ],
    }  # fmt: skip
    if shutil.which("hadolint"):
        commands["hadolint, one Dockerfile"] = ["hadolint", "--no-fail", str(path)]
    for name, command in commands.items():
        yield name, f"{least_cpu(repeat(command, START_RUNS)) * 1000:.0f} ms"


def rows() -> Iterator[Row]:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("one", "recorded", "public"):
            (folder / part).mkdir()
        yield from one(folder / "one")
        yield from many("recorded", recorded(), folder / "recorded")
        if PUBLIC in os.environ:
            yield from many("public", public(Path(os.environ[PUBLIC])), folder / "public")


def main() -> None:
    """Measure and print."""
    for what, result in rows():
        print(f"| {what} | {result} |", flush=True)


if __name__ == "__main__":
    main()
