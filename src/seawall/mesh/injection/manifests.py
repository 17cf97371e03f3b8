"""Manifests as text: pods in them get a proxy, and lose it again.

The author's text is edited, never written anew: comments, quotes, line ends and indentation stay.
Every edit is proven before it is given out: the new text reads as the old values with the changes,
and undoing it gives the old text.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from seawall.core.edit import Operation, Remove, Set
from seawall.core.location import KeyPath
from seawall.mesh.injection import undoing
from seawall.mesh.injection.changing import UNDO, Injection, injection, is_injected, removal
from seawall.mesh.injection.errors import ManifestError
from seawall.mesh.injection.pods import Place, places
from seawall.mesh.injection.settings import Settings
from seawall.text.places import locate
from seawall.text.scalars import Value
from seawall.text.values import Map, at, mapping
from seawall.text.yaml import Broken, Chunk, Document, load
from seawall.text.yaml_edit import Editable, Refused, Replacement, apply, edited
from seawall.text.yaml_tree import Node, read

LARGEST = 16 * 1024 * 1024
"""Bytes of one file."""


class Told(NamedTuple):
    """A pod that is not injected: file and line, and why."""

    where: str
    name: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.name}: {self.reason}; {self.remedy}"


class Result(NamedTuple):
    """A file after a change. With ``refused``, the text is the one that was given."""

    text: str
    pods: int
    """How many pods it has."""
    changed: tuple[str, ...]
    """``kind/name`` of what has changed."""
    refused: tuple[Told, ...] = ()


def decoded(data: bytes, name: str) -> str:
    """The text of a file, with its byte order mark: all of it is to be written again.

    Raises:
        ManifestError: too large, or not UTF-8.
    """
    if len(data) > LARGEST:
        raise ManifestError(f"{name}: larger than {LARGEST >> 20} MiB; split it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{name}: not UTF-8 text at byte {error.start}; save it as UTF-8"
        ) from None


def inject(text: str, name: str, settings: Settings) -> Result:
    """Give every pod of a file a proxy.

    What was injected before is taken out first, so the result depends on the author's text and the
    settings alone.

    Raises:
        ManifestError: the file cannot be read, or not be edited.
    """
    work = _Work(text, name)
    refused: list[Told] = []
    pods = 0
    for document in work.documents():
        found = list(places(document.value))
        pods += len(found)
        if not found:
            continue
        bare = _bare(document, name)
        injections = [
            (place, injection(_pod(bare.value, place), settings, name)) for place in found
        ]
        told = list(_told(bare, injections, name))
        refused += told
        if not told:
            work.put(document, _injected(bare, injections, name), found)
    return work.result(pods, refused)


def uninject(text: str, name: str) -> Result:
    """Take the proxies out again: byte for byte, unless the file was changed since.

    Raises:
        ManifestError: the file cannot be read, or not be edited.
    """
    work = _Work(text, name)
    pods = 0
    for document in work.documents():
        found = list(places(document.value))
        pods += len(found)
        if found:
            work.put(document, _bare(document, name).chunk.text, found)
    return work.result(pods, [])


class _Work:
    """A file of which documents are replaced one by one."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._found: list[Replacement] = []
        self._changed: list[str] = []

    def documents(self) -> Iterator[Document]:
        """All documents of the file."""
        for item in load(self._text):
            if isinstance(item, Broken):
                line, column = item.position
                raise ManifestError(
                    f"{self._name}:{line}:{column}: {item.reason}; correct it (templates are to be "
                    "rendered first)"
                )
            yield item

    def put(self, document: Document, new: str, found: Iterable[Place]) -> None:
        """Note another text of a document."""
        old = document.chunk.text
        if new != old:
            start = document.chunk.start
            self._found.append(Replacement(start, start + len(old), new))
            self._changed += dict.fromkeys(place.name for place in found)

    def result(self, pods: int, refused: Sequence[Told]) -> Result:
        """What has become of the file."""
        if refused:
            return Result(self._text, pods, (), tuple(refused))
        return Result(apply(self._text, self._found), pods, tuple(self._changed))


# Out ------------------------------------------------------------------------------------------


