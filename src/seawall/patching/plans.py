"""What is to be patched, what is not and why; for people, too."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seawall.patching.candidates import Candidate
from seawall.patching.relations import Unit

VULNERABLE, ALL = "vulnerable", "all"
_MOST_NAMED = 6


class Step(NamedTuple):
    """A package that gets a newer version."""

    old: Unit
    candidate: Candidate
    clears: tuple[str, ...]
    """The vulnerabilities that it has no longer."""
    because: str
    """Why it is patched, where that is not for its vulnerabilities."""

    def __str__(self) -> str:
        new = self.candidate.unit.version
        why = f"clears {listed(self.clears)}" if self.clears else self.because or "newer"
        return f"patched {self.old.label} {self.old.version} -> {new}: {why}"


class Left(NamedTuple):
    """A package that stays as it is although it should not."""

    unit: Unit
    ids: tuple[str, ...]
    """The vulnerabilities that some version of it mends."""
    reason: str

    def __str__(self) -> str:
        has = f" (has {listed(self.ids)})" if self.ids else ""
        return f"not patched: {self.unit.label} {self.unit.version}{has}: {self.reason}"


class Plan(NamedTuple):
    """All of it."""

    steps: tuple[Step, ...]
    left: tuple[Left, ...]


class Result(NamedTuple):
    """What came of patching the packages of an image."""

    plan: Plan
    notes: tuple[str, ...]


def listed(ids: Iterable[str]) -> str:
    """Some ids in one line."""
    found = sorted(ids)
    more = len(found) - _MOST_NAMED
    return ", ".join(found[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


class Exposed(NamedTuple):
    """The vulnerabilities of an installed package, by their numbers in the database."""

    all: Mapping[int, str]
    """Their ids."""
    mended: frozenset[int]
    """Those that some version mends."""
