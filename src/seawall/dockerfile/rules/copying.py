"""Rules about COPY, ADD and VOLUME, and about the layers that instructions make."""

import posixpath
from collections.abc import Iterator

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.context import BuildContext
from seawall.dockerfile.copied_files import is_sent, may_be_unpacked
from seawall.dockerfile.fixes.directories import work_in_sources
from seawall.dockerfile.rule import Context, file_rule, stage_rule, step_rule
from seawall.dockerfile.scripts import is_windows
from seawall.dockerfile.sources import is_git, is_web_address
from seawall.dockerfile.stages import Build, Stage, Step, Value
from seawall.dockerfile.steps import join
from seawall.text.dockerfile.heredocs import is_heredoc
from seawall.text.shell.script import Command

_DRIVE = pattern(r"[A-Za-z]:")


def local_sources(step: Step) -> list[Value]:
    """The files and directories that COPY or ADD names: no heredocs, addresses or repositories."""
    words = zip(step.instruction.arguments[:-1], step.arguments, strict=False)
    return [
        value
        for word, value in words
        if not (is_heredoc(word.text) or is_web_address(value.text) or is_git(value.text))
    ]


# Destinations ---------------------------------------------------------------------------------


@step_rule(
    "copy-dest-slash",
    instructions=("COPY", "ADD"),
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="End the destination with a slash.",
    aliases=("DL3021", "DS-0011", "kics:6db6e0c2-32a3-4a2e-93b5-72c35f4119db"),
)
def copy_dest_slash(step: Step, context: Context) -> Hits:
    """The destination of several files must end with a slash.

    Reports COPY and ADD with more than one source whose destination does not.

    Why:

    It must be a directory. Builders without BuildKit fail; and with the slash a list that shrinks
    to one file does not turn the directory into a file.

    Bad:

        FROM node:24
        COPY package.json package-lock.json /app

    Good:

        FROM node:24
        COPY package.json package-lock.json /app/

    Not reported:
    Destinations that end in a variable without a known value. One source with a wildcard.

    References:
    https://docs.docker.com/reference/dockerfile/#copy
    """
    words = step.instruction.arguments
    if len(words) < 3 or len(step.arguments) != len(words) or step.problem is not None:
        return
    target = step.arguments[-1]
    if not target.known or not target.text or target.text.endswith(("/", "\\")):
        return
    word = words[-1]
    at = edits.content(step.stage.file, word)
    fixes: tuple[Proposal, ...] = ()
    if at is not None and word.text[-1:] != step.stage.file.escape:
        end = at[1] - 1 if word.text[-1:] in {'"', "'"} and not step.instruction.is_json else at[1]
        fixes = (Proposal("End it with a slash", (Change(end, end, "/"),)),)
    message = f"copies {len(words) - 1} sources to {target.text}, which has no slash at its end"
    yield Hit(message, edits.place(word), fixes=fixes)


@step_rule(
    "copy-dest-relative",
    instructions=("COPY", "ADD"),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Write an absolute destination, or set WORKDIR first.",
    aliases=("DL3045",),
)
def copy_dest_relative(step: Step, context: Context) -> Hits:
    """A relative destination needs a WORKDIR.

    Reports COPY and ADD to a relative path where no WORKDIR of the stage, or of the stages it
    builds on, stands before.

    Why:

    The files land in the working directory of the base image. With another version of the base
    they are elsewhere.

    Bad:

        FROM node:24
        COPY server.js app/

    Good:

        FROM node:24
        WORKDIR /srv
        COPY server.js app/

    Not reported:
    Destinations that begin with a variable without a known value. Stages that begin with
    ``scratch``: their working directory is ``/``.
    """
    if step.workdir_set or step.problem is not None or len(step.arguments) < 2:
        return
    if step.stage.root.is_scratch:
        return
    target = step.arguments[-1]
    text = target.text
    if not target.known or not text or text.startswith(("/", "\\")) or _DRIVE.match(text):
        return
    word = step.instruction.arguments[-1]
    fixes = tuple(work_in_sources(step, context))
    message = f"copies to {text} in the directory of the base image"
    yield Hit(message, edits.place(word), fixes=fixes)


