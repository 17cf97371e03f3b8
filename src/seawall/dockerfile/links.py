"""Which stage copies or mounts from which, and what ONBUILD adds to the stages above."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.stages import Stage
from seawall.text.dockerfile.expansion import ExpansionError, expand
from seawall.text.dockerfile.golang import parse_int
from seawall.text.dockerfile.mounts import fields
from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tree import NO_STAGE, Dockerfile, Instruction

if TYPE_CHECKING:
    from seawall.dockerfile.references import ImageReference

Refuse = Callable[[str, Instruction], object]

_ONBUILD = pattern(r"[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*", re.IGNORECASE)


class Image(NamedTuple):
    """An image that COPY or a mount names, and the instruction that does."""

    name: str
    instruction: Instruction


Source = Stage | Image


class Planned(NamedTuple):
    """An instruction of a stage; ``sources`` are those of ``--from`` or of each mount."""

    instruction: Instruction
    triggered: bool
    sources: tuple[Source, ...]


class Links:
    """The plan of every stage, and the images beside the stages."""

    def __init__(
        self, file: Dockerfile, stages: list[Stage], by_name: dict[str, Stage], refuse: Refuse
    ) -> None:
        self._file = file
        self._stages = stages
        self._by_name = by_name
        self._refuse = refuse
        self._states: list[Source] = list(stages)
        self.plans: list[list[Planned]] = [[] for _ in stages]
        self._because: dict[tuple[int, int], Instruction] = {}
        self.references: dict[str, ImageReference] = {}

    @property
    def images(self) -> list[Image]:
        """The images, in the order of the text."""
        return [state for state in self._states if isinstance(state, Image)]

    def connect(self) -> None:
        """Plan every stage, and look for circles."""
        for stage in self._stages:
            for instruction in stage.instructions:
                self._plan(stage, instruction, self.plans[stage.number], triggered=False)
        self._find_circle()

    def _plan(
        self, stage: Stage, instruction: Instruction, plan: list[Planned], *, triggered: bool
    ) -> None:
        sources: tuple[Source, ...] = ()
        if instruction.name == "COPY" and instruction.flag_value("from"):
            source = self._copy_source(instruction, stage.instruction if triggered else instruction)
            sources = () if source is None else (source,)
        elif instruction.name == "RUN":
            sources = tuple(
                self._named(_mount_source(flag.value or "") or "scratch", instruction)
                for flag in instruction.flags
                if flag.name == "mount"
            )
        for source in sources:
            if isinstance(source, Stage):
                self._because[stage.number, source.number] = instruction
                if source not in stage.needs:
                    stage.needs.append(source)
            else:
                self._states.append(source)
        plan.append(Planned(instruction, triggered, sources))

    def _named(self, name: str, instruction: Instruction) -> Source:
        return self._by_name.get(name.lower()) or Image(name, instruction)

    def _copy_source(self, instruction: Instruction, place: Instruction) -> Source | None:
        name = instruction.flag_value("from")
        try:
            changed = expand(name, {}, self._file.escape).text != name
        except ExpansionError as error:
            self._refuse(str(error), place)
            return None
        if changed:
            reason = "variable expansion is not supported for --from, define a new stage with "
            reason += "FROM using ARG from global scope as a workaround"
            self._refuse(reason, place)
            return None
        number = parse_int(name)
        if isinstance(number, str):
            return self._named(name, instruction)
        if 0 <= number < len(self._states):
            return self._states[number]
        self._refuse(f"invalid stage index {number}", place)
        return None

    # Circles ----------------------------------------------------------------------------------

    def _find_circle(self) -> None:
        done: set[int] = set()
        for root in self._stages:
            circle = _circle(root, done)
            if circle is not None:
                reason = f"circular dependency detected on stage: {root.label}"
                self._refuse(reason, self._because[circle])
                return

    # ONBUILD ----------------------------------------------------------------------------------

    def add_triggers(self) -> None:
        """Put the triggers of bases before the instructions of stages that the final one needs."""
        begun: set[int] = set()
        while True:
            reachable = self._reachable()
            fresh = [stage for stage in reachable if stage.number not in begun]
            if not fresh:
                return
            for stage in fresh:
                begun.add(stage.number)
                if stage.base is not None:
                    self._trigger(stage, stage.base)

    def _reachable(self) -> list[Stage]:
        todo = [self._stages[-1]]
        found: dict[int, Stage] = {}
        while todo:
            stage = todo.pop()
            if stage.number not in found:
                found[stage.number] = stage
                todo += stage.needs
                if stage.base is not None:
                    todo.append(stage.base)
        return [found[number] for number in sorted(found)]

    def _trigger(self, stage: Stage, base: Stage) -> None:
        plan: list[Planned] = []
        for planned in self.plans[base.number]:
            instruction = planned.instruction
            if instruction.name != "ONBUILD" or instruction.inner is None:
                continue
            reason = self._trigger_problem(instruction)
            if reason:
                self._refuse(reason, stage.instruction)
                continue
            self._plan(stage, instruction.inner, plan, triggered=True)
        self.plans[stage.number][:0] = plan

    def _trigger_problem(self, instruction: Instruction) -> str:
        """Why BuildKit refuses a trigger, which it reads as a file of its own."""
        text = _ONBUILD.sub("", instruction.source.text, count=1)
        parts = [text.encode("utf-8", "surrogateescape")]
        for heredoc in instruction.heredocs:
            body = self._file.data[heredoc.body_start : heredoc.body_end]
            parts.append(body + heredoc.name.encode("utf-8", "surrogateescape"))
        trigger = parse(b"\n".join(parts))
        for problem in trigger.problems:
            if problem.reason != NO_STAGE:
                return problem.reason
        single = len(trigger.instructions) == 1
        return "" if single else "onbuild trigger should be a single expression"


def _mount_source(value: str) -> str:
    """The last ``from`` of a mount, before variables are expanded."""
    source = ""
    for field in fields(value, "mounts"):
        key, mark, text = field.partition("=")
        if mark and key.lower() == "from":
            source = text
    return source


def _circle(root: Stage, done: set[int]) -> tuple[int, int] | None:
    """The need, from one stage to another, that closes a circle seen from a root."""
    if root.number in done:
        return None
    done.add(root.number)
    path = {root.number}
    stack = [(root, iter(root.needs))]
    while stack:
        stage, needs = stack[-1]
        for other in needs:
            if other.number in path:
                return stage.number, other.number
            if other.number not in done:
                done.add(other.number)
                path.add(other.number)
                stack.append((other, iter(other.needs)))
                break
        else:
            path.discard(stage.number)
            stack.pop()
    return None
