"""Fixes of which image is meant: releases with support, and digests of a lock file."""

from collections.abc import Iterator, Mapping

from seawall.core.edit import Change, Proposal, Safety
from seawall.dockerfile.references import ImageReference
from seawall.dockerfile.releases import current, successor
from seawall.dockerfile.stages import Build
from seawall.text.dockerfile.tree import Word

_HUB = "docker.io"


def _is_official(image: ImageReference) -> bool:
    return image.domain == _HUB and image.path == f"library/{image.name}"


def _bare(image: ImageReference) -> str:
    """The name as it is written, without tag and digest."""
    text = image.text.partition("@")[0]
    return text.removesuffix(f":{image.tag}") if image.tag else text


def with_release(image: ImageReference, word: Word) -> Iterator[Proposal]:
    """Name a release of an official image that gets updates for long."""
    release = current(image.name) if _is_official(image) else ""
    if release and word.text == image.text:
        yield Proposal(
            f"Name release {release}",
            (Change(word.start, word.end, f"{_bare(image)}:{release}"),),
            Safety.UNSAFE,
            f"the build stays with {image.name} {release}, whatever latest has become",
        )


def with_successor(image: ImageReference, word: Word, ended: str) -> Iterator[Proposal]:
    """Name the closest release that still gets updates."""
    tag = successor(image.name, image.tag, ended) if _is_official(image) and ended else ""
    if tag and word.text == image.text:
        yield Proposal(
            f"Build on {image.name}:{tag}",
            (Change(word.start, word.end, f"{_bare(image)}:{tag}"),),
            Safety.UNSAFE,
            f"what only {image.name}:{image.tag} had is gone",
        )


# Digests --------------------------------------------------------------------------------------


def pinned(
    image: ImageReference, start: int, end: int, build: Build, pins: Mapping[str, str]
) -> Iterator[Proposal]:
    """Append the digest of the lock file to an image's name; the tag stays, for people.

    ``start`` and ``end`` are the place of the word or flag that names it. One that is put together
    from variables is left alone: what they hold may change, the digest would not.
    """
    digest = pins.get(f"{image.domain}/{image.path}:{image.tag or 'latest'}")
    name = image.text.encode("utf-8", "surrogateescape")
    data = build.file.data[start:end]
    if digest is None or image.digest or data.count(name) != 1:
        return
    at = start + data.index(name) + len(name)
    if data[at - start : at - start + 1] in {b":", b"/", b"@"} or b"$" in data:
        return
    title = "Pin it to the digest of the lock file"
    # The whole name: where another fix writes another tag, the digest is not that one's.
    change = Change(at - len(name), at, f"{image.text}@{digest}")
    yield Proposal(title, (change,), Safety.LOCK)
