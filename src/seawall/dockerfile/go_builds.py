"""Calls of ``go build`` in a stage: what they are given, and where the program goes."""

import posixpath
from collections.abc import Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.stages import Stage, Step
from seawall.dockerfile.steps import join
from seawall.text.shell.script import Command, Script, ShellWord

_WITH_VALUE = frozenset(
    "-o -ldflags -tags -mod -asmflags -gcflags -gccgoflags -p -C -buildmode -compiler -pkgdir "
    "-toolexec -overlay -modfile -installsuffix -pgo -covermode -coverpkg".split()
)
"""Options of ``go build`` whose value may be the next word (``go help build``)."""
_HOMES = {"debian": "/", "ubuntu": "/", "alpine": "/", "golang": "/go"}
"""The working directory of official images."""


class GoBuild(NamedTuple):
    """A call of ``go build``; ``options`` by their names with one dash, ``operands`` behind."""

    step: Step
    script: Script
    command: Command
    verb: ShellWord
    options: dict[str, str | None]
    operands: tuple[ShellWord, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The source files that are named; none for packages."""
        names = [word.value or "" for word in self.operands]
        return tuple(names) if names and all(name.endswith(".go") for name in names) else ()

    def variable(self, name: str) -> str | None:
        """The text of a variable in force, ``None`` where nothing sets it; empty if not known."""
        for command in (self.command, *self.script.before(self.command)[::-1]):
            is_own = command is self.command
            if not is_own and command.words and command.name != "export":
                continue
            for assignment in command.assignments:
                if assignment.name == name:
                    return "" if assignment.value is None else assignment.value.value or ""
            for value in command.values if command.name == "export" else ():
                if value.startswith(f"{name}="):
                    return value.partition("=")[2]
        return self.step.environment.get(name)

    @property
    def output(self) -> str:
        """The program's whole path; empty where it is not known."""
        directory = _directory(self.step)
        if any(other.name in {"cd", "pushd"} for other in self.script.before(self.command)):
            directory = ""
        if "-C" in self.options:
            directory = ""
        if "-o" in self.options:
            path = self.options["-o"] or ""
            return join(directory, path) if path.startswith("/") or (directory and path) else ""
        if not self.files or not directory:
            return ""
        return join(directory, posixpath.basename(self.files[0]).removesuffix(".go"))


def _directory(step: Step) -> str:
    """The working directory; empty where it is not known."""
    if step.workdir_set:
        return step.workdir.text if step.workdir.known else ""
    image = step.stage.root.image
    if image is None or image.domain != "docker.io" or image.path != f"library/{image.name}":
        return ""
    return _HOMES.get(image.name, "")


def go_builds(stage: Stage) -> Iterator[GoBuild]:
    """The calls in the RUNs of a stage."""
    for step in stage.steps:
        for script in step.scripts if step.name == "RUN" else ():
            for command in script.named("go"):
                found = _go_build(step, script, command)
                if found is not None:
                    yield found


def _go_build(step: Step, script: Script, command: Command) -> GoBuild | None:
    words = list(command.arguments)
    if not words or words[0].value != "build":
        return None
    options: dict[str, str | None] = {}
    at = 1
    while at < len(words):
        text = words[at].value or words[at].text
        if not text.startswith("-") or text == "-":
            break
        name, equals, value = text.partition("=")
        name = f"-{name.lstrip('-')}"
        if equals or name not in _WITH_VALUE:
            options[name] = value if equals else None
            at += 1
        else:
            options[name] = words[at + 1].value if at + 1 < len(words) else None
            at += 2
    return GoBuild(step, script, command, words[0], options, tuple(words[at:]))


def copies_of(path: str, stage: Stage, stages: tuple[Stage, ...]) -> Iterator[Step]:
    """The COPYs of other stages that take a file of a stage, by itself or with a directory."""
    for other in stages:
        for step in other.steps:
            if step.name != "COPY" or step.source is not stage:
                continue
            for value in step.arguments[:-1]:
                source = posixpath.normpath(f"/{value.text.lstrip('/')}")
                if value.known and (path == source or path.startswith(f"{source.rstrip('/')}/")):
                    yield step


_BRINGERS = frozenset(("git", "tar", "unzip", "cp", "mv", "curl", "wget"))
"""Commands that may bring files of any name."""


def brings_module(stage: Stage, files: tuple[str, ...] | None) -> bool:
    """Whether a stage may have a go.mod; ``files`` are those of the context, if it is known."""
    in_context = files is None or any(posixpath.basename(file) == "go.mod" for file in files)
    for step in stage.chain_steps():
        if step.name == "RUN":
            commands = [command for script in step.scripts for command in script.commands]
            if any(_brings(command) for command in commands):
                return True
        elif step.name in {"COPY", "ADD"}:
            for value in step.arguments[:-1]:
                is_source = value.known and value.text.endswith(".go")
                is_sent = step.instruction.flag("from") is None and value.known
                if not is_source and (in_context or not is_sent):
                    return True
    return False


def _brings(command: Command) -> bool:
    makes = command.name == "go" and command.values[:1] in (["mod"], ["work"])
    return makes or command.name in _BRINGERS
