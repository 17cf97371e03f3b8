"""Which rule tells of a reason why BuildKit refuses a file: a reason is told of once."""

from bisect import bisect_right
from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.dockerfile.stages import Build
from seawall.text.dockerfile.tree import NO_STAGE, Instruction, Problem

SYNTAX = "dockerfile-syntax"
_PORT = pattern(r"invalid (?:containerPort|hostPort): (\d+)(?:-(\d+))?$")
MAX_PORT = 65_535
_ONBUILD = (
    "Chaining ONBUILD", "MAINTAINER isn't allowed", "FROM isn't allowed", "onbuild trigger should",
)  # fmt: skip
_IMAGE = ("base name (", "failed to parse stage name")
_STARTS = (
    (_ONBUILD, "onbuild-invalid"),
    (("circular dependency detected",), "stage-cycle"),
    (("cannot copy from stage", "invalid stage index"), "copy-from-unknown"),
)


def rule_for(build: Build, problem: Problem) -> str:
    """The id of the rule that tells of a problem."""
    if problem.reason == NO_STAGE:
        return "instruction-before-from"
    for starts, rule in _STARTS:
        if problem.reason.startswith(starts):
            if rule == "stage-cycle" and _copies_itself(build, problem):
                return "copy-from-self"
            return rule
    port = _PORT.match(problem.reason)
    if port and max(int(number[:9]) for number in port.groups() if number) > MAX_PORT:
        return "expose-range"
    instruction = instruction_of(build, problem)
    if instruction is None:
        return SYNTAX
    if instruction.name == "RUN" and _is_about_flag(instruction, problem):
        return "unknown-run-flag"
    if instruction.name == "FROM" and problem.reason.startswith(_IMAGE) and instruction.arguments:
        return "arg-default-invalid" if "$" in instruction.arguments[0].text else SYNTAX
    return SYNTAX


def instruction_of(build: Build, problem: Problem) -> Instruction | None:
    """The instruction that a problem is about."""
    instructions = build.file.instructions
    place = bisect_right(instructions, problem.start, key=lambda one: one.start)
    found = instructions[place - 1] if place else None
    return found if found and problem.start < max(found.end, found.start + 1) else None


def problems_for(build: Build, rule: str) -> list[Problem]:
    """The problems that a rule tells of, without repetitions."""
    return _by_rule(build).get(rule, [])


@lru_cache(maxsize=2)
def _by_rule(build: Build) -> dict[str, list[Problem]]:
    """Several rules ask, one after the other."""
    result: dict[str, list[Problem]] = {}
    for problem in dict.fromkeys(build.problems):
        result.setdefault(rule_for(build, problem), []).append(problem)
    return result


def _copies_itself(build: Build, problem: Problem) -> bool:
    return any(
        step.source is step.stage
        for step in build.steps()
        if step.name == "COPY" and step.instruction.start == problem.start
    )


def _is_about_flag(instruction: Instruction, problem: Problem) -> bool:
    if problem.phase == "build":  # what a mount says once its variables are expanded
        return not problem.reason.startswith("cannot mount from stage")
    return any(flag.start <= problem.start < flag.end for flag in instruction.flags)
