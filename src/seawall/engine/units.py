"""What was read of files, on its way through a run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seawall.core.named_tuple import NamedTuple
from seawall.engine.task import Task
from seawall.kubernetes import ignores, reader
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.workloads import bare_templates_of, pods_of

Plain = Any


class Leaf(NamedTuple):
    """The objects of one kind and namespace in a file."""

    kind: str
    namespace: str
    pods: int
    """Whether they have pods: ``NO_PODS``, ``BARE`` for templates without a spec, ``PODS``."""
    numbers: tuple[int, ...]
    """Which of the file's objects they are."""
    digest: bytes
    """Of the documents they stand in, and where in them."""


NO_PODS, BARE, PODS = range(3)


def leaves_of(text: str, contents: reader.Contents) -> list[Leaf]:
    """The objects of a file, by what one may ask for."""
    from seawall.core.digests import blake2b  # noqa: PLC0415 - only where results are kept

    objects = contents.objects
    stretches = _stretches_of(text, contents)
    digests: dict[int, bytes] = {}
    found: dict[tuple[str, str, int], list[int]] = {}
    for number, object_ in enumerate(objects):
        pods = _pods(object_)
        found.setdefault((object_.kind, object_.namespace, pods), []).append(number)
        if object_.document not in digests:
            start, end, _ = stretches[object_.document]
            data = text[start:end].encode("utf-8", "surrogatepass")
            digests[object_.document] = blake2b(data, digest_size=16).digest()
    leaves = []
    for place, numbers in found.items():
        digest = blake2b(digest_size=16)
        for number in numbers:
            object_ = objects[number]
            line = stretches[object_.document][2] if object_.duplicates else 0
            digest.update(digests[object_.document])
            digest.update(repr((object_.document, object_.path, line)).encode())
        leaves.append(Leaf(*place, tuple(numbers), digest.digest()))
    return leaves


def _stretches_of(text: str, contents: reader.Contents) -> Mapping[int, tuple[int, int, int]]:
    """By document with objects, its start and end in the text and the lines before it."""
    noted = contents.offsets
    if all(object_.document in noted for object_ in contents.objects):
        return {document: own[:3] for document, own in noted.items()}
    from seawall.text.yaml import split  # noqa: PLC0415 - a run of Dockerfiles needs none

    return {
        number: (chunk.start, chunk.start + len(chunk.text), chunk.line)
        for number, chunk in enumerate(split(text))
    }


def _pods(object_: KubernetesObject) -> int:
    if pods_of(object_):
        return PODS
    return BARE if bare_templates_of(object_) else NO_PODS


class Unit:
    """What was read of one file. Its objects may be made only when somebody asks for them."""

    __slots__ = (
        "_objects", "complete", "count", "leaves", "offsets", "open", "task", "whole", "words",
    )  # fmt: skip

    def __init__(
        self,
        task: Task,
        words: ignores.Words,
        count: int = 0,
        *,
        whole: bool = True,
        leaves: Sequence[Leaf] = (),
        objects: tuple[KubernetesObject, ...] | None = None,
    ) -> None:
        self.task = task
        self.words = words
        self.count = count
        """How many objects it holds."""
        self.whole = whole
        """Whether all of the file could be read and is covered."""
        self.complete = task.complete
        """Whether everything that belongs to its objects was there to be read."""
        self.leaves = leaves
        self.offsets: Mapping[int, reader.Offsets] = {}
        """By document, where the values of an object stand, if the file was read in this run."""
        self.open: Callable[..., None] | None = None
        """Makes the objects of files, where they are not at hand."""
        self._objects = objects

    @property
    def objects(self) -> tuple[KubernetesObject, ...]:
        """Its objects, in the order of the file."""
        if self._objects is None and self.open is not None:
            self.open(self)
        return self._objects or ()

    @property
    def is_open(self) -> bool:
        """Whether its objects are at hand."""
        return self._objects is not None or not self.count

    def fill(self, rows: Plain) -> None:
        """Make its objects of what is known of the file."""
        task = self.task
        self._objects = reader.from_plain(
            (rows, (), (), ()), task.file.path, target=not task.file.context,
            complete=self.complete, listed=task.listed,
        ).objects  # fmt: skip

    def mark_incomplete(self) -> None:
        """Say that something that belongs to its objects may not have been read."""
        self.complete = False
        for object_ in self._objects or ():
            object_.complete = False
