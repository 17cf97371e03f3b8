"""Our verdicts on Dockerfiles beside hadolint's, code by code and line by line.

A verdict is a code of hadolint on an instruction. Three sets of Dockerfiles have its recorded
answers (2.15.1, with ShellCheck inside): ``grammar`` were made for the parser, ``commands`` are
full of package managers' calls, ``public`` are those of public repositories. The last are not part
of this one: ``SEAWALL_DOCKERFILES`` names a directory with the files and ``recorded.jsonl``. Where
hadolint cannot parse a file (its DL1000) it tells nothing of the rest.
"""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from seawall.core.finding import Finding
from seawall.core.rule import Rule
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.checking import Plan
from seawall.dockerfile.delayed import delayed_run
from seawall.dockerfile.package_commands import PackageCommand, package_commands
from seawall.dockerfile.rule import Context
from seawall.dockerfile.rules import all_rules
from seawall.dockerfile.stages import Build, Stage, Step
from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tree import Instruction
from seawall.text.shell.script import Command, Script
from tests.shared import oracle, read_rows

GRAMMAR, COMMANDS, PUBLIC = "grammar", "commands", "public"
RECORDINGS = {GRAMMAR: "dockerfiles.jsonl.zst", COMMANDS: "hadolint-commands.jsonl.zst"}
ENVIRONMENT = "SEAWALL_DOCKERFILES"
OURS, THEIRS = "ours", "theirs"
UNPARSED = "DL1000"
_CODE = re.compile(r"(?:DL|SC)\d{4}")
NOT_ASKED = frozenset(
    "DL1001 DL3026 DL3049 DL3050 DL3051 DL3052 DL3053 DL3054 DL3055 DL3056 DL3057 DL3058".split()
)
"""Codes that hadolint reports only where its configuration asks for them: never recorded."""


class Dockerfile(NamedTuple):
    """A Dockerfile with hadolint's verdicts: (code, line)."""

    name: str
    data: bytes
    verdicts: frozenset[tuple[str, int]]


def grammar_and_commands(recording: str) -> Iterator[Dockerfile]:
    """The files of a recording in tests/data."""
    for number, row in enumerate(read_rows(oracle(RECORDINGS[recording]))):
        data = str(row["text"]).encode("utf-8", "surrogateescape")
        verdicts: Sequence[Sequence[object]] = row["hadolint"]  # type: ignore[assignment]
        yield Dockerfile(f"{recording} {number}", data, _verdicts(verdicts))


def public() -> Iterator[Dockerfile]:
    """The files of public repositories."""
    folder = Path(os.environ[ENVIRONMENT])
    for line in (folder / "recorded.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Dockerfile(
            row["file"], (folder / row["file"]).read_bytes(), _verdicts(row["hadolint"])
        )


def dockerfiles(recording: str) -> Iterator[Dockerfile]:
    """The files of any recording."""
    yield from public() if recording == PUBLIC else grammar_and_commands(recording)


def _verdicts(rows: Sequence[Sequence[object]]) -> frozenset[tuple[str, int]]:
    return frozenset((str(row[0]), int(str(row[2]))) for row in rows)


# Ours -----------------------------------------------------------------------------------------

_BASHISMS = (
    ("[[", "SC3010"), ("source", "SC3046"), ("pipefail", "SC3040"), ("<( )", "SC3001"),
    ("<<<", "SC3011"), ("&>", "SC3020"), ("arrays", "SC3030"), ("==", "SC3014"), ("{", "SC3009"),
)  # fmt: skip
"""How a message of sh-bashism tells which of ShellCheck's codes it is."""


@cache
def rules() -> tuple[Rule, ...]:
    """Our rules that stand for codes of hadolint."""
    return tuple(rule for rule in all_rules() if codes_of(rule))


def codes_of(rule: Rule) -> tuple[str, ...]:
    """hadolint's codes that a rule stands for."""
    return tuple(
        alias
        for alias in rule.aliases
        if _CODE.fullmatch(alias) and alias not in NOT_ASKED and alias != UNPARSED
    )


@cache
def codes() -> frozenset[str]:
    """hadolint's codes that a rule of ours stands for."""
    return frozenset(code for rule in rules() for code in codes_of(rule))


@cache
def _plan() -> Plan:
    return Plan(rules())


