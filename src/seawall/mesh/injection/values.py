"""Values of manifests, looked at so that nothing odd in them raises."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.text.scalars import Value

Map = dict[str, Value]


def mapping(value: Value, *path: str | int) -> Map:
    """The mapping under a path; an empty one where there is none."""
    found = at(value, *path)
    return found if isinstance(found, dict) else {}


def at(value: Value, *path: str | int) -> Value:
    """What stands under a path, or ``None``."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step) if isinstance(step, str) else None
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: Value, *path: str | int) -> str:
    """The text under a path; empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number(value: Value, *path: str | int) -> int | None:
    """The whole number under a path."""
    found = at(value, *path)
    if isinstance(found, float) and found.is_integer():  # of JSON
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def is_true(value: Value, *path: str | int) -> bool:
    """Whether there is a true under a path."""
    return at(value, *path) is True


def items(value: Value, *path: str | int) -> list[Value]:
    """The list under a path; an empty one where there is none."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


def containers(spec: Map) -> Iterator[tuple[KeyPath, Map]]:
    """All containers of a pod, with their paths below its spec."""
    for key in CONTAINER_LISTS:
        for index, item in enumerate(items(spec, key)):
            if isinstance(item, dict):
                yield (key, index), item
