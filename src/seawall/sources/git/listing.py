"""The objects that a repository stores, whether a ref leads to them or not."""

import os
from collections.abc import Iterator

from seawall.core.errors import InputError
from seawall.core.named_tuple import NamedTuple
from seawall.sources.git.discovery import Place, read_small
from seawall.sources.git.hashes import OID
from seawall.sources.git.process import REPORT, Git

_ARGUMENTS = (
    "cat-file", "--batch-all-objects", "--unordered",
    "--batch-check=%(objecttype) %(objectname) %(objectsize)",
)  # fmt: skip
DAMAGED = "damaged"
"""The kind of an object whose header git cannot read."""


class Listed(NamedTuple):
    """An object: ``commit``, ``blob``, ``tag`` or ``DAMAGED``, and its size in bytes."""

    oid: str
    kind: str
    size: int


def everything(git: Git) -> Iterator[Listed]:
    """Every object but trees, each once, in the order in which they lie in the packs.

    That is the order in which they are read fastest: what is stored as a difference lies near to
    what it differs from.
    """
    with git.start(_ARGUMENTS) as process:
        rest = b""
        while piece := process.read():
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if not line.startswith(b"tree "):  # half of all, and nobody's text
                    yield _listed(line.decode("ascii", "replace"))
        process.check()


def _listed(line: str) -> Listed:
    kind, _, more = line.partition(" ")
    oid, _, size = more.partition(" ")
    if size.isdecimal():
        return Listed(oid, kind, int(size))
    if more == "missing" and OID.fullmatch(kind):  # git's word for what it cannot read
        return Listed(kind, DAMAGED, 0)
    raise InputError(f"git cat-file answers {line[:80]!r}, which is not understood; {REPORT}")


def is_shared(place: Place) -> bool:
    """Whether the objects lie outside of the repository, or others' objects are read as well.

    Through alternates (gitrepository-layout(5)) and links whoever made a tree can have git read any
    repository of whoever scans it. Objects that a ref of the tree leads to are known to its maker,
    who had to write their hash down; others are not, and must not be shown.
    """
    if place.alternates or read_small(os.path.join(place.objects, "info", "alternates")).strip():
        return True
    if os.path.lexists(os.path.join(place.objects, "info", "alternates")):
        try:
            if os.path.getsize(os.path.join(place.objects, "info", "alternates")):
                return True  # too large to be read here
        except OSError:
            return True
    if place.trusted:
        return False
    return any(os.path.islink(path) for path in _stored(place))


def _stored(place: Place) -> Iterator[str]:
    """What of the object directory could be a link that leads out of it."""
    yield place.objects
    try:
        names = os.listdir(place.objects)
    except OSError:
        return
    for name in names:
        path = os.path.join(place.objects, name)
        yield path
        if name == "pack" or (len(name) == 2 and not os.path.islink(path)):
            try:
                yield from (entry.path for entry in os.scandir(path))
            except OSError:
                continue
