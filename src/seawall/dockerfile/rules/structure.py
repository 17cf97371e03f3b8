"""Rules about the text: what BuildKit refuses, and how instructions are written."""

from collections.abc import Callable, Iterator

from seawall.core.edit import Change, Proposal
from seawall.core.lazy import pattern
from seawall.core.rule import ANY, OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.ignore_comments import read
from seawall.dockerfile.problems import SYNTAX, problems_for
from seawall.dockerfile.references import BadReferenceError, parse_reference
from seawall.dockerfile.rule import Context, file_rule, step_rule
from seawall.dockerfile.stages import Build, Step
from seawall.text.dockerfile.directives import find
from seawall.text.dockerfile.tree import Instruction, Problem


def _at(build: Build, problem: Problem) -> edits.Place:
    """What to mark of a problem: its first line at most."""
    end = build.file.data.find(b"\n", problem.start, problem.end)
    end = problem.end if end < 0 else end
    return problem.start, max(problem.start, end)


def _refused(build: Build, rule: str) -> Iterator[Hit]:
    for problem in problems_for(build, rule):
        confidence = None if problem.certain else Confidence.LOW
        yield Hit(problem.reason, _at(build, problem), confidence=confidence)


@file_rule(
    SYNTAX,
    severity=Severity.HIGH,
    profile=ANY,
    remedy="Mend it: docker build stops here.",
    aliases=("DL1000",),
)
def dockerfile_syntax(build: Build, context: Context) -> Hits:
    """A Dockerfile must be one that BuildKit builds.

    Reports everything for which BuildKit refuses the file, in its words: unknown instructions and
    flags, missing or malformed arguments, JSON that is no list of texts, heredocs without an end,
    names that are no image. BuildKit stops at the first; here all are told, and the rest of the
    file is judged as far as it can be read.

    Why:

    The build fails. Tools that guess what was meant judge a file that nobody can build.

    Bad:

        FROM alpine:3.22
        RNU apk add --no-cache curl

    Good:

        FROM alpine:3.22
        RUN apk add --no-cache curl

    Not reported:
    What a rule of its own tells of: instruction-before-from, stage-cycle, copy-from-self,
    copy-from-unknown, onbuild-invalid, expose-range, unknown-run-flag, arg-default-invalid. Where a
    variable took part whose value the file does not tell, the confidence is low.

    References:
    https://docs.docker.com/reference/dockerfile/
    """
    yield from _refused(build, SYNTAX)


@file_rule(
    "instruction-before-from",
    severity=Severity.HIGH,
    profile=ANY,
    remedy="Begin with FROM; only ARG may stand before it.",
    aliases=("DL3061",),
)
def instruction_before_from(build: Build, context: Context) -> Hits:
    """Only ARG may stand before the first FROM.

    Reports other instructions there.

    Why:

    There is no stage yet that they could change: the build fails.

    Bad:

        WORKDIR /app
        FROM alpine:3.22

    Good:

        FROM alpine:3.22
        WORKDIR /app
    """
    for instruction in build.file.instructions:
        if instruction.name == "FROM":
            return
        if instruction.name != "ARG" and not _is_unreadable(instruction):
            message = f"{instruction.name} stands before the first FROM"
            yield Hit(message, edits.place(instruction.keyword))


def _is_unreadable(instruction: Instruction) -> bool:
    problem = instruction.problem
    return problem is not None and (
        problem.phase == "parse" or problem.reason.startswith("unknown instruction")
    )


@file_rule(
    "empty-continuation",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Delete the blank line, or end the instruction before it.",
    aliases=("NoEmptyContinuation",),
)
def empty_continuation(build: Build, context: Context) -> Hits:
    r"""A continued instruction must have no blank lines.

    Reports blank lines behind a line that ends in the escape character. Comment lines are fine.

    Why:

    The instruction goes on behind them, which nobody sees: the next instruction may silently become
    an argument of this one. BuildKit announces that such lines become errors.

    Bad:

        FROM alpine:3.22
        RUN echo one && \

            echo two

    Good:

        FROM alpine:3.22
        RUN echo one && \
            echo two

    References:
    https://docs.docker.com/reference/build-checks/no-empty-continuation/
    """
    for instruction in build.file.instructions:
        if instruction.blank_lines:
            first = instruction.blank_lines[0][0]
            changes = tuple(Change(*bounds, "") for bounds in instruction.blank_lines)
            yield Hit(
                f"{instruction.name} goes on behind a blank line",
                (first, first),
                evidence=f"{instruction.name} {instruction.rest.text[:80]}",
                fixes=(Proposal("Delete the blank lines", changes),),
            )


