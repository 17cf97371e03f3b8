"""Rules about stages: their names, their links, their platforms and the ARGs in FROM."""

from collections.abc import Iterator

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.rule import ANY, RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.platforms import Platform, PlatformError, parse_platform
from seawall.dockerfile.problems import problems_for
from seawall.dockerfile.rule import Context, file_rule, stage_rule, step_rule
from seawall.dockerfile.stages import Build, Stage, Step
from seawall.text.dockerfile.golang import suggestions
from seawall.text.dockerfile.tree import Word

RESERVED = frozenset(("context", "scratch"))


def _name(stage: Stage) -> Word | None:
    """The word behind AS."""
    words = stage.instruction.arguments
    return words[2] if stage.name and len(words) == 3 else None


def _references(build: Build, name: str) -> Iterator[edits.Place]:
    return edits.stage_words(iter(build.file.instructions), name)


@file_rule(
    "stage-name-casing",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Write the stage's name in small letters.",
    aliases=("StageNameCasing",),
)
def stage_name_casing(build: Build, context: Context) -> Hits:
    """The names of stages must be written in small letters.

    Reports names with capitals.

    Why:

    BuildKit folds them to small letters, but ``FROM`` looks for the name as it is written: a stage
    named ``Build`` is found by ``FROM build`` and not by ``FROM Build``.

    Bad:

        FROM golang:1.25 AS Build

    Good:

        FROM golang:1.25 AS build

    References:
    https://docs.docker.com/reference/build-checks/stage-name-casing/
    """
    for stage in build.stages:
        word = _name(stage)
        if word is None or word.text == word.text.lower():
            continue
        lower = word.text.lower()
        changes = [edits.replace(word, lower)]
        changes += [Change(start, end, lower) for start, end in _references(build, lower)]
        message = f"the stage's name {word.text} has capitals"
        fix = Proposal(f"Name it {lower}", tuple(changes))
        yield Hit(message, edits.place(word), fixes=(fix,))


@file_rule(
    "stage-name-duplicate",
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Give each stage a name of its own.",
    aliases=(
        "DuplicateStageName", "DL3024", "DS-0012", "CKV_DOCKER_11", "mint:ID.20011",
        "kics:f2daed12-c802-49cd-afed-fe41d0b82fed",
    ),
)  # fmt: skip
def stage_name_duplicate(build: Build, context: Context) -> Hits:
    """No two stages may have the same name.

    Reports the second stage of a name and those after it. Names are compared in small letters.

    Why:

    The last stage before the use is taken, ``--target`` takes another: what is built depends on
    the order of the file.

    Bad:

        FROM golang:1.25 AS build
        FROM node:24 AS build

    Good:

        FROM golang:1.25 AS build
        FROM node:24 AS web

    References:
    https://docs.docker.com/reference/build-checks/duplicate-stage-name/
    """
    seen: dict[str, Stage] = {}
    for stage in build.stages:
        word = _name(stage)
        if word is None:
            continue
        if stage.name in seen:
            line = seen[stage.name].instruction.line
            message = f"the name {word.text} is that of the stage on line {line}"
            yield Hit(message, edits.place(word), container=stage.label)
        else:
            seen[stage.name] = stage


@file_rule(
    "stage-name-reserved",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Give the stage another name.",
    aliases=("ReservedStageName", "DL3063"),
)
def stage_name_reserved(build: Build, context: Context) -> Hits:
    """No stage may be named ``scratch`` or ``context``.

    Reports both names, in any case of letters.

    Why:

    ``scratch`` means the empty image and ``context`` the build context. A stage of that name hides
    it: a later ``FROM scratch`` begins with the stage.

    Bad:

        FROM alpine:3.22 AS scratch

    Good:

        FROM alpine:3.22 AS base

    References:
    https://docs.docker.com/reference/build-checks/reserved-stage-name/
    """
    names = [stage.name for stage in build.stages]
    for stage in build.stages:
        word = _name(stage)
        if word is None or stage.name not in RESERVED:
            continue
        fixes: tuple[Proposal, ...] = ()
        new = f"{stage.name}-stage"
        if names.count(stage.name) == 1 and new not in names:
            fixes = (_renamed(build, stage, word, new),)
        yield Hit(f"the stage's name {word.text} is reserved", edits.place(word), fixes=fixes)


