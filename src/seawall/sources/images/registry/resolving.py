"""An image from its name: which registry, which manifest, which platform; then its layers.

images = Images(from_environment(os.environ))
image = images.resolve("registry.example.org/app:1.2", parse("linux/arm64"))
for layer in image.layers:
with images.open_blob(image, layer) as stream: ...
"""

import io
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from seawall.core.errors import UsageError
from seawall.core.image_reference import ImageReference, is_valid_image, parse_image
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.manifests import DIGEST
from seawall.sources.images.platforms import Platform, choose, of_host, of_value, runs
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.authorization import Scope
from seawall.sources.images.registry.blobs import open_blob
from seawall.sources.images.registry.configuration import Place
from seawall.sources.images.registry.descriptors import Manifest, descriptor
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.referrers import Referrer, referrers
from seawall.sources.images.registry.registry import Registry, Wanted

MAX_CONFIG = 4 << 20
"""Bytes of a configuration, as containers/image has it."""
MAX_NESTED = 3
"""Indexes in indexes; more than one is rare."""
MAX_PLATFORMS = 100
"""Images of one index, when all are asked for; those of Docker's library have a dozen."""
_Result = TypeVar("_Result")
_OTHER_PLACE = {"not-found", "unreachable", "unavailable", "not-allowed", "denied", "untrusted",
                "too-many-requests"}  # fmt: skip
"""What is wrong with a mirror, and no reason not to ask the next place."""


class Image(NamedTuple):
    """An image in a registry, for one platform."""

    name: str
    """As it was asked for, with registry and tag or digest."""
    place: Place
    """Where it was found: its registry, or a mirror."""
    top: Manifest
    """What the name stands for: an index, or the manifest itself."""
    manifest: Manifest
    platform: Platform | None
    config_descriptor: Descriptor
    config: bytes
    layers: tuple[Descriptor, ...]
    """The lowest first."""
    attestations: tuple[Descriptor, ...]
    """Manifests of the index that tell of the image and are none, as BuildKit writes them."""
    platforms: tuple[Platform, ...]
    """All that the index offers, in its order."""

    @property
    def digest(self) -> str:
        """What a tag is pinned to: the digest of the index where there is one."""
        return self.top.digest


