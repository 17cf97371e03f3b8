"""Where an image is made before it takes its place: a directory beside that, gone at the end."""

import os
from collections.abc import Callable
from typing import Self, TypeVar

from seawall.core.errors import InputError
from seawall.sources.files import reason_of
from seawall.sources.images.packing import Packed
from seawall.sources.images.stores import opened
from seawall.sources.images.target import OCI
from seawall.sources.images.unpacking import Stream
from seawall.sources.images.writing.image import Blob, LayerBlob
from seawall.sources.images.writing.place import Place

_Result = TypeVar("_Result")


class Workshop:
    """A temporary directory on the file system of the place. A context manager."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.directory = ""
        self._number = 0

    def __enter__(self) -> Self:
        """Make the directory. Raises ``InputError`` where that cannot be done."""
        import tempfile  # noqa: PLC0415 - only where something is written

        path = self._place.path
        above, name = os.path.split(os.path.abspath(path)) if path else (None, "image")
        try:
            self.directory = tempfile.mkdtemp(prefix=f".{name}.", suffix=".tmp", dir=above)
        except OSError as error:
            raise InputError(
                f"cannot write {path or 'a temporary directory'}: {reason_of(error)}; name another "
                "place"
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        """Take the directory away."""
        import shutil  # noqa: PLC0415 - as above

        shutil.rmtree(self.directory, ignore_errors=True)

    def layer(
        self, make: Callable[[Callable[[bytes], object], str], tuple[Packed, _Result]]
    ) -> tuple[LayerBlob, _Result]:
        """A layer in a file: ``make`` is given what writes, and a directory for temporary files."""
        self._number += 1
        path = os.path.join(self.directory, f"layer-{self._number}")
        try:
            with open(path, "xb", buffering=1 << 20) as file:
                packed, result = make(file.write, self.directory)
        except OSError as error:
            shown = self._place.path or self._place.name
            raise InputError(f"cannot write {shown}: {reason_of(error)}; make room") from None
        blob = Blob(packed.media_type, packed.digest, packed.size, lambda: _stream(path), path)
        return LayerBlob(blob, packed.diff_id), result


def _stream(path: str) -> Stream:
    file = opened(path)
    return file.part(0, file.size)


def refuse_what_is_there(place: Place, *, force: bool) -> None:
    """Raise ``InputError`` where something is at a path that may not be replaced.

    A directory is replaced only where it is a layout, or empty: nothing else is deleted.
    """
    path = place.path
    if not path or not os.path.lexists(path):
        return
    if place.kind == OCI and os.path.isdir(path) and not os.path.islink(path):
        if not os.listdir(path):
            return
        if not os.path.isfile(os.path.join(path, "oci-layout")):
            raise InputError(f"{path}: is there and no OCI layout; name another place")
    elif place.kind == OCI or not os.path.isfile(path):
        raise InputError(f"{path}: is there and cannot be replaced; name another place")
    if not force:
        raise InputError(f"{path}: is there already; name another place, or say --force")
