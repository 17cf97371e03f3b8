"""From the text of a file to Kubernetes objects, and what could not be read of it."""

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from seawall.core.lazy import pattern
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed, NotCovered
from seawall.kubernetes.objects import KubernetesObject, looks_like_object, objects_in
from seawall.kubernetes.workloads import images_of, is_patch
from seawall.text.lines import split_lines
from seawall.text.templates import (
    has_mark,
    has_mark_that_yaml_refuses,
    has_mark_that_yaml_skips,
    is_go_template,
)

if TYPE_CHECKING:
    from seawall.text.known_documents import KnownDocuments
    from seawall.text.yaml import Chunk, Document

_KIND = pattern(r"""kind["']?[ \t\r\n]*+[:#]""")
TEMPLATE = "Go template"
MARKS = "template"
PATCH = "patch"
Plain = Any
"""Tuples, lists, texts and numbers, as ``marshal`` takes them."""
MAX_OBJECTS = 100_000
"""Objects of one file; more where its text has a hundred characters for each.

An object costs what its values cost and about two kilobytes besides: places, relations, pods.
"""


Offsets = tuple[int, int, int, bytes]
"""Where the values of a document stand: start and end of its chunk in the text of the file, lines
before it, ``Document.offsets``."""


class Contents(NamedTuple):
    """What a file holds. ``opaque`` is text that may define objects nobody could read.

    ``offsets`` tell by document where the values of an object stand, if it is all of the document
    and was read in this run: nobody remembers them.
    """

    objects: tuple[KubernetesObject, ...]
    failed: tuple[Failed, ...]
    not_covered: tuple[NotCovered, ...]
    opaque: tuple[str, ...]
    offsets: Mapping[int, Offsets] = {}


def mentions_objects(text: str) -> bool:
    """Whether text has a key ``kind``, as every object has: cheap, and never wrong on one."""
    return _KIND.search(text) is not None


class _Read(NamedTuple):
    """What one document holds: objects, or the reason why it could not be read.

    ``meant`` tells of one that has the keys of an object, whatever stands there.
    """

    chunk: "Chunk"
    objects: list[KubernetesObject]
    failed: Failed | None
    meant: bool = False


