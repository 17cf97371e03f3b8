"""Rules about what one layer leaves to the next."""

import posixpath
import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.dockerfile.package_leftovers import covers, is_mounted, leftovers, removed_paths
from seawall.dockerfile.rule import Context, file_rule, stage_rule
from seawall.dockerfile.stages import Build, Stage, Step
from seawall.text.shell.script import Command

_ARCHIVE = pattern(
    r"\.(?:tar|gz|tgz|tpz|bz2|tbz2?|tb2|xz|txz|lz|lzma|tlz|lzo|tzo|tz|taz|z|zst|tzst|zip|7z|rar|tz2)$",
    re.IGNORECASE,
)
_EXTRACTORS = frozenset(
    "unzip gunzip bunzip2 unlzma unxz zgz uncompress zcat gzcat unzstd unrar 7z 7za bsdtar".split()
)


_MANY = 500
"""Paths that are remembered; more are no build that somebody wrote."""


@stage_rule(
    "run-consecutive",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Merge the RUNs with &&.",
    aliases=("DL3059", "mint:ID.20019"),
)
def run_consecutive(stage: Stage, context: Context) -> Hits:
    """Short RUNs one behind another may be one.

    Reports a RUN of one command that directly follows another one with the same flags.

    Why:

    Each RUN is a layer. Layers that belong together are pulled, cached and deleted together. But
    several RUNs keep the cache finer, so this is off unless asked for.

    Bad:

        FROM debian:12
        RUN mkdir /data
        RUN chown 10001 /data

    Good:

        FROM debian:12
        RUN mkdir /data && chown 10001 /data

    Not reported:

    Heredocs, and scripts that are not a shell's.
    """
    before: Step | None = None
    for step in stage.steps:
        if step.triggered:
            continue
        if before is not None and _is_like(before, step):
            keyword = step.instruction.keyword
            yield Hit(
                "follows another short RUN",
                (keyword.start, keyword.end),
                evidence=" ".join(step.instruction.rest.text.split()),
            )
        before = step


def _is_like(before: Step, step: Step) -> bool:
    return _is_short(step) and _is_short(before) and _flags(step) == _flags(before)


def _is_short(step: Step) -> bool:
    if step.name != "RUN" or step.instruction.heredocs:
        return False
    if step.instruction.is_json:
        return True
    return all(
        script.is_shell and sum(command.parent is None for command in script.commands) == 1
        for script in step.scripts
    )


def _flags(step: Step) -> list[str]:
    return sorted(flag.text for flag in step.instruction.flags)


# Deleted too late -----------------------------------------------------------------------------


@stage_rule(
    "rm-in-separate-layer",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Delete it in the RUN that makes it, or keep it out with a mount or another stage.",
    aliases=("mint:ID.20021",),
)
def rm_in_separate_layer(stage: Stage, context: Context) -> Hits:
    r"""What a later layer deletes is still in the image.

    Reports ``rm`` of files that an earlier instruction of the final image's stages has put there:
    with COPY or ADD, as a download or a clone, as package lists or caches.

    Why:

    A layer only hides what it deletes. The bytes are pulled with the image, and whoever saves it
    reads them, keys and sources among them.

    Bad:

        FROM debian:12
        COPY src.tar.gz /tmp/
        RUN tar -xzf /tmp/src.tar.gz -C /opt && rm /tmp/src.tar.gz

    Good:

        FROM debian:12
        RUN --mount=type=bind,source=src.tar.gz,target=/tmp/src.tar.gz \
            tar -xzf /tmp/src.tar.gz -C /opt

    Not reported:

    Paths that a variable decides, paths on a mount, and stages whose layers are not part of the
    final image.
    """
    if not context.is_in_final_image(stage):
        return
    made: dict[str, Step] = {}
    for step in stage.chain_steps():
        is_own = step.stage is stage and not step.triggered
        if step.name in {"COPY", "ADD"}:
            made.update((path, step) for path in _copied(step))
        elif step.name == "RUN":
            if is_own:
                yield from _late(step, made)
            made.update((path, step) for path in _written(step))


def _late(step: Step, made: dict[str, Step]) -> Hits:
    for script in step.scripts:
        for command in script.commands:
            if command.name != "rm":
                continue
            for word in command.operands:
                path = _deleted(word.value)
                if path and not is_mounted(step, path):
                    source = _source_of(path, made)
                    if source is not None:
                        what = f"{source.name} in line {source.instruction.line}"
                        yield Hit(
                            f"hides what {what} has put into the image, and does not remove it",
                            (word.start, word.end),
                        )
                        break


def _deleted(value: str | None) -> str:
    path = value or ""
    if not path.startswith("/"):
        return ""
    while path.endswith("/*"):
        path = path[:-2]
    return "" if any(mark in path for mark in "*?[{$") else posixpath.normpath(path or "/")


