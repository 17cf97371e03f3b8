"""Image references, parsed as container engines parse them."""

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

DEFAULT_REGISTRY = "docker.io"

_VALID = pattern(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?"  # a registry
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[A-Za-z0-9+._-]+:[0-9a-fA-F]{32,})?"
)


class ImageReference(NamedTuple):
    """The parts of an image reference (distribution/reference grammar).

    ``registry`` is the effective one; ``repository`` holds no registry; ``tag`` and ``digest``
    are empty when absent.
    """

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def is_mutable(self) -> bool:
        """Whether the name can mean another image tomorrow without the tag saying so."""
        return not self.digest and self.tag in ("", "latest")


def is_valid_image(text: str) -> bool:
    """Whether a container engine would take this reference at all."""
    return _VALID.fullmatch(text) is not None


def parse_image(text: str) -> ImageReference:
    """Split a reference. The first component is a registry when it could be a host name.

    A host has a dot or a colon or is ``localhost``; a tag's colon comes after the last slash.
    """
    name, _, digest = text.strip().partition("@")
    head, slash, rest = name.partition("/")
    is_host = bool(slash) and ("." in head or ":" in head or head == "localhost")
    registry, path = (head, rest) if is_host else (DEFAULT_REGISTRY, name)
    last = path.rfind("/")
    colon = path.find(":", last + 1)
    tag = path[colon + 1 :] if colon >= 0 else ""
    repository = path[:colon] if colon >= 0 else path
    if registry in ("index.docker.io", "registry-1.docker.io"):
        registry = DEFAULT_REGISTRY
    if registry == DEFAULT_REGISTRY and "/" not in repository and repository:
        repository = f"library/{repository}"
    return ImageReference(registry, repository, tag, digest)
