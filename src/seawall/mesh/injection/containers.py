"""All containers of a pod, in one walk."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.text.values import Map, mappings

_LISTS = ("initContainers", "containers", "ephemeralContainers")


def containers(spec: Map) -> Iterator[tuple[KeyPath, Map]]:
    """All containers of a pod, with their paths below its spec."""
    for key in _LISTS:
        for index, own in mappings(spec, key):
            yield (key, index), own