def _codes_of(finding: Finding) -> tuple[str, ...]:
    if finding.rule.id != "sh-bashism":
        return codes_of(finding.rule)
    what = finding.message.partition("understand ")[2]
    return (next((code for start, code in _BASHISMS if what.startswith(start)), "SC3044"),)


# Differences ----------------------------------------------------------------------------------


class Difference(NamedTuple):
    """A code that one side alone reports on an instruction.

    ``steps`` are those of the instruction: none where it is in no stage, and no triggered ones.
    ``findings`` are ours of the code there.
    """

    code: str
    side: str
    line: int
    name: str
    build: Build
    context: Context
    theirs: frozenset[tuple[str, int]]
    findings: tuple[Finding, ...]

    @property
    def instruction(self) -> Instruction | None:
        """The instruction on the line."""
        return next((i for i in self.build.file.instructions if i.line == self.line), None)

    @property
    def text(self) -> str:
        """What is written there."""
        one = self.instruction
        return "" if one is None else self.build.file.text(one.start, one.end)

    @property
    def step(self) -> Step | None:
        """The step of the instruction."""
        return next(
            (
                step
                for step in self.build.steps()
                if step.instruction.line == self.line and not step.triggered
            ),
            None,
        )

    @property
    def stage(self) -> Stage | None:
        """The stage that the instruction begins or is part of."""
        if self.step is not None:
            return self.step.stage
        return next((s for s in self.build.stages if s.instruction.line == self.line), None)

    @property
    def scripts(self) -> tuple[Script, ...]:
        """The scripts of a RUN, also of a delayed one."""
        step = self.step
        if step is not None and step.name == "ONBUILD":
            step = delayed_run(step)
        return () if step is None else step.scripts

    @property
    def commands(self) -> tuple[Command, ...]:
        """Their commands."""
        return tuple(command for script in self.scripts for command in script.commands)

    @property
    def calls(self) -> tuple[PackageCommand, ...]:
        """Their calls of package managers."""
        return tuple(package_commands(self.commands))

    @property
    def messages(self) -> tuple[str, ...]:
        """What ours say."""
        return tuple(finding.message for finding in self.findings)


class Comparison(NamedTuple):
    """How often both sides report a code on an instruction, and every difference."""

    files: int
    both: Counter[str]
    differences: tuple[Difference, ...]
    uncovered: Counter[str]
    """hadolint's codes that no rule of ours stands for."""


@cache
def compare(recording: str) -> Comparison:
    """Our verdicts and hadolint's on all files of a recording."""
    both: Counter[str] = Counter()
    uncovered: Counter[str] = Counter()
    found: list[Difference] = []
    files = 0
    for file in dockerfiles(recording):
        if any(code == UNPARSED for code, _ in file.verdicts):
            continue
        files += 1
        _compare(file, both, uncovered, found)
    return Comparison(files, both, tuple(found), uncovered)


def differences_of(file: Dockerfile) -> tuple[Difference, ...]:
    """The differences of one file."""
    found: list[Difference] = []
    _compare(file, Counter(), Counter(), found)
    return tuple(found)


def _compare(
    file: Dockerfile, both: Counter[str], uncovered: Counter[str], found: list[Difference]
) -> None:
    build = evaluate(parse(file.data))
    context = Context(build)
    outcome = _plan().check(build, "Dockerfile", context)
    assert not outcome.faults, outcome.faults
    ours: dict[tuple[str, int], list[Finding]] = defaultdict(list)
    for finding in outcome.findings:
        for code in _codes_of(finding):
            ours[code, _line(build, finding)].append(finding)
    for verdict in sorted(file.verdicts | ours.keys()):
        code, line = verdict
        if code not in codes():
            uncovered[code] += 1
        elif verdict in ours and verdict in file.verdicts:
            both[code] += 1
        else:
            side = OURS if verdict in ours else THEIRS
            findings = tuple(ours.get(verdict, ()))
            found.append(
                Difference(code, side, line, file.name, build, context, file.verdicts, findings)
            )


def _line(build: Build, finding: Finding) -> int:
    """The first line of the instruction that a finding is in."""
    assert finding.location.span is not None
    line = finding.location.span.line
    return next(
        (one.line for one in build.file.instructions if one.line <= line <= one.end_line), line
    )
