"""Rules about what the final image holds beyond its program."""

import posixpath
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.rule import OPT_IN, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.base_systems import ALPINE, ARCH, DEBIAN, RED_HAT, SUSE, system_of
from seawall.dockerfile.rule import Context, file_rule
from seawall.dockerfile.stages import Build, Stage, Step
from seawall.text.shell.script import Command

_WITHOUT_SHELL = pattern(r"(?:^|/)(?:distroless|static|chainguard|cgr\.dev)(?:/|$|-)")
_MANAGERS = {
    DEBIAN: "apt", ALPINE: "apk", RED_HAT: "dnf or yum", SUSE: "zypper", ARCH: "pacman"
}  # fmt: skip


@file_rule(
    "shell-in-final-stage",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Copy the program into scratch, or into an image without a shell, such as distroless.",
)
def shell_in_final_stage(build: Build, context: Context) -> Hits:
    """An image whose program needs no shell should have none.

    Reports a final image on a base with a shell whose entry point is a static program that was
    copied from another stage.

    Why:

    A shell is the first thing that whoever breaks in looks for. A static program needs nothing from
    its base image, which brings a few hundred programs more and their vulnerabilities.

    Bad:

        FROM golang:1.26 AS build
        RUN CGO_ENABLED=0 go build -o /out/app ./cmd/app
        FROM alpine:3.22
        COPY --from=build /out/app /app
        ENTRYPOINT ["/app"]

    Good:

        FROM golang:1.26 AS build
        RUN CGO_ENABLED=0 go build -o /out/app ./cmd/app
        FROM scratch
        COPY --from=build /out/app /app
        ENTRYPOINT ["/app"]

    Not reported:
    Images with a RUN, a HEALTHCHECK or a CMD that needs the shell. A program of Go of which
    nothing says that cgo is off is reported with low confidence.
    """
    found = _static_program(build)
    if found is not None:
        stage, step, sure = found
        yield _hit(stage, step, f"has a shell that {_program(step)} does not need", sure=sure)


@file_rule(
    "package-manager-in-final-stage",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Copy the program into scratch, or into an image without a package manager.",
)
def package_manager_in_final_stage(build: Build, context: Context) -> Hits:
    """An image whose program is all it needs should have no package manager.

    Reports a final image on a base with a package manager whose entry point is a static program
    that was copied from another stage.

    Why:

    With a package manager whoever breaks in installs what he misses, and its database and
    libraries are one more thing to keep up to date.

    Bad:

        FROM rust:1.90 AS build
        RUN cargo build --release --target x86_64-unknown-linux-musl
        FROM debian:12.11-slim
        COPY --from=build /target/x86_64-unknown-linux-musl/release/app /app
        ENTRYPOINT ["/app"]

    Good:

        FROM rust:1.90 AS build
        RUN cargo build --release --target x86_64-unknown-linux-musl
        FROM scratch
        COPY --from=build /target/x86_64-unknown-linux-musl/release/app /app
        ENTRYPOINT ["/app"]

    Not reported:
    Images with a RUN, a HEALTHCHECK or a CMD that needs the shell. A program of Go of which
    nothing says that cgo is off is reported with low confidence.
    """
    found = _static_program(build)
    if found is not None:
        stage, step, sure = found
        manager = _MANAGERS.get(system_of(stage))
        if manager:
            yield _hit(stage, step, f"has {manager}, and {_program(step)} needs none", sure=sure)


def _hit(stage: Stage, step: Step, message: str, *, sure: bool) -> Hit:
    word = stage.root.instruction.arguments[0]
    return Hit(
        message,
        (word.start, word.end),
        confidence=Confidence.MEDIUM if sure else Confidence.LOW,
        container=stage.label,
        related=(),
        evidence=_program(step),
    )


def _program(step: Step) -> str:
    return step.instruction.arguments[0].text


def _static_program(build: Build) -> tuple[Stage, Step, bool] | None:
    """The final stage, its entry point, and whether that program is surely static.

    ``None`` where it is no static program from another stage, or the image needs a shell.
    """
    stage = build.final
    if stage is None or stage.root.is_scratch or stage.root.image is None:
        return None
    image = stage.root.image
    if _WITHOUT_SHELL.search(f"{image.domain}/{image.path}") or not system_of(stage):
        return None
    start = stage.config.entrypoint or stage.config.command
    if start is None or _needs_shell(stage):
        return None
    name = start.words[0] if start.words and not start.uses_shell else ""
    source = _copied_from(stage, name) if name.startswith("/") else None
    linked = None if source is None else _is_static(source)
    return None if linked is None else (stage, start.step, linked)