def _bare(document: Document, name: str) -> Document:
    """A document without what was injected before."""
    text = document.chunk.text
    for owner in _owners(document.value):
        path = (*owner, "metadata", "annotations", UNDO)
        written = undoing.find(_tree(text), path) if at(document.value, *path) else None
        before = None if written is None else undoing.undone(text, written)
        if before is not None:
            return _one(before, document, name)
    operations = list(_removals(document.value))
    if not operations:
        return document
    new, _ = _edited(document, operations, name)
    return _one(new, document, name)


def _tree(text: str) -> Node | None:
    try:
        return read(text)
    except Exception:  # noqa: BLE001 - JSON that is no YAML; whatever PyYAML raises
        return None


def _owners(value: Value) -> Iterator[KeyPath]:
    return iter(dict.fromkeys(place.object for place in places(value)))


def _removals(value: Value) -> Iterator[Operation]:
    for place in places(value):
        pod = _pod(value, place)
        if not is_injected(pod):
            continue
        for operation in removal(pod):
            yield operation._replace(path=(*place.pod, *operation.path))
    for owner in _owners(value):
        annotations = mapping(value, *owner, "metadata", "annotations")
        if UNDO not in annotations or is_injected(mapping(value, *owner)):
            continue
        path = (*owner, "metadata", "annotations")
        if len(annotations) > 1:
            yield Remove((*path, UNDO))
        elif len(mapping(value, *owner, "metadata")) > 1:
            yield Remove(path)
        else:
            yield Remove(path[:-1])


# In -------------------------------------------------------------------------------------------


def _injected(document: Document, injections: Sequence[tuple[Place, Injection]], name: str) -> str:
    operations: list[Operation] = [
        operation._replace(path=(*place.pod, *operation.path))
        for place, injection_ in injections
        for operation in injection_.operations
    ]
    mark: KeyPath = (*injections[0][0].object, "metadata", "annotations", UNDO)
    operations.append(Set(mark, ""))
    before = document.chunk.text
    after, found = _edited(document, operations, name)
    written = undoing.find(_tree(after), mark)
    if written is not None:
        new = undoing.filled(after, written, undoing.record(before, after, found))
        again = undoing.find(_tree(new), mark)
        if again is not None and undoing.undone(new, again) == before:
            return new
    raise _unwilling(document, name, "what was injected could not be taken out again")


def _told(
    document: Document, injections: Iterable[tuple[Place, Injection]], name: str
) -> Iterator[Told]:
    asked = [
        (place, refusal, (*place.pod, "spec", *refusal.path))
        for place, injection_ in injections
        for refusal in injection_.refused
    ]
    if not asked:
        return
    spans = locate(document.chunk, [path for _, _, path in asked])
    for place, refusal, path in asked:
        where = f"{name}:{spans[path].span.line}"
        yield Told(where, place.name, refusal.reason, refusal.remedy)


# Both -----------------------------------------------------------------------------------------


def _pod(value: Value, place: Place) -> Map:
    return mapping(value, *place.pod)


def _edited(
    document: Document, operations: Sequence[Operation], name: str
) -> tuple[str, list[Replacement]]:
    """The text after some operations, proven by reading it."""
    text = document.chunk.text
    try:
        found = Editable(text, document.value, document.offsets).replacements(operations)
    except Refused as error:
        raise _unwilling(document, name, str(error)) from None
    new = apply(text, found)
    wanted = edited(document.value, operations, is_tree=bool(document.offsets))
    if _one(new, document, name).value != wanted:
        raise _unwilling(document, name, "the edited text would say something else")
    return new, found


def _one(text: str, document: Document, name: str) -> Document:
    """The document that a text holds, in the place of another."""
    found = list(load(text))
    if len(found) != 1 or isinstance(found[0], Broken):
        raise _unwilling(document, name, "the edited text could not be read")
    chunk = Chunk(found[0].chunk.text, document.chunk.line, document.chunk.start)
    if chunk.text != text:
        raise _unwilling(document, name, "the edited text would be more than one document")
    return found[0]._replace(chunk=chunk, number=document.number)


def _unwilling(document: Document, name: str, reason: str) -> ManifestError:
    return ManifestError(
        f"{name}:{document.chunk.line + 1}: this document cannot be edited: {reason}; write it in "
        "block style without anchors there"
    )
