"""Digests from registries. Only ``seawall lock`` asks for them; see ``sources.images.registry``."""

from seawall.core.errors import InputError
from seawall.locking.file import DIGEST, Pin, full_name
from seawall.sources.images.manifests import MAX_SIZE, platforms_of
from seawall.sources.images.registry.descriptors import descriptor
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.resolving import Images


def pins(names: list[str], images: Images) -> list[Pin | InputError]:
    """The digest of each reference, or why there is none."""
    result: list[Pin | InputError] = []
    for name in names:
        try:
            result.append(pin(name, images))
        except InputError as error:
            result.append(error)
    return result


def pin(name: str, images: Images) -> Pin:
    """The digest that a tag stands for now. Raises ``InputError``."""
    reference = full_name(name)
    top, place = images.manifest(reference)
    if not DIGEST.fullmatch(top.digest):
        raise RegistryError(
            f"{reference}: {top.digest[:20]}... is no SHA-256; push the image anew",
            kind="not-supported",
        )

    def configuration(_digest: str) -> bytes:
        return images.blob(place, descriptor(top.value.get("config"), reference), MAX_SIZE)

    return Pin(reference, top.digest, platforms_of(top.value, configuration), "registry")
