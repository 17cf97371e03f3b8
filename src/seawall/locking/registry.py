"""Digests from registries. Only ``seawall lock`` asks for them; see ``sources.images.registry``."""

from collections.abc import Sequence
from contextlib import suppress

from seawall.core.errors import InputError
from seawall.locking.file import DIGEST, Pin, full_name
from seawall.sources.images.image import Config, chain_id
from seawall.sources.images.manifests import MAX_SIZE, parsed, platforms_of
from seawall.sources.images.platforms import Platform, choose, of_host
from seawall.sources.images.registry.configuration import Place
from seawall.sources.images.registry.descriptors import Manifest, descriptor
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.resolving import Images


def pins(
    names: list[str], images: Images, platforms: Sequence[Platform] = ()
) -> list[Pin | InputError]:
    """The digest of each reference, or why there is none; see ``pin``."""
    result: list[Pin | InputError] = []
    for name in names:
        try:
            result.append(pin(name, images, platforms))
        except InputError as error:
            result.append(error)
    return result


def pin(name: str, images: Images, platforms: Sequence[Platform] = ()) -> Pin:
    """The digest that a tag stands for now. Raises ``InputError``.

    ``platforms``: of those, by default of this machine's, it tells what the layers are known by;
    for each that costs one more manifest.
    """
    reference = full_name(name)
    top, place = images.manifest(reference)
    if not DIGEST.fullmatch(top.digest):
        raise RegistryError(
            f"{reference}: {top.digest[:20]}... is no SHA-256; push the image anew",
            kind="not-supported",
        )

    def configuration(manifest: Manifest) -> bytes:
        return images.blob(place, descriptor(manifest.value.get("config"), reference), MAX_SIZE)

    if not top.is_index:
        data = configuration(top)
        found = platforms_of(top.value, lambda _: data)
        return Pin(reference, top.digest, found, "registry", _chains(data, reference))
    chains: set[str] = set()
    for platform in platforms or (of_host(),):
        # The digest is what was asked for: it holds without knowing the layers of one platform.
        with suppress(RegistryError):
            manifest = _of_platform(top, platform, images, place, reference)
            if manifest is not None and not manifest.is_index:
                chains.update(_chains(configuration(manifest), reference))
    return Pin(
        reference, top.digest, platforms_of(top.value, lambda _: b""), "registry",
        tuple(sorted(chains)),
    )  # fmt: skip


def _of_platform(
    index: Manifest, platform: Platform, images: Images, place: Place, reference: str
) -> Manifest | None:
    entries = index.descriptors("manifests", reference)
    found = choose(platform, [each.platform for each in entries])
    return images.manifest_at(place, entries[found].digest) if found >= 0 else None


def _chains(configuration: bytes, reference: str) -> tuple[str, ...]:
    found = chain_id(Config(parsed(configuration, reference)).diff_ids)
    return (found,) if found else ()