@step_rule(
    "copy-whole-rootfs",
    instructions=("COPY",),
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Copy the files that are needed, or build on the stage with FROM.",
    aliases=("DL3067",),
)
def copy_whole_rootfs(step: Step, context: Context) -> Hits:
    """COPY must not copy a whole root file system.

    Reports ``COPY --from=... / /``.

    Why:

    Everything of the other stage comes along: build tools, caches, secrets. Environment, user and
    entry point do not.

    Bad:

        FROM golang:1.25 AS build
        FROM scratch
        COPY --from=build / /

    Good:

        FROM golang:1.25 AS build
        FROM scratch
        COPY --from=build /app /app
    """
    if step.instruction.flag("from") is None or len(step.arguments) < 2:
        return
    target = step.arguments[-1].text
    if target == "/" and any(value.text == "/" for value in step.arguments[:-1]):
        flag = step.instruction.flag_value("from")
        yield Hit(f"copies everything from {flag}", edits.place(step.instruction.arguments[0]))


# ADD ------------------------------------------------------------------------------------------

_ARCHIVES = (
    ".tar", ".Z", ".bz2", ".gz", ".lz", ".lzma", ".tZ", ".tb2", ".tbz", ".tbz2", ".tgz", ".tlz",
    ".tpz", ".txz", ".xz", ".zst", ".tzst",
)  # fmt: skip
_NO_ARCHIVES = (
    ".c", ".cfg", ".cnf", ".conf", ".config", ".cpp", ".cs", ".css", ".csv", ".env", ".go", ".h",
    ".html", ".ini", ".jar", ".java", ".js", ".json", ".jsx", ".key", ".kt", ".lock", ".md", ".mjs",
    ".mod", ".php", ".pl", ".properties", ".proto", ".ps1", ".py", ".rb", ".rs", ".scala", ".sh",
    ".sql", ".sum", ".toml", ".ts", ".tsx", ".txt", ".war", ".xml", ".yaml", ".yml", ".zip",
)  # fmt: skip
"""Endings of files that ADD does not unpack: it looks at the content, for tar and compression."""
_ADD_ONLY = ("checksum", "keep-git-dir", "unpack")


