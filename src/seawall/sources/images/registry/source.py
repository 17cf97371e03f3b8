"""A registry as a source of images (``target.ImageSource``): its documents and layers by digest."""

from collections.abc import Callable

from seawall.core.image_reference import is_valid_image
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.image import Image, Other
from seawall.sources.images.manifest import Chooser
from seawall.sources.images.manifests import INDEXES, MANIFESTS
from seawall.sources.images.platforms import Platform
from seawall.sources.images.registry import resolving
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.resolving import MAX_CONFIG, Images
from seawall.sources.images.unpacking import Stream


class RegistrySource:
    """Registries, for names that nothing on this machine has."""

    prefix = "registry"
    title = "the registry"

    def __init__(self, access: Callable[[], Access]) -> None:
        self._access = access

    def find(self, reference: str, platform: Platform | None) -> Image | None:
        """See ``ImageSource``; a registry that does not give it says why in ``RegistryError``."""
        if not is_valid_image(reference):
            return None
        images = Images(self._access())
        return self._image(images, images.resolve(reference, platform))

    def find_every(self, reference: str) -> list[Image]:
        """See ``ManySource``; as ``find`` does."""
        if not is_valid_image(reference):
            return []
        images = Images(self._access())
        return [self._image(images, found) for found in images.resolve_every(reference)]

    @staticmethod
    def _image(images: Images, found: resolving.Image) -> Image:
        blobs = _Blobs(images, found)
        manifest = found.manifest
        entry = Descriptor(manifest.media_type, manifest.digest, len(manifest.data))
        image = Chooser(blobs).image(found.name, [entry])
        return image._replace(
            reference=found.name if "@" not in found.name else "",
            digests=tuple(dict.fromkeys((manifest.digest, found.digest))),
            others=tuple(_other(each) for each in found.attestations),
        )


class _Blobs:
    """The blobs of an image in a registry (``manifest.Blobs``)."""

    def __init__(self, images: Images, found: resolving.Image) -> None:
        self.name = found.name
        self._images = images
        self._found = found
        self._known = {
            found.manifest.digest: found.manifest.data,
            found.config_descriptor.digest: found.config,
        }

    def document(self, descriptor: Descriptor) -> bytes:
        """See ``Blobs``."""
        known = self._known.get(descriptor.digest)
        if known is not None:
            return known
        place = self._found.place
        if descriptor.media_type in (*INDEXES, *MANIFESTS):
            return self._images.manifest_at(place, descriptor.digest).data
        return self._images.blob(place, descriptor, MAX_CONFIG)

    def layer(self, descriptor: Descriptor) -> Callable[[], Stream] | None:
        """See ``Blobs``."""
        if descriptor.is_foreign and not self._images.has(self._found.place, descriptor):
            return None
        return lambda: self._images.open_blob(self._found, descriptor)

    def has(self, descriptor: Descriptor) -> bool:  # noqa: ARG002
        """See ``Blobs``: what a registry lists, it has."""
        return True


def _other(entry: Descriptor) -> Other:
    return Other(
        entry.digest, entry.media_type, entry.platform or Platform(), entry.name, entry.attests
    )
