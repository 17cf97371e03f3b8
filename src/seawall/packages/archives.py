"""Members of zip archives, read with limits: a bomb ends in a reason, not in a full memory.

Sources: PKWARE's APPNOTE 4.3 (records and their signatures); CWE-409 on what is refused.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from seawall.packages.package import Unreadable

if TYPE_CHECKING:
    from zipfile import ZipInfo

MAX_MEMBERS = 200_000
MAX_RATIO = 200
"""How many times its packed size a member may have, from ``RATIO_FROM`` bytes on."""
RATIO_FROM = 10_000_000
_ENTRY = b"PK\x01\x02"


class Refused(Exception):  # noqa: N818 - a verdict on a member
    """A member that is not read, and why."""


class Budget:
    """Bytes that may still be unpacked of one file, nested archives included."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = size


class Archive:
    """A zip archive in memory. Raises Unreadable for what is none."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        from zipfile import BadZipFile, ZipFile  # noqa: PLC0415 - not at start-up

        if data.count(_ENTRY) > MAX_MEMBERS:
            raise Unreadable(f"it has more than {MAX_MEMBERS:,} members")
        self._budget = budget
        try:
            self._zip: ZipFile = ZipFile(BytesIO(data))
        except (BadZipFile, ValueError, OSError, NotImplementedError, UnicodeError) as error:
            raise Unreadable(f"it is no zip archive: {error}") from None
        self._members: dict[str, ZipInfo] = {info.filename: info for info in self._zip.infolist()}

    def names(self) -> Iterator[str]:
        """The names of its files, in their order."""
        return (name for name in self._members if not name.endswith("/"))

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, limit: int) -> bytes:
        """A member of at most so many bytes. Raises Refused."""
        from zipfile import BadZipFile  # noqa: PLC0415 - loaded already
        from zlib import error as zlib_error  # noqa: PLC0415 - as above

        info = self._members[name]
        limit = min(limit, self._budget.left)
        if info.file_size > limit:
            raise Refused("it is too large")
        if info.file_size > max(RATIO_FROM, MAX_RATIO * info.compress_size):
            raise Refused(f"it is packed more than {MAX_RATIO} times: a bomb?")
        try:
            with self._zip.open(info) as stream:
                data = stream.read(limit + 1)
        except (BadZipFile, zlib_error, EOFError, OSError, ValueError) as error:
            raise Refused(f"it cannot be unpacked: {error}") from None
        except (NotImplementedError, RuntimeError):
            raise Refused("it is encrypted or packed in an unknown way") from None
        except _lzma_error():
            raise Refused("it cannot be unpacked") from None
        if len(data) > limit:
            raise Refused("it is too large")
        self._budget.left -= len(data)
        return data


def _lzma_error() -> type[Exception]:
    try:
        from lzma import LZMAError  # noqa: PLC0415 - only when something is wrong
    except ImportError:  # a Python that was built without it
        return EOFError
    return LZMAError
