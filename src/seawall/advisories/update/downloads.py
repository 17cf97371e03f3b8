"""A file from an address: into place when it is whole and checked, and not before.

What has come of a file lies beside its place, as ``.NAME.partial``, with what tells which version
of the file it is of. The next try, in this run or a later one, asks for the rest (RFC 9110, 13.1.5
and 14): ``If-Range`` makes a server whose file is another one by now send it all.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import BinaryIO, NamedTuple

from seawall.sources.http.client import (
    CHUNK,
    NOT_MODIFIED,
    PARTIAL,
    UNSATISFIABLE,
    Answer,
    Client,
    FetchError,
    accepted,
    check_size,
)
from seawall.sources.http.statuses import Passing, first_byte

MAX_FILE = 8 << 30
"""Bytes of one file; Red Hat's archive of VEX documents is the largest, with less than 1 GB."""
_MOST_MISMATCHES = 2
"""A file may be renewed between its checksum and itself, once."""

Shown = Callable[[str, int, int], None]
"""Is told (what, bytes that are there, bytes in all) as a file comes."""


class Validators(NamedTuple):
    """What tells a version of a file from others."""

    etag: str = ""
    modified: str = ""
    """``Last-Modified``."""


class Fetched(NamedTuple):
    """A file that has come."""

    validators: Validators
    sha256: str
    size: int


def not_shown(_what: str, _done: int, _total: int) -> None:
    """Show nothing."""


def _unchecked(_path: str) -> None:
    pass


def fetch(
    client: Client,
    address: str,
    path: str,
    *,
    known: Validators = Validators(),  # noqa: B008 - immutable
    checksum: str = "",
    limit: int = MAX_FILE,
    check: Callable[[str], None] = _unchecked,
    shown: Shown = not_shown,
    headers: Mapping[str, str] = {},
) -> Fetched | None:
    """Fetch a file to a path; ``None`` when it is still the one that is known.

    Args:
        client: does the asking.
        address: what to fetch.
        path: where it goes; its directory is made.
        known: of the file that lies there.
        checksum: the SHA-256 that it must have, in hexadecimal; empty when nobody tells it.
        limit: bytes.
        check: looks at the whole file before it goes to its place; raises ``FetchError``.
        shown: is told how much has come.
        headers: to be sent as well.

    Raises:
        FetchError: it could not be had, or is not what it should be. What lay there stays.
        OSError: it cannot be written.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    partial = _Partial(path)
    try:
        fetched = client.attempt_each(
            address,
            partial.asking(known, headers),
            lambda answer: _take(answer, address, partial, checksum, limit, shown),
        )
        if fetched is None:
            partial.remove()
            return None
        try:
            check(partial.path)
        except FetchError:
            partial.remove()
            raise
        os.replace(partial.path, path)
    except OSError:
        partial.remove()  # a full disk must not stay full of what is of no use
        raise
    partial.remove()
    return fetched


class _Partial:
    """What is there of a file so far."""

    def __init__(self, path: str) -> None:
        directory, name = os.path.split(path)
        self.path = os.path.join(directory, f".{name}.partial")
        self._about = f"{self.path}.json"
        self.mismatches = 0
        """How often what came had another checksum than it should."""

    def asking(
        self, known: Validators, headers: Mapping[str, str]
    ) -> Callable[[], Mapping[str, str]]:
        """What makes the headers of each try: of what is there then."""

        def asked() -> Mapping[str, str]:
            made = dict(headers)
            if known.etag:
                made["If-None-Match"] = known.etag
            elif known.modified:
                made["If-Modified-Since"] = known.modified
            size, validator = self.size(), self._validator()
            if size and validator:
                made["Range"] = f"bytes={size}-"
                made["If-Range"] = validator
            return made

        return asked

    def size(self) -> int:
        """Bytes that are there."""
        try:
            return os.stat(self.path).st_size
        except FileNotFoundError:
            return 0

    def _validator(self) -> str:
        try:
            with open(self._about, encoding="utf-8") as stream:
                told = json.load(stream)
        except (OSError, ValueError, RecursionError):
            return ""
        found = told.get("validator") if isinstance(told, dict) else None
        return found if isinstance(found, str) else ""

    def begin(self, validator: str) -> None:
        """Forget what is there: another version comes."""
        self.remove()
        if validator:
            with open(self._about, "w", encoding="utf-8") as stream:
                json.dump({"validator": validator}, stream)

    def remove(self) -> None:
        """Take it away."""
        for path in (self.path, self._about):
            with suppress(FileNotFoundError):
                os.unlink(path)


def _take(
    answer: Answer, address: str, partial: _Partial, checksum: str, limit: int, shown: Shown
) -> Fetched | None:
    """Add an answer to what is there; ``None`` when nothing is new."""
    if answer.status == NOT_MODIFIED:
        return None
    if answer.status == UNSATISFIABLE:
        partial.remove()
        raise Passing("what had come of it is not the beginning of it", 0.0, answer.status)
    headers = answer.headers
    if answer.status == PARTIAL:
        if first_byte(headers.get("content-range", "")) != partial.size():
            partial.remove()
            raise Passing("the server sent another part than was asked for", 0.0, answer.status)
    else:
        accepted(answer)
        partial.begin(_strong(headers))
    announced = headers.get("content-length", "")
    total = partial.size() + (int(announced[:18]) if announced.isdecimal() else 0)
    check_size(address, total, limit)
    digest = sha256()
    with open(partial.path, "ab+") as stream:
        _digest_of(stream, digest.update)
        for chunk in answer.chunks:
            stream.write(chunk)
            digest.update(chunk)
            check_size(address, stream.tell(), limit)
            shown(address, stream.tell(), max(total, stream.tell()))
        stream.flush()
        os.fsync(stream.fileno())
        size = stream.tell()
    if checksum and digest.hexdigest() != checksum.lower():
        partial.remove()
        partial.mismatches += 1
        if partial.mismatches >= _MOST_MISMATCHES:
            raise FetchError(
                f"{address}: its SHA-256 is {digest.hexdigest()}, not {checksum}; "
                "try again later, or give another mirror"
            )
        raise Passing("its SHA-256 is not the one that it should have")
    validators = Validators(headers.get("etag", ""), headers.get("last-modified", ""))
    return Fetched(validators, digest.hexdigest(), size)


def _digest_of(stream: BinaryIO, update: Callable[[bytes], None]) -> None:
    stream.seek(0)
    while chunk := stream.read(CHUNK):
        update(chunk)


def _strong(headers: Mapping[str, str]) -> str:
    """What ``If-Range`` may hold: no weak tag (RFC 9110, 13.1.5)."""
    etag = headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("last-modified", "")
