"""The files of an image or of one of its layers, for people."""

import stat
from collections.abc import Iterator
from typing import NamedTuple

from seawall.engine.containers.layers import Read
from seawall.engine.containers.whole import Whole
from seawall.sources.images.entry import OPAQUE, WHITEOUT, Entry, Kind

_TYPES = {
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.CHARACTER_DEVICE: stat.S_IFCHR,
    Kind.BLOCK_DEVICE: stat.S_IFBLK,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.FIFO: stat.S_IFIFO,
    Kind.SOCKET: stat.S_IFSOCK,
}


class Line(NamedTuple):
    """A file, and what becomes of it."""

    path: str
    mode: str
    """As ``ls -l`` writes it."""
    uid: int
    gid: int
    size: int
    link: str
    layer: int
    """The number of its layer, from 1."""
    fate: str = ""
    """Of a layer: ``deletes``, ``opaque``; empty for a file."""


def of_whole(whole: Whole) -> Iterator[Line]:
    """The files of the merged file system, in the order of their paths."""
    for node in whole.files.files():
        yield _line(node.entry, node.layer)


def of_layer(read: Read, number: int) -> Iterator[Line]:
    """What a layer (from 0) holds and deletes, in its own order."""
    for entry in read.layers[number].entries:
        above, slash, name = entry.path.rpartition("/")
        if name == OPAQUE:
            yield _line(entry._replace(path=above or "."), number, "opaque")
        elif name.startswith(WHITEOUT):
            path = f"{above}{slash}{name.removeprefix(WHITEOUT)}"
            yield _line(entry._replace(path=path), number, "deletes")
        else:
            yield _line(entry, number)


def _line(entry: Entry, layer: int, fate: str = "") -> Line:
    mode = stat.filemode(_TYPES.get(entry.kind, stat.S_IFREG) | entry.mode)
    return Line(entry.path, mode, entry.uid, entry.gid, entry.size, entry.link, layer + 1, fate)
