"""Makes one leak of each value, however many objects hold it."""

import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from seawall.core.named_tuple import NamedTuple
from seawall.engine.git_history.leak import HEAD, INDEX, PAST, UNREACHABLE, Leak, Origin
from seawall.engine.git_history.looking import Hit
from seawall.engine.git_history.origins import Brought
from seawall.engine.git_history.people import NOBODY, Made
from seawall.sources.files import shown

_GENERIC = frozenset(("assignment", "address", "header", "command"))
_STATES = (HEAD, INDEX, PAST, UNREACHABLE)
SHORT = 12
"""Digits of a hash that people are shown; git abbreviates to seven or more."""


class Surroundings(NamedTuple):
    """What is known of the objects in which something was found."""

    commits: Sequence[str]
    """The newest first."""
    reachable: int
    """How many of them, from the first on, refs lead to."""
    brought: Mapping[bytes, Sequence[Brought]]
    """By oid, the newest first."""
    head: Mapping[str, Sequence[str]]
    """By oid, the paths of the commit that is checked out."""
    staged: Mapping[str, Sequence[str]]
    kinds: Mapping[str, str]
    """By oid, for those that are no blobs."""
    linked: Mapping[str, Sequence[str]]
    """By oid, the paths of what refs lead to without a commit; most have none."""
    prefix: str
    """What stands before paths of the work tree in reports."""
    checked_out: bool
    """Whether what is in HEAD goes by its path alone."""
    bearing: Callable[[str], Hashable]
    with_bringers: bool = False
    """Whether all commits are kept that brought what holds a value."""


def commits_of(hits: Iterable[Hit], around: Surroundings) -> set[str]:
    """The commits whose makers are asked for."""
    found = set()
    for hit in hits:
        if around.kinds.get(hit.oid) == "commit":
            found.add(hit.oid)
        else:
            brought = around.brought.get(bytes.fromhex(hit.oid), ())
            found.update(around.commits[item.position] for item in brought)
    return found


def leaks(hits: Iterable[Hit], around: Surroundings, makers: Mapping[str, Made]) -> list[Leak]:
    """One leak for each value, in the order of their places."""
    groups: dict[bytes, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.digest, []).append(hit)
    positions = {
        commit: position
        for position, commit in enumerate(around.commits)
        if around.kinds.get(commit) == "commit"
    }
    grouping = _Grouping(around, makers, positions)
    found = [grouping.leak(digest, group) for digest, group in groups.items()]
    return sorted(found, key=lambda leak: (leak.place, leak.oid, leak.rule, leak.digest))


class _Grouping:
    def __init__(
        self, around: Surroundings, makers: Mapping[str, Made], positions: Mapping[str, int]
    ) -> None:
        self._around = around
        self._makers = makers
        self._positions = positions

    def leak(self, digest: bytes, group: Sequence[Hit]) -> Leak:
        """The leak of a value that some objects hold."""
        around = self._around
        best = max(hit.certainty for hit in group)
        shown_one = min((hit for hit in group if hit.certainty == best), key=self._order)
        oids = dict.fromkeys(sorted(hit.oid for hit in group))
        brought = sorted({item for oid in oids for item in self._brought(oid)})
        positions = list(dict.fromkeys(item.position for item in brought))
        paths = {path_of(item.path) for item in brought if item.path}
        for oid in oids:
            for known in (around.head, around.staged, around.linked):
                paths.update(known.get(oid, ()))
        state = min((self._state(oid) for oid in oids), key=_STATES.index)
        name = self._name(shown_one)
        return Leak(
            digest,
            shown_one.rule,
            best,
            shown_one.oid,
            around.kinds.get(shown_one.oid, "blob"),
            name,
            self._place(shown_one, name),
            state,
            self._origin(brought[-1]) if brought else None,
            self._origin(brought[0]) if brought else None,
            len(positions),
            tuple(dict.fromkeys(self._author(position) for position in reversed(positions))),
            tuple(sorted(paths)),
            len(oids),
            tuple(sorted({hit.rule for hit in group} - {shown_one.rule})),
            *self._bringers(oids, positions),
        )

    def _bringers(
        self, oids: Iterable[str], positions: Iterable[int]
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        if not self._around.with_bringers:
            return frozenset(), ()
        return frozenset(oids), tuple(self._around.commits[position] for position in positions)

    def _order(self, hit: Hit) -> tuple[object, ...]:
        """Which of several equally sure ones is shown: what is checked out, else the oldest."""
        oldest = max((item.position for item in self._brought(hit.oid)), default=-1)
        return (
            _STATES.index(self._state(hit.oid)), hit.rule in _GENERIC, -oldest,
            hit.rule, hit.oid, hit.name,
        )  # fmt: skip

    def _brought(self, oid: str) -> Sequence[Brought]:
        if self._around.kinds.get(oid) == "commit":
            return (Brought(self._positions[oid], b""),) if oid in self._positions else ()
        return self._around.brought.get(bytes.fromhex(oid), ())

    def _state(self, oid: str) -> str:
        around = self._around
        if oid in around.head:
            return HEAD
        if oid in around.staged:
            return INDEX
        if oid in around.linked:
            return PAST
        positions = [item.position for item in self._brought(oid)]
        return PAST if positions and min(positions) < around.reachable else UNREACHABLE

    def _name(self, hit: Hit) -> str:
        """The path to show: where it is now, else where it came to first; with the same bearing."""
        around = self._around
        wanted = around.bearing(hit.name)
        oldest_first = (path_of(item.path) for item in reversed(self._brought(hit.oid)))
        for paths in (
            around.head.get(hit.oid, ()),
            around.staged.get(hit.oid, ()),
            oldest_first,
            around.linked.get(hit.oid, ()),
        ):
            found = [path for path in paths if path and around.bearing(path) == wanted]
            if found:
                return found[0]
        return ""

    def _place(self, hit: Hit, name: str) -> str:
        if not name:
            return hit.oid[:SHORT]
        around = self._around
        path = around.prefix + name
        if around.checked_out and name in around.head.get(hit.oid, ()):
            return path
        for item in reversed(self._brought(hit.oid)):
            if path_of(item.path) == name:
                return f"{around.commits[item.position][:SHORT]}:{path}"
        if name in around.staged.get(hit.oid, ()):
            return path
        return hit.oid[:SHORT]

    def _origin(self, brought: Brought) -> Origin:
        commit = self._around.commits[brought.position]
        maker = self._makers.get(commit, NOBODY)
        return Origin(commit, maker.author, maker.time, path_of(brought.path))

    def _author(self, position: int) -> str:
        return self._makers.get(self._around.commits[position], NOBODY).author


def path_of(path: bytes) -> str:
    """A path as reports have it."""
    return shown(os.fsdecode(path))


def paths_by_oid(entries: Iterable[tuple[str, str]], wanted: Iterable[str]) -> dict[str, list[str]]:
    """The paths of some blobs, of pairs of oid and path."""
    oids = set(wanted)
    found: dict[str, list[str]] = {}
    for oid, path in entries:
        if oid in oids:
            found.setdefault(oid, []).append(path)
    return {oid: sorted(paths) for oid, paths in found.items()}
