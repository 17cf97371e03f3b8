"""From the text of a file to Kubernetes objects, and what could not be read of it."""

import re
from typing import NamedTuple

from seawall.core.location import KeyPath, Span
from seawall.core.report import Failed, NotCovered
from seawall.kubernetes.objects import KubernetesObject, objects_in
from seawall.text.places import duplicate_keys
from seawall.text.templates import is_go_template
from seawall.text.yaml import Broken, Document, load

_MENTIONS_OBJECT = re.compile(r"""^[\s\-{,]*["']?(?:apiVersion|kind)["']?\s*:|[{,]\s*"kind"\s*:""",
                              re.MULTILINE)  # fmt: skip
TEMPLATE = "Go template"


class Contents(NamedTuple):
    """What a file holds. ``opaque`` is text that may define objects nobody could read."""

    objects: tuple[KubernetesObject, ...]
    failed: tuple[Failed, ...]
    not_covered: tuple[NotCovered, ...]
    opaque: tuple[str, ...]


def mentions_objects(text: str) -> bool:
    """Whether text has a line for ``apiVersion`` or ``kind``: cheap, and never wrong on objects."""
    return ("kind" in text or "apiVersion" in text) and _MENTIONS_OBJECT.search(text) is not None


def read(text: str, path: str, *, target: bool, complete: bool) -> Contents:
    """The objects of a file. A broken document hides neither the others nor the other files."""
    objects: list[KubernetesObject] = []
    failed: list[Failed] = []
    opaque: list[str] = []
    for document in load(text):
        if isinstance(document, Broken):
            opaque.append(document.chunk.text)
            failed.append(Failed(path, *document.position, document.reason))
            continue
        found = list(
            objects_in(
                document.value, file=path, document=document.index, target=target,
                complete=complete,
            )
        )  # fmt: skip
        if document.duplicates:
            _add_duplicates(document, found)
        objects.extend(found)
    if "{{" in text and (
        _has_template_name(objects)
        or (failed and (is_go_template(text) or _breaks_at_action(text, failed)))
    ):
        return Contents((), (), (not_rendered(path),), (text,))
    return Contents(tuple(objects), tuple(failed), (), tuple(opaque))


def not_rendered(path: str) -> NotCovered:
    """The coverage entry of a template."""
    return NotCovered(
        path,
        TEMPLATE,
        "templates are not rendered by this version",
        "render it first and scan the result, for example: helm template . | seawall scan -",
    )


def _has_template_name(objects: list[KubernetesObject]) -> bool:
    """A template can be valid YAML by chance (``name: "{{ .Values.name }}"``)."""
    return any("{{" in object_.name or "{{" in object_.kind for object_ in objects)


def _breaks_at_action(text: str, failed: list[Failed]) -> bool:
    """Whether YAML ends where ``{{`` begins, whatever language the mark is of."""
    lines = text.split("\n")
    return any("{{" in lines[item.line - 1] for item in failed if 0 < item.line <= len(lines))


def _add_duplicates(document: Document, objects: list[KubernetesObject]) -> None:
    for object_ in objects:
        depth = len(object_.path)
        object_.duplicates = tuple(
            (duplicate.key_path, spans)
            for duplicate in document.duplicates
            if duplicate.key_path[:depth] == object_.path
            and (spans := _spans(document, duplicate.key_path))
        )


def _spans(document: Document, key_path: KeyPath) -> tuple[Span, ...]:
    return duplicate_keys(document.chunk, key_path[:-1], str(key_path[-1]))
