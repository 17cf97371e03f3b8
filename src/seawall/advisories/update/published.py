"""A packed database from an address: one file that others publish, its checksum and signature."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from seawall import __version__
from seawall.advisories import signing
from seawall.core.errors import UsageError

MAX_SIZE = 2 << 30
"""Bytes of a packed database."""
_MAX_BESIDE = 1 << 16
_PATIENCE = 60
"""Seconds without a byte."""
_CHUNK = 1 << 18


@contextmanager
def fetched(address: str, path: str, *, signed: bool) -> Iterator[str]:
    """A file with what is at an address; what lies beside it there, beside it. Removed at the end.

    Raises ``UsageError`` when there is no checksum beside it, or no signature where one is wanted:
    what comes over a network is not taken at its word.
    """
    beside = [".sha256", *([signing.SUFFIX] if signed else [])]
    try:
        for ending in beside:
            _fetch(address + ending, path + ending, _MAX_BESIDE)
        _fetch(address, path, MAX_SIZE)
        yield path
    finally:
        for ending in ("", *beside):
            with suppress(FileNotFoundError):
                os.unlink(path + ending)


def _fetch(address: str, path: str, limit: int) -> None:
    request = Request(address, headers={"User-Agent": f"seawall/{__version__}"})  # noqa: S310 - https or http, checked by the caller
    try:
        with urlopen(request, timeout=_PATIENCE) as answer, open(path, "wb") as stream:  # noqa: S310
            size = 0
            while chunk := answer.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise UsageError(
                        f"{address}: it is larger than {limit >> 20} MB; correct the address"
                    )
                stream.write(chunk)
            announced = answer.headers.get("Content-Length", "")
            if announced.isdigit() and int(announced) != size:
                raise UsageError(
                    f"{address}: it ended after {size} of {announced} bytes; run it again"
                )
    except HTTPError as error:
        raise UsageError(
            f"{address}: the server answered {error.code}; correct the address"
        ) from error
    except URLError as error:
        raise UsageError(
            f"{address}: it cannot be reached: {error.reason}; run it again"
        ) from error
    except TimeoutError as error:
        raise UsageError(
            f"{address}: no byte came for {_PATIENCE} seconds; run it again"
        ) from error
