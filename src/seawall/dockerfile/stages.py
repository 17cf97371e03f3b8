"""What a build is made of: stages, their steps, and the values in force at each."""

import itertools
from bisect import bisect_left
from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING

from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.platforms import Platform
from seawall.dockerfile.ports import Ports
from seawall.dockerfile.references import ImageReference
from seawall.text.dockerfile.expansion import Reference
from seawall.text.dockerfile.mounts import Mount
from seawall.text.dockerfile.tree import Comment, Dockerfile, Instruction, Problem

if TYPE_CHECKING:
    from seawall.text.shell.script import Script

UNKNOWN, DEFAULT, FIXED = 0, 1, 2
"""How sure a value is: it needs what the file does not say (a base image's environment, an ARG
without a default); it holds unless ``--build-arg`` says otherwise; nothing can change it."""


class Value(NamedTuple):
    """A text after expansion, and how sure it is."""

    text: str
    certainty: int = FIXED

    @property
    def known(self) -> bool:
        """Whether the file alone tells it, build arguments apart."""
        return self.certainty > UNKNOWN


class Command(NamedTuple):
    """What CMD, ENTRYPOINT or HEALTHCHECK run: a list of words, or one text for the shell."""

    words: tuple[str, ...]
    uses_shell: bool
    step: "Step"


class HealthCheck(NamedTuple):
    """``command`` is ``None`` for ``HEALTHCHECK NONE``."""

    command: Command | None
    step: "Step"


_tick = itemgetter(0)


class Variables:
    """The variables of a stage and when they changed; ``at`` gives them as they were."""

    __slots__ = ("_entries", "clock")

    def __init__(self, values: dict[str, Value]) -> None:
        self._entries = {name: [(0, value)] for name, value in values.items()}
        self.clock = 1

    def set(self, name: str, value: Value) -> None:
        """Give a variable a value."""
        self._entries.setdefault(name, []).append((self.clock, value))
        self.clock += 1

    def latest(self) -> dict[str, Value]:
        """All variables as they are now."""
        return {name: entries[-1][1] for name, entries in self._entries.items()}

    def value(self, name: str, before: int) -> Value | None:
        """A variable as it was before a tick of the clock."""
        entries = self._entries.get(name)
        if entries is None:
            return None
        place = bisect_left(entries, before, key=_tick)
        return entries[place - 1][1] if place else None

    def names(self, before: int) -> list[str]:
        """The variables that there were."""
        return [name for name, entries in self._entries.items() if entries[0][0] < before]


class Environment:
    """The variables at one step: ENV and ARG of the stage and of those it builds on.

    RUN gets them all; a mapping as ``expand`` wants it.
    """

    __slots__ = ("_before", "_variables")

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._before = variables.clock

    def value(self, name: str) -> Value | None:
        """The value of a variable, ``None`` where the file gives none."""
        return self._variables.value(name, self._before)

    def get(self, name: str) -> str | None:
        """Its text."""
        value = self._variables.value(name, self._before)
        return None if value is None else value.text

    def names(self) -> list[str]:
        """The names that have a value, in the order of their first."""
        return self._variables.names(self._before)

    def certainty(self, matched: tuple[str, ...], unmatched: tuple[str, ...]) -> int:
        """How sure a text with these variables is."""
        if unmatched:
            return UNKNOWN
        values = (self.value(name) for name in matched)
        return min((value.certainty for value in values if value is not None), default=FIXED)


class Setting(NamedTuple):
    """A key with its value, expanded (ENV, LABEL, ARG); ``None`` for an ARG without a value."""

    key: Value
    value: Value | None


