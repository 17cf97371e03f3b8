"""How a Dockerfile rule is written: a decorated function, its metadata and its docstring.

    @command_rule(
        "apt-cli",
        names=("apt",),
        severity=Severity.LOW,
        remedy="Call apt-get or apt-cache: their options and output do not change.",
        aliases=("DL3027",),
    )
    def apt_cli(command: RunCommand, context: Context) -> Hits:
        '''apt is for people at a terminal. ...'''
        yield Hit("calls apt", command.words[0].place)

The scope decides what the function is called with: the whole file, each stage, each step (an
instruction in its stage) of some instructions, or each shell command of some names in RUN (nested
shells included). ``Hit.at`` is a byte range of the file. The catalogue finds rules in the modules
of ``seawall.dockerfile.rules`` by their type.
"""

from collections.abc import Callable, Mapping
from typing import Unpack

from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted
from seawall.core.rule import Hits, ParameterValue, Rule
from seawall.core.rule_decorator import Metadata, ParameterContext, decorator
from seawall.core.severity import Severity
from seawall.dockerfile.context import BuildContext
from seawall.dockerfile.stages import Build, Stage, Step
from seawall.text.shell.script import Command, Script

DOMAIN = "dockerfile"
FILE = "file"
STAGE = "stage"
STEP = "step"
COMMAND = "command"


class Embedding(NamedTuple):
    """Where the text of a Dockerfile stands within another file: from a line on, indented.

    ``owner`` is the service or target that has it. ``odd`` are lines of the text that read
    otherwise there, because of variables, each with its length there; ``lines`` is ``None`` where
    the text stands on one line in quotes, which ``width`` characters has.
    """

    data: bytes
    owner: str
    line: int
    lines: int | None = None
    indent: int = 0
    odd: Mapping[int, int] = {}
    width: int = 0


class Surroundings(NamedTuple):
    """What is known around a Dockerfile.

    ``ignore_file`` holds the text of the ignore file that counts, ``None`` where there is none;
    ``list_context`` gives the files of the build context, ``None`` where there is no context
    (standard input, or a context elsewhere); ``read_file`` the text of one of them by its path in
    the context, ``None`` for one that cannot be read or is too large. ``arguments`` are build
    arguments that every build of it is given, ``targets`` the stages that are built besides the
    last. ``embedding`` tells which file holds the text, where that is no file of its own.
    """

    ignore_file: str | None = None
    ignore_path: str = ""
    list_context: Callable[[], BuildContext] | None = None
    read_file: Callable[[str], str | None] | None = None
    arguments: tuple[tuple[str, str], ...] = ()
    targets: tuple[str, ...] = ()
    embedding: Embedding | None = None


ALONE = Surroundings()
"""A Dockerfile of which nothing else is known."""


class Context(ParameterContext):
    """What a rule may know besides the file it judges."""

    def __init__(
        self,
        build: Build,
        *,
        surroundings: Surroundings = ALONE,
        parameters: Mapping[str, Mapping[str, ParameterValue]] | None = None,
        pins: Mapping[str, str] | None = None,
        known_secrets: tuple[Redacted, ...] = (),
    ) -> None:
        super().__init__(parameters, known_secrets)
        self.build = build
        self.pins = pins or {}
        """Digests of images by ``registry/repository:tag``, from a lock file."""
        self.asked_outside = False
        """Set when a rule looks at the context: its verdict rests on more than this file."""
        self._surroundings = surroundings
        self._files: BuildContext | None = None

    @property
    def surroundings(self) -> Surroundings:
        """The ignore file, and whether there is a context."""
        self.asked_outside = True
        return self._surroundings

    @property
    def files(self) -> BuildContext | None:
        """The files of the build context, ``None`` where it is not known."""
        self.asked_outside = True
        if self._files is None and self._surroundings.list_context is not None:
            self._files = self._surroundings.list_context()
        return self._files

    def read(self, path: str) -> str | None:
        """The text of a file of the build context, ``None`` where it is not known."""
        self.asked_outside = True
        reader = self._surroundings.read_file
        return None if reader is None else reader(path)

    def is_in_final_image(self, stage: Stage) -> bool:
        """Whether a stage's layers are part of an image: it is in the chain of one."""
        return any(stage is other for image in self.build.images for other in image.chain())


class RunCommand(NamedTuple):
    """A shell command of a RUN, with the script and the step it stands in."""

    command: Command
    script: Script
    step: Step


FileCheck = Callable[[Build, Context], Hits]
StageCheck = Callable[[Stage, Context], Hits]
StepCheck = Callable[[Step, Context], Hits]
CommandCheck = Callable[[RunCommand, Context], Hits]


def file_rule(
    id_: str, *, severity: Severity, remedy: str, **metadata: Unpack[Metadata]
) -> Callable[[FileCheck], Rule]:
    """A rule that is called with every file."""
    return decorator(id_, DOMAIN, FILE, severity, remedy, (), metadata)


def stage_rule(
    id_: str, *, severity: Severity, remedy: str, **metadata: Unpack[Metadata]
) -> Callable[[StageCheck], Rule]:
    """A rule that is called with every stage."""
    return decorator(id_, DOMAIN, STAGE, severity, remedy, (), metadata)


def step_rule(
    id_: str,
    *,
    severity: Severity,
    remedy: str,
    instructions: tuple[str, ...] = (),
    **metadata: Unpack[Metadata],
) -> Callable[[StepCheck], Rule]:
    """A rule that is called with every step of some instructions; without any, with every step."""
    return decorator(id_, DOMAIN, STEP, severity, remedy, instructions, metadata)


def command_rule(
    id_: str,
    *,
    severity: Severity,
    remedy: str,
    names: tuple[str, ...] = (),
    **metadata: Unpack[Metadata],
) -> Callable[[CommandCheck], Rule]:
    """A rule that is called with every shell command of some names; without any, with all."""
    return decorator(id_, DOMAIN, COMMAND, severity, remedy, names, metadata)
