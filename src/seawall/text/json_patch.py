"""What makes one value of another, as JSON Patch (RFC 6902)."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.text.scalars import Value

Patch = list[dict[str, object]]


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
    elif isinstance(old, list) and isinstance(new, list) and old and _ends_alike(old, new):
        first = len(new) - len(old)
        for index, value in enumerate(new[:first]):
            yield {"op": "add", "path": pointer((*path, index)), "value": value}
        for index, (one, other) in enumerate(zip(old, new[first:], strict=True), first):
            yield from _difference(one, other, (*path, index))
    else:
        yield {"op": "replace", "path": pointer(path), "value": new}


def _ends_alike(old: list[Value], new: list[Value]) -> bool:
    """Whether a list has what another has, item by item, perhaps with more before it."""
    first = len(new) - len(old)
    if first <= 0:
        return first == 0
    return all(_name(one) == _name(other) for one, other in zip(old, new[first:], strict=True))


def _name(item: Value) -> Value:
    """What items of lists are known by, in objects of Kubernetes."""
    return item.get("name") if isinstance(item, dict) and "name" in item else item


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
