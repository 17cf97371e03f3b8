"""BuildKit's build checks, written down with nothing but the facts that rules get.

They prove that the facts suffice; the rules themselves say more and mend. CopyIgnoredFile and
InvalidBaseImagePlatform need a context and an image, which the recorded answers do not have.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from seawall.dockerfile.build import parse_check_options
from seawall.dockerfile.platforms import PlatformError, parse_platform
from seawall.dockerfile.stages import Build, CheckOptions, Stage, Step, check_comment
from seawall.text.dockerfile.golang import quote
from seawall.text.dockerfile.tree import Comment, Instruction


class Warned(NamedTuple):
    """A check, its message without a suggestion, and the lines."""

    check: str
    message: str
    lines: tuple[int, int]


Found = Iterator[tuple[str, str, Instruction | tuple[int, int], tuple[Comment, ...]]]

EXPERIMENTAL = {"InvalidDefinitionDescription"}
SECRET = re.compile(
    r"(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)",
    re.IGNORECASE,
)
NO_SECRET = re.compile(r"(?:_|^)(?:public|file|version)(?:_|$)", re.IGNORECASE)


def warnings(build: Build) -> list[Warned]:
    """All that BuildKit warns of."""
    result = []
    for check, message, place, comments in _all(build):
        if _is_on(check, build.check_options, comments):
            lines = place if isinstance(place, tuple) else (place.line, place.end_line)
            result.append(Warned(check, message, lines))
    return result


def _is_on(check: str, options: CheckOptions, comments: tuple[Comment, ...]) -> bool:
    every = [options]
    text = check_comment(comments)
    if text:
        with suppress(ValueError):
            every.append(parse_check_options(text))
    if check in EXPERIMENTAL:
        return any(one.experimental_all or check in one.experimental for one in every)
    return not any(one.skip_all or check in one.skip for one in every)


def _all(build: Build) -> Found:
    for instruction in build.file.instructions:
        if instruction.blank_lines:
            line = instruction.source_end_line
            yield "NoEmptyContinuation", "Empty continuation line", (line, line), ()
    for instruction in build.file.instructions:
        yield from _of_instruction(instruction)
    yield from _of_names(build)
    yield from _of_casing(build)
    for stage in build.stages:
        yield from _of_from(build, stage)
    for stage in build.stages:
        yield from _of_steps(build, stage)


def _of_instruction(one: Instruction) -> Found:
    comments = one.comments
    if one.name == "MAINTAINER":
        yield (
            "MaintainerDeprecated",
            "Maintainer instruction is deprecated in favor of using label", one, comments,
        )  # fmt: skip
    if one.name == "FROM" and len(one.arguments) == 3:
        _, keyword, name = (word.text for word in one.arguments)
        if name != name.lower():
            yield "StageNameCasing", f"Stage name '{name}' should be lowercase", one, comments
        written = one.keyword.text
        if written in {written.lower(), written.upper()}:
            wanted = keyword.lower() if written == written.lower() else keyword.upper()
            if keyword != wanted:
                message = f"'{keyword}' and '{written}' keywords' casing do not match"
                yield "FromAsCasing", message, one, comments
        yield from _description(one, "FROM", [name.lower()])
    if one.name == "ARG":
        yield from _description(one, "ARG", [pair.key.text for pair in one.pairs])


def _description(one: Instruction, name: str, keys: list[str]) -> Found:
    if one.comments and one.comments[-1].text.split(" ")[0] not in keys:
        example = "<arg_key>" if len(keys) > 1 else keys[0]
        message = f"Comment for {name} should follow the format: `# {example} <description>`"
        yield "InvalidDefinitionDescription", message, one, one.comments


def _of_names(build: Build) -> Found:
    seen = set()
    for stage in build.stages:
        name = stage.name
        if name in {"context", "scratch"}:
            message = "Stage name should not use the same name as reserved stage " + quote(name)
            yield "ReservedStageName", message, stage.instruction, ()
        if name and name in seen:
            message = f"Duplicate stage name {quote(name)}, stage names should be unique"
            yield "DuplicateStageName", message, stage.instruction, ()
        seen.add(name)


def _of_casing(build: Build) -> Found:
    first = next((n for n, one in enumerate(build.file.instructions) if one.name == "FROM"), 0)
    judged = build.file.instructions[first:]
    words = [one.keyword.text for one in judged]
    lower = sum(word == word.lower() for word in words)
    upper = sum(word == word.upper() != word.lower() for word in words)
    wanted = str.lower if lower > upper else str.upper
    name = "lowercase" if lower > upper else "uppercase"
    for one, word in zip(judged, words, strict=True):
        if word != wanted(word):
            message = f"Command '{word}' should match the case of the command majority ({name})"
            yield "ConsistentInstructionCasing", message, one, ()


def _of_from(build: Build, stage: Stage) -> Found:
    one = stage.instruction
    if stage.default_image_problem and all(
        other.problem is None or other.base_name.text or other.number >= stage.number
        for other in build.stages
    ):
        base = one.arguments[0].text
        message = f"Default value for ARG {base} results in empty or invalid base image name"
        yield "InvalidDefaultArgInFrom", message, one, ()
    for name in stage.undefined_arguments:
        yield "UndefinedArgInFrom", f"FROM argument '{name}' is not declared", one, one.comments
    flag = one.flag("platform")
    if flag is None or stage.platform_text is None:
        return
    text = stage.platform_text.text
    if (
        stage.platform_matched == ("TARGETPLATFORM",)
        and text == build.arguments["TARGETPLATFORM"].text
    ):
        message = f"Setting platform to predefined {flag.value} in FROM is redundant as this is "
        yield "RedundantTargetPlatform", message + "the default behavior", one, one.comments
    if "$" not in (flag.value or "") and not stage.platform_matched:
        try:
            platform = parse_platform(text)
        except PlatformError:
            return
        if platform.os not in stage.name and platform.architecture not in stage.name:
            message = f"FROM --platform flag should not use constant value {quote(text)}"
            yield "FromPlatformFlagConstDisallowed", message, one, one.comments


def _of_steps(build: Build, stage: Stage) -> Found:
    last: dict[str, Step] = {}
    for step in stage.steps:
        place = stage.instruction if step.triggered else step.instruction
        comments = () if step.triggered else step.instruction.comments
        for name in step.undefined:
            yield "UndefinedVar", f"Usage of undefined variable '${name}'", place, comments
        name = step.instruction.keyword.text
        if step.name in {"CMD", "ENTRYPOINT", "HEALTHCHECK"}:
            before = last.get(step.name)
            if before is not None:
                message = f"Multiple {name} instructions should not be used in the same stage "
                message += "because only the last one will be used"
                first = stage.instruction if before.triggered else before.instruction
                yield "MultipleInstructionsDisallowed", message, first, comments
            last[step.name] = step
        if (
            step.name in {"CMD", "ENTRYPOINT"}
            and not step.instruction.is_json
            and step.shell is None
        ):
            message = f"JSON arguments recommended for {name} to prevent unintended behavior "
            yield "JSONArgsRecommended", message + "related to OS signals", place, comments
        if step.name == "WORKDIR" and not step.workdir_set and step.problem is None:
            path = step.arguments[0].text
            if not path.startswith("/"):
                message = f"Relative workdir {quote(path)} can have unexpected results if the "
                yield "WorkdirRelativePath", message + "base image changes", place, comments
        yield from _of_values(step, place, comments)


def _of_values(step: Step, place: Instruction, comments: tuple[Comment, ...]) -> Found:
    name = step.instruction.keyword.text
    if step.name in {"ENV", "LABEL"}:
        for pair, _ in zip(step.instruction.pairs, step.settings, strict=False):
            if pair.legacy:
                message = f'"{name} key=value" should be used instead of legacy '
                yield (
                    "LegacyKeyValueFormat",
                    message + f'"{name} key value" format',
                    place,
                    comments,
                )
    if step.name in {"ENV", "ARG"}:
        for setting in step.settings:
            key = setting.key.text
            if SECRET.search(key) and not NO_SECRET.search(key):
                message = "Do not use ARG or ENV instructions for sensitive data "
                message += f"({step.name} {quote(key)})"
                yield "SecretsUsedInArgOrEnv", message, place, comments
    for ports in step.ports:
        if ports.written_protocol != ports.written_protocol.lower():
            message = f"Defined protocol '{ports.text}' in EXPOSE instruction should be lowercase"
            yield "ExposeProtoCasing", message, place, comments
        if ports.address or ports.host:
            message = "EXPOSE instruction should not define an IP address or host-port mapping, "
            yield "ExposeInvalidFormat", message + f"found '{ports.text}'", place, comments