@file_rule(
    "instruction-casing",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Write all instructions in one case, by custom in capitals.",
    aliases=("ConsistentInstructionCasing",),
)
def instruction_casing(build: Build, context: Context) -> Hits:
    """All instructions must be written in the same case.

    Reports names of instructions that differ from the majority of the file: all capitals or all
    small letters; where both are as many, capitals.

    Why:

    Instructions are told from their arguments by their case; an odd one out is overlooked.

    Bad:

        FROM alpine:3.22
        copy app /app
        CMD ["/app"]

    Good:

        FROM alpine:3.22
        COPY app /app
        CMD ["/app"]

    Not reported:
    Global ARGs before the first FROM, and what stands behind ONBUILD.

    References:
    https://docs.docker.com/reference/build-checks/consistent-instruction-casing/
    """
    judged = _from_first_stage(build)
    words = [instruction.keyword.text for instruction in judged]
    lower = sum(word == word.lower() for word in words)
    upper = sum(word == word.upper() != word.lower() for word in words)
    wanted: Callable[[str], str] = str.lower if lower > upper else str.upper
    for instruction, word in zip(judged, words, strict=True):
        if word != wanted(word):
            change = edits.replace(instruction.keyword, wanted(word))
            yield Hit(
                f"{word} is written in another case than most instructions: {wanted(word)}",
                edits.place(instruction.keyword),
                fixes=(Proposal(f"Write {wanted(word)}", (change,)),),
            )


def _from_first_stage(build: Build) -> tuple[Instruction, ...]:
    instructions = build.file.instructions
    first = next((n for n, one in enumerate(instructions) if one.name == "FROM"), 0)
    return instructions[first:]


@file_rule(
    "from-as-casing",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Write AS in the same case as FROM.",
    aliases=("FromAsCasing",),
)
def from_as_casing(build: Build, context: Context) -> Hits:
    """AS must be written in the same case as its FROM.

    Reports ``FROM ... as`` and ``from ... AS``.

    Why:

    The two words are one instruction; in one case they are read as one.

    Bad:

        FROM golang:1.25 as build

    Good:

        FROM golang:1.25 AS build

    Not reported:
    A FROM in mixed case: instruction-casing tells of it.

    References:
    https://docs.docker.com/reference/build-checks/from-as-casing/
    """
    for instruction in build.file.instructions:
        if instruction.name != "FROM" or len(instruction.arguments) != 3:
            continue
        written, word = instruction.keyword.text, instruction.arguments[1]
        wanted = edits.cased_like(instruction.keyword, word.text)
        if written in {written.lower(), written.upper()} and word.text != wanted:
            yield Hit(
                f"{word.text} is written in another case than {written}",
                edits.place(word),
                fixes=(Proposal(f"Write {wanted}", (edits.replace(word, wanted),)),),
            )


@step_rule(
    "legacy-key-value",
    instructions=("ENV", "LABEL"),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Write key=value, with quotes around a value that holds blanks.",
    aliases=("LegacyKeyValueFormat",),
)
def legacy_key_value(step: Step, context: Context) -> Hits:
    """ENV and LABEL must separate key and value by an equals sign.

    Reports ``ENV key value``.

    Why:

    All the rest of the line is the value: ``ENV A 1 B=2`` sets one variable, not two. The form is
    deprecated.

    Bad:

        FROM alpine:3.22
        ENV GREETING hello world

    Good:

        FROM alpine:3.22
        ENV GREETING="hello world"

    References:
    https://docs.docker.com/reference/build-checks/legacy-key-value-format/
    """
    instruction = step.instruction
    for pair, _ in zip(instruction.pairs, step.settings, strict=False):
        if pair.legacy and pair.value is not None:
            name = instruction.name
            fixes: tuple[Proposal, ...] = ()
            text = edits.assignment(step.stage.file, instruction, pair)
            if text is not None and not instruction.inner_comments:
                change = Change(pair.key.start, pair.value.end, text)
                fixes = (Proposal("Write key=value", (change,)),)
            message = f"{name} {pair.key.text} is set without an equals sign"
            yield Hit(message, edits.place(pair.key), fixes=fixes)


