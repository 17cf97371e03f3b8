"""Rules about the images that a build starts from or copies from."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

from seawall.core.rule import OPT_IN, Hit, Hits, Parameter
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.fixes.images import pinned, with_release, with_successor
from seawall.dockerfile.references import ImageReference
from seawall.dockerfile.releases import ended
from seawall.dockerfile.rule import Context, file_rule, stage_rule
from seawall.dockerfile.stages import Build, Stage
from seawall.text.dockerfile.tree import Word

Place = tuple[int, int]


def _base_word(stage: Stage) -> Word | None:
    words = stage.instruction.arguments
    return words[0] if words else None


def _confidence(stage: Stage) -> Confidence:
    """What an ARG decides may be given another value on the command line."""
    word = _base_word(stage)
    return Confidence.MEDIUM if word is not None and "$" in word.text else Confidence.HIGH


@stage_rule(
    "base-image-no-tag",
    severity=Severity.MEDIUM,
    remedy="Name the tag of a version, or better a digest (name:tag@sha256:...).",
    aliases=(
        "DL3006",
        "DS-0001",
        "CKV_DOCKER_7",
        "mint:ID.20006",
        "kics:image_version_not_explicit",
        "kics:9efb0b2d-89c9-41a3-91ca-dcc0aec911fd",
    ),
)
def base_image_no_tag(stage: Stage, context: Context) -> Hits:
    """Base images must name a version.

    Reports FROM with an image that has neither tag nor digest, ARG defaults resolved.

    Why:

    Without a tag the image is ``latest``: whatever that is on the day of the build. Two builds of
    one commit differ, and nobody can tell what runs.

    Bad:

        FROM debian
        USER 10001

    Good:

        FROM debian:12.11
        USER 10001

    Not reported:
    Earlier stages, scratch, images whose name depends on a variable without a value.
    """
    image, word = stage.image, _base_word(stage)
    if image is None or word is None or image.tag or image.digest or not stage.base_name.known:
        return
    yield Hit(
        f"image {image.name} has no tag", (word.start, word.end), confidence=_confidence(stage),
        fixes=tuple(with_release(image, word)),
    )  # fmt: skip


@stage_rule(
    "base-image-latest",
    severity=Severity.MEDIUM,
    remedy="Name the tag of a version, or better a digest (name:tag@sha256:...).",
    aliases=(
        "DL3007",
        "DS-0001",
        "CKV_DOCKER_7",
        "DKL-DI-0006",
        "mint:ID.20006",
        "kics:image_version_using_latest",
        "kics:f45ea400-6bbe-4501-9fc7-1c3d75c32067",
    ),
)
def base_image_latest(stage: Stage, context: Context) -> Hits:
    """Base images must not be latest.

    Reports FROM with the tag ``latest`` and no digest.

    Why:

    The tag moves. Two builds of one commit differ, and nobody can tell what runs.

    Bad:

        FROM debian:latest
        USER 10001

    Good:

        FROM debian:12.11
        USER 10001
    """
    image, word = stage.image, _base_word(stage)
    if image is not None and word is not None and image.tag == "latest" and not image.digest:
        yield Hit(
            f"image {image.name} has the moving tag latest",
            (word.start, word.end),
            confidence=_confidence(stage),
            fixes=tuple(with_release(image, word)),
        )


@file_rule(
    "base-image-not-pinned",
    severity=Severity.LOW,
    remedy="Append the digest and keep the tag: name:tag@sha256:...",
    aliases=("scorecard:pinned-dependencies",),
)
def base_image_not_pinned(build: Build, context: Context) -> Hits:
    """Images that a build uses should be pinned by digest.

    Reports images of FROM, ``COPY --from`` and ``RUN --mount=from`` without a digest.

    Why:

    A tag can be moved by whoever may push to the repository, or by the registry's own mistake. A
    digest names the bytes.

    Bad:

        FROM debian:12.11
        USER 10001

    Good:

        FROM debian:12.11@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        USER 10001

    References:
    https://docs.docker.com/build/building/best-practices/#pin-base-image-versions
    """
    for image, place, certain in images(build):
        if not image.digest:
            yield Hit(
                f"image {image.name} is not pinned by digest",
                place,
                confidence=Confidence.HIGH if certain else Confidence.MEDIUM,
                evidence=image.text,
                fixes=tuple(pinned(image, *place, build, context.pins)),
            )


@file_rule(
    "base-image-untrusted",
    severity=Severity.HIGH,
    profile=OPT_IN,
    remedy="Use an image from one of the trusted registries or repositories.",
    aliases=("DL3026", "docker-bench:4.2"),
    parameters=(
        Parameter("registries", (), "globs of registries or repositories that are trusted"),
    ),
)
def base_image_untrusted(build: Build, context: Context) -> Hits:
    """Images must come from the team's registries.

    Reports images of FROM, ``COPY --from`` and ``RUN --mount=from`` whose registry, or registry
    and repository, matches none of the globs in ``registries``. Without a list nothing is reported.

    Why:

    Whoever controls a base image controls the program.

    Bad:

        FROM docker.io/stranger/tools:1.0
        USER 10001

    Good:

        FROM registry.example.org/base/tools:1.0
        USER 10001

    Parameters:

        registries = ["registry.example.org", "docker.io/library/*"]
    """
    trusted = context.texts(base_image_untrusted, "registries")
    for image, place, _ in images(build) if trusted else ():
        name = f"{image.domain}/{image.path}"
        if not any(fnmatchcase(image.domain, t) or fnmatchcase(name, t) for t in trusted):
            yield Hit(f"image {image.name} is from no trusted registry", place, evidence=name)


@lru_cache(maxsize=2)  # several rules go through those of each file
def images(build: Build) -> tuple[tuple[ImageReference, Place, bool], ...]:
    """Every external image, where it is named, and whether the name is certain."""
    return tuple(_images(build))


def _images(build: Build) -> Iterator[tuple[ImageReference, Place, bool]]:
    for stage in build.stages:
        word = _base_word(stage)
        if stage.image is not None and word is not None and stage.base_name.known:
            yield stage.image, (word.start, word.end), "$" not in word.text
        for step in stage.steps:
            if not step.instruction.flags:
                continue
            flag = step.instruction.flag("from")
            if isinstance(step.source, ImageReference) and flag is not None:
                yield step.source, (flag.start, flag.end), True
            mounts = [item for item in step.instruction.flags if item.name == "mount"]
            for source, mount in zip(step.mount_sources, mounts, strict=False):
                if isinstance(source, ImageReference):
                    yield source, (mount.start, mount.end), True


@stage_rule(
    "base-image-eol",
    severity=Severity.HIGH,
    remedy="Build on a release that still gets security updates.",
)
def base_image_eol(stage: Stage, context: Context) -> Hits:
    """Base images must still get security updates.

    Reports official images of releases whose support had ended when this rule set was made.

    Why:

    Nobody mends what is found in them from then on; the package archives of most are closed too.

    Bad:

        FROM ubuntu:18.04
        USER 10001

    Good:

        FROM ubuntu:24.04
        USER 10001

    Not reported:
    Images of other publishers, tags that name no release, extended support that is paid for.

    References:
    https://endoflife.date
    """
    image, word = stage.image, _base_word(stage)
    if image is None or word is None or image.domain != "docker.io" or not stage.base_name.known:
        return
    found = ended(image.name, image.tag)
    if found is not None:
        release, month = found
        yield Hit(
            f"image {image.name}:{image.tag} gets no security updates since {month}",
            (word.start, word.end),
            confidence=_confidence(stage),
            fixes=tuple(with_successor(image, word, release)),
        )
