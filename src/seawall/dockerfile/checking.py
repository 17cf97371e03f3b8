"""Runs rules over a Dockerfile and turns their hits into findings."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from seawall.core.finding import Finding, Subject
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import RuleFault
from seawall.core.rule import Hit, Rule
from seawall.dockerfile.delayed import delayed_run
from seawall.dockerfile.rule import COMMAND, FILE, STAGE, STEP, Context, RunCommand
from seawall.dockerfile.stages import Build, Stage, Step

if TYPE_CHECKING:
    from seawall.dockerfile.contents import BuildContents

KIND = "Dockerfile"
Entity = Build | Stage | Step | RunCommand


class Outcome(NamedTuple):
    """What the rules said, which of them broke on what, and which looked beyond the file."""

    findings: list[Finding]
    faults: list[RuleFault]
    related: set[str]
    contents: "BuildContents | None" = None
    """What the file names, where that was asked for."""


class Plan:
    """The rules of a run, sorted by what they are called with."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._file_rules = [rule for rule in self.rules if rule.scope == FILE]
        self._stage_rules = [rule for rule in self.rules if rule.scope == STAGE]
        self._any_step = [r for r in self.rules if r.scope == STEP and not r.kinds]
        self._any_command = [r for r in self.rules if r.scope == COMMAND and not r.kinds]
        self._by_instruction = _by_kind(self.rules, STEP)
        self._by_name = _by_kind(self.rules, COMMAND)
        self._needs_commands = bool(self._any_command or self._by_name)

    def check(self, build: Build, path: str, context: Context) -> Outcome:
        """Judge one file. Fixes are part of the findings."""
        outcome = Outcome([], [], set())
        run = _Run(path, build, context, outcome)
        run.rules(self._file_rules, build, "")
        for stage in build.stages:
            label = stage.label
            run.rules(self._stage_rules, stage, label)
            for step in stage.steps:
                if step.triggered:
                    continue  # judged where its ONBUILD stands
                name = step.name
                run.rules(self._any_step, step, label)
                run.rules(self._by_instruction.get(name, ()), step, label)
                if name == "RUN":
                    self._commands(step, run)
                elif name == "ONBUILD":
                    self._delayed(step, run)
        return outcome

    def _delayed(self, step: Step, run: "_Run") -> None:
        found = delayed_run(step)
        if found is not None:
            run.rules(self._by_instruction.get("RUN", ()), found, step.stage.label)
            self._commands(found, run)

    def _commands(self, step: Step, run: "_Run") -> None:
        if not self._needs_commands:
            return
        label = step.stage.label
        for script in step.scripts:
            for command in script.commands:
                named = self._by_name.get(command.name, ())
                if named or self._any_command:
                    found = RunCommand(command, script, step)
                    run.rules(self._any_command, found, label)
                    run.rules(named, found, label)


def _by_kind(rules: Iterable[Rule], scope: str) -> dict[str, list[Rule]]:
    result: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.scope == scope:
            for kind in rule.kinds:
                result.setdefault(kind, []).append(rule)
    return result


class _Run:
    """One file being judged."""

    def __init__(self, path: str, build: Build, context: Context, outcome: Outcome) -> None:
        self._path = path
        self._context = context
        self._outcome = outcome
        self._data = build.file.data
        self._lines = [0, *accumulate(map(len, self._data.splitlines(keepends=True)))]
        if self._data and not self._data.endswith((b"\n", b"\r")):
            self._lines.pop()  # behind the last line no other begins

    def rules(self, rules: Sequence[Rule], entity: Entity, stage: str) -> None:
        context = self._context
        for rule in rules:
            try:
                for hit in rule.check(entity, context):
                    self._outcome.findings.append(self._finding(rule, hit, stage))
            except Exception as error:  # noqa: BLE001 - one broken rule must not hide the others
                text = f"{type(error).__name__}: {error}"
                self._outcome.faults.append(RuleFault(rule.id, f"stage {stage}", self._path, text))
            if context.asked_outside:
                self._outcome.related.add(rule.id)
                context.asked_outside = False

    def _finding(self, rule: Rule, hit: Hit, stage: str) -> Finding:
        start, end = _range(hit)
        return Finding(
            rule=rule,
            severity=rule.severity if hit.severity is None else hit.severity,
            confidence=rule.confidence if hit.confidence is None else hit.confidence,
            message=hit.message,
            remedy=rule.remedy if hit.remedy is None else hit.remedy,
            subject=Subject(KIND, "", "", hit.container or stage),
            location=Location(self._path, span=self._span(start, end)),
            fixes=tuple(proposal.fix(self._path) for proposal in hit.fixes),
            evidence=hit.evidence or ("" if rule.sensitive else self._evidence(start, end)),
            secret=hit.secret,
        )

    def _evidence(self, start: int, end: int) -> str:
        return " ".join(self._slice(start, end).split())

    def _slice(self, start: int, end: int) -> str:
        return self._data[start:end].decode("utf-8", "surrogateescape")

    def _span(self, start: int, end: int) -> Span:
        return Span(*self._place(start), *self._place(end))

    def _place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, columns in characters."""
        line = bisect_right(self._lines, offset)
        return line, len(self._slice(self._lines[line - 1], offset)) + 1


def _range(hit: Hit) -> tuple[int, int]:
    start, end = hit.at
    if not isinstance(start, int) or not isinstance(end, int):
        raise TypeError("a hit in a Dockerfile must name a range of bytes")
    return start, end
