"""Which packages can be patched together, so that each has what it asks for.

Only what is installed is looked at: nothing new comes into an image. What is already broken in it
stays so and stops nothing. A package that others ask for in a newer version is patched with them;
where that does not help, the one that asks stays as it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.patching.candidates import Candidate
from seawall.patching.relations import Problem, Unit, World

Key = tuple[str, str]


class Chosen(NamedTuple):
    """A package that is patched, and for whom."""

    candidate: Candidate
    needed_by: str
    """The package that asks for it; empty where it was wanted itself."""


class Resolved(NamedTuple):
    """What can be patched, and why the rest cannot."""

    chosen: Mapping[Key, Chosen]
    refused: Mapping[Key, str]


class Resolver:
    """Finds what goes together."""

    def __init__(
        self,
        installed: Sequence[Unit],
        candidate: Callable[[Key], Candidate | None],
        obstacle: Callable[[Key], str],
        world: Callable[[Iterable[Unit]], World],
    ) -> None:
        """Take what is installed, what may replace it, and what speaks against that.

        ``obstacle`` says why a candidate cannot be taken, whatever else is; empty where it can.
        """
        self._installed = {unit.key: unit for unit in installed}
        self._candidate = candidate
        self._obstacle = obstacle
        self._world = world
        self._known = {problem.key for problem in world(installed).problems()}
        self._chosen: dict[Key, Chosen] = {}
        self._refused: dict[Key, str] = {}

    def resolve(self, wanted: Iterable[Key]) -> Resolved:
        """What of the wanted can be patched, with what that needs."""
        for key in wanted:
            self._choose(key, "")
        while (problem := next(self._problems(), None)) is not None:
            if not self._mend(problem):
                self._drop(problem)
        self._without_needless()
        return Resolved(self._chosen, self._refused)

    def _choose(self, key: Key, needed_by: str) -> bool:
        """Take a candidate; whether that can be done."""
        if key in self._chosen or key in self._refused:
            return False
        candidate = self._candidate(key)
        if candidate is None:
            return False
        if reason := self._obstacle(key):
            self._refused[key] = reason
            return False
        self._chosen[key] = Chosen(candidate, needed_by)
        return True

    def _units(self) -> list[Unit]:
        return [
            self._chosen[key].candidate.unit if key in self._chosen else unit
            for key, unit in self._installed.items()
        ]

    def _problems(self) -> Iterator[Problem]:
        if self._chosen:
            found = self._world(self._units()).problems()
            yield from (problem for problem in found if problem.key not in self._known)

    def _mend(self, problem: Problem) -> bool:
        """Take another candidate that makes a problem go away."""
        asker = problem.unit.name
        if problem.unit.key not in self._chosen:
            return self._choose(problem.unit.key, self._names(problem))
        if problem.other is not None:
            return self._helps(problem, problem.other.key) and self._choose(
                problem.other.key, asker
            )
        world = self._world(self._units())
        givers = [unit.key for each in problem.group for unit in world.givers(each.name)]
        for key in dict.fromkeys(givers):
            if self._helps(problem, key) and self._choose(key, asker):
                return True
        return False

    def _helps(self, problem: Problem, key: Key) -> bool:
        """Whether a candidate gives what a package asks for."""
        candidate = self._candidate(key)
        if candidate is None or key in self._chosen:
            return False
        alone = self._world([problem.unit, candidate.unit]).problems()
        return all(each.key != problem.key for each in alone)

    def _names(self, problem: Problem) -> str:
        """For whom a package must change that is not patched itself."""
        if problem.other is not None:
            return problem.other.name
        wanted = {each.name for each in problem.group}
        return next((key[0] for key in self._chosen if key[0] in wanted), problem.group[0].name)

    def _drop(self, problem: Problem) -> None:
        """Leave what makes a problem as it is."""
        reason = f"{problem.reason}, which {self._why(problem)}"
        culprits: list[Key] = []
        if problem.unit.key in self._chosen:
            culprits = [problem.unit.key]
        elif problem.other is not None:
            culprits = [problem.other.key]
        else:
            wanted = {each.name for each in problem.group}
            culprits = [
                key for key in self._chosen
                if wanted & {key[0], *(each.name for each in self._installed[key].provides)}
            ]  # fmt: skip
        for key in [key for key in culprits if key in self._chosen] or [*self._chosen][-1:]:
            del self._chosen[key]
            self._refused[key] = reason

    def _why(self, problem: Problem) -> str:
        if problem.other is not None:
            return "is installed"
        for each in problem.group:
            for key, why in self._refused.items():
                if key[0] == each.name:
                    return f"cannot be patched ({why})"
        names = {key[0] for key in self._installed}
        known = any(each.name in names for each in problem.group)
        return "is not to be had in that version" if known else "is not installed"

    def _without_needless(self) -> None:
        """Let go of what was taken for packages that were left after all."""
        for key, chosen in [*self._chosen.items()][::-1]:
            if chosen.needed_by:
                del self._chosen[key]
                if next(self._problems(), None) is not None:
                    self._chosen[key] = chosen
