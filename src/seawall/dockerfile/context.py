"""What a build can see besides the Dockerfile: the files of its context, and the ignore file."""

import os
from collections.abc import Iterator

from seawall.core.named_tuple import NamedTuple

MAX_FILES = 20_000
"""Files of a context that are looked at; a larger one is not known in full."""
MAX_DEPTH = 64
_SKIPPED = frozenset((".git",))
"""Directories that are not gone into: that they are there is enough to know."""


class BuildContext(NamedTuple):
    """The directory that is sent to the builder.

    ``files`` are paths from the directory on, ``/`` between names, sorted; directories end in
    ``/``. ``complete`` is false where there were too many to look at all.
    """

    files: tuple[str, ...]
    complete: bool


def list_context(directory: str) -> BuildContext:
    """The files of a directory; links are named, not followed. What cannot be read is left out."""
    found: list[str] = []
    complete = True
    for path in _walk(directory, "", 0):
        if len(found) >= MAX_FILES:
            complete = False
            break
        found.append(path)
    return BuildContext(tuple(sorted(found)), complete)


def _walk(directory: str, prefix: str, depth: int) -> Iterator[str]:
    try:
        with os.scandir(directory) as entries:
            rows = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in rows:
        path = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield f"{path}/"
            if entry.name not in _SKIPPED and depth < MAX_DEPTH:
                yield from _walk(entry.path, f"{path}/", depth + 1)
        else:
            yield path