def _source_of(path: str, made: dict[str, Step]) -> Step | None:
    """The step that made a path; what is below it is looked for among not too many."""
    if path in made:
        return made[path]
    if len(made) > _MANY:
        return None
    return next((step for one, step in made.items() if covers(path, one)), None)


def _copied(step: Step) -> Iterator[str]:
    """The paths that COPY and ADD make, as far as their text tells."""
    if len(step.arguments) < 2 or not all(value.known for value in step.arguments):
        return
    *sources, destination = (value.text for value in step.arguments)
    target = posixpath.normpath(posixpath.join(step.workdir.text or "/", destination))
    is_directory = destination.endswith(("/", "/.")) or destination == "." or len(sources) > 1
    for source in sources:
        name = posixpath.basename(source.rstrip("/"))
        if is_directory and name not in {"", ".", "*"}:
            yield posixpath.join(target, name)
            if step.name == "COPY" and not _looks_like_file(name):
                yield target  # the contents of a directory
        elif not is_directory:
            yield target


def _looks_like_file(name: str) -> bool:
    return "." in name.lstrip(".")


_TO_FILE = {"curl": ("-o", "--output"), "wget": ("-O", "--output-document"), "git": ()}


def _written(step: Step) -> Iterator[str]:
    """The paths that a RUN's downloads, clones and package managers leave."""
    gone: set[str] = set()
    found: list[str] = []
    for script in step.scripts:
        for command in script.commands:
            if command.name == "rm":
                gone.update(path for path in map(_deleted, _texts(command)) if path)
                gone.update(removed_paths(command, step))
            elif command.name in _TO_FILE:
                found += _targets(command)
    found += [leftover.directory for leftover in leftovers(step)]
    for path in found[:_MANY]:
        if not any(covers(one, path) for one in gone) and not is_mounted(step, path):
            yield path


def _texts(command: Command) -> list[str | None]:
    return [word.value for word in command.operands]


def _targets(command: Command) -> Iterator[str]:
    values = command.values
    for option in _TO_FILE[command.name]:
        for at, value in enumerate(values):
            text = ""
            if value == option or (
                value.startswith("-")
                and not value.startswith("--")
                and len(option) == 2
                and value.endswith(option[1])
            ):
                text = values[at + 1] if at + 1 < len(values) else ""
            elif value.startswith(f"{option}="):
                text = value.partition("=")[2]
            if text.startswith("/") and "$" not in text and not text.startswith("/dev/"):
                yield posixpath.normpath(text)
    if command.name == "git" and values[:1] == ["clone"]:
        last = values[-1]
        if last.startswith("/"):
            yield posixpath.normpath(last)


# Copied for one step ---------------------------------------------------------------------------


@stage_rule(
    "copy-only-for-run",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Mount it while the RUN needs it: RUN --mount=type=bind,source=...,target=....",
)
def copy_only_for_run(stage: Stage, context: Context) -> Hits:
    r"""What one RUN needs should be mounted, not copied.

    Reports COPY from the build context to /tmp or /var/tmp, in the stages of the final image,
    where a later RUN uses it.

    Why:

    The copy stays in its layer although nothing needs it at run time. A bind mount lends the file
    to the step.

    Bad:

        FROM python:3.13
        COPY requirements.txt /tmp/requirements.txt
        RUN pip install --no-cache-dir -r /tmp/requirements.txt

    Good:

        FROM python:3.13
        RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \
            pip install --no-cache-dir -r /tmp/requirements.txt

    Not reported:

    Archives that are extracted, and what a later RUN deletes: other rules report those.

    References:
    https://docs.docker.com/build/building/best-practices/#add-or-copy
    """
    if not context.is_in_final_image(stage):
        return
    copies: dict[str, Step] = {}
    used: dict[Step, bool] = {}
    for step in stage.steps:
        if step.triggered:
            continue
        if step.name == "COPY" and not step.instruction.flag("from"):
            copies |= {path: step for path in _copied(step) if path.startswith(_TEMPORARY)}
        elif step.name == "RUN" and copies:
            _note_uses(step, copies, used)
    for step in stage.steps:
        if used.get(step):
            words = step.instruction.arguments
            message = f"copies to {words[-1].text} what only a RUN needs"
            yield Hit(message, (words[0].start, words[-1].end))


_TEMPORARY = ("/tmp/", "/var/tmp/")  # noqa: S108 - what others write there


def _note_uses(step: Step, copies: dict[str, Step], used: dict[Step, bool]) -> None:
    """Note which copies a RUN names: false for good where it deletes or extracts one."""
    for script in step.scripts:
        for command in script.commands:
            gone = command.name == "rm" or _extracts(command)
            for word in command.words:
                path = word.value or ""
                while path.startswith(_TEMPORARY):
                    if path in copies:
                        copy = copies[path]
                        used[copy] = used.get(copy, True) and not gone
                    path = posixpath.dirname(path)


