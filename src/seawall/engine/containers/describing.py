"""Images as reports tell of them: what they are, and what they are built on."""

from typing import TYPE_CHECKING

from seawall.core.report import ImageFacts
from seawall.engine.containers.layers import Read
from seawall.engine.containers.whole import Whole
from seawall.packages.distributions import Release

if TYPE_CHECKING:
    from seawall.engine.knowledge import Knowledge


def described_image(read: Read, whole: Whole, store: "Knowledge | None") -> ImageFacts:
    """An image; without what is found in it, which nobody has weighed yet."""
    image, base = read.image, whole.image.base
    identity = whole.packages.identity
    release = Release(identity.id, identity.version) if identity else Release("", "")
    return ImageFacts(
        path=image.name,
        reference=image.reference,
        digest=image.manifest_digest or image.config_digest,
        platform=str(image.platform) if image.platform.os else "",
        system=" ".join(part for part in release if part),
        end_of_life="" if store is None else _end_of(release, store),
        layers=len(image.layers),
        base=base.name,
        base_digest=base.digest,
        base_layers=base.layers,
        base_known_by=base.known_by,
        base_named_by=base.named_by,
    )


def _end_of(release: Release, store: "Knowledge") -> str:
    from seawall.advisories.support import end_of  # noqa: PLC0415 - where advisories are

    return end_of(release, store)
