"""Rules that compare images with the lock file that ``seawall lock`` makes."""

from collections.abc import Iterator, Mapping

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.references import ImageReference
from seawall.dockerfile.rule import Context, file_rule
from seawall.dockerfile.rules.base_images import images
from seawall.dockerfile.stages import Build

_TAG = pattern(r"(v?)(\d+(?:\.\d+)+)(-[A-Za-z][\w.-]*)?")


@file_rule(
    "base-image-digest-mismatch",
    severity=Severity.HIGH,
    remedy="Take the digest of the lock file, or look it up again: seawall lock --update.",
)
def base_image_digest_mismatch(build: Build, context: Context) -> Hits:
    """The digest of an image must be that of its tag.

    Reports images with a tag and a digest where the lock file (seawall.lock) has another digest for
    the tag.

    Why:

    The engine takes the digest and never looks at the tag. Who reads ``17.5`` believes to build on
    17.5, and may build on what somebody else has put there.

    Bad:

        # lock: docker.io/library/debian:12.11 sha256:dddd...
        FROM debian:12.11@sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee
        USER 10001

    Good:

        # lock: docker.io/library/debian:12.11 sha256:dddd...
        FROM debian:12.11@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
        USER 10001

    Not reported:
    Images that the lock file does not name; without a lock file nothing is reported.
    """
    for image, place, certain in images(build) if context.pins else ():
        locked = context.pins.get(_full_name(image, image.tag))
        if not (image.tag and image.digest and locked) or image.digest == locked:
            continue
        yield Hit(
            f"image {image.name}:{image.tag} has another digest in the lock file",
            place,
            confidence=Confidence.HIGH if certain else Confidence.MEDIUM,
            evidence=image.text,
            fixes=tuple(_written(build, place, image.digest, locked, "Take the locked digest")),
        )


@file_rule(
    "base-image-outdated",
    severity=Severity.MEDIUM,
    remedy="Build on the newer patch release.",
    aliases=("docker-bench:4.4",),
)
def base_image_outdated(build: Build, context: Context) -> Hits:
    """An image should be the newest patch of its release.

    Reports images of which the lock file (seawall.lock) names a newer patch release: the same
    version but for its last number, and the same kind (``-slim``).

    Why:

    Patch releases mend faults, those of security among them, and change little else.

    Bad:

        # lock: docker.io/library/postgres:17.6 sha256:dddd...
        FROM postgres:17.4
        USER 999

    Good:

        # lock: docker.io/library/postgres:17.6 sha256:dddd...
        FROM postgres:17.6
        USER 999

    Not reported:
    Images that the lock file does not name; without a lock file nothing is reported.
    """
    newest = _newest(context.pins) if context.pins else {}
    for image, place, certain in images(build) if newest else ():
        own = _parts(image.tag)
        if own is None:
            continue
        patch, newer = newest.get((f"{image.domain}/{image.path}", own[0]), (0, ""))
        if patch <= own[1]:
            continue
        locked = context.pins[_full_name(image, newer)]
        old = f"{image.tag}@{image.digest}" if image.digest else image.tag
        new = f"{newer}@{locked}" if image.digest else newer
        yield Hit(
            f"image {image.name}:{image.tag} has a newer patch release, {newer}",
            place,
            confidence=Confidence.HIGH if certain else Confidence.MEDIUM,
            evidence=image.text,
            fixes=tuple(_written(build, place, old, new, f"Build on {newer}")),
        )


def _full_name(image: ImageReference, tag: str) -> str:
    return f"{image.domain}/{image.path}:{tag or 'latest'}"


Release = tuple[str, str, str]
"""What is equal in the tags of a release's patches: ``v``, the version but for its last number,
and what follows."""


def _newest(pins: Mapping[str, str]) -> dict[tuple[str, Release], tuple[int, str]]:
    """Of each repository and release the newest patch with its tag."""
    found: dict[tuple[str, Release], tuple[int, str]] = {}
    for name in pins:
        repository, _, tag = name.rpartition(":")
        parts = _parts(tag)
        if parts is not None:
            key = repository, parts[0]
            found[key] = max(found.get(key, (0, "")), (parts[1], tag))
    return found


def _parts(tag: str) -> tuple[Release, int] | None:
    """A tag's release, and the number that tells which patch of it is newer."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return None
    release, _, patch = found[2].rpartition(".")
    return (found[1], release, found[3] or ""), int(patch[:9])


def _written(
    build: Build, place: tuple[int, int], old: str, new: str, title: str
) -> Iterator[Proposal]:
    """The change of a text where it stands in the file; in a variable's value it is not looked for.

    It is the last of its kind in the place: a digest, or a tag behind its colon.
    """
    start, end = place
    at = build.file.data.rfind(old.encode(), start, end)
    if at > start and build.file.data[at - 1 : at] in {b":", b"@"}:
        yield Proposal(title, (Change(at, at + len(old), new),), Safety.LOCK)
