"""What one file holds, worked out from its bytes, as plain values that are kept and sent."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from seawall.core.compact import enable_to_plain, ignore_to_plain
from seawall.core.ignore import Ignore
from seawall.core.report import Failed
from seawall.engine import dockerfiles
from seawall.engine.placing import places_of
from seawall.engine.task import Task
from seawall.engine.texts import decoded
from seawall.engine.units import leaves_of
from seawall.kubernetes import ignores, reader

if TYPE_CHECKING:
    from seawall.text.known_documents import KnownDocuments
    from seawall.text.scalars import Value

Plain = Any
NO_OBJECT = "holds no Kubernetes object"


class Units(Protocol):
    """Remembers what files hold, by their bytes."""

    @property
    def is_lasting(self) -> bool:
        """Whether what is remembered outlives this run: then nothing private may be."""

    @property
    def documents(self) -> "KnownDocuments | None":
        """The documents that were read before in this run, where it looks at them again."""

    def known(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each."""

    def learn(self, task: Task, plain: Plain) -> None:
        """Remember what a file holds; not asked where that is private."""

    def outlines(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each, with the number of its objects in place of these."""

    def learn_outlines(
        self, tasks: Sequence[Task], before: Sequence[Plain | None], now: Sequence[Plain | None]
    ) -> None:
        """Remember outlines, where they are others than they were before.

        There is none of files that are private.
        """


SKIPPED, FAILED, READ, DOCKERFILE = range(4)
OFFSETS = 5
"""Where the offsets of a file's documents stand in what was read: only this run needs them."""


def documents_of(task: Task, plain: Plain) -> Iterator[tuple[str, "Value", bytes]]:
    """The plain documents of a file that was read in this run: text, value, offsets.

    They are those that are one object each.
    """
    if plain[0] != READ or not plain[OFFSETS]:
        return
    text = decoded("", task.data)
    _, (rows, *_), *_, everywhere = plain
    for value, document, *_ in rows:
        noted = everywhere.get(document)
        if noted is not None and isinstance(text, str):
            start, end, _, offsets = noted
            yield text[start:end], value, offsets


def parse(task: Task, units: Units | None) -> tuple[bool, Plain]:
    """What one file holds: a pure function of its bytes and of what its surroundings say.

    Where the result is to be remembered, tells first whether that would copy what is private.
    """
    if task.around is not None:
        return False, _parse_dockerfile(task)
    text = decoded("", task.data)
    if isinstance(text, Failed):
        return False, (FAILED, tuple(text)[1:])
    if not text.strip():
        return False, (SKIPPED, "empty")
    if not task.file.named and not reader.mentions_objects(text):
        return False, (SKIPPED, NO_OBJECT)
    path = task.file.path
    contents = reader.read(
        text, path, target=True, complete=True, template=task.is_template, listed=task.listed,
        known=None if units is None else units.documents,
    )  # fmt: skip
    words = ignores.read(text, path, contents.objects)
    private = units is not None and units.is_lasting and _is_private(contents)
    return private, (
        READ,
        reader.to_plain(contents),
        [ignore_to_plain(item) for item in _placed(words.ignores, text)],
        [enable_to_plain(item) for item in words.enables],
        [tuple(leaf) for leaf in leaves_of(text, contents)] if units is not None else (),
        contents.offsets,
    )


def _is_private(contents: reader.Contents) -> bool:
    from seawall.kubernetes.private import is_private  # noqa: PLC0415 - where results are kept

    return is_private(contents)


def _placed(found: list[Ignore], text: str) -> Iterator[Ignore]:
    """The ignores that are written in a file, each with its line."""
    wanted = {(i.origin.document, i.origin.key_path) for i in found if i.origin.span is None}
    places = places_of(text, wanted) if wanted else {}
    for item in found:
        span = item.origin.span or places.get((item.origin.document, item.origin.key_path))
        yield item._replace(origin=item.origin._replace(span=span))


def _parse_dockerfile(task: Task) -> Plain:
    """Its ignores; the rules read the rest, for a Dockerfile is read faster than remembered."""
    failed = dockerfiles.problem(task.data, "")
    if failed is not None:
        return (FAILED, tuple(failed)[1:])
    embedding = None if task.around is None else task.around.embedding
    found = dockerfiles.ignores(task.data, task.file.path, embedding)
    return (DOCKERFILE, None, [ignore_to_plain(item) for item in found])


def outline(plain: Plain) -> Plain:
    """What a file holds, with the number of its objects in place of these."""
    if plain[0] != READ or isinstance(plain[1][0], int):
        return plain
    _, (rows, *rest), *others = plain[:OFFSETS]
    return (READ, (len(rows), *rest), *others)