def read(
    text: str,
    path: str,
    *,
    target: bool,
    complete: bool,
    template: bool = False,
    listed: bool = False,
    known: "KnownDocuments | None" = None,
) -> Contents:
    """The objects of a file. A broken document hides neither the others nor the other files.

    ``template`` tells of a file that is a Go template for certain. Documents of a template that
    have no action in them are read as they stand. ``listed`` tells of a file that a kustomization
    takes as whole objects; elsewhere workloads that only change others are named as patches.
    Documents that are ``known`` are not parsed again.
    """
    from seawall.text.yaml import Broken, load  # noqa: PLC0415 - a run of Dockerfiles needs none

    documents: list[_Read] = []
    offsets: dict[int, Offsets] = {}
    limit = room = max(MAX_OBJECTS, len(text) // 100)
    for document in load(text, known, looks_like_object):
        if isinstance(document, Broken):
            broken = Failed(path, *document.position, document.reason)
            documents.append(_Read(document.chunk, [], broken))
            continue
        in_document = objects_in(
            document.value, file=path, document=document.number, target=target,
            complete=complete, listed=listed,
        )  # fmt: skip
        found = list(islice(in_document, room + 1))
        excess = found.pop() if len(found) > room else None
        failed = None if excess is None else _too_many(excess, document, limit)
        if document.may_repeat_keys:
            _add_repeated_keys(document, found)
        value, chunk = document.value, document.chunk
        if document.offsets and len(found) == 1 and found[0].value is value:
            end = chunk.start + len(chunk.text)
            offsets[document.number] = (chunk.start, end, chunk.line, document.offsets)
        meant = isinstance(value, dict) and "apiVersion" in value and "kind" in value
        documents.append(_Read(chunk, found, failed, meant))
        if failed:
            break
        room -= len(found)
    template = template or any(map(_is_template, documents))
    return _contents(documents, path, template=template)._replace(offsets=offsets)


def _contents(documents: list[_Read], path: str, *, template: bool) -> Contents:
    """Sort out what documents hold: objects, templates, text that nobody can read."""
    objects: list[KubernetesObject] = []
    failed: list[Failed] = []
    opaque: list[str] = []
    gaps: dict[NotCovered, None] = {}
    for item in documents:
        text = item.chunk.text
        if template and "{{" in text:
            gaps[not_rendered(path)] = None
            opaque.append(text)
        elif _is_unfilled(item):
            gaps[not_filled_in(path)] = None
            opaque.append(text)
        else:
            if item.failed:
                failed.append(item.failed)
                opaque.append(text)
            objects += (o for o in item.objects if not has_mark(o.api_version + o.kind))
            if any(map(_is_unnamed, item.objects)):
                gaps[not_filled_in(path)] = None
                opaque.append(text)  # names that are put together of marks may be any
    if any(has_mark(image) for object_ in objects for image in images_of(object_)):
        gaps[image_unknown(path)] = None
    if any(map(is_patch, objects)):
        gaps[not_merged(path)] = None
    return Contents(tuple(objects), tuple(failed), tuple(gaps), tuple(opaque))


def to_plain(contents: Contents) -> Plain:
    """Contents as plain tuples, for another process or a cache; without file, flags, offsets."""
    return (
        [
            (item.value, item.document, item.path,
             tuple((path, tuple(map(tuple, spans))) for path, spans in item.duplicates))
            for item in contents.objects
        ],
        [tuple(item)[1:] for item in contents.failed],
        [tuple(item)[1:] for item in contents.not_covered],
        contents.opaque,
    )  # fmt: skip


def from_plain(
    plain: Plain, path: str, *, target: bool, complete: bool, listed: bool = False
) -> Contents:
    """Contents again, for a file of the same text."""
    rows, failed, not_covered, opaque = plain
    objects = []
    for value, document, base, duplicates in rows:
        object_ = KubernetesObject(
            value, file=path, document=document, base=base, target=target, complete=complete,
            listed=listed,
        )  # fmt: skip
        object_.duplicates = tuple(
            (key_path, tuple(Span(*span) for span in spans)) for key_path, spans in duplicates
        )
        objects.append(object_)
    return Contents(
        tuple(objects),
        tuple(Failed(path, *item) for item in failed),
        tuple(NotCovered(path, *item) for item in not_covered),
        opaque,
    )


def _too_many(excess: KubernetesObject, document: "Document", limit: int) -> Failed:
    from seawall.text.places import locate  # noqa: PLC0415 - seldom of use

    span = locate(document.chunk, [excess.path])[excess.path].span
    reason = f"more than {limit:,} objects in one file; the rest is left out"
    return Failed(excess.file, span.line, span.column, reason)


def not_rendered(path: str) -> NotCovered:
    """The coverage entry of a template."""
    return NotCovered(
        path,
        TEMPLATE,
        "a template means nothing until it is rendered",
        "of a chart: seawall scan --render; else render it first, for example: "
        "helm template . | seawall scan -",
    )


def not_filled_in(path: str) -> NotCovered:
    """The coverage entry of a file with objects that have no kind, name or namespace yet."""
    return NotCovered(
        path,
        MARKS,
        "names are marks that another tool replaces; what depends on them was not checked",
        "fill it in first and scan the result, for example: envsubst < FILE | seawall scan -",
    )


def image_unknown(path: str) -> NotCovered:
    """The coverage entry of a file with images that another tool fills in."""
    return NotCovered(
        path,
        MARKS,
        "images are marks that another tool replaces; what depends on them was not checked",
        "fill it in first and scan the result, for example: envsubst < FILE | seawall scan -",
    )


def not_merged(path: str) -> NotCovered:
    """The coverage entry of a file with objects that only change others."""
    return NotCovered(
        path,
        PATCH,
        "an object without images, selector or spec only changes another; what it leaves out is "
        "unknown",
        "scan what it is merged into, for example: kustomize build . | seawall scan -",
    )


def _is_template(document: _Read) -> bool:
    """Whether a document means nothing until its actions are carried out.

    Some templates are valid YAML by chance: ``name: "{{ .Values.name }}"``.
    """
    text, first_line, _ = document.chunk
    if "{{" not in text:
        return False
    if document.failed is None:
        return any("{{" in object_.name or "{{" in object_.kind for object_ in document.objects)
    if is_go_template(text):
        return True
    # Whatever the language of the mark: YAML that ends where it stands is a template.
    line = document.failed.line - first_line
    return "{{" in "".join(split_lines(text)[line - 1 : line])


def _is_unfilled(item: _Read) -> bool:
    """Whether a mark is lost on YAML, so that a document cannot be read as it stands."""
    text, first_line, _ = item.chunk
    if item.failed is not None:
        line = item.failed.line - first_line
        return has_mark_that_yaml_refuses("".join(split_lines(text)[line - 1 : line]))
    return item.meant and has_mark_that_yaml_skips(text)


def _is_unnamed(object_: KubernetesObject) -> bool:
    """Whether a tool has yet to say which object it is, or of what kind.

    Where it is but a name, all else of the object is plain.
    """
    said = (object_.api_version, object_.kind, object_.name, object_.namespace)
    return any(has_mark(text) for text in said)


def _add_repeated_keys(document: "Document", objects: list[KubernetesObject]) -> None:
    if not objects:
        return
    from seawall.text.places import repeated_keys  # noqa: PLC0415 - seldom of use

    repeated = repeated_keys(document.chunk)
    for object_ in objects:
        depth = len(object_.path)
        object_.duplicates = tuple(
            (key_path, spans) for key_path, spans in repeated if key_path[:depth] == object_.path
        )