# Stages that begin alike ----------------------------------------------------------------------

_LONG = 3


@file_rule(
    "duplicate-stage-prefix",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Put what they have in common into a stage of its own and build both on it.",
)
def duplicate_stage_prefix(build: Build, context: Context) -> Hits:
    """What stages have in common should be written once.

    Reports a stage that begins with the same base and the same three or more instructions as an
    earlier one.

    Why:

    Whoever changes the one forgets the other. A stage of its own is written, built and cached once.

    Bad:

        FROM node:24 AS build
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci
        RUN npm run build
        FROM node:24 AS test
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci
        RUN npm test

    Good:

        FROM node:24 AS base
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci
        FROM base AS build
        RUN npm run build
        FROM base AS test
        RUN npm test

    Not reported:

    Stages that share only ARG, LABEL and comments, and builds of more than a hundred stages.

    References:
    https://docs.docker.com/build/building/best-practices/#create-reusable-stages
    """
    if len(build.stages) > _MANY_STAGES:
        return
    texts = [_instructions(stage) for stage in build.stages]
    for number, stage in enumerate(build.stages):
        best, other = 0, None
        for earlier in build.stages[:number]:
            if _begins_as(earlier) == _begins_as(stage):
                shared = _shared(texts[earlier.number], texts[number])
                if shared > best:
                    best, other = shared, earlier
        if other is not None:
            place = stage.instruction
            yield Hit(
                f"begins with the same {best} instructions as {other.label}",
                (place.start, place.end),
                container=stage.label,
            )


_MANY_STAGES = 100
_IDLE = frozenset(("ARG", "LABEL", "MAINTAINER"))


def _begins_as(stage: Stage) -> tuple[str, str]:
    platform = stage.platform_text.text if stage.platform_text is not None else ""
    return stage.base_name.text, platform


def _instructions(stage: Stage) -> list[str]:
    data = stage.file.data
    return [
        " ".join(data[one.start : one.end].decode("utf-8", "surrogateescape").split())
        for one in stage.instructions
    ]


def _shared(one: list[str], other: list[str]) -> int:
    """How many instructions two stages begin with in common; 0 where that is not worth a word."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    working = [text for text in one[:count] if text.partition(" ")[0].upper() not in _IDLE]
    return count if len(working) >= _LONG else 0


# Archives -------------------------------------------------------------------------------------


@stage_rule(
    "archive-copy-extract",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Let ADD extract it, or mount it while it is extracted.",
    aliases=("DL3010",),
)
def archive_copy_extract(stage: Stage, context: Context) -> Hits:
    """An archive that is only extracted should not be copied.

    Reports COPY of archives from the build context that a later RUN of the stage extracts.

    Why:

    The archive stays in its layer beside what was in it. ADD extracts it on the way.

    Bad:

        FROM debian:12
        COPY app.tar.gz /tmp/
        RUN tar -xzf /tmp/app.tar.gz -C /opt

    Good:

        FROM debian:12
        ADD app.tar.gz /opt/

    Not reported:

    Archives from another stage, and those with a name that a variable decides.
    """
    extracted = _extracted(stage)
    if not extracted:
        return
    for step in stage.steps:
        if step.name != "COPY" or step.triggered or step.instruction.flag("from"):
            continue
        words = step.instruction.arguments
        texts = [value.text for value in step.arguments]
        for at, source in enumerate(texts[:-1]):
            names = {posixpath.basename(source), posixpath.basename(texts[-1])}
            wanted = [name for name in names if _ARCHIVE.search(name)]
            if any(extracted.get(name, -1) > step.number for name in wanted):
                word = words[at] if at < len(words) else step.instruction.rest
                message = f"{word.text} is copied, and extracted by a later RUN"
                yield Hit(message, (word.start, word.end))


def _extracted(stage: Stage) -> dict[str, int]:
    """The base names of the archives that RUNs extract, with the last step that does."""
    found: dict[str, int] = {}
    for step in stage.steps:
        for script in step.scripts if step.name == "RUN" and not step.triggered else ():
            for command in script.commands:
                if _extracts(command):
                    for word in command.words[1:]:
                        text = word.text.strip("\"'") if word.value is None else word.value
                        found[posixpath.basename(text)] = step.number
    return found


def _extracts(command: Command) -> bool:
    if command.name != "tar":
        return command.name in _EXTRACTORS
    values = command.values
    return bool(values) and (
        command.option("-x", "--extract", "--get") is not None
        or ("x" in values[0] and not values[0].startswith("-"))
    )
