"""Changes of manifests as JSON Patch (RFC 6902), as an admission controller applies them."""

import json
from collections.abc import Iterable, Iterator

from seawall.core.location import KeyPath
from seawall.hardening.hardener import FileChange
from seawall.text.decoding import Undecodable, decode
from seawall.text.scalars import Value
from seawall.text.yaml import Broken, load

Patch = list[dict[str, object]]


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


def difference(old: Value, new: Value) -> Patch:
    """The operations that make one value of another."""
    return list(_difference(old, new, ()))


def _difference(old: Value, new: Value, path: KeyPath) -> Iterator[dict[str, object]]:
    if type(old) is type(new) and old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_mappings(old, new, path)
    elif isinstance(old, list) and isinstance(new, list) and new[: len(old)] == old:
        for value in new[len(old) :]:
            yield {"op": "add", "path": pointer((*path, "-")), "value": value}
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _difference(one, other, (*path, index))
    else:
        yield {"op": "replace", "path": pointer(path), "value": new}


def _of_mappings(
    old: dict[str, Value], new: dict[str, Value], path: KeyPath
) -> Iterator[dict[str, object]]:
    for key in old:
        if key not in new:
            yield {"op": "remove", "path": pointer((*path, key))}
    for key, value in new.items():
        if key in old:
            yield from _difference(old[key], value, (*path, key))
        else:
            yield {"op": "add", "path": pointer((*path, key)), "value": value}


def pointer(path: KeyPath) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
