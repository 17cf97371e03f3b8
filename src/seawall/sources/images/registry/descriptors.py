"""Descriptors and manifests as registries give them (OCI image spec 1.1), checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from seawall.core.errors import InputError
from seawall.sources.images import descriptor as model
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.manifests import DIGEST, SCHEMA_1, digest_of, holds, is_index, parsed
from seawall.sources.images.registry.errors import RegistryError

MAX_ENTRIES = 4096
"""Manifests of an index, or layers of a manifest."""


class Manifest(NamedTuple):
    """A manifest or an index: its bytes, and what is in them."""

    data: bytes
    digest: str
    media_type: str
    value: Mapping[str, Any]

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests."""
        return is_index(self.value)

    def descriptors(self, key: str, where: str) -> tuple[Descriptor, ...]:
        """The descriptors of ``manifests`` or ``layers``. Raises ``RegistryError``."""
        values = self.value.get(key)
        if not isinstance(values, list) or len(values) > MAX_ENTRIES:
            raise RegistryError(
                f"{where}: its {key} are no list of at most {MAX_ENTRIES}; push the image anew, "
                f"or report it to who runs the registry",
                kind="wrong-content",
            )
        return tuple(descriptor(value, where) for value in values)


def descriptor(value: object, where: str) -> Descriptor:
    """A descriptor out of JSON. Raises ``RegistryError`` where it is none."""
    found = model.descriptor(value)
    if not DIGEST.fullmatch(found.digest):
        raise RegistryError(
            f"{where}: {found.digest[:80]!r} is no digest of the form sha256:...; push the image "
            f"anew, or report it to who runs the registry",
            kind="wrong-content",
        )
    if not 0 <= found.size < 1 << 50:
        raise RegistryError(
            f"{where}: {found.digest} has no size that a blob can have; push the image anew, "
            "or report it to who runs the registry",
            kind="wrong-content",
        )
    return found


def manifest(data: bytes, told_type: str, told_digest: str, wanted: str, where: str) -> Manifest:
    """A manifest out of an answer.

    Args:
        data: the body.
        told_type: ``Content-Type``.
        told_digest: ``Docker-Content-Digest``, or empty.
        wanted: the digest by which it was asked for, or empty.
        where: the image, for messages.

    Raises:
        RegistryError: it is none, or not what it should be.
    """
    digest = wanted or told_digest or digest_of(data)
    if not holds(data, digest):
        raise RegistryError(
            f"{where}: the registry says {digest[:140]}, but sent {digest_of(data)}; report it "
            "to who runs the registry",
            kind="wrong-content",
        )
    try:
        value = parsed(data, where)
    except InputError as error:
        raise RegistryError(str(error), kind="wrong-content") from None
    inner = value.get("mediaType")
    kind = inner if isinstance(inner, str) and inner else told_type.partition(";")[0].strip()
    if value.get("schemaVersion") == 1 or kind in SCHEMA_1:
        raise RegistryError(
            f"{where}: the registry sent no manifest of version 2, but one of schema 1, which "
            "tells "
            "nothing of what is in its layers; push the image anew with a docker or podman of "
            "today",
            kind="not-supported",
        )
    if value.get("schemaVersion") != 2:
        raise RegistryError(
            f"{where}: the registry sent no manifest of version 2; name the image by its digest, "
            "or give a layout",
            kind="not-supported",
        )
    if "manifests" in value and ("layers" in value or "config" in value):
        # Which of the two it is would be for each reader to say: CVE-2021-41190.
        raise RegistryError(
            f"{where}: it is an index and a manifest at once; push the image anew, or report it "
            "to who runs the registry",
            kind="refused",
        )
    return Manifest(data, digest, kind, value)