@step_rule(
    "add-instead-of-copy",
    instructions=("ADD",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Use COPY.",
    aliases=(
        "DL3020", "DS-0005", "CKV_DOCKER_4", "CIS-DI-0009", "docker-bench:4.9",
        "kics:9513a694-aa0d-41d8-be61-3271e056f36b",
    ),
    compliance=("cis-docker-1.6:4.9",),
)  # fmt: skip
def add_instead_of_copy(step: Step, context: Context) -> Hits:
    """Local files must be copied with COPY.

    Reports ADD with a source that is neither an archive, an address nor a repository.

    Why:

    ADD unpacks whatever is an archive by its content: who can replace the file decides what lies
    where in the image. COPY does what it says.

    Bad:

        FROM python:3.14
        ADD requirements.txt /app/

    Good:

        FROM python:3.14
        COPY requirements.txt /app/

    Not reported:
    Sources with variables without a known value, archives whatever they are called where the
    context is at hand, and ADD with ``--unpack``.

    References:
    https://docs.docker.com/build/building/best-practices/#add-or-copy
    """
    instruction = step.instruction
    sources = step.arguments[:-1]
    if step.problem is not None or not sources or not all(value.known for value in sources):
        return
    if instruction.flag("unpack") is not None:
        return
    local = local_sources(step)
    texts = {value.text: context.read(_in_context(value.text)) for value in local}
    plain = [
        source
        for source, text in texts.items()
        if not (source.endswith(_ARCHIVES) if text is None else may_be_unpacked(text))
    ]
    if not plain:
        return
    fixes: tuple[Proposal, ...] = ()
    others = len(sources) - len(plain)
    if not others and not any(instruction.flag(name) for name in _ADD_ONLY):
        known = all(texts[source] is not None for source in plain)
        fixes = (_copied(step, plain, context.files, known=known),)
    at = edits.place(instruction.keyword)
    yield Hit(f"adds {plain[0]}, which COPY copies", at, fixes=fixes, evidence=" ".join(plain))


def _copied(step: Step, sources: list[str], files: BuildContext | None, *, known: bool) -> Proposal:
    keyword = step.instruction.keyword
    change = edits.replace(keyword, edits.cased_like(keyword, "COPY"))
    if known or (files is not None and all(_is_no_archive(one, files) for one in sources)):
        return Proposal("Use COPY", (change,))
    effect = "an archive without an archive's name is no longer unpacked"
    return Proposal("Use COPY", (change,), Safety.UNSAFE, effect)


def _in_context(source: str) -> str:
    return posixpath.normpath(source.lstrip("/") or ".")


def _is_no_archive(source: str, files: BuildContext) -> bool:
    path = _in_context(source)
    if path == "." or f"{path}/" in files.files:
        return True
    return path in files.files and path.lower().endswith(_NO_ARCHIVES)


# VOLUME ---------------------------------------------------------------------------------------

_ALL_OPERANDS = frozenset("mkdir touch chown chmod chgrp rm rmdir tee truncate".split())
_LAST_OPERAND = frozenset("cp mv install ln".split())


def _written(command: Command) -> Iterator[str]:
    """The paths that a command evidently writes to."""
    operands = [word.value for word in command.operands if word.value]
    if command.name in _ALL_OPERANDS:
        skipped = command.name in {"chown", "chmod", "chgrp"}
        yield from operands[1 if skipped else 0 :]
    elif command.name in _LAST_OPERAND and operands:
        yield operands[-1]
    for redirection in command.redirections:
        target = redirection.target
        if redirection.operator in {">", ">>", ">|", "&>"} and target is not None and target.value:
            yield target.value


def _below(path: str, directory: str, volumes: list[str]) -> str:
    full = posixpath.normpath(join(directory or "/", path))
    for volume in volumes:
        if volume != "/" and (full == volume or full.startswith(f"{volume}/")):
            return volume
    return ""


@stage_rule(
    "write-after-volume",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Write the files first, and declare VOLUME behind.",
)
def write_after_volume(stage: Stage, context: Context) -> Hits:
    """Files of a volume must be written before it is declared.

    Reports RUN, COPY and ADD that write at or below the path of an earlier VOLUME of the stage or
    of the stages it builds on.

    Why:

    Builders without BuildKit throw such changes away; BuildKit keeps them. The image depends on
    who builds it.

    Bad:

        FROM debian:13
        VOLUME /data
        RUN mkdir -p /data/cache

    Good:

        FROM debian:13
        RUN mkdir -p /data/cache
        VOLUME /data

    Not reported:
    Commands of which it is not plain what they write.

    References:
    https://docs.docker.com/reference/dockerfile/#notes-about-specifying-volumes
    """
    volumes: list[str] = []
    if stage.base is not None:
        volumes += [posixpath.normpath(path) for path in stage.base.config.volumes]
    if is_windows_stage(stage):
        return
    for step in stage.steps:
        if step.name == "VOLUME":
            volumes += [posixpath.normpath(value.text) for value in step.arguments if value.known]
        elif not volumes or step.triggered or not step.workdir.known:
            continue
        elif step.name in {"COPY", "ADD"} and len(step.arguments) > 1:
            target = step.arguments[-1]
            volume = _below(target.text, step.workdir.text, volumes) if target.known else ""
            if volume:
                message = f"writes to {target.text} behind VOLUME {volume}"
                yield Hit(message, edits.place(step.instruction.arguments[-1]))
        elif step.name == "RUN":
            yield from _commands_below(step, volumes)


def is_windows_stage(stage: Stage) -> bool:
    """Whether a stage is for Windows, where paths are others."""
    return bool(stage.steps) and is_windows(stage.steps[0])


def _commands_below(step: Step, volumes: list[str]) -> Hits:
    for script in step.scripts:
        moved = any(command.name in {"cd", "pushd", "chroot"} for command in script.commands)
        for command in script.commands:
            for path in _written(command):
                volume = "" if moved and not path.startswith("/") else _below(
                    path, step.workdir.text, volumes
                )  # fmt: skip
                if volume:
                    message = f"writes to {path} behind VOLUME {volume}"
                    yield Hit(message, (command.start, command.end))
                    break


@step_rule(
    "volume-unneeded",
    instructions=("VOLUME",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Delete it.",
)
def volume_unneeded(step: Step, context: Context) -> Hits:
    """A VOLUME must have an effect on the image.

    Reports VOLUME in stages that the final one does not build on, and paths that the stage, or
    one it builds on, has declared before.

    Why:

    Volumes belong to the configuration of a stage, which COPY does not copy. Who reads the file
    believes that the data is kept.

    Bad:

        FROM golang:1.25 AS build
        VOLUME /data
        FROM alpine:3.22
        COPY --from=build /app /app

    Good:

        FROM golang:1.25 AS build
        FROM alpine:3.22
        COPY --from=build /app /app
        VOLUME /data

    Not reported:
    Stages without a link to the final one: they may be targets of their own.
    """
    stage = step.stage
    build = context.build
    if stage.number in build.needed() and not context.is_in_final_image(stage):
        at = edits.place(step.instruction.keyword)
        yield Hit(f"VOLUME has no effect in {stage.label}, which is only copied from", at,
                  evidence=step.instruction.rest.text[:80])  # fmt: skip
        return
    before = {
        posixpath.normpath(value.text)
        for other in stage.chain_steps()
        if other.name == "VOLUME" and (other.stage is not stage or other.number < step.number)
        for value in other.arguments
        if value.known
    }
    for word, value in zip(step.instruction.arguments, step.arguments, strict=False):
        if value.known and posixpath.normpath(value.text) in before:
            yield Hit(f"{value.text} is declared before", edits.place(word))


# Layers ---------------------------------------------------------------------------------------


@stage_rule(
    "cache-busting-copy-order",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Copy the manifests of the dependencies first, install, then copy the rest.",
)
def cache_busting_copy_order(stage: Stage, context: Context) -> Hits:
    """Dependencies should be installed before the sources are copied.

    Reports a COPY of the whole context with an installation of dependencies behind it in the stage.

    Why:

    Each change of any file makes the installation run again; with the manifests copied first its
    layer comes from the cache.

    Bad:

        FROM node:24
        WORKDIR /app
        COPY . .
        RUN npm ci

    Good:

        FROM node:24
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci
        COPY . .

    Not reported:
    Installations with a cache mount, and those that also stand before the COPY.

    References:
    https://docs.docker.com/build/cache/optimize/#order-your-layers
    """
    whole: Step | None = None
    before: set[str] = set()
    for step in stage.steps:
        if step.triggered:
            continue
        if is_sent(step) and whole is None and any(_is_whole(v) for v in step.arguments[:-1]):
            whole = step
        elif step.name == "RUN" and not any(mount.type == "cache" for mount in step.mounts):
            tools = {tool for script in step.scripts for tool in map(_installs, script.commands)}
            tools.discard("")
            if whole is None:
                before |= tools
            elif tools - before:
                tool = min(tools - before)
                line = step.instruction.line
                message = f"copies all files before {tool} installs dependencies on line {line}"
                yield Hit(message, edits.place(whole.instruction.arguments[0]))
                return


def _is_whole(value: Value) -> bool:
    return value.text in {".", "./", "/", "*", "./*"}


_INSTALL = {
    "npm": (("ci",), ("clean-install",), ("install",), ("i",)),
    "yarn": ((), ("install",)),
    "pnpm": (("install",), ("i",), ("fetch",)),
    "bun": (("install",), ("i",)),
    "pipenv": (("install",), ("sync",)),
    "poetry": (("install",),),
    "uv": (("sync",),),
    "bundle": (("install",), ()),
    "composer": (("install",),),
    "go": (("mod", "download"),),
    "cargo": (("fetch",),),
    "dotnet": (("restore",),),
    "mix": (("deps.get",),),
}


def _installs(command: Command) -> str:
    """The tool with which a command installs what a manifest lists; empty where it does not."""
    name = command.name
    operands = tuple(word.value or word.text for word in command.operands)
    if name in {"pip", "pip3"} and operands[:1] == ("install",):
        return "pip" if command.option("-r", "--requirement") else ""
    if name.startswith("python") and command.values[:3] == ["-m", "pip", "install"]:
        return "pip" if command.option("-r", "--requirement") else ""
    return name if operands in _INSTALL.get(name, ()) else ""


@file_rule(
    "too-many-layers",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Join RUN instructions that belong together, or build in another stage and copy.",
    aliases=(
        "mint:ID.20020",
        "kics:multiple_run_add_copy_instructions_listed",
        "kics:0008c003-79aa-42d8-95b8-1c2fe37dbfe6",
    ),
    parameters=(Parameter("max", 20, "layers of the final image, those of its base left out"),),
)
def too_many_layers(build: Build, context: Context) -> Hits:
    """An image should have few layers.

    Reports a final stage with more RUN, COPY and ADD, in all stages that it builds on, than the
    team allows.

    Why:

    Each makes a layer. Files that a later layer deletes stay in the earlier one, and pulling many
    small layers is slow.

    Bad:

        FROM alpine:3.22
        COPY a /a
        COPY b /b

    Good:

        FROM alpine:3.22
        COPY a b /

    Parameters:

        max = 1
    """
    final = build.final
    if final is None:
        return
    layers = [step for step in final.chain_steps() if step.name in {"RUN", "COPY", "ADD"}]
    limit = context.parameter(too_many_layers, "max")
    if isinstance(limit, int) and len(layers) > limit:
        message = f"has {len(layers)} layers of its own; at most {limit} are allowed"
        yield Hit(message, edits.place(final.instruction.keyword), container=final.label,
                  confidence=Confidence.HIGH)  # fmt: skip
