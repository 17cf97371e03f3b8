"""Which commits brought which blobs under which names."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from seawall.core.named_tuple import NamedTuple
from seawall.engine.git_history.crew import work_off
from seawall.sources.git import Missing, Repository

_PORTION = 500
"""Commits that are looked at together."""
SUBMODULE = 0o160000
_NUMBER = 4
Plain = Any


class Broken(NamedTuple):
    """A commit whose change cannot be told."""

    commit: str
    missing: Missing


class Brought(NamedTuple):
    """A commit brought a blob to a path, where none of its parents has it."""

    position: int
    """Of the commit in the row of all commits, the newest first."""
    path: bytes


class _Portion(NamedTuple):
    first: int
    paths: list[bytes]
    rows: bytes
    """For each blob that was brought: commit (from the first on), path, oid."""


class Origins:
    """What some commits brought, packed: a row takes 28 bytes."""

    def __init__(self, commits: Sequence[str]) -> None:
        self.commits = commits
        """The newest first."""
        self.submodules: set[bytes] = set()
        self.broken: list[Broken] = []
        self._portions: list[_Portion] = []
        self.width = len(commits[0]) // 2 if commits else 20
        """Bytes of an oid."""

    def read(
        self, repository: Repository, workers: int, tell: Callable[[bytes, bytes], None]
    ) -> None:
        """Ask git for all of it; each blob is told with each name."""
        starts = range(0, len(self.commits), _PORTION)

        def work(numbers: Iterator[int]) -> Iterator[tuple[int, Plain]]:
            return _changes(repository, self.commits, numbers)

        found = sorted(work_off(len(starts), workers, work), key=lambda item: item[0])
        for number, (paths, rows, submodules, broken) in found:
            self._portions.append(_Portion(starts[number], paths, rows))
            self.submodules.update(submodules)
            self.broken += [Broken(commit, Missing(*missing)) for commit, *missing in broken]
            for _, path, oid in self._rows(rows):
                tell(oid, paths[path])

    def of(self, oids: Collection[bytes]) -> dict[bytes, list[Brought]]:
        """Who brought each of some blobs, the newest first."""
        found: dict[bytes, list[Brought]] = {}
        for first, paths, rows in self._portions:
            for commit, path, oid in self._rows(rows):
                if oid in oids:
                    found.setdefault(oid, []).append(Brought(first + commit, paths[path]))
        return found

    def _rows(self, rows: bytes) -> Iterator[tuple[int, int, bytes]]:
        width = 2 * _NUMBER + self.width
        for at in range(0, len(rows), width):
            yield (
                int.from_bytes(rows[at : at + _NUMBER], "little"),
                int.from_bytes(rows[at + _NUMBER : at + 2 * _NUMBER], "little"),
                rows[at + 2 * _NUMBER : at + width],
            )


def _changes(
    repository: Repository, commits: Sequence[str], numbers: Iterator[int]
) -> Iterator[tuple[int, Plain]]:
    """For each portion of commits: paths, rows, submodules, what cannot be told."""
    taken: list[int] = []

    def asked() -> Iterator[str]:
        for number in numbers:
            taken.append(number)
            yield from commits[number * _PORTION : (number + 1) * _PORTION]

    done = at = 0
    portion = _Packing()
    for change in repository.changes(asked()):
        portion.add(change.commit, change.missing)
        for row in change.rows:
            if row.mode == SUBMODULE:
                portion.submodules.add(row.path)
            elif row.oid and row.oid not in row.before:
                portion.row(at, row.path, row.oid)
        at += 1
        if at == min(_PORTION, len(commits) - taken[done] * _PORTION):
            yield taken[done], portion.plain()
            portion = _Packing()
            done += 1
            at = 0


class _Packing:
    """The rows of a portion, as they come."""

    def __init__(self) -> None:
        self.submodules: set[bytes] = set()
        self._paths: dict[bytes, int] = {}
        self._rows: list[bytes] = []
        self._broken: list[tuple[str, str, str]] = []

    def add(self, commit: str, missing: Missing | None) -> None:
        """A commit, and why its change cannot be told."""
        if missing is not None:
            self._broken.append((commit, *missing))

    def row(self, at: int, path: bytes, oid: str) -> None:
        """A commit brought a blob to a path."""
        number = self._paths.setdefault(path, len(self._paths))
        self._rows.append(
            at.to_bytes(_NUMBER, "little") + number.to_bytes(_NUMBER, "little") + bytes.fromhex(oid)
        )

    def plain(self) -> Plain:
        """What is sent to another process."""
        return list(self._paths), b"".join(self._rows), sorted(self.submodules), self._broken
