"""Rules about programs that one stage builds and another one runs."""

import posixpath
from collections.abc import Iterator

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.base_systems import ALPINE, BUSYBOX, DEBIAN, RED_HAT, system_of
from seawall.dockerfile.fixes.syntax import wanted_syntax
from seawall.dockerfile.go_builds import GoBuild, brings_module, copies_of, go_builds
from seawall.dockerfile.rule import Context, stage_rule, step_rule
from seawall.dockerfile.stages import Stage, Step

_GLIBC = frozenset((DEBIAN, RED_HAT))
_MUSL = frozenset((ALPINE, BUSYBOX))


@stage_rule(
    "go-program-needs-libc",
    severity=Severity.LOW,
    profile=RELIABILITY,
    confidence=Confidence.MEDIUM,
    remedy="Set CGO_ENABLED=0 for go build, or build on the system that runs the program.",
)
def go_program_needs_libc(stage: Stage, context: Context) -> Hits:
    """A Go program must find its C library in the image that runs it.

    Reports ``go build`` without ``CGO_ENABLED=0`` in a stage with glibc whose program is copied
    into a stage with musl, or with no C library at all.

    Why:

    With a C compiler at hand Go links the builder's C library for names and users. Where that is
    missing the program does not start: "no such file or directory".

    Bad:

        FROM golang:1.25 AS builder
        WORKDIR /src
        RUN go build -o /app .
        FROM alpine:3.22
        COPY --from=builder /app /app

    Good:

        FROM golang:1.25 AS builder
        WORKDIR /src
        RUN CGO_ENABLED=0 go build -o /app .
        FROM alpine:3.22
        COPY --from=builder /app /app

    Not reported:

    Programs whose path is not known, and those that are linked statically (``-extldflags``).
    """
    if system_of(stage) not in _GLIBC:
        return
    for build in go_builds(stage):
        cgo, path = build.variable("CGO_ENABLED"), build.output
        if cgo is not None or not path or "-static" in (build.options.get("-ldflags") or ""):
            continue
        for copy in copies_of(path, stage, context.build.stages):
            target = copy.stage
            if target.root.is_scratch or system_of(target) in _MUSL or _is_static(target):
                start = build.command.words[0].start
                effect = "packages that need C are built without it, or the build fails"
                fix = Proposal(
                    "Build without C", (Change(start, start, "CGO_ENABLED=0 "),),
                    Safety.UNSAFE, effect,
                )  # fmt: skip
                is_plain = not build.step.instruction.is_json
                yield Hit(
                    f"{path} may need the C library of its builder, which {target.label} lacks",
                    (start, build.verb.end),
                    fixes=(fix,) if is_plain else (),
                )
                break


def _is_static(stage: Stage) -> bool:
    image = stage.root.image
    return image is not None and "distroless/static" in image.path


@stage_rule(
    "go-build-flags",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy='Build with -trimpath -ldflags="-s -w", and name the program with -o.',
)
def go_build_flags(stage: Stage, context: Context) -> Hits:
    """A Go program for an image should hold no more than the program.

    Reports ``go build`` without ``-trimpath`` of programs that another stage takes.

    Why:

    Without it the paths of the machine that built it are part of the program, so that the same
    source gives other bytes elsewhere. Symbols and debugging tables are a third of its size.

    Bad:

        FROM golang:1.25 AS builder
        WORKDIR /src
        RUN CGO_ENABLED=0 go build -o /app .
        FROM scratch
        COPY --from=builder /app /app

    Good:

        FROM golang:1.25 AS builder
        WORKDIR /src
        RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /app .
        FROM scratch
        COPY --from=builder /app /app

    Not reported:

    Programs whose path is not known, and flags in GOFLAGS.
    """
    for build in go_builds(stage):
        path = build.output
        if not path or "-trimpath" in build.options:
            continue
        if build.variable("GOFLAGS") is not None:
            continue
        if next(copies_of(path, stage, context.build.stages), None) is not None:
            yield Hit(
                f"{path} holds the paths of the machine that builds it",
                (build.command.words[0].start, build.verb.end),
                fixes=tuple(_with_flags(build, path, context)),
            )


