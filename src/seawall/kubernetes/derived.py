"""What rules work out from all objects of a run, once."""

from collections.abc import Callable
from typing import TypeVar

from seawall.kubernetes.index import Index

Result = TypeVar("Result")


def once_per_index(build: Callable[[Index], Result]) -> Callable[[Index], Result]:
    """Keep what a function makes of an index in the index, to live and die with it.

    What it makes must not ask the index later on: what was asked is noted with the first call.
    """
    key = f"{build.__module__}.{build.__qualname__}"

    def look_up(index: Index) -> Result:
        return index.once(key, lambda: build(index))

    return look_up
