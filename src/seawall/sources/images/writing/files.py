"""Images into directories and archives, all of it or nothing."""

import os
from collections.abc import Callable, Iterator

from seawall.core.errors import InputError
from seawall.sources.files import reason_of
from seawall.sources.images.entry import Entry, Kind
from seawall.sources.images.layout import INDEX, MARK
from seawall.sources.images.problems import DISTRUST, ArchiveError
from seawall.sources.images.tar_writer import TarWriter
from seawall.sources.images.target import DOCKER_ARCHIVE, OCI
from seawall.sources.images.unpacking import Unpacked
from seawall.sources.images.writing.image import Blob, LayerBlob, Output, encoded
from seawall.sources.images.writing.place import Place
from seawall.sources.images.writing.workshop import Workshop

_MARK = b'{"imageLayoutVersion":"1.0.0"}'
_PIECE = 1 << 20


def write(output: Output, place: Place, workshop: Workshop) -> None:
    """Put an image to its place.

    Raises ``InputError`` where that cannot be written, or a layer is not what it was.
    """
    target = os.path.join(workshop.directory, "result")
    try:
        if place.kind == OCI:
            _layout(output, place.name, target)
        else:
            make = _docker_archive if place.kind == DOCKER_ARCHIVE else _oci_archive
            with open(target, "xb", buffering=_PIECE) as file:
                make(output, place.name, TarWriter(file.write), workshop)
                file.flush()
                os.fsync(file.fileno())
        _put(target, place.path, workshop)
    except OSError as error:
        raise InputError(
            f"cannot write {place.path}: {reason_of(error)}; name another place"
        ) from None


def _put(made: str, path: str, workshop: Workshop) -> None:
    """Rename to the place; what is there is a layout or a file that may go."""
    if os.path.isdir(path) and os.path.lexists(path):
        os.rename(path, os.path.join(workshop.directory, "old"))
    os.chmod(made, 0o777 & ~_mask() if os.path.isdir(made) else 0o666 & ~_mask())
    os.replace(made, path)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def pieces(blob: Blob) -> Iterator[bytes]:
    """The bytes of a blob. Raises ``ArchiveError`` where they are not those of its digest."""
    import hashlib  # noqa: PLC0415 - off the scan path

    algorithm = blob.digest.partition(":")[0]
    found = hashlib.new(algorithm)
    stream = blob.open()
    try:
        while piece := stream.read(_PIECE):
            found.update(piece)
            yield piece
    finally:
        stream.close()
    if f"{algorithm}:{found.hexdigest()}" != blob.digest:
        raise ArchiveError(blob.digest, -1, "is something else by now", DISTRUST)


def _path(blob: Blob) -> str:
    return f"blobs/{blob.digest.replace(':', '/', 1)}"


def _layout(output: Output, tag: str, directory: str) -> None:
    for blob in output.blobs:
        path = os.path.join(directory, _path(blob))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if blob.path:
            os.rename(blob.path, path)
            continue
        with open(path, "xb", buffering=_PIECE) as file:
            file.writelines(pieces(blob))
    for name, data in ((MARK, _MARK), (INDEX, output.layout_index(tag))):
        with open(os.path.join(directory, name), "xb") as file:
            file.write(data)


def _oci_archive(output: Output, tag: str, tar: TarWriter, _: Workshop) -> None:
    blobs = {_path(blob): blob for blob in output.blobs}
    directories = sorted({"blobs", *(path.rpartition("/")[0] for path in blobs)})
    for path in directories:
        tar.add(_entry(path, 0, Kind.DIRECTORY, 0o755))
    for path, blob in sorted(blobs.items()):
        tar.add(_entry(path, blob.size), pieces(blob))
    for name, data in ((INDEX, output.layout_index(tag)), (MARK, _MARK)):
        tar.add(_entry(name, len(data)), (data,))
    tar.close()


def _entry(path: str, size: int, kind: Kind = Kind.FILE, mode: int = 0o644) -> Entry:
    return Entry(path, kind, mode, 0, 0, size, 0, "", -1)


def _docker_archive(output: Output, name: str, tar: TarWriter, workshop: Workshop) -> None:
    """Docker's image spec v1.2: layers are plain tars there, whatever they are elsewhere."""
    image = output.images[0]
    config = f"{image.config.digest.partition(':')[2]}.json"
    layers = []
    for layer in image.layers:
        path = f"{layer.diff_id.partition(':')[2]}.tar"
        if path not in layers:
            _unpacked(layer, path, tar, workshop)
        layers.append(path)
    tar.add(_entry(config, image.config.size), pieces(image.config))
    tags = [name if ":" in name.rpartition("/")[2] else f"{name}:latest"] if name else []
    data = encoded([{"Config": config, "RepoTags": tags, "Layers": layers}])
    tar.add(_entry("manifest.json", len(data)), (data,))
    tar.close()


def _unpacked(layer: LayerBlob, path: str, tar: TarWriter, workshop: Workshop) -> None:
    """Add a layer's tar, whose size is known once it is unpacked."""
    import tempfile  # noqa: PLC0415 - only where it is needed

    stream = layer.blob.open()
    try:
        read = Unpacked(layer.blob.digest, stream, digest=layer.blob.digest, diff_id=layer.diff_id)
        with tempfile.TemporaryFile(dir=workshop.directory) as file:
            while piece := read():
                file.write(piece)
            read.finish()
            size = file.tell()
            file.seek(0)
            next_piece: Callable[[], bytes] = lambda: file.read(_PIECE)  # noqa: E731 - once
            tar.add(_entry(path, size), iter(next_piece, b""))
    finally:
        stream.close()
