"""Judges Dockerfiles for the engine: from bytes to findings."""

from collections.abc import Mapping
from typing import NamedTuple

from seawall.core.rule import ParameterValue
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.checking import Outcome, Plan
from seawall.dockerfile.rule import Context, Surroundings
from seawall.text.dockerfile.parser import parse


class Judge(NamedTuple):
    """The rules of a run and what the team set for them."""

    plan: Plan
    parameters: Mapping[str, Mapping[str, ParameterValue]]

    def judge(self, data: bytes, path: str, surroundings: Surroundings) -> Outcome:
        """What the rules say of one file."""
        build = evaluate(parse(data))
        context = Context(build, surroundings=surroundings, parameters=self.parameters)
        return self.plan.check(build, path, context)


__all__ = ["Judge", "Plan"]
