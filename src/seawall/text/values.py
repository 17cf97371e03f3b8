"""Typed looks into untyped manifests: what has the wrong type counts as absent.

Rules never test types themselves, so that no odd manifest can make one raise; that a value has
the wrong type is what the schema rule reports.
"""

from collections.abc import Iterator
from typing import Any, TypeGuard

from seawall.text.scalars import Value

Map = dict[str, Value]
EMPTY_MAP: Map = {}
EMPTY_LIST: list[Value] = []


# These run a hundred times for each object. Values are what the reader built of plain types, so a
# comparison of the type tells as much as ``isinstance``; the loops are written out, for a call
# would cost as much as what it does.


def at(value: Value, *keys: str | int) -> Value:
    """The value under a path of keys, ``None`` where any step is missing or of another type."""
    found: Any = value
    for key in keys:
        if type(found) is dict:
            found = found.get(key)
        elif found is None:
            break
        else:
            found = _step(found, key)
    result: Value = found
    return result


def mapping(value: Value, *keys: str | int) -> Map:
    """The mapping under a path, empty when there is none."""
    found: Any = value
    for key in keys:
        if type(found) is dict:
            found = found.get(key)
        elif found is None:
            break
        else:
            found = _step(found, key)
    return found if type(found) is dict else EMPTY_MAP


def sequence(value: Value, *keys: str | int) -> list[Value]:
    """The list under a path, empty when there is none."""
    found: Any = value
    for key in keys:
        if type(found) is dict:
            found = found.get(key)
        elif found is None:
            break
        else:
            found = _step(found, key)
    return found if type(found) is list else EMPTY_LIST


def _step(value: Value, key: str | int) -> Value:
    """What a list has at an index; a mapping has none, and nothing else has anything."""
    if type(value) is list and type(key) is int and 0 <= key < len(value):
        return value[key]
    return None


def mappings(value: Value, *keys: str | int) -> Iterator[tuple[int, Map]]:
    """The mappings of the list under a path, each with its index; other items are left out."""
    for index, item in enumerate(sequence(value, *keys)):
        if isinstance(item, dict):
            yield index, item


def text(value: Value, *keys: str | int) -> str:
    """The string under a path, empty when there is none."""
    found: Any = value
    for key in keys:
        if type(found) is dict:
            found = found.get(key)
        elif found is None:
            break
        else:
            found = _step(found, key)
    return found if type(found) is str else ""


def texts(value: Value, *keys: str | int) -> list[str]:
    """The strings of the list under a path; other items are left out."""
    return [item for item in sequence(value, *keys) if isinstance(item, str)]


def is_integer(value: Value) -> TypeGuard[int]:
    """Whether a value is a whole number; YAML's booleans are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def integer(value: Value, *keys: str | int) -> int | None:
    """The whole number under a path; a float without a fraction counts, as it does in JSON."""
    found = at(value, *keys)
    if is_integer(found):
        return found
    if isinstance(found, float) and found.is_integer():
        return int(found)
    return None


def is_true(value: Value, *keys: str | int) -> bool:
    """Whether the value under a path is the boolean true."""
    return at(value, *keys) is True


def is_false(value: Value, *keys: str | int) -> bool:
    """Whether the value under a path is the boolean false."""
    return at(value, *keys) is False


def labels_of(value: Value, *keys: str | int) -> dict[str, str]:
    """The label or annotation map under a path; values of other types are left out."""
    found = mapping(value, *keys)
    return {key: item for key, item in found.items() if isinstance(item, str)}
