"""What is known of the image of a container, for those who change its user or its root."""

from seawall.core.well_known_images import ImageFacts, facts_of
from seawall.kubernetes.pods import Container

_NOTHING = ImageFacts((), "")


def facts(container: Container) -> ImageFacts:
    """What is known of a container's image; nothing is, of most."""
    image = container.image
    found = None if image is None else facts_of(image.registry, image.repository)
    return found or _NOTHING


def identity(container: Container) -> tuple[int, int]:
    """The user and group that its image's program is meant to run as; 0 where none is known."""
    image = container.image
    return facts(container).identity(image.tag if image else "")
