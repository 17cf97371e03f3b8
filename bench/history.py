"""``python -m bench.history [REPOSITORY...]``: secrets in whole histories, beside gitleaks.

Without repositories one is made: many small commits, some of which hold a password. A repository
should be bare, for seawall then looks at nothing but its history. gitleaks gives up where an object
is missing, so it is measured on complete clones only. Peers are measured where they are on PATH,
once each. What seawall's patterns are compiled to is kept before the first run that counts.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import git
from bench.measure import Run, least_cpu, median_wall, peak, repeat, run

SEAWALL = str(Path(sys.executable).parent / "seawall")
RUNS = 3
START_RUNS = 20
PEER_RUNS = 1
_MEGABYTE = 1_000_000

Row = tuple[str, str]


def scan(*arguments: str) -> list[str]:
    """A scan that ends with 0 whatever it finds."""
    return [SEAWALL, "scan", "--exit-zero", "--output", os.devnull, *arguments]


def peers(repository: str) -> dict[str, list[str]]:
    """The peers that are installed, each on the whole history."""
    commands = {
        "gitleaks git": ["gitleaks", "git", "--no-banner", "--exit-code", "0", repository],
    }
    return {name: command for name, command in commands.items() if shutil.which(command[0])}


def size_of(repository: str) -> tuple[int, int, int]:
    """How many commits and blobs there are, and the bytes of all blobs together."""
    listing = subprocess.check_output(
        ["git", "-C", repository, "cat-file", "--batch-all-objects", "--unordered",
         "--batch-check=%(objecttype) %(objectsize)"], text=True,
    )  # fmt: skip
    rows = [line.split(" ") for line in listing.splitlines()]
    blobs = [int(size) for kind, size in rows if kind == "blob"]
    return sum(kind == "commit" for kind, _ in rows), len(blobs), sum(blobs)


def is_complete(repository: str) -> bool:
    """Whether all objects are there that refs lead to."""
    command = ["git", "-C", repository, "rev-list", "--objects", "--all", "--quiet"]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def told(runs: Sequence[Run], size: int) -> str:
    """Time, speed and memory."""
    wall, cpu = median_wall(runs), least_cpu(runs)
    return (
        f"{wall:.2f} s ({size / wall / _MEGABYTE:.0f} MB/s), processor {cpu:.2f} s "
        f"({size / cpu / _MEGABYTE:.0f} MB/s), {peak(runs):.0f} MiB"
    )


def whole(repository: str) -> Iterator[Row]:
    """A history: without the cache, with one that knows it, and each peer."""
    commits, blobs, size = size_of(repository)
    what = f"{Path(repository).parent.name}/{Path(repository).name}"
    yield what, f"{commits:,} commits, {blobs:,} blobs, {size / _MEGABYTE:.0f} MB"
    history = scan("--history", repository)
    run(history)  # keeps what the patterns are compiled to, as the first run of any user does
    own = repeat([*history, "--no-cache"], RUNS)
    yield "seawall scan --history", told(own, size)
    yield "the same, one process", told(repeat([*history, "--no-cache", "--jobs", "1"], 1), size)
    yield "the same, nothing is new", told(repeat(history, RUNS), size)
    if not is_complete(repository):
        yield "peers", "not measured: objects are missing, and they stop at the first of them"
        return
    for name, command in peers(repository).items():
        runs = [run(command) for _ in range(PEER_RUNS)]
        wall = median_wall(runs) / median_wall(own)
        cpu = least_cpu(runs) / least_cpu(own)
        yield name, f"{told(runs, size)}; seawall is {wall:.1f} times as fast, processor {cpu:.1f}"


def one_file(folder: Path) -> Iterator[Row]:
    """A pre-commit run: one staged file, the whole process, and what stands in it anyway."""
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True, env=environment)
    (folder / "settings.py").write_text("debug = False\n")
    subprocess.run(["git", "-C", folder, "add", "."], check=True, env=environment)
    for what, command in {
        "seawall --version": [SEAWALL, "--version"],
        "seawall scan --no-secrets, the same file": scan(
            "--no-secrets", str(folder / "settings.py")
        ),
        "seawall scan --staged, one file": scan("--staged", str(folder)),
    }.items():
        runs = repeat(command, START_RUNS)
        least = min(item.wall for item in runs)
        yield what, f"{least * 1000:.0f} ms, processor {least_cpu(runs) * 1000:.0f} ms"


def content(number: int, revision: int) -> bytes:
    """A manifest; in each hundredth commit with a password that nobody else has."""
    text = git.content(number, revision)
    if revision % 100 != 1:
        return text
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    password = "".join(random.Random(revision).choices(letters, k=14))  # noqa: S311 - made up
    return text + f"  password: {password}\n".encode()


def made(folder: Path) -> str:
    """A repository with some passwords in its history."""
    folder.mkdir()
    git.build(folder, content)
    bare = folder.parent / "made.git"
    subprocess.run(["git", "clone", "-q", "--bare", f"file://{folder}", bare], check=True)
    return str(bare)


def rows(repositories: Sequence[str]) -> Iterator[Row]:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["SEAWALL_CACHE_DIR"] = str(Path(name) / "cache")
        for repository in repositories or [made(Path(name) / "made")]:
            yield from whole(repository)
        yield from one_file(Path(name) / "one")


def main() -> None:
    """Measure and print."""
    for what, result in rows(sys.argv[1:]):
        print(f"| {what} | {result} |", flush=True)


if __name__ == "__main__":
    main()
