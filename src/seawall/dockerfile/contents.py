"""What a Dockerfile says is in its images: those it builds on, and packages by name.

Told as plain values, since they pass between processes and are remembered with what rules say.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

from seawall.dockerfile.installations import installations
from seawall.dockerfile.references import ImageReference
from seawall.dockerfile.releases import ended
from seawall.dockerfile.rule import Embedding
from seawall.dockerfile.stages import Build

HUB = "docker.io"


class Base(NamedTuple):
    """An image that a stage builds on or copies from."""

    domain: str
    path: str
    """Without ``library/``."""
    tag: str
    digest: str
    line: int
    for_build: bool
    """Whether nothing says that it is part of an image that the file makes."""
    ended: bool
    """Whether a rule about Dockerfiles says that its release gets no updates."""


class Wish(NamedTuple):
    """A package that is installed by name (``installations.Installation``)."""

    family: str
    name: str
    version: str
    constraint: str
    release: str
    line: int
    for_build: bool


class BuildContents(NamedTuple):
    """What one Dockerfile names."""

    bases: tuple[Base, ...] = ()
    wishes: tuple[Wish, ...] = ()


def contents_of(build: Build, embedding: Embedding | None = None) -> BuildContents:
    """What a build names, on the lines of the file that holds its text."""
    line = _lines(build.file.data, embedding)
    bases = tuple(dict.fromkeys(_bases(build, line)))
    wishes = tuple(
        Wish(*one[:5], line(one.start), one.for_build) for one in installations(build)
    )  # fmt: skip
    return BuildContents(bases, wishes)


def _lines(data: bytes, embedding: Embedding | None) -> Callable[[int], int]:
    """Gives the line, from 1, of a place in the text."""
    starts = [0, *accumulate(map(len, data.splitlines(keepends=True)))]
    if embedding is None:
        return lambda place: bisect_right(starts, place)
    first, several = embedding.line, embedding.lines is not None
    return lambda place: first + bisect_right(starts, place) - 1 if several else first


def _bases(build: Build, line: Callable[[int], int]) -> Iterator[Base]:
    shipped = {stage.number for image in build.images for stage in image.chain()}
    for stage in build.stages:
        for_build = stage.number not in shipped
        words = stage.instruction.arguments
        if stage.image is not None and words and stage.base_name.known:
            yield _base(stage.image, line(words[0].start), for_build=for_build)
        for step in stage.steps:
            flag = step.instruction.flag("from")
            if isinstance(step.source, ImageReference) and flag is not None:
                yield _base(step.source, line(flag.start), for_build=for_build)


def _base(image: ImageReference, line: int, *, for_build: bool) -> Base:
    over = image.domain == HUB and ended(image.name, image.tag) is not None
    path = image.path.removeprefix("library/") if image.domain == HUB else image.path
    return Base(image.domain, path, image.tag, image.digest, line, for_build, over)
