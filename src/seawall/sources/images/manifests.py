"""Image indexes and manifests, as OCI layouts and registries hold them (OCI image spec 1.1)."""

from collections.abc import Callable, Mapping
from typing import Any

from seawall.core.digests import sha256
from seawall.core.errors import InputError
from seawall.core.lazy import pattern
from seawall.sources.images.platforms import of_value

MAX_SIZE = 4 * 1024 * 1024
"""Bytes of a manifest: what registries take (distribution spec, pushing manifests)."""
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
SCHEMA_1 = (
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)
"""What Docker had before 1.10: refused, as their digests say nothing of the layers' contents."""
DIGEST = pattern(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_SMALL = 64 * 1024
"""Bytes up to which no OpenSSL is loaded for a digest."""
Blob = Callable[[str], bytes]
"""Gives the bytes of a digest; raises InputError where there are none."""


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """What bytes are known by."""
    if algorithm == "sha256" and len(data) <= _SMALL:
        return f"sha256:{sha256(data).hexdigest()}"
    import hashlib  # noqa: PLC0415 - for what is large, where it is faster

    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def holds(data: bytes, digest: str) -> bool:
    """Whether bytes are those of a digest that can be computed here."""
    algorithm = digest.partition(":")[0]
    return algorithm in ("sha256", "sha384", "sha512") and digest_of(data, algorithm) == digest


def parsed(data: bytes, what: str) -> Mapping[str, Any]:
    """A JSON object; raises InputError for anything else."""
    import json  # noqa: PLC0415 - only for images

    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what} is no JSON: {error}; save or push the image anew") from error
    if not isinstance(value, dict):
        raise InputError(f"{what} is no JSON object; save or push the image anew")
    return value


def is_index(value: Mapping[str, Any]) -> bool:
    """Whether a document lists manifests; old ones do not say their type."""
    return value.get("mediaType") in INDEXES or isinstance(value.get("manifests"), list)


def platforms_of(value: Mapping[str, Any], blob: Blob) -> tuple[str, ...]:
    """The platforms of an index or a manifest, as ``linux/arm64/v8``; attestations are none."""
    if is_index(value):
        entries = [item for item in value.get("manifests", ()) if isinstance(item, dict)]
        found = [of_value(item.get("platform")) for item in entries]
        named = {str(platform) for platform in found if platform and platform.os != "unknown"}
        return tuple(sorted(named))
    config = value.get("config")
    digest = config.get("digest") if isinstance(config, dict) else None
    if not isinstance(digest, str):
        return ()
    own = of_value(parsed(blob(digest), f"the configuration {digest}"))
    return (str(own),) if own else ()