class Step:
    """An instruction in its stage.

    Attributes:
        instruction: as text.
        name: ``RUN``, ``COPY`` ...
        stage: where it is carried out.
        triggered: it is the ONBUILD of the stage that this one builds on.
        number: its place among the steps of the stage, from 0.
        environment: the variables before it.
        user, workdir, shell: what is in force for it; an empty user and ``None`` for the shell say
            that no instruction has set them.
        arguments: its arguments expanded, one for each of the instruction's where BuildKit
            expands them, else as written.
        settings: the pairs of ENV, LABEL and ARG, expanded.
        flags: the values of ``--chown``, ``--chmod`` and ``--checksum``, expanded.
        mounts: ``RUN --mount`` with BuildKit's defaults; those it refuses are left out.
        ports: of EXPOSE.
        source: the stage or image of ``COPY --from``; ``None`` for the build context.
        mount_sources: the same for each of ``mounts``.
        undefined: variables without a value, as often as BuildKit finds them, but no ARGs.
        references: the variables in each argument.
        problem: why BuildKit refuses it here.
    """

    __slots__ = (
        "_scripts", "arguments", "environment", "flags", "instruction", "mount_sources",
        "mounts", "name", "number", "ports", "problem", "references", "settings", "shell", "source",
        "stage", "triggered", "undefined", "user", "workdir", "workdir_set",
    )  # fmt: skip

    arguments: tuple[Value, ...]
    environment: Environment
    flags: dict[str, Value]
    instruction: Instruction
    mount_sources: "tuple[Stage | ImageReference | None, ...]"
    mounts: tuple[Mount, ...]
    name: str
    number: int
    ports: tuple[Ports, ...]
    problem: Problem | None
    references: tuple[tuple[Reference, ...], ...]
    settings: tuple[Setting, ...]
    shell: tuple[str, ...] | None
    source: "Stage | ImageReference | None"
    stage: "Stage"
    triggered: bool
    undefined: tuple[str, ...]
    user: Value
    workdir: Value
    workdir_set: bool

    def __init__(self, instruction: Instruction, stage: "Stage", *, triggered: bool) -> None:
        self.instruction = instruction
        self.name = instruction.name
        self.stage = stage
        self.triggered = triggered
        self.number = len(stage.steps)
        self._scripts: tuple[Script, ...] | None = None
        self.settings = self.mounts = self.mount_sources = self.ports = self.undefined = ()
        self.references = ()
        self.arguments = ()
        self.flags = {}
        self.source = self.problem = None

    @property
    def scripts(self) -> "tuple[Script, ...]":
        """The scripts that RUN, CMD, ENTRYPOINT or HEALTHCHECK run; read when first asked for."""
        if self._scripts is None:
            from seawall.dockerfile.scripts import read  # noqa: PLC0415 - loads the shell's grammar

            self._scripts = read(self)
        return self._scripts

    def __repr__(self) -> str:
        return f"<step {self.instruction.name} line {self.instruction.line}>"


class Config:
    """What a stage's image says of running it, as far as the file tells.

    Of an external base image nothing is known: an empty ``user`` or a ``None`` may hide what it
    has set. ``environment`` holds ENV only; ``workdir`` is ``/`` at first.
    """

    __slots__ = (
        "author", "command", "entrypoint", "environment", "health_check", "labels", "ports",
        "shell", "stop_signal", "triggers", "user", "volumes", "workdir",
    )  # fmt: skip

    author: str
    command: Command | None
    entrypoint: Command | None
    environment: dict[str, Value]
    health_check: HealthCheck | None
    labels: dict[str, Value]
    ports: list[Ports]
    shell: tuple[str, ...] | None
    stop_signal: Value | None
    triggers: list[Step]
    user: Value
    volumes: dict[str, Value]
    workdir: Value

    def __init__(self) -> None:
        self.author = ""
        self.command = self.entrypoint = self.health_check = self.shell = self.stop_signal = None
        self.environment = {}
        self.labels = {}
        self.volumes = {}
        self.ports = []
        self.triggers = []
        self.user = Value("")
        self.workdir = Value("")

    def copy(self) -> "Config":
        """What a stage that builds on this one starts with; triggers are not passed on."""
        new = Config()
        for name in Config.__slots__:
            setattr(new, name, getattr(self, name))
        new.environment = dict(self.environment)
        new.labels = dict(self.labels)
        new.volumes = dict(self.volumes)
        new.ports = list(self.ports)
        new.triggers = []
        return new


class Stage:
    """A stage of the build.

    Attributes:
        file: the text that it stands in.
        number: from 0.
        instruction: its FROM, and ``instructions`` the others, as text.
        name: in lower case, empty without ``AS``.
        base_name: what FROM names, expanded.
        base: the stage it builds on; ``None`` for an image.
        image: the external image it builds on; ``None`` for a stage, for ``scratch`` and for a
            name that is none.
        platform: ``--platform`` parsed, ``platform_text`` expanded.
        undefined_arguments: variables in FROM that no ARG declares; the platform's too.
        default_image_problem: with the defaults of ARG alone, FROM names no image.
        steps: its instructions, ONBUILD triggers of its base first.
        arguments: the names of its ARGs, those of the stages below it included.
        config: what its image says in the end.
        needs: stages that it copies or mounts from.
        has_command: it has a CMD of its own.
        problem: why BuildKit refuses its FROM.
    """

    __slots__ = (
        "arguments", "base", "base_name", "config", "default_image_problem", "file",
        "has_command", "image", "instruction", "instructions", "name", "needs", "number",
        "platform", "platform_matched", "platform_text", "problem", "steps",
        "undefined_arguments", "variables", "workdir_set",
    )  # fmt: skip

    arguments: dict[str, None]
    base: "Stage | None"
    base_name: Value
    config: Config
    default_image_problem: bool
    file: Dockerfile
    has_command: bool
    image: ImageReference | None
    instruction: Instruction
    instructions: list[Instruction]
    name: str
    needs: "list[Stage]"
    number: int
    platform: Platform | None
    platform_matched: tuple[str, ...]
    platform_text: Value | None
    problem: Problem | None
    steps: list[Step]
    undefined_arguments: tuple[str, ...]
    variables: Variables
    workdir_set: bool

    def __init__(self, file: Dockerfile, number: int, instruction: Instruction) -> None:
        self.file = file
        self.number = number
        self.instruction = instruction
        self.arguments = {}
        self.base = self.image = self.platform = self.platform_text = self.problem = None
        self.base_name = Value("")
        self.config = Config()
        self.default_image_problem = self.has_command = self.workdir_set = False
        self.name = ""
        self.needs = []
        self.instructions = []
        self.steps = []
        self.platform_matched = self.undefined_arguments = ()
        self.variables = Variables({})

    @property
    def is_scratch(self) -> bool:
        """Whether it begins with nothing."""
        return self.base is None and self.base_name.text == "scratch"

    @property
    def label(self) -> str:
        """Its name, or ``stage-N`` as BuildKit calls it."""
        return self.name or f"stage-{self.number}"

    def chain(self) -> "Iterator[Stage]":
        """This stage, the one it builds on, and so on down."""
        stage: Stage | None = self
        while stage is not None:
            yield stage
            stage = stage.base

    @property
    def root(self) -> "Stage":
        """The lowest stage of its chain: the one that begins with an image or with nothing."""
        stage = self
        while stage.base is not None:
            stage = stage.base
        return stage

    def chain_steps(self) -> Iterator[Step]:
        """The steps of its chain in the order of the build."""
        if self.base is None:
            return iter(self.steps)
        return itertools.chain.from_iterable([stage.steps for stage in self.chain()][::-1])

    def __repr__(self) -> str:
        return f"<stage {self.label}>"


