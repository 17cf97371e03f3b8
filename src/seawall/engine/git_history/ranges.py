"""What some commits or the index bring: new blobs, less what was there before.

A value that stood in what a file was before is not new, however the file has changed since: who
mends one line must not be held up by what others left in the next one.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from seawall.core.errors import UsageError
from seawall.engine.git_history import concluding
from seawall.engine.git_history.grouping import path_of
from seawall.engine.git_history.looking import Looked, Wanted, look
from seawall.engine.git_history.names import Names
from seawall.engine.git_history.origins import SUBMODULE, Brought
from seawall.engine.git_history.seen import Gaps, Means, Seen, counted
from seawall.sources.git import Change, Repository, Row, Staged

_GUESS = 4096
"""Bytes that a blob is taken to have before it is read."""
_ZEROS = frozenset("0")
_MARK = ".."


def look_at_range(repository: Repository, means: Means, name: str, revisions: str) -> Seen:
    """What the commits of ``BASE..HEAD`` brought, with their messages.

    Without BASE or HEAD the commit that is checked out stands there, as git has it. A BASE of zeros
    is what hooks are told of a new branch (githooks(5)): what no ref leads to yet is new. A HEAD of
    zeros is a branch that is deleted, and brings nothing.
    """
    gaps = Gaps(name)
    commits, head = _commits(repository, revisions)
    brings = _Brings(means)
    for change in repository.changes(reversed(commits)):
        brings.change(len(commits) - 1 - brings.commits, change, gaps, repository.is_shallow)
    looked = brings.looked(repository, means)
    messages = [Wanted(commit, _GUESS, ("",)) for commit in commits]
    looked.append(
        look(
            repository, means.search, messages, "commit", limit=means.size_limit,
            workers=means.workers, digest=means.digest,
        )
    )  # fmt: skip
    return concluding.seen(
        repository, means, looked, gaps,
        concluding.Known(
            commits, len(commits), brings.origins, {}, {}, dict.fromkeys(commits, "commit"),
            brings.count + len(commits), head, lambda: brings.before(repository, means),
        ),
    )  # fmt: skip


def ask_for_index(repository: Repository, name: str) -> Callable[[], Staged]:
    """Have git begin to tell what is staged, while others load what searches it."""
    if repository.is_bare:
        raise UsageError(f"--staged: {name} is a bare repository; run it in a work tree")
    return repository.staged_against_head()


def look_at_index(
    repository: Repository, means: Means, name: str, asked: Callable[[], Staged]
) -> Seen:
    """What a commit of the index would bring. Of the work tree nothing is read."""
    gaps = Gaps(name)
    staged = asked()
    if staged.unmerged:
        gaps.left_out(
            f"{counted(len(staged.unmerged), 'file')} in conflict",
            "git commits none of it before the conflict is solved",
            "solve it and stage the result with 'git add'",
        )
    brings = _Brings(means)
    paths = brings.rows(0, staged.rows)
    looked = brings.looked(repository, means)
    return concluding.seen(
        repository, means, looked, gaps,
        concluding.Known(
            (), 0, lambda _: {}, {}, paths, {}, brings.count, "",
            lambda: brings.before(repository, means),
        ),
    )  # fmt: skip


def _commits(repository: Repository, revisions: str) -> tuple[list[str], str]:
    """The commits of a range, the newest first, and the last one."""
    base, mark, head = revisions.partition(_MARK)
    if not mark or head.startswith(".") or _MARK in head:
        raise UsageError(
            f"--commits: {revisions!r} is no range of commits; name it as BASE..HEAD, such as "
            f"origin/main..HEAD"
        )
    if head and _is_zero(head):
        return [], ""
    last = repository.resolve(head or "HEAD")
    if base and _is_zero(base):
        return repository.brought_by_push(last), last
    return repository.reachable([last], [repository.resolve(base or "HEAD")]), last


def _is_zero(revision: str) -> bool:
    return len(revision) in (40, 64) and _ZEROS.issuperset(revision)


class _Brings:
    """Blobs that are new, and blobs that were there before."""

    def __init__(self, means: Means) -> None:
        self._new = Names(means.search.bearing)
        self._old = Names(means.search.bearing)
        self._brought: dict[bytes, list[Brought]] = {}
        self.commits = 0
        """How many commits were looked at."""

    @property
    def count(self) -> int:
        """How many blobs are new."""
        return len(self._new.of_blob)

    def change(self, position: int, change: Change, gaps: Gaps, is_shallow: bool) -> None:
        """What a commit changed; parents have to come before their children.

        What was there before and has not been brought by one of these commits was there before all
        of them.
        """
        self.commits += 1
        if change.missing is not None:
            gaps.of_commit(change.commit, change.missing, is_shallow=is_shallow)
        self.rows(position, change.rows)

    def rows(self, position: int, rows: Iterable[Row]) -> dict[str, list[str]]:
        """Rows of one change; gives the paths of what they brought."""
        paths: dict[str, list[str]] = {}
        for row in rows:
            for oid in row.before if row.mode != SUBMODULE else ():
                raw = bytes.fromhex(oid)
                if raw not in self._new.of_blob:
                    self._old.add(raw, row.path)
        for row in rows:
            raw = bytes.fromhex(row.oid)
            if row.mode in (0, SUBMODULE) or row.oid in row.before or raw in self._old.of_blob:
                continue
            self._new.add(raw, row.path)
            self._brought.setdefault(raw, []).insert(0, Brought(position, row.path))
            paths.setdefault(row.oid, []).append(path_of(row.path))
        return paths

    def origins(self, oids: Collection[bytes]) -> Mapping[bytes, Sequence[Brought]]:
        """Who brought some blobs."""
        return {oid: found for oid in oids if (found := self._brought.get(oid))}

    def looked(self, repository: Repository, means: Means) -> list[Looked]:
        """What is in the new blobs."""
        return [self._look(repository, means, self._new)]

    def before(self, repository: Repository, means: Means) -> frozenset[bytes]:
        """The digests of values that were there before."""
        return frozenset(hit.digest for hit in self._look(repository, means, self._old).hits)

    @staticmethod
    def _look(repository: Repository, means: Means, names: Names) -> Looked:
        wanted = [
            Wanted(oid.hex(), _GUESS, names.names(number)) for oid, number in names.of_blob.items()
        ]
        return look(
            repository, means.search, wanted, "blob", limit=means.size_limit,
            workers=means.workers, digest=means.digest,
        )  # fmt: skip