def _renamed(build: Build, stage: Stage, word: Word, new: str) -> Proposal:
    changes = [edits.replace(word, new)]
    changes += [Change(start, end, new) for start, end in _references(build, stage.name)]
    for other in build.stages:
        if other.base is stage and other.instruction.arguments[0].text == stage.name:
            changes.append(edits.replace(other.instruction.arguments[0], new))
    effect = f"--target {stage.name} no longer finds the stage"
    return Proposal(f"Name it {new}", tuple(changes), Safety.UNSAFE, effect)


@file_rule(
    "stage-unnamed-reference",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Name the stage with AS and use its name.",
    aliases=("kics:68a51e22-ae5a-4d48-8e87-b01a323605c9", "kics:using_unnamed_build_stages"),
)
def stage_unnamed_reference(build: Build, context: Context) -> Hits:
    """COPY must name the stage that it copies from, not count it.

    Reports ``COPY --from=0`` and the like.

    Why:

    A stage that is put in between silently makes the number mean another one.

    Bad:

        FROM golang:1.25
        FROM scratch
        COPY --from=0 /app /app

    Good:

        FROM golang:1.25 AS build
        FROM scratch
        COPY --from=build /app /app

    Not reported:
    Numbers that BuildKit refuses: copy-from-unknown tells of them.
    """
    found: dict[int, list[Step]] = {}
    for step in build.steps():
        numbered = step.name == "COPY" and step.instruction.flag_value("from").isdecimal()
        if numbered and not step.triggered and isinstance(step.source, Stage):
            found.setdefault(step.source.number, []).append(step)
    for number, steps in found.items():
        fixes = _named(build, build.stages[number], steps)
        for step in steps:
            flag = step.instruction.flag("from")
            if flag is not None:
                message = f"copies from the stage of number {flag.value}"
                yield Hit(message, edits.place(flag), container=step.stage.label, fixes=fixes)
                fixes = ()  # the first one mends all


def _named(build: Build, stage: Stage, steps: list[Step]) -> tuple[Proposal, ...]:
    words = stage.instruction.arguments
    if len(words) not in {1, 3} or stage.problem is not None:
        return ()
    same = [other for other in build.stages if other.name == stage.name]
    name = stage.name if len(same) == 1 else ""
    changes: list[Change] = []
    if not stage.name:
        name = f"stage{stage.number}"
        keyword = edits.cased_like(stage.instruction.keyword, "AS")
        changes = [Change(words[0].end, words[0].end, f" {keyword} {name}")]
    if not name or (changes and any(other.name == name for other in build.stages)):
        return ()
    for step in steps:
        flag = step.instruction.flag("from")
        if flag is None or flag.end - flag.value_start != len(flag.value or ""):
            return ()
        changes.append(Change(flag.value_start, flag.end, name))
    return (Proposal(f"Call the stage {name}", tuple(changes)),)