class Build:
    """A Dockerfile as a build, every stage of it.

    Attributes:
        file: as text.
        arguments: the values of ARG before the first FROM, and BuildKit's platform arguments.
        declared: the names that such an ARG declares.
        stages: in order.
        problems: why ``docker build`` refuses it: those of the text first. It stops at the first.
        check_options: what ``# check=`` asks for.
        limit: what there is too much of, so that no stage is walked; empty for other files.
        targets: the stages that are known to be built as images, besides the last one.
    """

    __slots__ = (
        "arguments", "check_options", "declared", "file", "limit", "problems", "stages", "targets",
    )  # fmt: skip

    arguments: dict[str, Value]
    check_options: "CheckOptions"
    declared: tuple[str, ...]
    file: Dockerfile
    limit: str
    problems: tuple[Problem, ...]
    stages: tuple[Stage, ...]
    targets: tuple[Stage, ...]

    @property
    def problem(self) -> Problem | None:
        """Why ``docker build`` refuses the file, if it does."""
        return self.problems[0] if self.problems else None

    @property
    def final(self) -> Stage | None:
        """The stage that is built without ``--target``."""
        return self.stages[-1] if self.stages else None

    @property
    def images(self) -> tuple[Stage, ...]:
        """The stages that images are made of: the last one, and the known targets."""
        final = self.final
        return () if final is None else (final, *self.targets)

    def needed(self) -> frozenset[int]:
        """The numbers of the stages that the images need, their own included."""
        todo: list[Stage | None] = list(self.images)
        found: set[int] = set()
        while todo:
            stage = todo.pop()
            if stage is not None and stage.number not in found:
                found.add(stage.number)
                todo += [stage.base, *stage.needs]
        return frozenset(found)

    def steps(self) -> Iterator[Step]:
        """Every step of every stage; triggered ones stand in the stage that they run in."""
        for stage in self.stages:
            yield from stage.steps

    def take_apart(self) -> None:
        """Give the memory back once nobody looks any more: steps and stages hold each other.

        The cycle collector is off, and a run may judge thousands of files.
        """
        for stage in self.stages:
            stage.steps = []
            stage.needs = []
            stage.config = Config()

    def find(self, name: str) -> Stage | None:
        """A stage by name or number, as ``--target`` and ``COPY --from`` find it at the end."""
        if name.isdecimal() and int(name[:9]) < len(self.stages):
            return self.stages[int(name[:9])]
        for stage in reversed(self.stages):
            if stage.name and stage.name == name.lower():
                return stage
        return None


class CheckOptions(NamedTuple):
    """``# check=skip=A,B;error=true;experimental=C``: BuildKit's own ids of its checks.

    ``skip_all`` and ``experimental_all`` stand for the word ``all``.
    """

    skip: tuple[str, ...] = ()
    skip_all: bool = False
    experimental: tuple[str, ...] = ()
    experimental_all: bool = False
    error: bool = False


def check_comment(comments: tuple[Comment, ...]) -> str:
    """The value of ``# check=`` in the comments above an instruction, empty without one."""
    from seawall.text.dockerfile.directives import find  # noqa: PLC0415 - hardly ever

    for comment in comments:
        if "=" in comment.text:
            found = find(comment.text)
            if found is not None and found.key == "check":
                return found.value.partition(" ")[0]
    return ""
