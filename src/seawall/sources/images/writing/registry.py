"""Images into a registry: blobs, then manifests, then the name, then what is attached."""

from seawall.core.errors import InputError
from seawall.core.image_reference import parse_image
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.pushing import Pusher
from seawall.sources.images.writing.image import Blob, Output
from seawall.sources.images.writing.place import LATEST, Place


def refuse_what_is_there(place: Place, access: Access) -> None:
    """Raise ``InputError`` where the registry has something under a name."""
    image = parse_image(place.name)
    where = access.places(image)[-1]
    try:
        access.registry(where).manifest(where.repository, image.tag or LATEST)
    except RegistryError as error:
        if error.kind == "not-found":
            return
        raise
    raise InputError(f"{place.name}: is there already; name another tag, or say --force")


def push(output: Output, place: Place, access: Access) -> None:
    """Put an image into a registry under its name. Raises ``RegistryError``."""
    image = parse_image(place.name)
    where = access.places(image)[-1]
    pusher = Pusher(access.registry(where), where.repository)
    for written in output.images:
        for blob in written.blobs:
            pusher.blob(_own(blob), blob.open)
    top = output.top
    for written in output.images:
        if written.manifest.digest != top.digest:
            pusher.manifest(_data(written.manifest), written.manifest.media_type)
    pusher.manifest(_data(top), top.media_type, image.tag or LATEST)
    for written in output.images:
        for attached in written.attached:
            for blob in attached.blobs:
                pusher.blob(_own(blob), blob.open)
            manifest = attached.manifest
            pusher.attach(_data(manifest), manifest.media_type, written.manifest.digest)


def _own(blob: Blob) -> Descriptor:
    return Descriptor(blob.media_type, blob.digest, blob.size)


def _data(blob: Blob) -> bytes:
    stream = blob.open()
    return stream.read(blob.size)
