"""What each of some commits changed, as ``git diff-tree --stdin`` tells it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from seawall.core.errors import InputError, UsageError
from seawall.core.named_tuple import NamedTuple
from seawall.sources.git import index
from seawall.sources.git.process import REPORT, Git, Process
from seawall.sources.git.rows import Missing

_ARGUMENTS = (
    "diff-tree", "--stdin", "--always", "--root", "-r", "-c", "--raw", "-z", "--no-abbrev",
    "--no-renames",
)  # fmt: skip
_FIELD_LIMIT = 1024 * 1024
_ASKED_AT_ONCE = 64
_UNSURE = 128
"""Commits behind the last answer among which the one that git failed at is looked for.

git writes four kibibytes at once, so some of what it had found may be lost when it gives up.
"""
_FAILURES = 100
GIVEN_UP = Missing("absent", f"more than {_FAILURES} commits lack trees; 'git fetch' may help")


class Row(NamedTuple):
    """A path that a commit changed.

    ``oid`` is what is there now ("" where nothing is), ``before`` what was there in the parents,
    as far as there was anything. ``mode`` is git's, such as 0o100644, and 0 for a deletion.
    """

    path: bytes
    mode: int
    oid: str
    before: tuple[str, ...]


class Change(NamedTuple):
    """What a commit changed; of a merge what differs from every parent.

    ``missing`` says why that cannot be told: a tree is not there or damaged.
    """

    commit: str
    rows: tuple[Row, ...]
    missing: Missing | None = None


def changes(git: Git, commits: Iterable[str]) -> Iterator[Change]:
    """The change of each commit, in the order asked for; commits are taken as they are needed.

    Needs trees, but no content of files. git gives up at the first tree that it cannot read; it is
    started anew for the commits behind.
    """
    source = iter(commits)
    pending: deque[str] = deque()
    failures = 0
    while True:
        process = git.start(_ARGUMENTS, _lines(pending, source))
        with process:
            for change in _answers(process):
                _check(change, pending.popleft() if pending else "")
                yield change
            if process.exit_code() == 0 and not pending:
                return
            if not pending:
                process.check()
        doubtful = [pending.popleft() for _ in range(min(_UNSURE, len(pending)))]
        for change in _one_by_one(git, doubtful):
            failures += change.missing is not None
            yield change
        if failures > _FAILURES:
            for commit in (*pending, *source):
                yield Change(commit, (), GIVEN_UP)
            return


class Staged(NamedTuple):
    """What the index would change: rows, and the paths of a merge whose conflict is not solved."""

    rows: tuple[Row, ...]
    unmerged: tuple[bytes, ...]


def _against_tree(git: Git, commit: str) -> Staged:
    """How the index differs from a commit, or from nothing where there is none ("").

    Nothing of the work tree is looked at.
    """
    index.check_sum(git)
    tree = commit or _EMPTY_TREES[git.place.layout.object_format]
    return _staged(git.fields(_against(tree), _FIELD_LIMIT))


def staged_against_head(git: Git, *, is_shallow: bool) -> Callable[[], Staged]:
    """See ``Repository.staged_against_head``: one process of git, where HEAD has a commit."""
    process = git.start(_against("HEAD"))

    def told() -> Staged:
        index.check_sum(git)
        with process:
            found = _staged(process.fields(_FIELD_LIMIT))
            if process.exit_code() == 0:
                return found
        from seawall.sources.git import revisions  # noqa: PLC0415 - seldom of use

        try:
            commit = revisions.resolve(git, "HEAD", is_shallow=is_shallow)
        except UsageError:
            if not revisions.is_unborn(git):
                raise
            commit = ""
        return _against_tree(git, commit)

    return told


def _against(tree: str) -> Sequence[str]:
    return ("diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", tree, "--")


def _staged(fields: Iterator[bytes]) -> Staged:
    rows, unmerged = [], []
    for field in fields:
        path = next(fields, b"")
        if field.endswith(b" U"):
            unmerged.append(path)
        else:
            rows.append(_row(field, path))
    return Staged(tuple(rows), tuple(unmerged))


_EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without entries, which git knows without storing it."""


def _lines(pending: "deque[str]", source: Iterator[str]) -> Iterator[bytes]:
    if pending:
        yield "".join(f"{oid}\n" for oid in pending).encode()
    while oids := list(islice(source, _ASKED_AT_ONCE)):
        pending.extend(oids)
        yield "".join(f"{oid}\n" for oid in oids).encode()


def _one_by_one(git: Git, commits: Sequence[str]) -> Iterator[Change]:
    """The changes of a few commits among which git fails, found by halves."""
    with git.start(_ARGUMENTS, iter(["".join(f"{oid}\n" for oid in commits).encode()])) as process:
        found = list(_answers(process))
        if process.exit_code() == 0:
            yield from found
            return
        complaint = process.complaint()
    if len(commits) == 1:
        is_damaged = "corrupt" in complaint
        yield Change(commits[0], (), Missing("damaged" if is_damaged else "absent", complaint))
        return
    half = len(commits) // 2
    yield from _one_by_one(git, commits[:half])
    yield from _one_by_one(git, commits[half:])


def _check(change: Change, asked: str) -> None:
    if change.commit != asked:
        raise InputError(
            f"git diff-tree answers {change.commit[:80]!r} when asked for {asked!r}; {REPORT}"
        )


def _answers(process: Process) -> Iterator[Change]:
    """What git has told in full: of a process that fails, all but what it was at."""
    fields = process.fields(_FIELD_LIMIT)
    commit = ""
    rows: list[Row] = []
    for field in fields:
        if field[:1] == b":":
            rows.append(_row(field, next(fields, b"")))
            continue
        if commit:
            yield Change(commit, tuple(rows))
        commit = field.decode("ascii", "replace")
        rows = []
    if commit and process.exit_code() == 0:
        yield Change(commit, tuple(rows))


def _row(entry: bytes, path: bytes) -> Row:
    """Read ``:MODE MODE OID OID STATUS``; a merge with n parents has n more modes, oids, colons."""
    colons = 1 if entry[1:2] != b":" else len(entry) - len(entry.lstrip(b":"))
    words = entry[colons:].decode("ascii", "replace").split(" ")
    if len(words) != 2 * colons + 3:
        raise InputError(f"git diff-tree answers {entry[:80]!r}, which is not understood; {REPORT}")
    mode = int(words[colons], 8)
    before = tuple(oid for oid in words[colons + 1 : -2] if oid.strip("0"))
    return Row(path, mode, words[-2] if mode else "", before)