@file_rule(
    "stage-unreachable",
    severity=Severity.INFO,
    profile=RELIABILITY,
    confidence=Confidence.MEDIUM,
    remedy="Delete the stage, or build it with --target.",
)
def stage_unreachable(build: Build, context: Context) -> Hits:
    """Each stage should be part of the image.

    Reports stages that the last one neither builds on nor copies or mounts from.

    Why:

    They are not built without ``--target``; what they test or produce is missing, and nobody
    notices that they no longer work.

    Bad:

        FROM golang:1.25 AS build
        FROM alpine:3.22
        CMD ["/app"]

    Good:

        FROM golang:1.25 AS build
        FROM alpine:3.22
        COPY --from=build /app /app
        CMD ["/app"]

    Not reported:
    Files that BuildKit refuses. Files that are evidently made for several targets: more than one
    such stage is used by no other, or an ARG chooses between stages. The confidence is medium: a
    compose or bake file may build the stage as a target.
    """
    needed = build.needed()
    rest = [stage for stage in build.stages if stage.number not in needed]
    if build.problems or not rest or _has_targets(build, rest):
        return
    for stage in rest:
        message = "is no part of the final image"
        yield Hit(message, edits.place(stage.instruction.keyword), container=stage.label,
                      evidence=stage.label)  # fmt: skip


def _has_targets(build: Build, rest: list[Stage]) -> bool:
    chosen = any(
        stage.base is not None and "$" in stage.instruction.arguments[0].text
        for stage in build.stages
    )
    used = {need.number for stage in build.stages for need in (*stage.needs, stage.base) if need}
    return chosen or sum(stage.number not in used for stage in rest) > 1


@file_rule(
    "stage-cycle",
    severity=Severity.HIGH,
    profile=ANY,
    remedy="Break the circle: a stage can only use what stages before it have built.",
)
def stage_cycle(build: Build, context: Context) -> Hits:
    """Stages must not need each other in a circle.

    Reports the instruction that closes the circle.

    Why:

    BuildKit refuses the file.

    Bad:

        FROM alpine:3.22 AS one
        COPY --from=two /a /a
        FROM alpine:3.22 AS two
        COPY --from=one /b /b

    Good:

        FROM alpine:3.22 AS one
        FROM alpine:3.22 AS two
        COPY --from=one /b /b

    Not reported:
    A stage that copies from itself: copy-from-self tells of it.
    """
    for problem in problems_for(build, "stage-cycle"):
        yield Hit(problem.reason, (problem.start, problem.end))


@step_rule(
    "copy-from-self",
    instructions=("COPY",),
    severity=Severity.HIGH,
    profile=ANY,
    remedy="Copy from another stage, or use RUN cp.",
    aliases=("DL3023", "DS-0006", "kics:cdddb86f-95f6-4fc4-b5a1-483d9afceb2b"),
)
def copy_from_self(step: Step, context: Context) -> Hits:
    """A stage must not copy from itself.

    Reports ``COPY --from`` with the name or the number of its own stage.

    Why:

    BuildKit refuses the file.

    Bad:

        FROM alpine:3.22 AS build
        COPY --from=build /a /b

    Good:

        FROM alpine:3.22 AS build
        RUN cp /a /b
    """
    flag = step.instruction.flag("from")
    if flag is not None and step.source is step.stage:
        yield Hit(f"copies from its own stage {flag.value}", edits.place(flag))


@step_rule(
    "copy-from-unknown",
    instructions=("COPY",),
    severity=Severity.MEDIUM,
    profile=ANY,
    remedy="Name an earlier stage, or an image with its tag or digest.",
    aliases=("DL3022",),
)
def copy_from_unknown(step: Step, context: Context) -> Hits:
    """COPY must copy from a stage that stands before it, or from an image that is named in full.

    Reports ``COPY --from`` with the name of a later stage, a number that is none, and a bare name
    that no stage has.

    Why:

    A bare name that is no stage is an image of Docker Hub: a typing error in a stage's name copies
    files of strangers into the image.

    Bad:

        FROM golang:1.25 AS build
        FROM scratch
        COPY --from=biuld /app /app

    Good:

        FROM golang:1.25 AS build
        FROM scratch
        COPY --from=build /app /app

    Not reported:
    Names with a tag, a digest or a path: they mean an image. Of a bare name that is not near the
    name of a stage the confidence is medium: it may be an image, or a context of the command line.
    """
    flag = step.instruction.flag("from")
    if flag is None or not flag.value or step.source is step.stage:
        return
    at = edits.place(flag)
    if step.problem is not None:
        if step.problem.reason.startswith("cannot copy from stage"):
            yield Hit(f"copies from {flag.value}, a stage that stands after this one", at)
        return
    name = flag.value
    if any(mark in name for mark in ":/@$") or isinstance(step.source, Stage) or name == "scratch":
        return
    stages = step.stage.number
    known = [stage.name for stage in context.build.stages[:stages] if stage.name]
    near = suggestions(name.lower(), known)
    if name.isdecimal():
        yield Hit(f"copies from stage {name}, of which there is none", at)
    elif near:
        yield Hit(f"copies from the image {name}; did you mean the stage {near[0]}?", at)
    else:
        message = f"copies from {name}, which is no stage but an image without a tag"
        yield Hit(message, at, confidence=Confidence.MEDIUM)


