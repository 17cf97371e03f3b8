"""Finds the ignores that cover a finding without asking each of them.

A file may hold thousands of ignores and of findings, so their product must not be what it costs.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore, Lines, Part, WholeFile
from seawall.core.named_tuple import NamedTuple

if TYPE_CHECKING:
    from seawall.core.location import KeyPath


class Known:
    """An ignore with its rules looked up (``None`` for every rule), and what it turned out to do.

    ``fault`` says why it cannot be carried out; ``locked`` holds rules that it would have hidden,
    had the configuration not locked them.
    """

    __slots__ = (
        "expired", "fault", "ignore", "locked", "names", "reason_missing", "rules", "used",
    )  # fmt: skip

    def __init__(self, ignore: Ignore, rules: frozenset[str] | None, fault: str) -> None:
        self.ignore = ignore
        self.names: Callable[[Finding], bool] | None = None
        """Whether a finding is one that another tool's checks stand for, where those are named."""
        self.rules = rules
        self.fault = fault
        self.expired = False
        self.reason_missing = False
        self.used = False
        self.locked: dict[str, None] = {}

    @property
    def in_force(self) -> bool:
        """Whether it may hide anything."""
        return not (self.fault or self.expired or self.reason_missing)

    def use(self, rule: str, *, locked: bool) -> None:
        """Note that it covers a finding of a rule."""
        self.used = True
        if locked:
            self.locked[rule] = None


class _Group:
    """Ignores of one and the same scope."""

    __slots__ = ("_by_rule", "_foreign", "held")

    def __init__(self) -> None:
        self.held: list[Known] = []
        self._foreign: list[Known] = []
        self._by_rule: dict[str, Known | None] = {}

    def add(self, known: Known) -> None:
        """One more ignore of this scope."""
        (self.held if known.names is None else self._foreign).append(known)

    def first(self, finding: Finding, *, locked: bool) -> Known | None:
        """The first that is about a finding. All of them count as used."""
        rule = finding.rule.id
        if rule not in self._by_rule:  # ours go by the rule alone: noted once
            found = [known for known in self.held if known.rules is None or rule in known.rules]
            for known in found:
                known.use(rule, locked=locked)
            self._by_rule[rule] = found[0] if found else None
        first = self._by_rule[rule]
        for known in self._foreign:
            if known.names is not None and known.names(finding):
                known.use(rule, locked=locked)
                first = first or known
        return first


class _Block(NamedTuple):
    """Ignores of the same lines, and the number of the block around them; -1 without one."""

    first: int
    last: int
    around: int
    group: _Group


class _File:
    """The ignores of one file."""

    __slots__ = ("_blocks", "_starts", "lines", "parts", "whole")

    def __init__(self) -> None:
        self.whole = _Group()
        self.parts: dict[tuple[int, KeyPath], _Group] = {}
        self.lines: dict[tuple[int, int], _Group] = {}
        self._blocks: list[_Block] = []
        self._starts: list[int] = []

    def covering(self, finding: Finding) -> Iterator[_Group]:
        """The groups whose scope covers a finding of the file, the nearest first."""
        place = finding.location
        if self.lines and place.span is not None:
            yield from self._on_line(place.span.line)
        if self.parts:
            for depth in range(len(place.key_path), -1, -1):
                group = self.parts.get((place.document, place.key_path[:depth]))
                if group is not None:
                    yield group
        yield self.whole

    def _on_line(self, line: int) -> Iterator[_Group]:
        if not self._starts:
            self._sort()
        number = bisect_right(self._starts, line) - 1
        while number >= 0:
            block = self._blocks[number]
            if line <= block.last:
                yield block.group
            number = block.around

    def _sort(self) -> None:
        """Blocks lie within each other or apart: each one knows the next larger one."""
        begun: list[int] = []
        for first, last in sorted(self.lines, key=lambda lines: (lines[0], -lines[1])):
            while begun and self._blocks[begun[-1]].last < last:
                begun.pop()
            around = begun[-1] if begun else -1
            begun.append(len(self._blocks))
            self._blocks.append(_Block(first, last, around, self.lines[first, last]))
        self._starts = [block.first for block in self._blocks]


class Scopes:
    """The ignores of a run by where they hold."""

    def __init__(self, ignores: Iterable[Known]) -> None:
        self._files: dict[str, _File] = {}
        self._anywhere: list[Known] = []
        for known in ignores:
            self._add(known)

    def _add(self, known: Known) -> None:
        scope = known.ignore.scope
        if not isinstance(scope, Lines | WholeFile | Part):
            self._anywhere.append(known)
            return
        file = self._files.setdefault(scope.path, _File())
        if isinstance(scope, WholeFile):
            group = file.whole
        elif isinstance(scope, Part):
            group = file.parts.setdefault((scope.document, scope.key_path), _Group())
        else:
            group = file.lines.setdefault((scope.first, scope.last), _Group())
        group.add(known)

    def reach(self, finding: Finding) -> bool:
        """Whether there is any ignore that could cover a finding."""
        return bool(self._anywhere) or finding.location.path in self._files

    def covering(self, finding: Finding, *, locked: bool) -> Known | None:
        """The nearest ignore that covers a finding; all that do count as used."""
        file = self._files.get(finding.location.path)
        groups = () if file is None else file.covering(finding)
        found = [group.first(finding, locked=locked) for group in groups]
        found.append(self.anywhere(finding, locked=locked))
        return next((known for known in found if known is not None), None)

    def anywhere(self, finding: Finding, *, locked: bool) -> Known | None:
        """The same of the ignores that are written in no file of the targets."""
        rule = finding.rule.id
        first: Known | None = None
        for known in self._anywhere:
            if known.names is not None:
                is_named = known.names(finding)
            else:
                is_named = known.rules is None or rule in known.rules
            if is_named and known.ignore.scope.covers(finding):
                known.use(rule, locked=locked)
                first = first or known
        return first
