"""The cache of the dynamic linker after libraries have changed (ld.so(8), ldconfig(8)).

It says where the library of a name lies. Newer versions of a package nearly always keep the names;
where a file is gone, its entries are taken out, and the linker looks in its own directories then.
Format: glibc's ``sysdeps/generic/dl-cache.h``, ``cache_file_new`` with its extensions (2.33). An
older file that begins with the format of libc5 is taken away as a whole.
"""

import struct
from collections.abc import Callable

from seawall.patching.tree import Tree
from seawall.sources.images.entry import FILE

PATH = "etc/ld.so.cache"
_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER = struct.Struct("<20sIIB3xI12x")
_ENTRY = struct.Struct("<iIIIQ")
"""Flags, the offsets of name and path, a version of the system, capabilities of the processor."""
_PATH = 2
_EXTENSION = struct.Struct("<II")
_SECTION = struct.Struct("<IIII")
_EXTENSION_MAGIC = 0xEAA42174
_HWCAPS = 1
_MOST_SECTIONS = 64
_BYTE_ORDER = 3
"""The bits of ``flags`` that tell the order of bytes; 2 is little-endian, 0 is not said."""


def refresh(tree: Tree) -> list[str]:
    """Take out what leads to nothing; gives notes."""
    data = tree.data(PATH)
    if not data:
        return []
    made = without_dead(data, lambda path: _is_file(tree, path))
    if made is None:
        tree.remove(PATH)
        return [f"/{PATH} is of an old format and was taken out: ldconfig makes it anew"]
    if made != data:
        tree.put(PATH, made)
        return [f"/{PATH}: took out the libraries that are gone"]
    return []


def _is_file(tree: Tree, path: str) -> bool:
    node = tree.edited.tree.resolve(path.lstrip("/"))
    return node is not None and node.entry.kind is FILE


def without_dead(data: bytes, is_there: Callable[[str], bool]) -> bytes | None:
    """The cache without entries of files that are not there; ``None`` for another format."""
    try:
        return _without_dead(data, is_there)
    except (struct.error, ValueError, IndexError):
        return None


def _without_dead(data: bytes, is_there: Callable[[str], bool]) -> bytes | None:
    magic, count, strings, flags, extension = _HEADER.unpack_from(data)
    if magic != _MAGIC or flags & _BYTE_ORDER not in (0, 2):
        return None
    end = _HEADER.size + count * _ENTRY.size
    if end + strings > len(data):
        return None
    entries = list(_ENTRY.iter_unpack(data[_HEADER.size : end]))
    kept = [each for each in entries if is_there(_string(data, each[_PATH]))]
    shift = (len(entries) - len(kept)) * _ENTRY.size
    if not shift:
        return data
    rest = bytearray(data[end:])
    if extension:
        _shift_extension(rest, end, extension, shift)
    head = _HEADER.pack(magic, len(kept), strings, flags, extension - shift if extension else 0)
    moved = b"".join(
        _ENTRY.pack(flag, name - shift, path - shift, *more) for flag, name, path, *more in kept
    )
    return head + moved + bytes(rest)


def _string(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode("utf-8", "surrogateescape")


def _shift_extension(rest: bytearray, start: int, extension: int, shift: int) -> None:
    """Make the offsets of the extensions those of a shorter file.

    ``rest`` is the file from the offset ``start`` on; all offsets are of the file.
    """
    at = extension - start
    magic, count = _EXTENSION.unpack_from(rest, at)
    if magic != _EXTENSION_MAGIC or count > _MOST_SECTIONS:
        raise ValueError("no extension")
    for number in range(count):
        place = at + _EXTENSION.size + number * _SECTION.size
        tag, flags, offset, size = _SECTION.unpack_from(rest, place)
        _SECTION.pack_into(rest, place, tag, flags, offset - shift, size)
        if tag == _HWCAPS:  # its numbers are offsets of names
            for each in range(offset - start, offset - start + size - 3, 4):
                (name,) = struct.unpack_from("<I", rest, each)
                struct.pack_into("<I", rest, each, name - shift)
