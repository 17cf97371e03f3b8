"""The declared differences: which there are, and which of them covers a difference."""

import tomllib
from collections.abc import Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.oracles.conditions import CONDITIONS, Case, holds
from tests.oracles.verdicts import OURS, THEIRS, Difference, aliases

DECLARATIONS = Path(__file__).parent / "differences.toml"
_LINTERS = ("kubesec", "kube-score", "kube-linter")


class Declaration(NamedTuple):
    """An entry of differences.toml."""

    tool: str
    ids: tuple[str, ...]
    side: str
    times: int
    number: str
    reason: str
    when: tuple[str, ...] = ()
    files: tuple[str, ...] = ("*",)
    kinds: tuple[str, ...] = ("*",)

    def __str__(self) -> str:
        return f"{self.tool} {', '.join(self.ids)}, only {self.side}: {self.reason}"

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its ids as aliases of our rules."""
        prefix = f"{self.tool}:" if self.tool in _LINTERS else ""
        return tuple(prefix + id_ for id_ in self.ids)

    def covers(self, difference: Difference, case: Case) -> bool:
        """Whether a difference is the declared one."""
        return (
            difference.tool == self.tool
            and difference.side == self.side
            and difference.id in self.aliases
            and any(fnmatch(difference.file, pattern) for pattern in self.files)
            and any(fnmatch(difference.subject.kind, pattern) for pattern in self.kinds)
            and holds(self.when, case)
        )


@cache
def declarations() -> tuple[Declaration, ...]:
    """Every entry, in the order of the file."""
    items = tomllib.loads(DECLARATIONS.read_text(encoding="utf-8"))["difference"]
    return tuple(_declaration(**item) for item in items)


def _declaration(
    *,
    tool: str,
    ids: list[str],
    side: str,
    count: int,
    number: str,
    reason: str,
    when: Sequence[str] = (),
    files: Sequence[str] = ("*",),
    kinds: Sequence[str] = ("*",),
) -> Declaration:
    lists = (tuple(when), tuple(files), tuple(kinds))
    return Declaration(tool, tuple(ids), side, count, number, reason, *lists)


def faults() -> list[str]:
    """What is wrong with the entries themselves."""
    found = []
    for item in declarations():
        unknown = [name for name in item.when if name.removeprefix("not-") not in CONDITIONS]
        unknown += [alias for alias in item.aliases if alias not in aliases()]
        if unknown:
            found.append(f"{item}: no such condition or alias: {unknown}")
        if item.side not in (OURS, THEIRS) or item.times < 1:
            found.append(f"{item}: side or count is wrong")
    used = {name.removeprefix("not-") for item in declarations() for name in item.when}
    found += [f"condition {name} is not used" for name in sorted(CONDITIONS.keys() - used)]
    return found


@cache
def _by_id() -> dict[tuple[str, str], list[int]]:
    result: dict[tuple[str, str], list[int]] = {}
    for number, item in enumerate(declarations()):
        for alias in item.aliases:
            result.setdefault((alias, item.side), []).append(number)
    return result


def declaration_of(difference: Difference) -> int | None:
    """The first declaration that covers a difference."""
    case = Case(difference)
    for number in _by_id().get((difference.id, difference.side), ()):
        if declarations()[number].covers(difference, case):
            return number
    return None
