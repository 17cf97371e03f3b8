"""The way back: an annotation from which the text comes out as its author wrote it.

It holds what the edits replaced, with where that stands in the edited text while the annotation
is empty, and the hash of that text. So it either gives the author's bytes, or says that the text
was changed since.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from seawall.core.location import KeyPath
from seawall.text.yaml_edit import Replacement, quoted
from seawall.text.yaml_tree import Node

_VERSION = 1


class Written(NamedTuple):
    """An annotation in a text: where its value stands, quotes included, and what it says."""

    start: int
    end: int
    value: str


def find(root: Node | None, path: KeyPath) -> Written | None:
    """The annotation under a path."""
    node = None if root is None else root.at(path)
    if node is None or node.style != '"':
        return None
    return Written(node.start, node.end, node.text)


def record(before: str, after: str, found: Sequence[Replacement]) -> str:
    """What the annotation says: ``found`` made ``after`` of ``before``."""
    shift = 0
    back: list[list[object]] = []
    for start, end, new in found:
        back.append([start + shift, len(new), before[start:end]])
        shift += len(new) - (end - start)
    said = {"version": _VERSION, "of": _digest(after), "to": _digest(before), "back": back}
    return json.dumps(said, separators=(",", ":"))


def filled(text: str, written: Written, value: str) -> str:
    """A text with another value of the annotation."""
    return text[: written.start] + quoted(value) + text[written.end :]


def undone(text: str, written: Written) -> str | None:
    """The text as it was; ``None`` when it was changed since, or nothing can be read."""
    after = filled(text, written, "")
    try:
        said = json.loads(written.value)
        if said["version"] != _VERSION or said["of"] != _digest(after):
            return None
        pieces = []
        at = 0
        for start, length, old in said["back"]:
            if not at <= start <= start + length <= len(after):
                return None
            pieces += [after[at:start], old]
            at = start + length
        before = "".join([*pieces, after[at:]])
        return before if said["to"] == _digest(before) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _digest(text: str) -> str:
    from hashlib import sha256  # noqa: PLC0415 - 2 ms

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
