"""One layer out of members: contents are fetched first, then all is written in order."""

from collections.abc import Callable, Iterable, Sequence

from seawall.sources.images.editing import Member, wanted_contents
from seawall.sources.images.image import Image
from seawall.sources.images.packing import GZIP, Packed, Packer
from seawall.sources.images.spool import Spool
from seawall.sources.images.tar_writer import TarWriter, can_hold


def write_layer(
    image: Image,
    members: Sequence[Member],
    write: Callable[[bytes], object],
    compression: str = GZIP,
    directory: str | None = None,
    spool: Spool | None = None,
) -> tuple[Packed, tuple[str, ...]]:
    """Write a layer; gives what it came to, and the paths of what no tar can hold.

    ``image`` is whose layers the contents are in, ``directory`` where a temporary file may lie;
    ``spool`` has all contents where there is one. Raises ``InputError`` (``ArchiveError``) when a
    content cannot be had.
    """
    if spool is not None:
        return _written(members, write, compression, spool)
    spool = Spool(directory)
    try:
        spool.fill(image, wanted_contents(members))
        return _written(members, write, compression, spool)
    finally:
        spool.close()


def _written(
    members: Sequence[Member], write: Callable[[bytes], object], compression: str, spool: Spool
) -> tuple[Packed, tuple[str, ...]]:
    left_out = []
    packer = Packer(write, compression)
    tar = TarWriter(packer.write)
    for member in members:
        if can_hold(member.entry):
            tar.add(member.entry, _pieces(member, spool))
        else:
            left_out.append(member.entry.path)
    tar.close()
    return packer.end(), tuple(left_out)


def _pieces(member: Member, spool: Spool) -> Iterable[bytes]:
    content = member.content
    if isinstance(content, bytes):
        return (content,) if content else ()
    return spool.pieces(content, member.entry.size)
