"""What a look at a repository came to: leaks, and what it could not see."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed, NotCovered, Skipped
from seawall.engine.git_history.grouping import SHORT
from seawall.engine.git_history.leak import Leak
from seawall.engine.git_history.looking import Digest, Looked
from seawall.sources.git import Missing

if TYPE_CHECKING:
    from seawall.engine.git_history.clean import Clean
    from seawall.secrets.search import Search


class Means(NamedTuple):
    """What it takes to look at a repository."""

    search: "Search"
    digest: Digest
    size_limit: int
    """Bytes of the largest object that is looked at."""
    workers: int
    prefix: str
    """What stands before paths of the work tree in reports."""
    least: int = 0
    """The least certainty of what is told."""
    clean: "Clean | None" = None
    """Objects that need not be looked at again."""
    checked_out: bool = False
    """Whether what is in HEAD or in the index goes by its path alone: else nobody knows whether
    the file in the work tree is still the same."""


class Seen(NamedTuple):
    """Leaks, and what became of the rest."""

    leaks: list[Leak]
    objects: int
    """How many blobs and messages belong to what was asked for."""
    skipped: tuple[Skipped, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    failed: tuple[Failed, ...] = ()


_TOLD = 50
"""Damaged objects that are told one by one."""


class Gaps:
    """What could not be seen of one repository, in words."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.skipped: list[Skipped] = []
        self.not_covered: list[NotCovered] = []
        self.failed: list[Failed] = []

    def left_out(self, what: str, reason: str, remedy: str) -> None:
        """Something that was recognised and cannot be looked at."""
        self.not_covered.append(NotCovered(self._name, what, reason, remedy))

    def broken(self, reason: str) -> None:
        """Something of the repository as a whole is damaged."""
        self.failed.append(Failed(self._name, 0, 0, reason))

    def damaged(self, oids: Sequence[str]) -> None:
        """Objects whose kind git cannot tell."""
        for oid in sorted(oids)[:_TOLD]:
            self.failed.append(
                Failed(oid[:SHORT], 0, 0, f"object {oid} is damaged; fetch it from another clone")
            )
        if len(oids) > _TOLD:
            self.broken(f"{len(oids) - _TOLD} more objects are damaged; 'git fsck' lists them")

    def of_commit(self, commit: str, missing: Missing, *, is_shallow: bool) -> None:
        """A commit whose change cannot be told."""
        reason = f"its trees cannot be read: {missing.reason}"
        if missing.kind == "damaged":
            self.failed.append(Failed(commit[:SHORT], 0, 0, f"commit {commit}: {reason}"))
            return
        remedy = "'git fetch --unshallow'" if is_shallow else "'git fetch --refetch'"
        self.not_covered.append(
            NotCovered(
                commit[:SHORT], f"names of what commit {commit} brought", reason,
                f"bring them with {remedy}",
            )
        )  # fmt: skip

    def of(self, looked: Looked, called: Callable[[str], str]) -> None:
        """What some objects could not tell; ``called`` gives an object's name in reports."""
        for kind, words in _ABSENCES.items():
            found = sorted(oid for oid, missing in looked.missing.items() if missing.kind == kind)
            if found:
                self.left_out(f"{counted(len(found), 'object')} {words[0]}", *words[1:])
        damaged = sorted(
            (called(oid), oid, missing.reason)
            for oid, missing in looked.missing.items()
            if missing.kind in ("damaged", "not a blob")
        )
        for place, oid, reason in damaged[:_TOLD]:
            self.failed.append(Failed(place, 0, 0, f"object {oid}: {reason}"))
        if len(damaged) > _TOLD:
            self.broken(f"{len(damaged) - _TOLD} more objects are damaged; 'git fsck' lists them")
        for oid in sorted(looked.cut):
            self.failed.append(
                Failed(called(oid), 0, 0, f"object {oid} has too many matches; not all were read")
            )
        if looked.pointers:
            self.left_out(
                f"{counted(len(looked.pointers), 'file')} in Git LFS",
                "the repository holds pointers, not the content",
                "scan a work tree after 'git lfs pull'; older content is only on the LFS server",
            )
        if looked.binary:
            self.skipped.append(
                Skipped(self._name, f"{counted(looked.binary, 'object')} of the history: no text")
            )


_ABSENCES = {
    "absent": (
        "not in this clone",
        "a partial clone, or the rest of a damaged one; nothing is fetched",
        "clone without --filter, or 'git fetch --refetch'",
    ),
    "too large": (
        "of the history",
        "larger than --max-file-size",
        "raise --max-file-size",
    ),
}


def counted(number: int, what: str) -> str:
    """``1 object``, ``2 objects``."""
    return f"{number} {what}{'' if number == 1 else 's'}"
