"""The hashes that objects and the index are known by."""

import sys
from typing import TYPE_CHECKING

from seawall.core.digests import sha1, sha256
from seawall.core.lazy import pattern

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

OID = pattern(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LITTLE = 256 * 1024
"""Bytes that are hashed in less time than it takes to load OpenSSL, which hashes faster."""


def new_hash(object_format: str, size: int) -> "Hash":
    """A hash of a repository's form, ``sha1`` or ``sha256``, to be fed about ``size`` bytes."""
    if size < _LITTLE and "hashlib" not in sys.modules:
        made: Hash = sha1() if object_format == "sha1" else sha256()
        return made
    from hashlib import new  # noqa: PLC0415 - see above

    return new(object_format, usedforsecurity=False)


def format_of(oid: str) -> str:
    """What an oid is a hash of, going by its digits."""
    return "sha256" if len(oid) == 64 else "sha1"
