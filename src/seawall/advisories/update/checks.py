"""Looks at a file that was fetched, before it takes the place of a good one.

A proxy that wants a login, a page that says "not here" with status 200, an archive that was made
wrong: each of them would leave a database without the source.
"""

import os
from hashlib import sha256
from importlib import import_module

from seawall.advisories.advisory import Unread
from seawall.advisories.feeds.archive import members
from seawall.advisories.feeds.errors import FeedError
from seawall.advisories.feeds.sources import Source
from seawall.sources.http.client import FetchError

_MAGIC: dict[str, tuple[bytes, ...]] = {
    ".zip": (b"PK\x03\x04",),
    ".gz": (b"\x1f\x8b",),
    ".xz": (b"\xfd7zXZ\x00",),
    ".bz2": (b"BZh",),
    ".zst": (b"\x28\xb5\x2f\xfd",),
    ".json": (b"{", b"["),
    ".xml": (b"<?xml", b"<oval"),
}
_COMPRESSED = {".gz", ".xz", ".bz2", ".zst"}
"""What a server may have compressed on its way besides."""


def check(path: str, name: str, address: str) -> None:
    """See that a file is what its name says, and whole to its last byte. Raises ``FetchError``."""
    content(path, name, address)


def check_feed(path: str, name: str, address: str, source: Source) -> None:
    """As ``check``, and see that the source's reader understands it. Raises ``FetchError``."""
    check(path, name, address)
    reader = import_module(f"seawall.advisories.feeds.{source.reader}")
    reason = ""
    try:
        for record in reader.read(members(path, name=name), source.name):
            if not isinstance(record, Unread):
                return
            reason = reason or record.reason
    except FeedError as error:
        reason = str(error)
    if reason:  # a release of a distribution may have no advisories yet: then nothing is unread
        raise FetchError(
            f"{address}: nothing of what came is understood: {reason}; see whether the address is "
            "right"
        )


def content(path: str, name: str, address: str) -> str:
    """As ``check``; gives the SHA-256 of what is in it, unpacked, in the order it has there."""
    ending = os.path.splitext(name)[1]
    with open(path, "rb") as stream:
        head = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    magic = _MAGIC.get(ending)
    if magic and not head.startswith(magic) and not _is_compressed(head, ending):
        raise FetchError(
            f"{address}: what came is no {ending.lstrip('.')} (it begins with {head[:20]!r}); see "
            "whether the address is right, or whether a proxy asks for a login"
        )
    digest = sha256()
    count = 0
    try:
        for count, member in enumerate(members(path, name=name), 1):  # noqa: B007 - counted
            for chunk in member.chunks():
                digest.update(chunk)
    except FeedError as error:
        problem = str(error).removeprefix(f"{path}: ")
        raise FetchError(f"{address}: what came cannot be used: {problem}") from None
    if not count:
        raise FetchError(f"{address}: what came is empty; try again later")
    return digest.hexdigest()


def _is_compressed(head: bytes, ending: str) -> bool:
    return ending in {".json", ".xml"} and any(
        head.startswith(_MAGIC[each]) for each in _COMPRESSED
    )
