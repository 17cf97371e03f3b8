"""What a scan rests on, and whether it has changed: by the file system's word, without reading."""

import os
from collections.abc import Iterable, Mapping

from seawall.engine.candidates import is_candidate
from seawall.engine.options import Options
from seawall.engine.source import FileSystem
from seawall.sources.files import SourceFile

Stamp = tuple[int, int, int, int]
"""Modification and status change in nanoseconds, size, inode: an edit changes at least one."""

Stamps = Mapping[str, Stamp | None]
"""By path; ``None`` for what is not there."""


def inputs_of(options: Options) -> list[str]:
    """The files that a scan would read now."""
    found = [item for item in FileSystem(options).discover() if isinstance(item, SourceFile)]
    # any text may hold secrets, whatever else can be read in it
    paths = [item.real for item in found if options.secrets or is_candidate(item)]
    if options.charts is not None:
        paths += _of_charts(found)
        for value_set in options.charts:
            names = (name for name in value_set.values if name.startswith("/"))
            paths += [f"{value_set.directory}{name}" for name in names]
    return list(dict.fromkeys(paths))


def _of_charts(found: Iterable[SourceFile]) -> list[str]:
    """Files that a chart's templates may rest on, whatever they are called."""
    found = list(found)
    charts = tuple(
        os.path.join(os.path.dirname(item.real), "")
        for item in found
        if os.path.basename(item.path) == "Chart.yaml"
    )
    return [item.real for item in found if item.real.startswith(charts)]


def stamps(paths: Iterable[str]) -> Stamps:
    """How each file stands."""
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
