"""Records that came after the archive they belong to: they take the place of those in it.

Beside ``all.zip``, the directory ``all.zip.changed`` has files named like members of the archive: a
member of that name is passed over, wherever it lies in the archive. An empty file stands for a
record that is no more. Of NVD's feeds, ``modified`` and what its service answered are newer than
those of a year, record by record.
"""

import os
from collections.abc import Callable, Iterator, Sequence

from seawall.advisories.advisory import Metadata, Record
from seawall.advisories.feeds.archive import Member

CHANGED = ".changed"
NEWER = ("nvd/nvdcve-2.0-changed-", "nvd/nvdcve-2.0-modified")
"""Files whose records are newer than what else their source has, the newest first."""


def current(path: str, found: Iterator[Member]) -> Iterator[Member]:
    """The members of a file, without those that a later file has anew."""
    changed = f"{path}{CHANGED}"
    if not os.path.isdir(changed):
        return found
    names = {name for _, _, names in os.walk(changed) for name in names}
    return (each for each in found if each.name.rpartition("/")[2] not in names)


def is_removed(root: str, path: str) -> bool:
    """Whether a file only says that there is no such record any more."""
    return f"{CHANGED}/" in path and not os.path.getsize(os.path.join(root, *path.split("/")))


def newest_first(paths: Sequence[str]) -> list[str]:
    """Paths in the order in which they are to be read: newer ones before what they renew."""
    newer = [[path for path in paths if path.startswith(prefix)] for prefix in NEWER]
    flat = [path for group in newer for path in sorted(group, reverse=True)]
    return [*flat, *(path for path in paths if path not in flat)]


def once(paths: Sequence[str], read: Callable[[str], Iterator[Record]]) -> Iterator[Record]:
    """The records of files, those of newer ones in the place of others with the same id."""
    seen: set[str] = set()
    for path in newest_first(paths):
        mine: set[str] = set()
        for record in read(path):
            if isinstance(record, Metadata):
                if record.id in seen:
                    continue
                if path.startswith(NEWER):
                    mine.add(record.id)
            yield record
        seen |= mine
