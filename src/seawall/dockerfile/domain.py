"""Judges Dockerfiles for the engine: from bytes to findings."""

from collections.abc import Mapping

from seawall.core.ignore import Ignore
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted
from seawall.core.rule import ParameterValue
from seawall.dockerfile import ignore_comments
from seawall.dockerfile.build import as_text, evaluate
from seawall.dockerfile.checking import Outcome, Plan
from seawall.dockerfile.contents import BuildContents, contents_of
from seawall.dockerfile.rule import Context, Surroundings
from seawall.text.dockerfile.parser import parse


class Judge(NamedTuple):
    """The rules of a run, what the team set for them, digests of a lock file, known secrets."""

    plan: Plan
    parameters: Mapping[str, Mapping[str, ParameterValue]]
    pins: Mapping[str, str]
    known_secrets: tuple[Redacted, ...] = ()

    def judge(
        self, data: bytes, path: str, surroundings: Surroundings, *, lists: bool = False
    ) -> Outcome:
        """What the rules say of one file, and what it names where it ``lists`` that."""
        build = evaluate(parse(data), dict(surroundings.arguments), surroundings.targets)
        context = Context(
            build, surroundings=surroundings, parameters=self.parameters, pins=self.pins,
            known_secrets=self.known_secrets,
        )  # fmt: skip
        outcome = self.plan.check(build, path, context)
        if lists:
            outcome = outcome._replace(contents=contents_of(build, surroundings.embedding))
        build.take_apart()
        return outcome


def contents(data: bytes, surroundings: Surroundings) -> BuildContents:
    """The images and packages that a file names."""
    build = evaluate(parse(data), dict(surroundings.arguments), surroundings.targets)
    found = contents_of(build, surroundings.embedding)
    build.take_apart()
    return found


def ignores_of(data: bytes, path: str) -> tuple[Ignore, ...]:
    """The ignore comments of a Dockerfile, of all tools."""
    if not ignore_comments.may_hold(data):
        return ()
    file = parse(data)
    build = evaluate(file) if ignore_comments.need_stages(data) else as_text(file)
    return ignore_comments.read(build, path).ignores


__all__ = ["Judge", "Plan", "contents", "ignores_of"]
