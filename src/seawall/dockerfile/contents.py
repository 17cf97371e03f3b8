"""What a Dockerfile says is in its images: those it builds on, and packages by name.

Told as plain values, since they pass between processes and are remembered with what rules say.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.installations import Wish, installations
from seawall.dockerfile.names import may_install
from seawall.dockerfile.references import ImageReference
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


class BuildContents(NamedTuple):
    """What one Dockerfile names."""

    bases: tuple[Base, ...] = ()
    wishes: tuple[Wish, ...] = ()


def contents_of(build: Build, embedding: Embedding | None = None) -> BuildContents:
    """What a build names, on the lines of the file that holds its text."""
    line = _lines(build.file.data, embedding)
    shift = 0 if embedding is None or embedding.lines is None else embedding.line - 1
    first = embedding.line if embedding is not None and embedding.lines is None else 0
    bases = tuple(_bases(build, lambda number: first or number + shift))
    wishes = tuple(installations(build, line)) if may_install(build.file.data) else ()
    return BuildContents(bases, wishes)


def _lines(data: bytes, embedding: Embedding | None) -> Callable[[int], int]:
    """Gives the line, from 1, of a place in the text."""
    starts: list[int] = []

    def line(place: int) -> int:
        if embedding is not None and embedding.lines is None:
            return embedding.line
        if not starts:
            starts.extend((0, *accumulate(map(len, data.splitlines(keepends=True)))))
        return bisect_right(starts, place) + (embedding.line - 1 if embedding else 0)

    return line


def _bases(build: Build, line: Callable[[int], int]) -> Iterator[Base]:
    several = len(build.stages) > 1
    images = build.images if several else ()
    shipped = {stage.number for image in images for stage in image.chain()}
    for stage in build.stages:
        for_build = several and stage.number not in shipped
        if stage.image is not None and stage.base_name.known:
            yield _base(stage.image, line(stage.instruction.line), for_build=for_build)
        for step in stage.steps:
            if isinstance(step.source, ImageReference):
                yield _base(step.source, line(step.instruction.line), for_build=for_build)


def _base(image: ImageReference, line: int, *, for_build: bool) -> Base:
    path = image.path.removeprefix("library/") if image.domain == HUB else image.path
    return Base(image.domain, path, image.tag, image.digest, line, for_build)
