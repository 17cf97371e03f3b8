"""The instructions of every stage, one after the other, with the values in force."""

import posixpath
from collections.abc import Callable, Mapping
from typing import Protocol

from seawall.core.location import made
from seawall.dockerfile.links import Image, Links, Planned
from seawall.dockerfile.ports import PortError, Ports, parse_ports
from seawall.dockerfile.references import ImageReference, digest_problem
from seawall.dockerfile.sources import (
    SourceError,
    check_mode,
    is_git,
    is_named_owner,
    is_signal,
    is_web_address,
    parse_git,
)
from seawall.dockerfile.stages import (
    DEFAULT,
    FIXED,
    UNKNOWN,
    Command,
    Environment,
    HealthCheck,
    Setting,
    Stage,
    Step,
    Value,
    Variables,
)
from seawall.text.dockerfile.expansion import (
    DOCUMENT,
    Expansion,
    ExpansionError,
    Reference,
    expand,
)
from seawall.text.dockerfile.golang import quote
from seawall.text.dockerfile.heredocs import heredoc, is_heredoc
from seawall.text.dockerfile.mounts import MountError, parse_mount
from seawall.text.dockerfile.tree import Dockerfile, Instruction, Problem

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What PATH is where no base image says otherwise."""

_MAX_PATH = 4096
"""Longer directories are no longer followed: the kernel takes no longer path."""

NOT_VARIABLES = frozenset(("BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"))
"""ARGs that set no variable."""


class Refuse(Protocol):
    """Notes why BuildKit refuses an instruction."""

    def __call__(self, reason: str, instruction: Instruction, *, certain: bool) -> Problem:
        """The problem that was noted."""


class _RefusedError(Exception):
    """An instruction that BuildKit refuses here; the message is its own."""


class Walker:
    """Carries out a plan."""

    def __init__(
        self,
        file: Dockerfile,
        arguments: Mapping[str, Value],
        given: Mapping[str, str],
        links: Links,
        refuse: Refuse,
    ) -> None:
        self._file = file
        self._arguments = arguments
        self._given = given
        self._links = links
        self._refuse = refuse
        self._dispatched: set[int] = set()

    def walk(self, stages: list[Stage]) -> None:
        """Every stage in order."""
        for stage in stages:
            self._begin(stage)
            for planned in self._links.plans[stage.number]:
                self._step(stage, planned)

    def _begin(self, stage: Stage) -> None:
        self._dispatched.add(stage.number)
        base = stage.base
        if base is None:
            certainty = FIXED if stage.is_scratch else UNKNOWN
            path = Value(DEFAULT_PATH, certainty)
            stage.variables = Variables({"PATH": path})
            if stage.is_scratch:
                stage.config.environment["PATH"] = path
                stage.config.workdir = Value("/")
            return
        stage.config = base.config.copy()
        stage.variables = Variables(base.variables.latest())
        stage.arguments = dict(base.arguments)
        stage.workdir_set = base.workdir_set

    def _step(self, stage: Stage, planned: Planned) -> None:
        instruction = planned.instruction
        step = Step(instruction, stage, triggered=planned.triggered)
        config = stage.config
        step.environment = Environment(stage.variables)
        step.user, step.workdir, step.shell = config.user, config.workdir, config.shell
        step.workdir_set = stage.workdir_set
        step.arguments = tuple([made(Value, (word.text, FIXED)) for word in instruction.arguments])
        stage.steps.append(step)
        carry_out = _ACTIONS.get(instruction.name)
        if carry_out is None:
            return
        one = _One(self, step, planned)
        try:
            carry_out(one)
        except (_RefusedError, ExpansionError, SourceError, PortError, MountError) as error:
            where = stage.instruction if planned.triggered else instruction
            step.problem = self._refuse(str(error), where, certain=one.certain)
        step.undefined = tuple(one.undefined)

    def global_argument(self, name: str) -> Value | None:
        """An ARG before the first FROM, or one of the platform."""
        return self._arguments.get(name)

    def given_argument(self, name: str) -> Value | None:
        """The value that the build is given for an ARG."""
        text = self._given.get(name)
        return None if text is None else Value(text, DEFAULT)

    def is_dispatched(self, source: Stage | Image) -> bool:
        """Whether the build has come to a source before."""
        return isinstance(source, Image) or source.number in self._dispatched

    def reference(self, source: Stage | Image) -> Stage | ImageReference | None:
        """A source as rules want it; ``None`` for ``scratch``."""
        return source if isinstance(source, Stage) else self._links.references.get(source.name)

    @property
    def file(self) -> Dockerfile:
        """The file as text."""
        return self._file


class _One:
    """One instruction as it is carried out."""

    def __init__(self, walker: Walker, step: Step, planned: Planned) -> None:
        self._walker = walker
        self._step = step
        self._stage = step.stage
        self._config = step.stage.config
        self._instruction = step.instruction
        self._sources = planned.sources
        self.undefined: list[str] = []
        self.certain = True
        """Whether the file alone tells every value."""

    # Values -----------------------------------------------------------------------------------

    def _expanded(self, text: str) -> tuple[Value, tuple[Reference, ...]]:
        environment = self._step.environment
        found = expand(text, environment, self._walker.file.escape)
        if not found.references:
            return made(Value, (found.text, FIXED)), ()
        self._note(found)
        certainty = environment.certainty(found.matched, found.unmatched)
        self.certain = self.certain and certainty > UNKNOWN
        return Value(found.text, certainty), found.references

    def _note(self, found: Expansion) -> None:
        declared = self._stage.arguments
        self.undefined += [
            name for name in found.unmatched if name not in declared and name not in NOT_VARIABLES
        ]

    def _expand_arguments(self) -> tuple[Value, ...]:
        results = [self._expanded(word.text) for word in self._instruction.arguments]
        self._step.arguments = tuple([value for value, _ in results])
        self._step.references = tuple([references for _, references in results])
        return self._step.arguments

    def _expand_pairs(self) -> tuple[Setting, ...]:
        settings = []
        for pair in self._instruction.pairs:
            key, _ = self._expanded(pair.key.text)
            value, _ = self._expanded(pair.value.text if pair.value else "")
            settings.append(Setting(key, value))
        self._step.settings = tuple(settings)
        return self._step.settings

    def _set(self, name: str, value: Value) -> None:
        self._stage.variables.set(name, value)

    # Instructions -----------------------------------------------------------------------------

    def arg(self) -> None:
        """ARG: a variable from its default, or from the ARG of the same name before all stages."""
        settings = []
        step = self._step
        for pair in self._instruction.pairs:
            name = pair.key.text
            value = self._walker.given_argument(name)
            if value is not None:
                pass
            elif pair.value is None:
                found = self._walker.global_argument(name)
                value = found and Value(found.text, min(found.certainty, DEFAULT))
            else:
                now = Environment(self._stage.variables)
                expansion = expand(pair.value.text, now, self._walker.file.escape)
                self._note(expansion)
                certainty = now.certainty(expansion.matched, expansion.unmatched)
                value = Value(expansion.text, min(certainty, DEFAULT))
            if value is not None and name not in NOT_VARIABLES:
                self._set(name, value)
            self._stage.arguments[name] = None
            settings.append(Setting(Value(name), value))
            step.settings = tuple(settings)

    def env(self) -> None:
        """ENV: all pairs see the variables from before the instruction."""
        for key, value in self._expand_pairs():
            if value is not None:
                self._set(key.text, value)
                self._config.environment[key.text] = value

    def label(self) -> None:
        """LABEL."""
        for key, value in self._expand_pairs():
            if value is not None:
                self._config.labels[key.text] = value

    def workdir(self) -> None:
        """WORKDIR: a relative path goes on from the last."""
        (path,) = self._expand_arguments()
        before = self._config.workdir
        joined = join(before.text or "/", path.text)
        relative = not path.text.startswith("/")
        certainty = path.certainty
        if relative and not before.text and not self._stage.is_scratch:
            certainty = min(certainty, UNKNOWN if self._stage.root.image else certainty)
        elif relative:
            certainty = min(certainty, before.certainty)
        if len(joined) > _MAX_PATH:
            joined, certainty = before.text, UNKNOWN
        self._config.workdir = Value(joined, certainty)
        self._stage.workdir_set = True

    def user(self) -> None:
        """USER."""
        (self._config.user,) = self._expand_arguments()

    def stop_signal(self) -> None:
        """STOPSIGNAL."""
        (signal,) = self._expand_arguments()
        if not is_signal(signal.text):
            raise _RefusedError(f"invalid signal: {signal.text}")
        self._config.stop_signal = signal

    def volume(self) -> None:
        """VOLUME."""
        for path in self._expand_arguments():
            if not path.text:
                raise _RefusedError("VOLUME specified can not be an empty string")
            self._config.volumes[path.text] = path

    def expose(self) -> None:
        """EXPOSE: in the order of the words, and variables may hold several ports."""
        found: list[Ports] = []
        environment = self._step.environment
        values: dict[str, tuple[str, ...]] = {}
        for word in sorted(word.text for word in self._instruction.arguments):
            expansion = expand(word, environment, self._walker.file.escape)
            values[word] = tuple(text for text, _, _ in expansion.words)
            if environment.certainty(expansion.matched, expansion.unmatched) == UNKNOWN:
                self.certain = False
        for ports in values.values():
            found += [parse_ports(port) for port in ports]
        self._step.ports = tuple(found)
        self._config.ports += found

    def maintainer(self) -> None:
        """MAINTAINER."""
        self._config.author = self._instruction.arguments[0].text

    def shell(self) -> None:
        """SHELL."""
        self._config.shell = tuple(word.text for word in self._instruction.arguments)

    def command(self) -> None:
        """CMD."""
        self._config.command = self._command(self._instruction.arguments)
        self._stage.has_command = True

    def entrypoint(self) -> None:
        """ENTRYPOINT; a CMD of the base is forgotten."""
        words = self._instruction.arguments
        command = self._command(words)
        uses_shell = not self._instruction.is_json
        self._config.entrypoint = command if words or uses_shell else None
        if not self._stage.has_command:
            self._config.command = None

    def _command(self, words: "tuple[object, ...]") -> Command:
        texts = tuple(str(getattr(word, "text", "")) for word in words)
        return Command(texts, not self._instruction.is_json, self._step)

    def health_check(self) -> None:
        """HEALTHCHECK."""
        kind, *words = self._instruction.arguments
        none = kind.text.upper() == "NONE"
        command = None if none else self._command(tuple(words))
        self._config.health_check = HealthCheck(command, self._step)

    def onbuild(self) -> None:
        """ONBUILD."""
        self._config.triggers.append(self._step)

    # Files ------------------------------------------------------------------------------------

    def run(self) -> None:
        """RUN: what it mounts, and from where."""
        mounts = []
        sources = []
        step = self._step
        flags = [flag for flag in self._instruction.flags if flag.name == "mount"]
        try:
            for flag, source in zip(flags, self._sources, strict=False):
                mount = parse_mount(flag.value or "", lambda text: self._expanded(text)[0].text)
                if not mount.source_stage and mount.type == "cache":
                    mount = mount._replace(source_stage="scratch")
                mounts.append(mount)
                sources.append(self._walker.reference(source) if mount.source_stage else None)
        finally:
            step.mounts = tuple(mounts)
            step.mount_sources = tuple(sources)
        for mount, source in zip(mounts, self._sources, strict=False):
            self._check_mount(mount.type, mount.source_stage, mount.target, mount.source, source)

    def _check_mount(
        self, kind: str, name: str, target: str, source_path: str, source: Stage | Image
    ) -> None:
        if name and not self._walker.is_dispatched(source):
            reason = f"cannot mount from stage {quote(name)} to {quote(target)}, stage needs to "
            raise _RefusedError(reason + "be defined before current command")
        if kind == "secret":
            return
        if kind == "ssh":
            if source_path:
                raise _RefusedError("ssh does not support source")
            return
        if not target.startswith("/"):
            target = join("/", posixpath.join(self._config.workdir.text or "/", target))
        if target == "/":
            raise _RefusedError(f"invalid mount target {quote(target)}")

    def copy(self) -> None:
        """COPY and ADD."""
        step = self._step
        is_add = self._instruction.name == "ADD"
        names = ("chown", "chmod", "checksum") if is_add else ("chown", "chmod")
        for name in names:
            if self._instruction.flag(name) is not None:
                step.flags[name] = self._expanded(self._instruction.flag_value(name))[0]
        words = self._instruction.arguments
        values: list[Value] = []
        references: list[tuple[Reference, ...]] = []
        try:
            for word in words:
                if word is not words[-1] and is_heredoc(word.text):
                    values.append(Value(word.text))
                    references.append(())
                else:
                    value, found = self._expanded(word.text)
                    values.append(value)
                    references.append(found)
        finally:  # one that BuildKit refuses has what comes before its fault
            step.arguments = (*values, *step.arguments[len(values) :])
            step.references = tuple(references)
        self._expand_documents()
        if self._sources:
            step.source = self._walker.reference(self._sources[0])
            if not self._walker.is_dispatched(self._sources[0]):
                name = quote(self._instruction.flag_value("from"))
                reason = f"cannot copy from stage {name}, it needs to be defined before current "
                raise _RefusedError(reason + f"stage {quote(self._stage.label)}")
        self._check_copy(is_add=is_add)

    def _expand_documents(self) -> None:
        bodies = {
            document.name: self._walker.file.text(document.body_start, document.body_end)
            for document in self._instruction.heredocs
        }
        for word in self._instruction.arguments[:-1]:
            if not is_heredoc(word.text):
                continue
            document = heredoc(word.text)
            if document is not None and document.expand:
                body = bodies.get(document.name, "")
                if document.strip_tabs:
                    body = "\n".join(line.lstrip("\t") for line in body.split("\n"))
                self._note(expand(body, self._step.environment, "\\", DOCUMENT))

    def _check_copy(self, *, is_add: bool) -> None:
        step = self._step
        owner = step.flags.get("chown", Value("")).text
        linked = self._instruction.flag("link")
        is_linked = linked is not None and (linked.value or "true").lower() == "true"
        if owner and is_linked and is_named_owner(owner):
            reason = f"--chown={owner}: user and group names can't be resolved when used with "
            raise _RefusedError(reason + "--link, use numeric uid[:gid] instead")
        mode = step.flags.get("chmod", Value("")).text
        if mode:
            check_mode(mode)
        words = zip(self._instruction.arguments[:-1], step.arguments, strict=False)
        sources = [value.text for word, value in words if not is_heredoc(word.text)]
        checksum = step.flags.get("checksum", Value("")).text
        if checksum:
            if len(sources) != 1:
                raise _RefusedError("checksum can't be specified for multiple sources")
            if not is_web_address(sources[0]) and not is_git(sources[0]):
                raise _RefusedError("checksum requires HTTP(S) or Git sources")
        keep = self._instruction.flag("keep-git-dir")
        keeps = None if keep is None else (keep.value or "true").lower() == "true"
        for source in sources:
            checksum, keeps = self._check_source(source, checksum, keeps, is_add=is_add)

    def _check_source(
        self, source: str, checksum: str, keeps: bool | None, *, is_add: bool
    ) -> tuple[str, bool | None]:
        repository = parse_git(source)
        if repository is not None and not repository.looks_local:
            if not is_add:
                raise _RefusedError("source can't be a git ref for COPY")
            kept = repository.keep_git_directory
            if kept is not None and keeps is not None and kept != keeps:
                raise _RefusedError("inconsistent keep-git-dir configuration")
            own = repository.checksum
            if checksum and own and checksum != own:
                raise _RefusedError(f"checksum mismatch {quote(checksum)} != {quote(own)}")
            return own or checksum, keeps if kept is None else kept
        if is_web_address(source):
            if not is_add:
                raise _RefusedError("source can't be a URL for COPY")
            problem = digest_problem(checksum) if checksum else ""
            if problem:
                raise _RefusedError(problem)
        return checksum, keeps


def join(parent: str, path: str) -> str:
    """A path from a directory, cleaned as WORKDIR does it: an absolute one is left as it is."""
    if not path:
        return parent
    if path.startswith("/"):
        return path
    joined = posixpath.normpath(f"{parent}/{path}")
    return joined[1:] if joined.startswith("//") else joined


_ACTIONS: dict[str, Callable[[_One], None]] = {
    "ADD": _One.copy,
    "ARG": _One.arg,
    "CMD": _One.command,
    "COPY": _One.copy,
    "ENTRYPOINT": _One.entrypoint,
    "ENV": _One.env,
    "EXPOSE": _One.expose,
    "HEALTHCHECK": _One.health_check,
    "LABEL": _One.label,
    "MAINTAINER": _One.maintainer,
    "ONBUILD": _One.onbuild,
    "RUN": _One.run,
    "SHELL": _One.shell,
    "STOPSIGNAL": _One.stop_signal,
    "USER": _One.user,
    "VOLUME": _One.volume,
    "WORKDIR": _One.workdir,
}
