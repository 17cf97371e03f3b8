"""Changes of manifests as JSON Patch (RFC 6902), as an admission controller applies them."""

import json
from collections.abc import Iterable, Iterator

from seawall.hardening.hardener import FileChange
from seawall.text.decoding import Undecodable, decode
from seawall.text.json_patch import difference
from seawall.text.scalars import Value
from seawall.text.yaml import Broken, load


def patches(changes: Iterable[FileChange]) -> Iterator[str]:
    """One line of JSON for each changed object: file, object, and the patch.

    A new object stands there whole (``object``); one that is taken away says so (``removed``).
    """
    for change in changes:
        before, after = _by_identity(change.before or b""), _by_identity(change.after)
        for key, (number, new) in after.items():
            if not isinstance(new, dict):
                continue  # a Dockerfile, or no object
            _, old = before.get(key, (0, _NONE))
            row: dict[str, object] = {"path": change.path, "document": number, **_identity(new)}
            if old is _NONE:
                yield _line({**row, "object": new})
            elif type(old) is not type(new) or old != new:
                yield _line({**row, "patch": difference(old, new)})
        for key, (number, old) in before.items():
            if key not in after:
                row = {"path": change.path, "document": number, **_identity(old)}
                yield _line({**row, "removed": True})


_NONE: Value = object()  # type: ignore[assignment]
"""No document, which is something else than an empty one."""


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _by_identity(data: bytes) -> dict[tuple[object, ...], tuple[int, Value]]:
    """The documents by what they are known by, equal ones by their order; with their number."""
    result: dict[tuple[object, ...], tuple[int, Value]] = {}
    for number, value in enumerate(_documents(data)):
        names = tuple(json.dumps(item) for item in _identity(value).values())
        order = 0
        while (*names, order) in result:
            order += 1
        result[*names, order] = number, value
    return result


def _documents(data: bytes) -> list[Value]:
    text = decode(data)
    if isinstance(text, Undecodable):
        return []
    return [None if isinstance(item, Broken) else item.value for item in load(text)]


def _identity(value: Value) -> dict[str, object]:
    if not isinstance(value, dict):
        return {}
    metadata = value.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    return {
        "kind": value.get("kind"), "namespace": names.get("namespace"), "name": names.get("name"),
    }  # fmt: skip