@stage_rule(
    "platform-constant",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Use $BUILDPLATFORM or leave the platform to docker build --platform.",
    aliases=("FromPlatformFlagConstDisallowed", "DL3029",
             "kics:b16e8501-ef3c-44e1-a543-a093238099c9"),
)  # fmt: skip
def platform_constant(stage: Stage, context: Context) -> Hits:
    """FROM should not fix the platform.

    Reports ``--platform`` with a constant.

    Why:

    The image is for that platform only, whatever ``docker build --platform`` asks for; elsewhere it
    runs emulated or not at all.

    Bad:

        FROM --platform=linux/amd64 alpine:3.22

    Good:

        FROM --platform=$BUILDPLATFORM alpine:3.22

    Not reported:
    Stages whose name holds the operating system or the architecture: there one stage for each
    platform is meant.

    References:
    https://docs.docker.com/reference/build-checks/from-platform-flag-const-disallowed/
    """
    flag = stage.instruction.flag("platform")
    text = stage.platform_text
    if flag is None or text is None or "$" in (flag.value or "") or stage.platform_matched:
        return
    try:
        platform = parse_platform(text.text)
    except PlatformError:
        return
    if platform.os not in stage.name and platform.architecture not in stage.name:
        yield Hit(f"is always built for {text.text}", edits.place(flag))


@stage_rule(
    "platform-redundant",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Leave the flag out.",
    aliases=("RedundantTargetPlatform", "DL3065"),
)
def platform_redundant(stage: Stage, context: Context) -> Hits:
    """FROM should not ask for the platform that it gets anyway.

    Reports ``--platform=$TARGETPLATFORM``.

    Why:

    The target platform is the default. The flag looks as if it changed something.

    Bad:

        FROM --platform=$TARGETPLATFORM alpine:3.22

    Good:

        FROM alpine:3.22

    References:
    https://docs.docker.com/reference/build-checks/redundant-target-platform/
    """
    flag = stage.instruction.flag("platform")
    if flag is None or stage.platform_text is None:
        return
    default = context.build.arguments["TARGETPLATFORM"].text
    if stage.platform_matched == ("TARGETPLATFORM",) and stage.platform_text.text == default:
        change = edits.cut_flag(stage.file, flag)
        yield Hit(
            f"{flag.value} is the default platform",
            edits.place(flag),
            fixes=(Proposal("Leave the flag out", (change,)),),
        )


_OFFICIAL = {
    "amd64": Platform("linux", "amd64"),
    "arm32v5": Platform("linux", "arm", "v5"),
    "arm32v6": Platform("linux", "arm", "v6"),
    "arm32v7": Platform("linux", "arm", "v7"),
    "arm64v8": Platform("linux", "arm64"),
    "i386": Platform("linux", "386"),
    "ppc64le": Platform("linux", "ppc64le"),
    "riscv64": Platform("linux", "riscv64"),
    "s390x": Platform("linux", "s390x"),
}
"""Docker Hub's repositories of official images for one architecture each."""


