"""``# check=skip=...;error=...;experimental=...``: what BuildKit is told of its own checks.

At the top of the file it is about the file, in a comment above an instruction about the warnings
of that instruction. Some checks look at the file alone and heed no comment (linter/linter.go and
the calls of ``WithMergedConfigFromComments`` in BuildKit 0.34).
"""

from collections.abc import Iterator

from seawall.core.ignore import Ignore, Lines, Scope, WholeFile
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.build import parse_check_options
from seawall.dockerfile.stages import Build, CheckOptions, check_comment
from seawall.text.dockerfile.tree import Comment, Instruction

OF_INSTRUCTIONS = (
    "CopyIgnoredFile", "ExposeInvalidFormat", "ExposeProtoCasing", "FromAsCasing",
    "FromPlatformFlagConstDisallowed", "JSONArgsRecommended", "LegacyKeyValueFormat",
    "MaintainerDeprecated", "MultipleInstructionsDisallowed", "RedundantTargetPlatform",
    "SecretsUsedInArgOrEnv", "StageNameCasing", "UndefinedArgInFrom", "UndefinedVar",
    "WorkdirRelativePath",
)  # fmt: skip
"""Checks that a comment above the instruction can skip."""
OF_FILES = (
    "ConsistentInstructionCasing", "DuplicateStageName", "InvalidBaseImagePlatform",
    "InvalidDefaultArgInFrom", "NoEmptyContinuation", "ReservedStageName",
)  # fmt: skip
"""Checks that only the directive can skip."""
EXPERIMENTAL = ("InvalidDefinitionDescription",)
"""Checks that do not run unless they are asked for; ``skip`` does not turn them off again."""
CHECKS = tuple(sorted((*OF_INSTRUCTIONS, *OF_FILES, *EXPERIMENTAL)))
"""Every check of BuildKit."""
_REPLACED = "MultipleInstructionsDisallowed"


class Enabled(NamedTuple):
    """Checks that run on something although they do not by default."""

    checks: tuple[str, ...]
    scope: Scope


def checks(build: Build, path: str) -> tuple[tuple[Ignore, ...], tuple[Enabled, ...]]:
    """What the directive and the comments of a file skip, and what they turn on."""
    ignores: list[Ignore] = []
    enabled: list[Enabled] = []
    found = next((one for one in build.file.directives if one.key == "check"), None)
    whole = WholeFile(path)
    options = build.check_options
    skipped = _skipped(options, (*OF_INSTRUCTIONS, *OF_FILES))
    if skipped:
        line = found.line if found else 1
        width = found.end - found.start if found else 0
        origin = Location(path, span=Span(line, 1, line, 1 + width))
        ignores.append(Ignore(skipped, whole, origin=origin, tool="buildkit"))
    if _turned_on(options):
        enabled.append(Enabled(_turned_on(options), whole))
    for instruction in build.file.instructions:
        own = _of_comments(instruction)
        if own is None:
            continue
        options, comment = own
        scope = Lines(path, instruction.line, instruction.end_line)
        skipped = _skipped(options, OF_INSTRUCTIONS)
        if skipped:
            width = comment.end - comment.start
            origin = Location(path, span=Span(comment.line, 1, comment.line, 1 + width))
            for rules, where in _scopes(build, instruction, skipped, scope):
                ignores.append(Ignore(rules, where, origin=origin, tool="buildkit"))
        if _turned_on(options):
            enabled.append(Enabled(_turned_on(options), scope))
    return tuple(ignores), tuple(enabled)


def _skipped(options: CheckOptions, known: tuple[str, ...]) -> tuple[str, ...]:
    return known if options.skip_all else tuple(one for one in options.skip if one in known)


def _turned_on(options: CheckOptions) -> tuple[str, ...]:
    if options.experimental_all:
        return EXPERIMENTAL
    return tuple(one for one in options.experimental if one in EXPERIMENTAL)


def _of_comments(instruction: Instruction) -> tuple[CheckOptions, Comment] | None:
    for comment in instruction.comments:
        text = check_comment((comment,))
        if text:
            try:
                return parse_check_options(text), comment
            except ValueError:
                return None  # BuildKit leaves it at that, too
    return None


def _scopes(
    build: Build, instruction: Instruction, skipped: tuple[str, ...], scope: Lines
) -> Iterator[tuple[tuple[str, ...], Lines]]:
    """A CMD is told that a later one replaces it by the comment above the later one."""
    others = tuple(one for one in skipped if one != _REPLACED)
    if others:
        yield others, scope
    if _REPLACED in skipped:
        before = _before(build, instruction)
        if before is not None:
            yield (_REPLACED,), Lines(scope.path, before.line, before.end_line)


def _before(build: Build, instruction: Instruction) -> Instruction | None:
    """The instruction of the same name before another in its stage."""
    for stage in build.stages:
        found: Instruction | None = None
        for one in stage.instructions:
            if one is instruction:
                return found
            if one.name == instruction.name:
                found = one
    return None