def _needs_shell(stage: Stage) -> bool:
    config = stage.config
    commands = [config.command, config.entrypoint]
    if config.health_check is not None:
        commands.append(config.health_check.command)
    if any(command is not None and command.uses_shell for command in commands):
        return True
    return any(step.name == "RUN" for step in stage.chain_steps())


def _copied_from(stage: Stage, path: str) -> Stage | None:
    """The stage that the program at a path was copied from."""
    for step in stage.chain_steps():
        if step.name != "COPY" or not isinstance(step.source, Stage) or len(step.arguments) < 2:
            continue
        target = posixpath.join(step.workdir.text or "/", step.arguments[-1].text)
        if posixpath.normpath(target) == path:
            return step.source
        if posixpath.normpath(target) == posixpath.dirname(path) and any(
            posixpath.basename(value.text) == posixpath.basename(path)
            for value in step.arguments[:-1]
        ):
            return step.source
    return None


def _is_static(stage: Stage) -> bool | None:
    """Whether a stage links static programs; ``None`` where it makes none that may be."""
    found: bool | None = None
    for step in stage.chain_steps():
        for script in step.scripts if step.name == "RUN" else ():
            for command in script.commands:
                linked = _links(command, step)
                found = linked if linked is not None and not found else found
    return found


def _links(command: Command, step: Step) -> bool | None:
    values = " ".join(command.values)
    if command.name == "go" and command.values[:1] in (["build"], ["install"]):
        given = [
            one.value.text for one in command.assignments if one.name == "CGO_ENABLED" and one.value
        ]
        setting = given[-1] if given else step.environment.get("CGO_ENABLED")
        return setting == "0" or "-static" in values
    if command.name == "cargo" and "-musl" in values:
        return True
    if command.name in ("gcc", "g++", "cc", "clang", "musl-gcc") and "-static" in command.values:
        return True
    return None


# Smaller siblings -----------------------------------------------------------------------------

_SIBLINGS = {
    **dict.fromkeys("debian python node ruby perl rust openjdk redmine r-base".split(), "slim"),
    **dict.fromkeys(
        "golang php nginx httpd postgres redis memcached haproxy rabbitmq eclipse-temurin docker "
        "composer maven gradle tomcat erlang elixir julia ghost".split(),
        "alpine",
    ),
}
"""Official images that have smaller siblings under the same version (docker-library)."""
_SMALL = pattern(r"(?:^|[-.])(?:slim|alpine|minimal|nano|busybox|scratch|onbuild|windows)")
_RELEASE = pattern(r"v?\d+(?:\.\d+)*|bookworm|trixie|bullseye")


@file_rule(
    "base-image-not-minimal",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Try the smaller sibling of the image; install the few packages that are missing.",
)
def base_image_not_minimal(build: Build, context: Context) -> Hits:
    """The final image should stand on the smallest base that does.

    Reports official images of which a slim or Alpine sibling of the same version exists.

    Why:

    The full images bring compilers, version control and several hundred packages. What is not there
    has no vulnerabilities and need not be pulled.

    Bad:

        FROM python:3.13
        CMD ["python", "-m", "app"]

    Good:

        FROM python:3.13-slim
        CMD ["python", "-m", "app"]

    Not reported:
    Builder stages, tags of other kinds, and images of other publishers.

    References:
    https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image
    """
    for stage, name, tag, sibling in _large(build):
        word = stage.instruction.arguments[0]
        yield Hit(
            f"{name}:{tag} has a smaller sibling, {name}:{tag}-{sibling}", (word.start, word.end),
            container=stage.label,
        )  # fmt: skip


def _large(build: Build) -> Iterator[tuple[Stage, str, str, str]]:
    stage = None if build.final is None else build.final.root
    if stage is None or stage.image is None or not stage.base_name.known:
        return
    image = stage.image
    sibling = _SIBLINGS.get(image.name) if image.domain == "docker.io" else None
    if sibling and _RELEASE.fullmatch(image.tag) and not _SMALL.search(image.tag):
        yield stage, image.name, image.tag, sibling