@stage_rule(
    "platform-mismatch",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Ask for the platform that the base has, or take another base.",
    aliases=("InvalidBaseImagePlatform",),
)
def platform_mismatch(stage: Stage, context: Context) -> Hits:
    """The base of a stage must be of the platform that FROM asks for.

    Reports ``--platform`` where the base is another stage of another platform, and where the
    image's name tells another architecture (``arm64v8/alpine``).

    Why:

    The flag does not change what is already built: the stage is of the other platform, and its
    commands fail with "exec format error" or run emulated.

    Bad:

        FROM --platform=linux/amd64 arm64v8/alpine:3.22

    Good:

        FROM --platform=linux/arm64 arm64v8/alpine:3.22

    Not reported:
    Platforms with variables, and images whose name does not tell: that takes a look at the image.

    References:
    https://docs.docker.com/reference/build-checks/invalid-base-image-platform/
    """
    flag = stage.instruction.flag("platform")
    text = stage.platform_text
    if flag is None or text is None or "$" in (flag.value or ""):
        return
    try:
        wanted = parse_platform(text.text)
    except PlatformError:
        return
    real = _real_platform(stage)
    if real is not None and (real.os, real.architecture) != (wanted.os, wanted.architecture):
        message = f"asks for {text.text} but its base is for {real.os}/{real.architecture}"
        yield Hit(message, edits.place(flag))


def _real_platform(stage: Stage) -> Platform | None:
    base = stage.base
    if base is not None:
        flag = base.instruction.flag("platform")
        constant = flag is not None and "$" not in (flag.value or "")
        return base.platform if constant else None
    image = stage.image
    if image is not None and image.domain == "docker.io":
        return _OFFICIAL.get(image.path.partition("/")[0])
    return None


@stage_rule(
    "arg-undefined-in-from",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Declare it with ARG before the first FROM.",
    aliases=("UndefinedArgInFrom",),
)
def arg_undefined_in_from(stage: Stage, context: Context) -> Hits:
    """Variables in FROM must be declared before the first stage.

    Reports variables in the name of the image and in ``--platform`` that no ARG before the first
    FROM declares.

    Why:

    ``--build-arg`` cannot set them; they are empty, and another image is built on than was meant.

    Bad:

        FROM alpine:3.22${VARIANT}

    Good:

        ARG VARIANT=""
        FROM alpine:3.22${VARIANT}

    References:
    https://docs.docker.com/reference/build-checks/undefined-arg-in-from/
    """
    build = context.build
    known = [*build.declared, *build.arguments]
    for name in dict.fromkeys(stage.undefined_arguments):
        near = suggestions(name, known)
        hint = f"; did you mean {near[0]}?" if near else ""
        at = edits.variable(build.file, stage.instruction, name)
        yield Hit(f"{name} is declared by no ARG before the first FROM{hint}", at)


@stage_rule(
    "arg-default-invalid",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Give the ARG a default with which the build works.",
    aliases=("InvalidDefaultArgInFrom",),
)
def arg_default_invalid(stage: Stage, context: Context) -> Hits:
    """The defaults of ARG must make the name of an image.

    Reports FROM with variables that, without any ``--build-arg``, is empty or no valid name.

    Why:

    A plain ``docker build`` fails, and so does every tool that reads the file.

    Bad:

        ARG TAG
        FROM alpine:${TAG}

    Good:

        ARG TAG=3.22
        FROM alpine:${TAG}

    References:
    https://docs.docker.com/reference/build-checks/invalid-default-arg-in-from/
    """
    words = stage.instruction.arguments
    if stage.default_image_problem and words and "$" in words[0].text and not _is_broken(stage):
        shown = stage.base_name.text
        what = f"{shown}, which is no image" if shown else "nothing"
        message = f"{words[0].text} is {what}, without build arguments"
        yield Hit(message, edits.place(words[0]))


def _is_broken(stage: Stage) -> bool:
    problem = stage.problem or stage.instruction.problem
    return problem is not None and problem.reason.startswith("failed to process")