def _with_flags(build: GoBuild, path: str, context: Context) -> Iterator[Proposal]:
    """The flags behind those that are there; files outside of a module are built as such."""
    if not build.script.is_shell or build.step.instruction.is_json:
        return
    flags = ["-trimpath"]
    effect = "stack traces show no paths of the build machine"
    if "-ldflags" not in build.options:
        flags.append('-ldflags="-s -w"')
        effect += ", and debuggers find no symbols"
    if "-o" not in build.options:
        flags.append(f"-o {path}")
    words = build.command.words
    first = build.operands[0] if build.operands else None
    before = words[words.index(first) - 1] if first is not None else words[-1]
    changes = [Change(before.end, before.end, f" {' '.join(flags)}")]
    listing = context.files if build.files else None
    files = None if listing is None or not listing.complete else listing.files
    outside = build.files and build.variable("GO111MODULE") is None
    if outside and not brings_module(build.step.stage, files):
        start = words[0].start
        changes.insert(0, Change(start, start, "GO111MODULE=off "))
        effect += "; imports are looked for in GOPATH, and never fetched"
    yield Proposal("Build just the program", tuple(changes), Safety.UNSAFE, effect)


# What is copied -------------------------------------------------------------------------------


@step_rule(
    "program-mode-unset",
    instructions=("COPY",),
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Copy it with --chmod=0555, to its whole path.",
)
def program_mode_unset(step: Step, context: Context) -> Hits:
    """The program of an image should be read-only, and runnable whatever built it.

    Reports ``COPY --from`` of the one file that ENTRYPOINT or CMD of the final image runs, without
    ``--chmod``.

    Why:

    The mode of the file is whatever the builder's umask gave it, and the owner may write. Where the
    program cannot be changed, who breaks into the container cannot stay in it.

    Bad:

        FROM golang:1.25 AS builder
        RUN CGO_ENABLED=0 go build -trimpath -o /app example.org/app
        FROM scratch
        COPY --from=builder /app /bin/app
        ENTRYPOINT ["/bin/app"]

    Good:

        FROM golang:1.25 AS builder
        RUN CGO_ENABLED=0 go build -trimpath -o /app example.org/app
        FROM scratch
        COPY --from=builder --chmod=0555 /app /bin/app
        ENTRYPOINT ["/bin/app"]
    """
    flags, arguments = step.instruction.flags, step.arguments
    if len(arguments) != 2 or step.source is None or step.instruction.flag("chmod") is not None:
        return
    final = context.build.final
    if final is None or step.stage is not final or not all(value.known for value in arguments):
        return
    source, target = (value.text for value in arguments)
    whole = target + posixpath.basename(source) if target.endswith("/") else target
    if not whole.startswith("/") or whole not in _programs(final):
        return
    word = step.instruction.arguments[1]
    syntax = wanted_syntax(step.stage.file, 2)
    fixes: tuple[Proposal, ...] = ()
    if syntax is not None and word.text == target:
        end = flags[-1].end
        changes = [*syntax, Change(end, end, " --chmod=0555")]
        if whole != target:
            changes.append(Change(word.end, word.end, posixpath.basename(source)))
        effect = "nobody may write to the program; it is no directory"
        fixes = (Proposal("Copy it read-only", tuple(changes), Safety.UNSAFE, effect),)
    yield Hit(f"{whole} is copied with the builder's mode", (flags[0].start, word.end), fixes=fixes)


def _programs(stage: Stage) -> set[str]:
    """What the containers of a stage are told to run."""
    return {
        command.words[0].value or ""
        for step in stage.steps
        if step.name in {"CMD", "ENTRYPOINT"}
        for script in step.scripts
        for command in script.commands[:1]
        if command.words
    }
