"""Which packages are patched: the vulnerable, named ones, or all; with reasons for the rest."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.core.errors import UsageError
from seawall.patching.candidates import Candidate
from seawall.patching.plans import ALL, Left, Plan, Step, listed
from seawall.patching.relations import Unit, World
from seawall.patching.resolving import Key, Resolver
from seawall.patching.sources import Wanted
from seawall.patching.watching import Watch

Compare = Callable[[str, str], int | None]


class Package(NamedTuple):
    """An installed package as the planner sees it."""

    unit: Unit
    state: str
    """``installed``, or what else is wrong with it."""
    is_held: bool
    """Whether the image says that it is to stay as it is."""


class Shelf:
    """The newest package of each name and architecture that the sources have."""

    def __init__(self, found: Iterable[Candidate], compare: Compare) -> None:
        self.compare = compare
        self._best: dict[Key, Candidate] = {}
        for candidate in found:
            known = self._best.get(candidate.unit.key)
            if known is None or (compare(candidate.unit.version, known.unit.version) or 0) > 0:
                self._best[candidate.unit.key] = candidate

    def best(self, key: Key) -> Candidate | None:
        """The newest of a package; it may be older than what is installed."""
        return self._best.get(key)


class _Choice:
    """What is installed, what may replace it, and what speaks against that."""

    def __init__(
        self, packages: Sequence[Package], shelf: Shelf,
        obstacle: Callable[[Key, Candidate], str],
    ) -> None:  # fmt: skip
        self.installed = {each.unit.key: each for each in packages}
        self._shelf = shelf
        self._obstacle = obstacle

    def newer(self, key: Key) -> Candidate | None:
        """The newest of a package, where it is newer than what is installed."""
        candidate, package = self._shelf.best(key), self.installed.get(key)
        if candidate is None or package is None:
            return None
        order = self._shelf.compare(candidate.unit.version, package.unit.version)
        return candidate if order is not None and order > 0 else None

    def obstacle(self, key: Key) -> str:
        """Why a package cannot be patched, whatever others need; empty where it can."""
        package, candidate = self.installed[key], self.newer(key)
        if package.is_held:
            return "the image holds it at its version"
        if package.state != "installed":
            return f"it is in the state {package.state}"
        return self._obstacle(key, candidate) if candidate is not None else ""

    def reason_to_leave(self, key: Key, watch: Watch, wanted: Wanted) -> str | None:
        """Why a package is left; empty where it is to be patched, ``None`` where nothing asks."""
        unit, newer = self.installed[key].unit, self.newer(key)
        if wanted.named:
            if unit.name not in wanted.named:
                return None
            return "" if newer is not None else self._no_newer(key)
        if wanted.what == ALL:
            return "" if newer is not None else None
        if not watch.mendable(unit):
            return None
        if newer is None:
            return self._no_newer(key)
        if not watch.cleared(unit, newer):
            return f"{newer.unit.version}, the newest there is, has them too"
        return ""

    def _no_newer(self, key: Key) -> str:
        best = self._shelf.best(key)
        if best is None:
            return "the sources do not have it"
        return f"the sources have nothing newer than {best.unit.version}"


def choose(
    packages: Sequence[Package],
    shelf: Shelf,
    watch: Watch,
    wanted: Wanted,
    obstacle: Callable[[Key, Candidate], str],
    world: Callable[[Iterable[Unit]], World],
) -> Plan:
    """The plan. Raises ``UsageError`` for a package that is named and not installed."""
    choice = _Choice(packages, shelf, obstacle)
    installed = choice.installed
    _refuse_unknown(wanted.named, installed)
    reasons = {key: choice.reason_to_leave(key, watch, wanted) for key in installed}
    selected = [key for key, reason in reasons.items() if reason == ""]
    units = [each.unit for each in packages]
    resolved = Resolver(units, choice.newer, choice.obstacle, world).resolve(selected)
    steps = []
    for key, chosen in resolved.chosen.items():
        unit = installed[key].unit
        because = f"{chosen.needed_by} needs it" if chosen.needed_by else "asked for"
        steps.append(Step(unit, chosen.candidate, watch.cleared(unit, chosen.candidate), because))
    refused = {key: resolved.refused[key] for key in selected if key in resolved.refused}
    left = [
        Left(installed[key].unit, watch.mendable(installed[key].unit), reason)
        for key, reason in {**reasons, **refused}.items() if reason
    ]  # fmt: skip
    return Plan(tuple(sorted(steps, key=_by_name)), tuple(sorted(left, key=_by_unit)))


def _by_name(step: Step) -> Key:
    return step.old.key


def _by_unit(left: Left) -> Key:
    return left.unit.key


def _refuse_unknown(named: Iterable[str], installed: Mapping[Key, Package]) -> None:
    known = {key[0] for key in installed}
    for name in sorted(named):
        if name not in known:
            raise UsageError(
                f"--patch-package {name}: the image has no such package; see those that it has "
                "with seawall sbom"
            )


def summary(plan: Plan) -> Iterator[str]:
    """What a person wants to know first."""
    cleared = {id_ for step in plan.steps for id_ in step.clears}
    if cleared:
        many = "vulnerability is" if len(cleared) == 1 else "vulnerabilities are"
        yield f"{len(cleared)} {many} cleared: {listed(cleared)}"
