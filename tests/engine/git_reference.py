"""What the history of a repository holds, worked out slowly and simply.

``python -m tests.engine.git_reference DIRECTORY...`` holds what seawall says against that.

Each object is read by a ``git cat-file`` of its own, names come from ``git ls-tree`` of every
commit, and each blob is searched once for every one of its names.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seawall.secrets.search import Search
from seawall.secrets.text import text_of
from tests.sources.git_support import git, text

Entries = set[tuple[str, str]]
"""Pairs of path and oid."""


Found = Iterator[tuple[bytes, int]]


class Value(NamedTuple):
    """A value: how sure it is, what holds it, what its names were, who brought it."""

    certainty: int
    objects: frozenset[str]
    paths: frozenset[str]
    commits: frozenset[str]


def objects(folder: Path) -> dict[str, str]:
    """The kind of each object by its oid."""
    listing = text(folder, "cat-file", "--batch-all-objects", "--batch-check")
    rows = (line.split(" ") for line in listing.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 3}


def entries(folder: Path, tree: str) -> Entries:
    """The files of a tree; none where it cannot be read to its end."""
    listing = git(folder, "ls-tree", "-r", "-z", "--full-tree", tree, fails=True)
    found = set()
    for line in listing.split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        mode, _, oid = facts.decode().split(" ")
        if mode != "160000":
            found.add((sys.intern(os.fsdecode(path)), sys.intern(oid)))
    return found


def shown(path: str) -> str:
    """A path as reports have it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def parents(folder: Path, commit: str) -> list[str]:
    """The parents that a commit names, but for those before a shallow clone begins."""
    shallow = folder / ".git" / "shallow"
    if shallow.exists() and commit in shallow.read_text().split():
        return []
    head = git(folder, "cat-file", "commit", commit).partition(b"\n\n")[0].decode("latin-1")
    return [line[7:] for line in head.splitlines() if line.startswith("parent ")]


def _staged(folder: Path) -> Iterator[tuple[str, str]]:
    for line in git(folder, "ls-files", "-s", "-z").split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        if not facts.startswith(b"160000"):
            yield os.fsdecode(path), facts.decode().split(" ")[1]


class Where(NamedTuple):
    """The names of objects, and the commits that brought them, by oid."""

    names: dict[str, set[str]]
    commits: dict[str, set[str]]


def where(folder: Path, kinds: dict[str, str]) -> Where:
    """What commits, the index and refs to trees say of blobs."""
    found = Where({}, {})
    commits = [oid for oid, kind in kinds.items() if kind == "commit"]
    trees = {commit: entries(folder, commit) for commit in commits}
    for commit in commits:
        found.commits[commit] = {commit}
        before = {entry for parent in parents(folder, commit) for entry in trees.get(parent, ())}
        for path, oid in trees[commit]:
            found.names.setdefault(oid, set()).add(shown(path))
            if (path, oid) not in before:
                found.commits.setdefault(oid, set()).add(commit)
    others = list(_staged(folder))
    for ref in text(folder, "for-each-ref", "--format=%(objectname)").splitlines():
        peeled = text(folder, "rev-parse", f"{ref}^{{}}")
        if kinds.get(peeled) == "tree":
            others += entries(folder, peeled)
    for path, oid in others:
        found.names.setdefault(oid, set()).add(shown(path))
    return found


def found_in(folder: Path, search: Search, oid: str, kind: str, names: set[str]) -> Found:
    """The values in an object under any of its names, with how sure they are."""
    content = git(folder, "cat-file", kind, oid, fails=True)
    if kind != "blob":
        content = content.partition(b"\n\n")[2]
    for name in names or {""}:
        looked = text_of(name, content)
        for result in search.run([looked] if looked is not None else []):
            for secret in result.secrets:
                value = secret.candidate.value.reveal().encode("utf-8", "surrogatepass")
                yield value, int(secret.certainty)


def history(folder: Path, search: Search, *, limit: int = 10_000_000) -> dict[bytes, Value]:
    """Every value of a repository, whatever leads to it."""
    kinds = objects(folder)
    names, commits = where(folder, kinds)
    found: dict[bytes, Value] = {}
    for oid, kind in kinds.items():
        if kind == "tree" or int(text(folder, "cat-file", "-s", oid)) > limit:
            continue
        own = names.get(oid, set())
        for value, certainty in found_in(folder, search, oid, kind, own):
            known = found.get(value, Value(0, frozenset(), frozenset(), frozenset()))
            found[value] = Value(
                max(known.certainty, certainty),
                known.objects | {oid},
                known.paths | own,
                known.commits | commits.get(oid, set()),
            )
    return found


def compared(folder: Path) -> str:
    """How the two looks at a repository compare."""
    from seawall.engine.git_history.seen import Means
    from seawall.engine.git_history.whole import look_at_all
    from seawall.secrets.search import search
    from tests.sources.git_support import opened

    rules = search()
    with opened(folder) as repository:
        means = Means(
            rules, lambda value: value.reveal().encode("utf-8", "surrogatepass"), 10**7, 2, ""
        )
        seen = look_at_all(repository, means, "", reachable_only=False)
    own = {
        leak.digest: (leak.certainty, leak.objects, frozenset(leak.paths), leak.commits)
        for leak in seen.leaks
    }
    expected = {
        value: (item.certainty, len(item.objects), item.paths, len(item.commits))
        for value, item in history(folder, rules).items()
    }
    differing = sum(own.get(value) != expected.get(value) for value in own.keys() | expected.keys())
    gaps = [*seen.not_covered, *seen.failed]
    return f"{seen.objects} objects, {len(expected)} values, {differing} differ; {gaps}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, compared(Path(name)), flush=True)
