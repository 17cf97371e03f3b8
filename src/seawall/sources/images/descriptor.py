"""Descriptors: what points to a blob or a manifest, in a layout or a registry.

OCI image-spec, descriptor.md and image-index.md.
"""

from collections.abc import Mapping

from seawall.core.named_tuple import NamedTuple
from seawall.sources.images.image import mapping, strings, text, texts
from seawall.sources.images.platforms import Platform, of_value

_REFERENCE = "org.opencontainers.image.ref.name"
_NAMES = ("io.containerd.image.name", _REFERENCE)
_KIND = "vnd.docker.reference.type"
_ABOUT = "vnd.docker.reference.digest"
"""Docker BuildKit's annotations of attestations."""


class Descriptor(NamedTuple):
    """What points to a blob."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = {}
    artifact_type: str = ""
    urls: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its tag or full name; empty where it has none."""
        return next((found for key in _NAMES if (found := self.annotations.get(key))), "")

    @property
    def attests(self) -> str:
        """The digest it is an attestation of."""
        return self.annotations.get(_ABOUT, "")

    @property
    def is_attestation(self) -> bool:
        """Whether it is about an image of the same index, as BuildKit's attestations are."""
        is_of_nothing = self.platform is not None and self.platform.os == "unknown"
        return is_of_nothing or _KIND in self.annotations or _ABOUT in self.annotations

    @property
    def is_foreign(self) -> bool:
        """Whether it is a layer to be had from elsewhere (nondistributable)."""
        return "nondistributable" in self.media_type or "foreign" in self.media_type


def descriptor(value: object) -> Descriptor:
    """A descriptor; what is missing is empty, a size that is none is -1."""
    found = mapping(value)
    size = found.get("size")
    return Descriptor(
        text(found.get("mediaType")), text(found.get("digest")),
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else -1,
        of_value(found.get("platform")), strings(found.get("annotations")),
        text(found.get("artifactType")), texts(found.get("urls")),
    )  # fmt: skip


def descriptors(value: object) -> list[Descriptor]:
    """The descriptors of a list."""
    return [descriptor(each) for each in value] if isinstance(value, list) else []
