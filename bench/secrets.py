"""``python -m bench.secrets``: source searched for secrets, beside gitleaks and detect-secrets."""

import os
import random
import shutil
import string
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.measure import Run, least_cpu, median_wall, peak, repeat

SEAWALL = str(Path(sys.executable).parent / "seawall")
SOURCES = "SEAWALL_SOURCES"
"""Names directories with source of public projects, as PATH does; else Python's own is taken."""
SIZE = 100_000_000
LARGEST = 1_000_000
RUNS = 5
START_RUNS = 20
SAMPLE = 10_000_000
"""Bytes of the tree for what would take minutes for all of it."""
LONG_LINE = 50_000_000
MATCHES = 100_000
TINY_FILES = 20_000

Row = tuple[str, str]

ALONE = """
import os, sys, time
from seawall.secrets.search import search
from seawall.secrets.text import text_of

def texts():
    for directory, below, names in os.walk(sys.argv[1]):
        below.sort()
        for name in sorted(names):
            with open(os.path.join(directory, name), "rb", buffering=0) as stream:
                text = text_of(name, stream.read())
            if text is not None:
                yield text

begin = time.process_time()
look = search(sys.argv[2], use_native=sys.argv[3] == "native")
made = time.process_time()
sum(len(found.secrets) for found in look.run(texts()))
print(made - begin, time.process_time() - made)
"""
"""Prints the processor time that the rules take to load, and that a tree takes."""


def tree(folder: Path, size: int = SIZE) -> int:
    """Put a tree together from text files of the directories; gives how many bytes it has."""
    default = sysconfig.get_path("stdlib")
    roots = [Path(root) for root in os.environ.get(SOURCES, default).split(os.pathsep)]
    paths = sorted(
        (number, path)
        for number, root in enumerate(roots)
        for path in root.rglob("*")
        if ".git" not in path.parts and path.is_file() and not path.is_symlink()
    )
    random.Random(1).shuffle(paths)  # noqa: S311 - an order, no secret
    total = 0
    for number, path in paths:
        if total >= size:
            break
        if path.stat().st_size > LARGEST:
            continue
        data = path.read_bytes()
        if b"\0" in data:
            continue
        target = folder / str(number) / path.relative_to(roots[number])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        total += len(data)
    return total


def told(runs: Sequence[Run], size: int) -> str:
    """What some runs took, and how quick that is."""
    wall, cpu = median_wall(runs), least_cpu(runs)
    speed = f"{size / wall / 1e6:.3g} MB/s"
    return f"{wall:.2f} s, {speed}, processor {cpu:.2f} s, {peak(runs):.0f} MiB"


def whole(folder: Path, size: int, directory: Path) -> Iterator[Row]:
    """A tree from the command line: seawall, again, with one process, and its peers."""
    what = f"{size / 1e6:.0f} MB of source"
    scan = [SEAWALL, "scan", "--exit-zero", str(folder)]
    commands = {
        "seawall scan": [*scan, "--no-cache"],
        "seawall scan, one process": [*scan, "--no-cache", "--jobs", "1"],
        "seawall scan, nothing has changed": scan,
        "seawall scan --no-secrets": [*scan, "--no-cache", "--no-secrets"],
    }
    ours: list[Run] = []
    for name, command in commands.items():
        runs = repeat(command, RUNS)
        ours = ours or runs
        yield f"{name}, {what}", told(runs, size)
    if shutil.which("gitleaks"):
        report = ["--report-path", str(directory / "gitleaks.json"), "--exit-code", "0"]
        runs = repeat(["gitleaks", "dir", str(folder), "--no-banner", *report], 1)
        wall = median_wall(runs) / median_wall(ours)
        cpu = least_cpu(runs) / least_cpu(ours)
        took = f"{told(runs, size)}; {wall:.0f} times what seawall takes, processor {cpu:.0f}"
        yield f"gitleaks dir, its own rules, {what}", took
    if shutil.which("detect-secrets"):
        sample = directory / "sample"
        part = tree(sample, SAMPLE)
        runs = repeat(["detect-secrets", "scan", "--all-files", "."], 1, cwd=str(sample))
        yield f"detect-secrets scan, {part / 1e6:.0f} MB of source", told(runs, part)