class Images:
    """Images of registries. Threads may share one."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def resolve(self, name: str, platform: Platform | None = None) -> Image:
        """The image of a name. Raises ``RegistryError``, ``UsageError`` for what is no name.

        Without a platform it is the one of this machine, or the only one there is.
        """
        image = parsed_name(name)

        def read(registry: Registry, place: Place) -> Image:
            top = registry.manifest(place.repository, image.digest or image.tag or "latest")
            return self._chosen(registry, place, top, full_name(image), platform)

        return self._first(image, read)

    def resolve_every(self, name: str) -> list[Image]:
        """The images of all platforms of a name, of each the first. Raises as ``resolve`` does."""
        image = parsed_name(name)

        def read(registry: Registry, place: Place) -> list[Image]:
            top = registry.manifest(place.repository, image.digest or image.tag or "latest")
            return _every(registry, place, top, full_name(image))

        return self._first(image, read)

    def digest(self, name: str) -> str:
        """The digest that a name stands for now: of an index where there is one."""
        image = parsed_name(name)
        if image.digest:
            return image.digest
        return self._first(
            image, lambda registry, place: registry.digest(place.repository, image.tag or "latest")
        )

    def manifest(self, name: str) -> tuple[Manifest, Place]:
        """What a name stands for, an index as it is, and where it was found."""
        image = parsed_name(name)
        return self._first(
            image,
            lambda registry, place: (
                registry.manifest(place.repository, image.digest or image.tag or "latest"),
                place,
            ),
        )

    def open_blob(self, image: Image, blob: Descriptor, offset: int = 0) -> io.BufferedReader:
        """A stream of a layer; see ``blobs.open_blob``."""
        registry = self._access.registry(image.place)
        return open_blob(registry, image.place.repository, blob, offset)

    def blob(self, place: Place, blob: Descriptor, limit: int) -> bytes:
        """A small blob as a whole. Raises ``RegistryError``."""
        return _small(self._access.registry(place), place, blob, limit)

    def has(self, place: Place, blob: Descriptor) -> bool:
        """Whether a blob is there: layers that are to be had from elsewhere often are not."""
        registry = self._access.registry(place)
        name = f"{registry.name}/{place.repository}"
        return registry.has(blob.digest, Wanted(name, Scope(place.repository)))

    def manifest_at(self, place: Place, digest: str) -> Manifest:
        """Another manifest of the same repository: an attestation's, or a referrer's."""
        return self._access.registry(place).manifest(place.repository, digest)

    def referrers(self, image: Image, artifact_type: str = "") -> list[Referrer]:
        """What is attached to an image or its index: SBOMs, signatures, attestations."""
        registry = self._access.registry(image.place)
        subjects = dict.fromkeys((image.manifest.digest, image.digest))
        found = [
            each
            for subject in subjects
            for each in referrers(registry, image.place.repository, subject, artifact_type)
        ]
        return list(dict.fromkeys(found))

    def _first(self, image: ImageReference, read: Callable[[Registry, Place], _Result]) -> _Result:
        """What the first place gives that has the image; each that had it not is named."""
        problems: list[RegistryError] = []
        for place in self._access.places(image):
            try:
                return read(self._access.registry(place), place)
            except RegistryError as problem:
                problems.append(problem)
                if problem.kind not in _OTHER_PLACE:
                    break
        if not problems:
            raise RegistryError(
                f"{full_name(image)}: its mirrors are all there is, and none is for it; correct "
                "registries.conf",
                kind="refused",
            )
        *before, last = problems
        if not before:
            raise last
        mirrors = "".join(f" (mirror: {str(each).rpartition('; ')[0]})" for each in before)
        reason, _, remedy = str(last).rpartition("; ")
        told = f"{reason}{mirrors}; {remedy}"
        raise RegistryError(told, kind=last.kind)

    def _chosen(
        self, registry: Registry, place: Place, top: Manifest, name: str, wanted: Platform | None
    ) -> Image:
        found, attestations, offered = top, [], []
        for _ in range(MAX_NESTED + 1):
            if not found.is_index:
                break
            entries = found.descriptors("manifests", name)
            attestations += [each for each in entries if each.is_attestation]
            images = [each for each in entries if not each.is_attestation]
            offered += [each.platform for each in images if each.platform is not None]
            found = registry.manifest(place.repository, _meant(images, wanted, name).digest)
        else:
            raise _too_deep(name)
        made = _made(registry, place, name, top, found)
        # What an index says of an image is believed: images that say another thing are about.
        if (
            top is found
            and wanted is not None
            and made.platform is not None
            and not runs(wanted, made.platform)
        ):
            raise _no_platform(name, wanted, [made.platform])
        return made._replace(attestations=tuple(attestations), platforms=tuple(offered))


def _every(registry: Registry, place: Place, top: Manifest, name: str) -> list[Image]:
    if not top.is_index:
        return [_made(registry, place, name, top, top)]
    attestations: list[Descriptor] = []
    first: dict[Platform | None, Manifest] = {}
    waiting = [(top, 0)]
    while waiting:
        index, depth = waiting.pop(0)
        if depth > MAX_NESTED:
            raise _too_deep(name)
        for each in index.descriptors("manifests", name):
            if each.is_attestation:
                attestations.append(each)
            elif not each.artifact_type and each.platform not in first:
                if len(first) >= MAX_PLATFORMS:
                    raise _too_many(name)
                found = registry.manifest(place.repository, each.digest)
                if found.is_index:
                    waiting.append((found, depth + 1))
                else:
                    first[each.platform] = found
    offered = tuple(each for each in first if each is not None)
    return [
        _made(registry, place, name, top, found)._replace(
            attestations=tuple(attestations), platforms=offered
        )
        for found in first.values()
    ]


def _made(registry: Registry, place: Place, name: str, top: Manifest, found: Manifest) -> Image:
    """The image of a manifest; what its index says else is still to be told."""
    config = descriptor(found.value.get("config"), f"{name}: its configuration")
    layers = found.descriptors("layers", name)
    data = _small(registry, place, config, MAX_CONFIG)
    return Image(name, place, top, found, _platform(data), config, data, layers, (), ())


def parsed_name(name: str) -> ImageReference:
    """A reference that a registry can be asked for. Raises ``UsageError``."""
    image = parse_image(name)
    if not is_valid_image(name) or (image.digest and not DIGEST.fullmatch(image.digest)):
        raise UsageError(
            f"{name!r} is no name of an image; give one such as registry.example.org/app:1.2"
        )
    return image


def full_name(image: ImageReference) -> str:
    """A reference with its registry, and with its tag or digest."""
    end = f"@{image.digest}" if image.digest else f":{image.tag or 'latest'}"
    return f"{image.registry}/{image.repository}{end}"


def _meant(images: list[Descriptor], wanted: Platform | None, name: str) -> Descriptor:
    offered = [each.platform for each in images]
    number = choose(wanted or of_host(), offered)
    if number < 0 and len(images) == 1 and (wanted is None or offered[0] is None):
        number = 0
    if number < 0:
        raise _no_platform(name, wanted or of_host(), [each for each in offered if each])
    return images[number]


def _too_deep(name: str) -> RegistryError:
    return RegistryError(
        f"{name}: it has indexes in indexes, more than {MAX_NESTED} deep; name an image by its "
        "digest",
        kind="refused",
    )


def _too_many(name: str) -> RegistryError:
    return RegistryError(
        f"{name}: it has more than {MAX_PLATFORMS} platforms; choose one with --platform",
        kind="refused",
    )


def _no_platform(name: str, wanted: Platform, offered: list[Platform]) -> RegistryError:
    told = ", ".join(dict.fromkeys(map(str, offered))) or "none that is named"
    return RegistryError(
        f"{name}: there is none for {wanted}, but for {told[:300]}; choose one with --platform",
        kind="no-platform",
    )


def _platform(config: bytes) -> Platform | None:
    """The platform of a configuration; artifacts other than images have none."""
    import json  # noqa: PLC0415 - only where something is fetched

    try:
        return of_value(json.loads(config))
    except (ValueError, RecursionError):
        return None


def _small(registry: Registry, place: Place, blob: Descriptor, limit: int) -> bytes:
    if blob.size > limit:
        raise RegistryError(
            f"{registry.name}/{place.repository}: {blob.digest} has {blob.size} bytes, more than "
            f"{limit}; see whether it is an image",
            kind="too-large",
        )
    with open_blob(registry, place.repository, blob) as stream:
        return stream.read()
