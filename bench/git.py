"""``python -m bench.git``: what the reader of git repositories costs on a long history."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.measure import Run, least_cpu, median_wall, peak, repeat

COMMITS = 10_000
FILES = 5_000
EDITS = 20
RUNS = 7

# What `seawall scan --since` asks of a repository, and what a scan of its history asks.
START = "import sys; from seawall.sources.git import find"
SINCE = f"""{START}
with find(sys.argv[1]) as repository:
    head, since = repository.resolve("HEAD"), repository.resolve("HEAD~200")
    base = repository.merge_base(head, since)
    changed = repository.changed(base).paths
    oids = [entry.oid for entry in repository.tree(base) if entry.path in changed]
    size = sum(len(content) for _, content in repository.blobs(oids))
"""
CHANGED = f"""{START}
with find(sys.argv[1]) as repository:
    repository.changed(repository.resolve("HEAD"))
"""
COMMITS_READ = f"""{START}
with find(sys.argv[1]) as repository:
    sum(len(commit.blobs) for commit in repository.commits())
"""
BLOBS = f"""{START}
with find(sys.argv[1]) as repository:
    blobs = (oid for commit in repository.commits() for _, oid in commit.blobs)
    sum(len(content) for _, content in repository.blobs(blobs))
"""


def path(number: int) -> str:
    """The name of a file; fifty in a directory."""
    return f"team-{number // 500}/app-{number // 50}/manifest-{number:05}.yaml"


def content(number: int, revision: int) -> bytes:
    """About two kibibytes of a manifest, different in each revision."""
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app-{number}-{revision}}}\ndata:\n"
    return (head + "".join(f"  key-{key:03}: value {key * number}\n" for key in range(80))).encode()


Content = Callable[[int, int], bytes]


def stream(content: Content = content) -> Iterator[bytes]:
    """A history for ``git fast-import``: all files, then one edit a commit."""
    for commit in range(COMMITS):
        yield b"commit refs/heads/main\n"
        yield b"committer a <a@example.org> %d +0000\ndata 1\nx\n" % (1_700_000_000 + commit)
        numbers = range(FILES) if commit == 0 else (commit * 7919 % FILES,)
        for number in numbers:
            data = content(number, commit)
            yield b"M 100644 inline %s\n" % path(number).encode()
            yield b"data %d\n%s\n" % (len(data), data)


def build(folder: Path, content: Content = content) -> None:
    """Make the repository, check it out, and edit a few files."""
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    git = ["git", "-C", str(folder)]
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True, env=environment)
    history = folder / ".git" / "history"  # a file: children start with their parent's peak memory
    with history.open("w+b") as file:
        file.writelines(stream(content))
        file.seek(0)
        subprocess.run([*git, "fast-import", "--quiet"], stdin=file, check=True, env=environment)
    history.unlink()
    subprocess.run([*git, "reset", "-q", "--hard"], check=True, env=environment)
    for number in range(0, FILES, FILES // EDITS):
        with (folder / path(number)).open("ab") as file:
            file.write(b"  edited: yes\n")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)

        def measured(code: str) -> list[Run]:
            return repeat([sys.executable, "-c", code, name], RUNS)

        rows = {
            "start of the interpreter, the module imported": measured(START),
            "changed(HEAD)": measured(CHANGED),
            "what --since asks: resolve, merge_base, changed, tree, blobs": measured(SINCE),
            "commits(): all of them": measured(COMMITS_READ),
            "blobs() of all commits, hashes checked": measured(BLOBS),
        }
        for index in (folder / ".git").glob("index"):
            os.utime(index, (0, 0))  # older than any file: no short cut is safe
        rows["changed(HEAD), every file hashed"] = measured(CHANGED)
        rows["git status, for comparison"] = repeat(["git", "-C", name, "status", "-s"], RUNS)
    print(f"{COMMITS:,} commits, {FILES:,} files, {EDITS} of them edited")
    print("| what | wall time, median | processor time, least | peak memory |\n|---|---|---|---|")
    for what, runs in rows.items():
        wall, cpu = median_wall(runs) * 1000, least_cpu(runs) * 1000
        print(f"| {what} | {wall:.0f} ms | {cpu:.0f} ms | {peak(runs):.0f} MiB |")


if __name__ == "__main__":
    main()
