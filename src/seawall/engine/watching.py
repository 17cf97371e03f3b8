"""What a scan rests on, and whether it has changed: by the file system's word, without reading."""

import os
from collections.abc import Iterable, Mapping

from seawall.engine.options import Options
from seawall.engine.reading import FileSystem, is_candidate
from seawall.sources.files import SourceFile

Stamp = tuple[int, int, int, int]
"""Modification and status change in nanoseconds, size, inode: an edit changes at least one."""

Stamps = Mapping[str, Stamp | None]
"""By path; ``None`` for what is not there."""


def inputs_of(options: Options) -> list[str]:
    """The files that a scan would read now."""
    return [
        item.real
        for item in FileSystem(options).discover()
        if isinstance(item, SourceFile) and is_candidate(item)
    ]


def stamps(paths: Iterable[str]) -> Stamps:
    """How each file stands."""
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