@step_rule(
    "maintainer-deprecated",
    instructions=("MAINTAINER",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Set the label org.opencontainers.image.authors instead.",
    aliases=(
        "MaintainerDeprecated", "DL4000", "DS-0022", "CKV_DOCKER_6", "mint:ID.20008",
        "kics:99614418-f82b-4852-a9ae-5051402b741c",
    ),
)  # fmt: skip
def maintainer_deprecated(step: Step, context: Context) -> Hits:
    """The author of an image belongs in a label.

    Reports MAINTAINER.

    Why:

    MAINTAINER has been deprecated since 2017. Labels are shown by every tool, MAINTAINER by few.

    Bad:

        FROM alpine:3.22
        MAINTAINER Team <team@example.org>

    Good:

        FROM alpine:3.22
        LABEL org.opencontainers.image.authors="Team <team@example.org>"

    References:
    https://docs.docker.com/reference/build-checks/maintainer-deprecated/
    https://github.com/opencontainers/image-spec/blob/main/annotations.md
    """
    instruction = step.instruction
    fixes: tuple[Proposal, ...] = ()
    if instruction.arguments and not instruction.inner_comments:
        author = instruction.arguments[0]
        text = _unquoted(author.text)
        label = edits.label(step.stage.file, "org.opencontainers.image.authors", text)
        if label is not None:
            word = edits.cased_like(instruction.keyword, "LABEL")
            change = Change(instruction.keyword.start, author.end, f"{word} {label}")
            fixes = (Proposal("Set a label", (change,)),)
    yield Hit("MAINTAINER is deprecated", edits.place(instruction.keyword), fixes=fixes)


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text


@file_rule(
    "onbuild-invalid",
    severity=Severity.HIGH,
    profile=ANY,
    remedy="Put it into the Dockerfile that builds on this image.",
    aliases=("DL3043",),
)
def onbuild_invalid(build: Build, context: Context) -> Hits:
    """ONBUILD must not delay FROM, MAINTAINER or another ONBUILD.

    Reports such triggers, and triggers that are not one single instruction.

    Why:

    BuildKit refuses the file, or every file that builds on the image.

    Bad:

        FROM alpine:3.22
        ONBUILD ONBUILD RUN true

    Good:

        FROM alpine:3.22
        ONBUILD RUN true
    """
    yield from _refused(build, "onbuild-invalid")


@step_rule(
    "onbuild-used",
    instructions=("ONBUILD",),
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Write the instruction into the Dockerfiles that build on this image.",
)
def onbuild_used(step: Step, context: Context) -> Hits:
    """What a build does must stand in its own Dockerfile.

    Reports ONBUILD.

    Why:

    Its instruction runs in every build on top of this image, where nobody can read it: files are
    copied and commands run that the Dockerfile does not mention.

    Bad:

        FROM node:24
        ONBUILD COPY . /app

    Good:

        FROM node:24
        COPY . /app

    References:
    https://docs.docker.com/build/building/best-practices/#onbuild
    """
    inner = step.instruction.inner
    if step.problem is None and inner is not None:
        message = f"{inner.name} runs in the builds on top of this image"
        yield Hit(message, edits.place(step.instruction.keyword), evidence=inner.rest.text[:80])


@file_rule(
    "unknown-run-flag",
    severity=Severity.MEDIUM,
    profile=ANY,
    remedy="Use --mount, --network, --security or --device as their reference says.",
)
def unknown_run_flag(build: Build, context: Context) -> Hits:
    """The flags of RUN must be ones that BuildKit knows.

    Reports other flags, and values of ``--mount``, ``--network``, ``--security`` and ``--device``
    that BuildKit refuses.

    Why:

    The build fails, or needs a front end that is newer than the one of most machines.

    Bad:

        FROM alpine:3.22
        RUN --mount=type=cahce,target=/var/cache apk add curl

    Good:

        FROM alpine:3.22
        RUN --mount=type=cache,target=/var/cache apk add curl

    References:
    https://docs.docker.com/reference/dockerfile/#run---mount
    """
    yield from _refused(build, "unknown-run-flag")


@file_rule(
    "definition-description",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Begin the comment with the name of the stage or argument.",
    aliases=("InvalidDefinitionDescription",),
)
def definition_description(build: Build, context: Context) -> Hits:
    """A comment above a stage or an ARG must describe it by its name.

    Reports comments directly above ARG and named FROM whose last line does not begin with the
    name. BuildKit has this check as an experiment: ``# check=experimental=...`` turns it on there.

    Why:

    ``docker build --call=outline`` shows these comments as the descriptions of targets and
    arguments.

    Bad:

        # The version to build
        ARG VERSION=1
        FROM alpine:3.22

    Good:

        # VERSION to build
        ARG VERSION=1
        FROM alpine:3.22

    References:
    https://docs.docker.com/reference/build-checks/invalid-definition-description/
    """
    for instruction in build.file.instructions:
        names: list[str] = []
        if instruction.name == "FROM" and len(instruction.arguments) == 3:
            names = [instruction.arguments[2].text.lower()]
        elif instruction.name == "ARG":
            names = [pair.key.text for pair in instruction.pairs]
        if names and instruction.comments:
            comment = instruction.comments[-1]
            if comment.text.split(" ")[0] not in names:
                message = f"the comment above does not begin with {' or '.join(names)}"
                yield Hit(message, edits.place(instruction.keyword), evidence=" ".join(names))


_EXACT_TAG = pattern(r"\d+\.\d+\.\d+")


@file_rule(
    "syntax-unpinned",
    severity=Severity.LOW,
    remedy="Add the digest of the front end's image: docker/dockerfile:1.19@sha256:...",
)
def syntax_unpinned(build: Build, context: Context) -> Hits:
    """The front end that ``# syntax=`` names must be pinned.

    Reports images of front ends without a digest, whose tag is none or moves.

    Why:

    The front end is a program that is loaded for each build and decides what the Dockerfile means.
    Who controls a moving tag controls what is built.

    Bad:

        # syntax=registry.example.org/frontend:latest
        FROM alpine:3.22

    Good:

        # syntax=registry.example.org/frontend:1.19.0
        FROM alpine:3.22

    Not reported:
    ``docker/dockerfile:1`` and its like, ``docker/dockerfile:1.19``: Docker's own front end, which
    its manual says to use so; with another repository they are reported.

    References:
    https://docs.docker.com/build/buildkit/frontend/
    """
    text = build.file.syntax
    if not text:
        return
    try:
        image = parse_reference(text)
    except BadReferenceError:
        return  # the build says so
    official = image.name == "docker/dockerfile" and image.tag not in {"", "latest", "master"}
    if image.digest or _EXACT_TAG.match(image.tag) or official:
        return
    written = next((one for one in build.file.directives if one.key == "syntax"), None)
    at = (written.value_start, written.value_end) if written else (0, 0)
    tag = f"the moving tag {image.tag}" if image.tag else "no tag"
    yield Hit(f"loads the front end {image.name} by {tag} and no digest", at, evidence=text)


@file_rule(
    "directive-ineffective",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Move it to the very top, above every comment, blank line and instruction.",
)
def directive_ineffective(build: Build, context: Context) -> Hits:
    """Parser directives must stand at the very top.

    Reports comments that look like ``# syntax=`` or ``# escape=`` and stand where BuildKit takes
    them for comments: behind another comment, a blank line or an instruction. The same for
    ``# check=`` between comments at the top with ``error`` in it, which only a directive may have.

    Why:

    They have no effect: another front end builds the file, or the backslash stays the escape
    character.

    Bad:

        # The shop
        # syntax=docker/dockerfile:1
        FROM alpine:3.22

    Good:

        # syntax=docker/dockerfile:1
        # The shop
        FROM alpine:3.22

    References:
    https://docs.docker.com/reference/dockerfile/#parser-directives
    """
    for comment in build.file.comments:
        found = find(comment.text) if "=" in comment.text else None
        if found is None or (found.key == "check" and "error" not in found.value):
            continue
        if found.key == "escape" and found.value not in {"\\", "`"}:
            continue
        message = f"# {found.key}={found.value[:60]} is a plain comment here"
        yield Hit(message, (comment.start, comment.end))


@file_rule(
    "ignore-pragma-without-reason",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Say why behind the ids: # hadolint ignore=DL3008 # the archive keeps one version.",
    aliases=("DL1001",),
)
def ignore_pragma_without_reason(build: Build, context: Context) -> Hits:
    """An ignore comment must say why.

    Reports comments that ignore findings of hadolint, checkov or seawall and give no reason.

    Why:

    Without its reason nobody can tell later whether an ignore was a decision or a shortcut.

    Bad:

        # hadolint ignore=DL3006
        FROM alpine

    Good:

        # hadolint ignore=DL3006 # the tests run on every version
        FROM alpine

    Not reported:
    Comments of BuildKit, KICS and Trivy, whose form has no place for a reason.
    """
    unheeded = frozenset(("buildkit", "kics", "trivy"))
    told: set[tuple[int, int]] = set()
    for ignore in read(build, "", unheeded=unheeded).ignores:
        span = ignore.origin.span
        if span is None or ignore.reason or (span.line, span.column) in told:
            continue
        told.add((span.line, span.column))
        comment = next((one for one in build.file.comments if one.line == span.line), None)
        if comment is not None:
            ids = ", ".join(ignore.rules)
            yield Hit(f"the ignore of {ids} gives no reason", (comment.start, comment.end))
