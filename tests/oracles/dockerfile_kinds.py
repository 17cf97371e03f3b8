"""The declared kinds of difference from hadolint, and which one a difference is."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.oracles.dockerfile_conditions import CONDITIONS
from tests.oracles.hadolint import COMMANDS, GRAMMAR, OURS, PUBLIC, THEIRS, Difference

DECLARATIONS = Path(__file__).parent / "dockerfile_kinds.toml"
RIGHT = ("ours", "theirs", "both")
"""Who is right. ``both``: each does what it means to do, and says so."""


class Kind(NamedTuple):
    """An entry of dockerfile_kinds.toml."""

    codes: tuple[str, ...]
    side: str
    right: str
    why: str
    evidence: str
    example: str
    line: int
    theirs: tuple[str, ...]
    """What hadolint says of the example: ``CODE line``."""
    when: tuple[str, ...] = ()
    grammar: int = 0
    commands: int = 0
    public: int = 0

    def __str__(self) -> str:
        return f"{' '.join(self.codes)}, only {self.side}: {self.why}"

    def covers(self, difference: Difference) -> bool:
        """Whether a difference is of this kind."""
        return (
            difference.code in self.codes
            and difference.side == self.side
            and all(CONDITIONS[name](difference) for name in self.when)
        )

    def times(self, recording: str) -> int:
        """How many differences of a recording are of this kind."""
        return {GRAMMAR: self.grammar, COMMANDS: self.commands, PUBLIC: self.public}[recording]


@cache
def _declared() -> dict[str, object]:
    return tomllib.loads(DECLARATIONS.read_text(encoding="utf-8"))


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind, in the order of the file: the first that covers a difference is its."""
    items = _declared()["kind"]
    assert isinstance(items, list)
    return tuple(_kind(dict(item)) for item in items)


def _kind(item: dict[str, object]) -> Kind:
    codes, lists = str(item.pop("code")).split(), {}
    for name in ("when", "theirs"):
        value = item.pop(name, [])
        assert isinstance(value, list)
        lists[name] = tuple(value)
    return Kind(tuple(codes), **lists, **item)  # type: ignore[arg-type]


def forget() -> None:
    """Read the declarations anew."""
    _declared.cache_clear()
    kinds.cache_clear()


def kind_of(difference: Difference) -> Kind | None:
    """The kind of a difference, if it is declared."""
    return next((kind for kind in kinds() if kind.covers(difference)), None)


class Agreement(NamedTuple):
    """What was found on the files of public repositories, which are not part of this one.

    ``recorded`` files, of which hadolint can parse ``files``; ``wrong`` of those have a difference
    where we are wrong. ``codes``: how often both sides reported each; ``alone``: how often one.
    """

    recorded: int
    files: int
    wrong: int
    codes: dict[str, int]
    alone: dict[tuple[str, str], int]


def published() -> Agreement:
    """The numbers of the last run on public files."""
    found = _declared()["public"]
    assert isinstance(found, dict)
    alone = {(code, side): found[side][code] for side in (OURS, THEIRS) for code in found[side]}
    return Agreement(found["recorded"], found["files"], found["wrong"], found["both"], alone)
