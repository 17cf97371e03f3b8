"""Our rules about packages and the shell against hadolint's: every difference has a reason.

Compared is whether a rule and the codes that it stands for are reported on an instruction. Two
recordings are used: Dockerfiles made for the parser, and ones full of package managers' calls. The
declared differences are in hadolint_commands.toml; the first that covers a difference counts it.
The table of agreement is printed with ``pytest -s``.
"""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from seawall.core.rule import Rule
from seawall.dockerfile.base_systems import shell_of
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.checking import Plan
from seawall.dockerfile.rule import Context
from seawall.dockerfile.rules import all_rules
from seawall.dockerfile.stages import Step
from seawall.text.dockerfile.parser import parse
from tests.shared import oracle, read_rows

RECORDINGS = ("dockerfiles.jsonl.zst", "hadolint-commands.jsonl.zst")
DECLARATIONS = Path(__file__).parent / "hadolint_commands.toml"
TOPICS = frozenset(
    f"seawall.dockerfile.rules.{name}"
    for name in (
        "language_packages", "language_pins", "layers", "package_lists", "package_managers",
        "package_pins", "packages", "shell", "shell_errors",
    )
)  # fmt: skip
OURS, THEIRS = "ours", "theirs"
_UNPARSED = "DL1000"
_CODE = re.compile(r"(?:DL|SC)\d{4}")


class Difference(NamedTuple):
    """A rule that one side alone reports on an instruction."""

    rule: str
    side: str
    text: str
    step: Step | None


class Declaration(NamedTuple):
    """Differences that stay: which, how many, and why."""

    rules: tuple[str, ...]
    side: str
    times: int
    reason: str
    text: str = ""
    when: str = ""

    def covers(self, difference: Difference) -> bool:
        """Whether a difference is one of these."""
        return (
            difference.rule in self.rules
            and difference.side == self.side
            and re.search(self.text, difference.text, re.DOTALL) is not None
            and (not self.when or CONDITIONS[self.when](difference.step))
        )


def _is_elsewhere(step: Step | None) -> bool:
    """The stage's layers are not part of the final image."""
    return step is not None and step.instruction.start in _ELSEWHERE


_ELSEWHERE: set[int] = set()
"""Where the instructions of such stages begin in the file at hand."""


def _is_other_shell(step: Step | None) -> bool:
    return step is not None and any(
        not script.is_shell and script.language != "exec" for script in step.scripts
    )


CONDITIONS: dict[str, Callable[[Step | None], bool]] = {
    "not in the final image": _is_elsewhere,
    "another shell": _is_other_shell,
    "onbuild": lambda step: step is not None and step.name == "ONBUILD",
    "sh is ash": lambda step: step is not None and shell_of(step) == "ash",
    "sh is bash": lambda step: step is not None and shell_of(step) == "bash",
}


@cache
def declarations() -> tuple[Declaration, ...]:
    items = tomllib.loads(DECLARATIONS.read_text(encoding="utf-8"))["difference"]
    return tuple(
        Declaration(rules=tuple(item.pop("rules")), times=item.pop("count"), **item)
        for item in items
    )


@cache
def compared() -> dict[str, frozenset[str]]:
    """Our rules of these topics with hadolint's codes."""
    codes = {
        rule.id: frozenset(alias for alias in rule.aliases if _CODE.fullmatch(alias))
        for rule in _rules()
    }
    return {id_: found for id_, found in codes.items() if found}


def _rules() -> tuple[Rule, ...]:
    return tuple(rule for rule in all_rules() if rule.check.__module__ in TOPICS)


def _differences(both: Counter[str]) -> Iterator[Difference]:
    plan = Plan(rule for rule in _rules() if rule.id in compared())
    for recording in RECORDINGS:
        for row in read_rows(oracle(recording)):
            theirs = defaultdict(set)
            for code, _, line, _ in row["hadolint"]:  # type: ignore[attr-defined]
                theirs[code].add(line)
            if _UNPARSED not in theirs:
                yield from _of_row(str(row["text"]), theirs, plan, both)


def _of_row(
    text: str, theirs: dict[str, set[int]], plan: Plan, both: Counter[str]
) -> Iterator[Difference]:
    build = evaluate(parse(text.encode()))
    context = Context(build)
    outcome = plan.check(build, "Dockerfile", context)
    assert not outcome.faults, outcome.faults
    instructions = {one.line: one for one in build.file.instructions}
    steps = {step.instruction.line: step for step in build.steps() if not step.triggered}
    _ELSEWHERE.clear()
    _ELSEWHERE.update(
        step.instruction.start
        for step in steps.values()
        if not context.is_in_final_image(step.stage)
    )
    ours = defaultdict(set)
    for finding in outcome.findings:
        assert finding.location.span is not None
        line = finding.location.span[0]
        ours[finding.rule.id].add(max(one for one in instructions if one <= line))
    for id_, codes in compared().items():
        reported = set().union(*(theirs.get(code, set()) for code in codes))
        both[id_] += len(ours[id_] & reported)
        for line in sorted(ours[id_] ^ reported):
            one = instructions.get(line)
            source = "" if one is None else build.file.text(one.start, one.end)
            side = OURS if line in ours[id_] else THEIRS
            yield Difference(id_, side, source, steps.get(line))


def test_every_declaration_is_sound() -> None:
    known = set(compared())
    for item in declarations():
        assert set(item.rules) <= known, item
        assert item.side in {OURS, THEIRS}
        assert item.times > 0
        assert item.reason.endswith("."), item
        assert not item.when or item.when in CONDITIONS, item


@pytest.mark.skipif(
    not all(oracle(name).exists() for name in RECORDINGS), reason="a recording is not there"
)
def test_every_difference_is_declared() -> None:
    both: Counter[str] = Counter()
    used: Counter[int] = Counter()
    differing: Counter[str] = Counter()
    undeclared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for difference in _differences(both):
        differing[difference.rule] += 1
        for number, item in enumerate(declarations()):
            if item.covers(difference):
                used[number] += 1
                break
        else:
            undeclared[difference.rule, difference.side].append(difference.text)
    print()
    for id_ in sorted(compared()):
        print(f"{id_:28} both {both[id_]:4}  declared differences {differing[id_]:4}")
    problems = [
        f"{len(texts)} undeclared: {rule}, only {side}:\n    " + "\n    ".join(texts[:8])
        for (rule, side), texts in sorted(undeclared.items())
    ]
    problems += [
        f"declared {item.times} but found {used[number]}: {item.rules} {item.side} {item.reason}"
        for number, item in enumerate(declarations())
        if item.times != used[number]
    ]
    assert not problems, "\n".join(problems)