def alone(folder: Path, size: int, directory: Path) -> Iterator[Row]:
    """The search by itself, in one process: with Hyperscan, and without."""
    times = [measured(folder, directory, "native") for _ in range(RUNS + 1)][1:]
    load, search = (min(column) for column in zip(*times, strict=True))
    yield "rules and database loaded", f"{load * 1000:.1f} ms"
    speed = size / search / 1e6
    yield f"the search alone, one process, {size / 1e6:.0f} MB", f"{search:.2f} s, {speed:.0f} MB/s"
    sample = directory / "part"
    part = tree(sample, SAMPLE)
    _, search = measured(sample, directory, "plain")
    speed = part / search / 1e6
    what = f"the search alone, no Hyperscan, one process, {part / 1e6:.0f} MB"
    yield what, f"{search:.2f} s, {speed:.1f} MB/s"


def measured(folder: Path, directory: Path, finder: str) -> tuple[float, float]:
    """Processor time for loading, and for searching a tree."""
    command = [sys.executable, "-c", ALONE, str(folder), str(directory / "cache"), finder]
    first, second = subprocess.check_output(command, text=True).split()
    return float(first), float(second)


def start_up(directory: Path) -> Iterator[Row]:
    """One file: the whole process."""
    path = directory / "settings.py"
    path.write_text("DEBUG = True\nALLOWED_HOSTS = ['example.org']\nTIMEOUT = 30\n")
    runs = repeat([SEAWALL, "scan", "--exit-zero", str(path)], START_RUNS)
    yield "seawall scan, one file of source", f"{least_cpu(runs) * 1000:.0f} ms"


LIMITS = {
    "one line of 50 MB": "minified",
    "100,000 tokens in one file": "tokens",
    "a file that floods the finder": "flood",
    "20,000 tiny files": "tiny",
}


def limits(directory: Path) -> Iterator[Row]:
    """What is built to be slow."""
    for what, name in LIMITS.items():
        folder = directory / name
        folder.mkdir()
        hostile(name, folder)
        size = sum(path.stat().st_size for path in folder.iterdir())
        scan = [SEAWALL, "scan", "--exit-zero", "--no-cache", "--max-file-size", "64M", str(folder)]
        yield what, f"{size / 1e6:.0f} MB, {told(repeat(scan, 2), size)}"


def hostile(name: str, folder: Path) -> None:
    """Make one of them."""
    chance = random.Random(2)  # noqa: S311 - to measure with
    if name == "minified":
        unit = b'var a=function(b,c){return b.key(c,"token")},e={auth:[1,2,3],"key":f};'
        (folder / "app.min.js").write_bytes(unit * (LONG_LINE // len(unit)))
    elif name == "tokens":
        letters = string.ascii_letters + string.digits
        lines = (f"AIza{''.join(chance.choices(letters, k=35))}\n" for _ in range(MATCHES))
        (folder / "keys.txt").write_text("".join(lines))
    elif name == "flood":
        (folder / "flood.yaml").write_bytes(b"key:x " * 5_000_000)
    else:
        for number in range(TINY_FILES):
            (folder / f"{number}.py").write_text(f"number = {number}\n")


def rows() -> Iterator[Row]:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        os.environ["SEAWALL_CACHE_DIR"] = str(directory / "cache")
        folder = directory / "tree"
        size = tree(folder)
        yield from alone(folder, size, directory)
        yield from start_up(directory)
        yield from whole(folder, size, directory)
        yield from limits(directory)


def main() -> None:
    """Measure and print."""
    for what, result in rows():
        print(f"| {what} | {result} |", flush=True)


if __name__ == "__main__":
    main()
