"""Image indexes and manifests, as OCI layouts and registries hold them (OCI image spec 1.1)."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from seawall.core.errors import InputError
from seawall.core.lazy import pattern

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
_PART = pattern(r"[A-Za-z0-9._-]{1,32}")
Blob = Callable[[str], bytes]
"""Gives the bytes of a digest; raises InputError where there are none."""


def digest_of(data: bytes) -> str:
    """What bytes are known by."""
    return f"sha256:{sha256(data).hexdigest()}"


def holds(data: bytes, digest: str) -> bool:
    """Whether bytes are those of a digest, SHA-256 or SHA-512."""
    algorithm, _, value = digest.partition(":")
    if algorithm == "sha512":
        from hashlib import sha512  # noqa: PLC0415 - hardly anybody uses it

        return sha512(data).hexdigest() == value
    return digest_of(data) == digest


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
        found = {_platform(item.get("platform")) for item in entries}
        return tuple(sorted(found - {"", "unknown/unknown"}))
    config = value.get("config")
    digest = config.get("digest") if isinstance(config, dict) else None
    if not isinstance(digest, str):
        return ()
    name = _platform(parsed(blob(digest), f"the configuration {digest}"))
    return (name,) if name else ()


def _platform(value: object) -> str:
    if not isinstance(value, dict):
        return ""
    parts = [value.get(key) for key in ("os", "architecture", "variant")]
    names = [part for part in parts if isinstance(part, str) and _PART.fullmatch(part)]
    return "/".join(names) if len(names) > 1 else ""
