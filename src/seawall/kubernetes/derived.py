"""What rules work out from all objects of a run, once."""

from collections.abc import Callable
from typing import TypeVar

from seawall.kubernetes.index import Index

Result = TypeVar("Result")


def once_per_index(build: Callable[[Index], Result]) -> Callable[[Index], Result]:
    """Keep what a function makes of an index beside the index, to live and die with it."""
    key = f"{build.__module__}.{build.__qualname__}"

    def look_up(index: Index) -> Result:
        kept = index.__dict__
        if key not in kept:
            kept[key] = build(index)
        result: Result = kept[key]
        return result

    return look_up
