"""The database that is part of the package: packed, and unpacked when it is first needed.

Beside it lies ``advisories.txt``, one fact a line: what the packed file and the unpacked one are
known by. So a start that finds it unpacked reads neither.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from seawall import cache
from seawall.advisories.store import DatabaseError, examine
from seawall.core.named_tuple import NamedTuple

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
PACKED = "advisories.db.xz"
FACTS = "advisories.txt"
MAX_SIZE = 1 << 30
"""Bytes unpacked; more is no snapshot of ours."""
_CHUNK = 1 << 20
_KEPT = 30 * 86400
"""Seconds that a snapshot of another version stays beside this one."""


class Shipped(NamedTuple):
    """A packed database and what is known of it."""

    path: str
    size: int
    """Bytes unpacked."""
    digest: str
    """Of the unpacked bytes, in hexadecimal."""


def shipped(place: str = HERE) -> Shipped | None:
    """The database in the package; ``None`` when there is none.

    Raises ``DatabaseError`` when what is beside it cannot be read.
    """
    path = os.path.join(place, PACKED)
    try:
        with open(os.path.join(place, FACTS), encoding="utf-8") as stream:
            facts = dict(line.split() for line in stream if line.strip())
        return Shipped(path, int(facts["size"]), facts["digest"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        raise DatabaseError(
            f"{place}: the shipped database of advisories is damaged: {error}; "
            "install seawall anew, or run seawall db update"
        ) from error


def unpacked(snapshot: Shipped, environment: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The path of the unpacked database, and what is to be told.

    Raises ``DatabaseError`` when the packed one is damaged or there is no room for it anywhere.
    """
    directory = cache.directory(environment)
    problem = cache.prepare(directory)
    name = f"advisories-{snapshot.digest[:16]}.db"
    if not problem:
        path = os.path.join(directory, name)
        if _is_whole(path, snapshot):
            return path, ()
        try:
            _unpack(snapshot, path)
        except OSError as error:
            problem = f"{directory}: {(error.strerror or str(error)).lower()}"
        else:
            _clear(directory, name)
            return path, ()
    elif directory and _is_whole(os.path.join(directory, name), snapshot) and _is_own(directory):
        return os.path.join(directory, name), ()
    return _temporary(snapshot), (
        f"the database of advisories is unpacked for each run, for it cannot be kept: {problem}",
    )


def _is_own(directory: str) -> bool:
    """Whether nobody else may have put a file there."""
    status = os.stat(directory)
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _is_whole(path: str, snapshot: Shipped) -> bool:
    try:
        return os.stat(path).st_size == snapshot.size and not examine(path)
    except OSError:
        return False


def _unpack(snapshot: Shipped, path: str) -> None:
    """Write the database beside its place and put it there when it is complete."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb", opener=_privately) as stream:
            stream.writelines(_chunks(snapshot))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _temporary(snapshot: Shipped) -> str:
    """The database in a file that is removed when the program ends."""
    import atexit  # noqa: PLC0415 - only where nothing can be kept
    import tempfile  # noqa: PLC0415

    try:
        number, path = tempfile.mkstemp(prefix="seawall-", suffix=".db")
        atexit.register(_removed(path))
        with open(number, "wb") as stream:
            stream.writelines(_chunks(snapshot))
    except OSError as error:
        raise DatabaseError(
            "there is no room to unpack the database of advisories: "
            f"{(error.strerror or str(error)).lower()}; make room, or name a directory with "
            f"{cache.ENVIRONMENT}"
        ) from error
    return path


def _removed(path: str) -> Callable[[], None]:
    def remove() -> None:
        with suppress(OSError):
            os.unlink(path)

    return remove


def _chunks(snapshot: Shipped) -> Iterator[bytes]:
    """The unpacked bytes, piece by piece. Raises ``DatabaseError`` in place of wrong ones."""
    import lzma  # noqa: PLC0415 - once for each version of the package

    from seawall.core.digests import blake2b  # noqa: PLC0415 - seldom of use

    digest = blake2b(digest_size=16)
    size = 0
    try:
        with lzma.open(snapshot.path) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > min(snapshot.size, MAX_SIZE):
                    break
                digest.update(chunk)
                yield chunk
    except FileNotFoundError as error:
        raise _damaged(snapshot, "it is not there") from error
    except (lzma.LZMAError, EOFError) as error:
        raise _damaged(snapshot, str(error).lower()) from error
    if size != snapshot.size or digest.hexdigest() != snapshot.digest:
        raise _damaged(snapshot, "its bytes are not the ones it was shipped with")


def _damaged(snapshot: Shipped, problem: str) -> DatabaseError:
    return DatabaseError(
        f"{snapshot.path}: the shipped database of advisories is damaged: {problem}; "
        "install seawall anew, or run seawall db update"
    )


def _clear(directory: str, name: str) -> None:
    """Remove what other versions of the program unpacked and have not used for long."""
    long_ago = time.time() - _KEPT
    for entry in os.scandir(directory):
        is_ours = entry.name.startswith("advisories-") and entry.name.endswith((".db", ".tmp"))
        with suppress(OSError):
            if is_ours and entry.name != name and entry.stat().st_mtime < long_ago:
                os.unlink(entry.path)


def pack(database: str, place: str) -> Shipped:
    """Pack a database as the shipped one of a directory, the same bytes for the same database."""
    import lzma  # noqa: PLC0415 - to make a release

    from seawall.core.digests import blake2b  # noqa: PLC0415 - seldom of use

    digest = blake2b(digest_size=16)
    size = 0
    path = os.path.join(place, PACKED)
    with (
        open(database, "rb") as source,
        lzma.open(path, "wb", preset=9 | lzma.PRESET_EXTREME) as to,
    ):
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            to.write(chunk)
    with open(os.path.join(place, FACTS), "w", encoding="utf-8") as stream:
        stream.write(f"size {size}\ndigest {digest.hexdigest()}\n")
    return Shipped(path, size, digest.hexdigest())
