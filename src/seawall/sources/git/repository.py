"""A repository, opened for reading. See the package for what it does not do."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from seawall.core.errors import UsageError
from seawall.sources.files import DEFAULT_SIZE_LIMIT, shown
from seawall.sources.git import objects
from seawall.sources.git.discovery import Place, locate
from seawall.sources.git.hashes import OID
from seawall.sources.git.process import Git
from seawall.sources.git.rows import Changes, Commit, Missing, StagedEntry, TreeEntry

if TYPE_CHECKING:
    from seawall.sources.git.changes import Change, Staged
    from seawall.sources.git.listing import Listed
    from seawall.sources.git.reach import Ref


class Repository:
    """A repository, to be used in a ``with`` statement.

    ``top`` is the absolute path of the work tree ("" where there is none), ``git_dir`` that of the
    git directory. Each method raises ``InputError`` where git cannot read what it needs, and
    ``UsageError`` where what is asked for makes no sense. Arguments called commit are what
    ``resolve`` gives.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._opened: Git | None = None
        self.top = place.top
        self.git_dir = place.git_dir
        self.is_bare = not place.top
        try:
            self.is_shallow = os.stat(os.path.join(place.common_dir, "shallow")).st_size > 0
        except OSError:
            self.is_shallow = False

    def __enter__(self) -> Self:
        self._opened = Git(self._place)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _git(self) -> Git:
        if self._opened is None:
            raise RuntimeError("a repository is used in a with statement")
        return self._opened

    def resolve(self, revision: str) -> str:
        """The oid of the commit that a branch, tag, hash or expression (``HEAD~3``) names.

        Raises ``UsageError`` with a remedy where there is no such commit.
        """
        from seawall.sources.git import revisions  # noqa: PLC0415 - a scan needs one or two of these

        return revisions.resolve(self._git, revision, is_shallow=self.is_shallow)

    def is_unborn(self) -> bool:
        """Whether the present branch has no commit yet."""
        from seawall.sources.git import revisions  # noqa: PLC0415 - as above

        return revisions.is_unborn(self._git)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, ``None`` where they have none.

        In a shallow clone that may be because it was not fetched.
        """
        from seawall.sources.git import revisions  # noqa: PLC0415 - as above

        return revisions.merge_base(self._git, _checked(one), _checked(other))

    def tree(self, commit: str, prefix: str = "") -> Iterator[TreeEntry]:
        """The files, links and submodules of a commit below a directory (or one file)."""
        from seawall.sources.git import trees  # noqa: PLC0415 - as above

        return trees.tree(self._git, _checked(commit), prefix.rstrip("/"))

    def changed(self, commit: str) -> Changes:
        """What in the work tree differs from a commit: tracked, deleted, untracked files.

        Ignored files that are not tracked do not count. The person's own ``core.excludesFile``
        is not read.
        """
        if not self.top:
            raise UsageError(
                f"{shown(self.git_dir)} has no work tree that could have changed; name one that has"
            )
        from seawall.sources.git import worktree  # noqa: PLC0415 - as above

        return worktree.changed(self._git, _checked(commit))

    def staged(self) -> Iterator[StagedEntry]:
        """The files and links of the index, conflicting ones with each of their stages.

        Submodules are left out, and so is what is only intended to be added (``git add -N``).
        """
        from seawall.sources.git import index  # noqa: PLC0415 - as above

        return index.staged(self._git)

    def blobs(
        self, oids: Iterable[str], limit: int = DEFAULT_SIZE_LIMIT
    ) -> Iterator[tuple[str, bytes | Missing]]:
        """The content of each blob of at most ``limit`` bytes, in the order asked for.

        What is asked for is taken as it is needed, so it may be endless. Content that does not
        have its hash is damaged. What cannot be had does not end the iteration.
        """
        return objects.contents(self._git, oids, limit)

    def contents(
        self, oids: Iterable[str], kind: str, limit: int = DEFAULT_SIZE_LIMIT
    ) -> Iterator[tuple[str, bytes | Missing]]:
        """The same for objects of another kind: ``commit`` or ``tag``."""
        return objects.contents(self._git, oids, limit, kind.encode())

    # The whole history ------------------------------------------------------------------------

    @property
    def shares_objects(self) -> bool:
        """Whether objects may be others', which only what leads to them makes ours to show."""
        from seawall.sources.git import listing  # noqa: PLC0415 - as above

        return listing.is_shared(self._place)

    def everything(self) -> "Iterator[Listed]":
        """All objects that are stored but trees, in the order in which they are read fastest."""
        from seawall.sources.git import listing  # noqa: PLC0415 - as above

        return listing.everything(self._git)

    def refs(self) -> "list[Ref]":
        """What each branch, tag and other ref names."""
        from seawall.sources.git import reach  # noqa: PLC0415 - as above

        return reach.refs(self._git)

    def reachable(self, included: Sequence[str] = (), excluded: Sequence[str] = ()) -> list[str]:
        """The ancestors of some commits (of all refs and heads where none is named), newest first.

        Without those of others. No parent stands before its child.
        """
        from seawall.sources.git import reach  # noqa: PLC0415 - as above

        return reach.commits(
            self._git, [_checked(oid) for oid in included], [_checked(oid) for oid in excluded]
        )

    def brought_by_push(self, commit: str) -> list[str]:
        """The ancestors of a commit that no ref leads to yet, newest first."""
        from seawall.sources.git import reach  # noqa: PLC0415 - as above

        return reach.brought_by_push(self._git, _checked(commit))

    def changes(self, commits: Iterable[str]) -> "Iterator[Change]":
        """What each commit changed; what cannot be told of one does not end the iteration."""
        from seawall.sources.git import changes  # noqa: PLC0415 - as above

        return changes.changes(self._git, commits)

    def staged_against_head(self) -> "Callable[[], Staged]":
        """How the index differs from the commit that is checked out: asked now, to be told later.

        git works meanwhile. Where there is no commit yet, everything is new.
        """
        from seawall.sources.git import changes  # noqa: PLC0415 - as above

        return changes.staged_against_head(self._git, is_shallow=self.is_shallow)

    def commits(
        self, included: Sequence[str] = (), excluded: Sequence[str] = ()
    ) -> Iterator[Commit]:
        """The ancestors of some commits (all refs where none is named) but not of others.

        From the newest on, as they are found. Needs trees, but no content of files.
        """
        from seawall.sources.git import history  # noqa: PLC0415 - as above

        return history.commits(
            self._git, [_checked(oid) for oid in included], [_checked(oid) for oid in excluded]
        )


def find(path: str, environment: Mapping[str, str] | None = None) -> Repository | None:
    """The repository that a path lies in, looked for upwards; ``None`` where there is none.

    ``environment`` is where GIT_DIR and what git sets for hooks is looked up. Raises
    ``UsageError`` for a repository that cannot be read or should not be believed.
    """
    place = locate(path, os.environ if environment is None else environment)
    return None if place is None else Repository(place)


def _checked(oid: str) -> str:
    if OID.fullmatch(oid) is None:
        raise UsageError(f"{shown(oid)!r} is no hash of a commit; resolve it first")
    return oid
