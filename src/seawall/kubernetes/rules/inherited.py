"""Where values stand that containers take from their pod: for rules, not a topic of its own."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.core.rule import Hit, Hits
from seawall.kubernetes.pods import Container


def within(container: Container, *keys: str | int) -> KeyPath:
    """A path below a container, relative to its pod, for hits of pod rules."""
    return (*container.path[len(container.pod.path) :], *keys)


def place(container: Container, *keys: str) -> tuple[KeyPath, str]:
    """Where an effective field of the security context is set, and the container to name.

    A value that comes from the pod belongs to no container; one that is set nowhere is missing
    in the container.
    """
    if container.pod_sets(*keys):
        return container.pod.at("securityContext", *keys), ""
    return within(container, "securityContext", *keys), container.name


def once(hits: Hits) -> Iterator[Hit]:
    """Name each place once: several containers may inherit one and the same value."""
    seen = set()
    for hit in hits:
        if hit.at not in seen:
            seen.add(hit.at)
            yield hit
