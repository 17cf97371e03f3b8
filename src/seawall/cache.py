"""Results kept from run to run, in the user's cache directory, by a digest of all they rest on.

A cache may be lost at any time and is never trusted: what is damaged, of another version or
written by somebody else is dropped, and the work is done again. Nothing in here raises because of
the state of a disk; what went wrong is told in ``notes``.
"""

import marshal
import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol, Self

from seawall.core import user_directory
from seawall.core.digests import blake2b
from seawall.core.named_tuple import NamedTuple

FORMAT = 2
"""Grows when what is stored changes its shape."""
DEFAULT_LIMIT = 512 * 1024 * 1024
"""Bytes on disk; beyond, what was not used for longest is dropped."""
MAX_VALUE = 64 * 1024 * 1024
"""Bytes of one value; a larger one is not kept."""
ENVIRONMENT = user_directory.ENVIRONMENT
directory = user_directory.directory
_WORTH_PACKING = 1 << 20
"""Bytes of a value that is packed while it waits to be written."""
_PATIENCE = 2.0
"""Seconds to wait for another run that writes."""
_CHUNK = 500
"""Keys asked for in one statement; SQLite allows 999 variables at least."""
_REFRESH = 16
"""Runs after which a used entry is marked as used again, so that most runs write nothing."""

Plain = Any
"""Tuples, lists, dictionaries, texts, bytes and numbers, as ``marshal`` takes them."""


def digest(*parts: bytes) -> bytes:
    """16 bytes for a row of parts; where one ends and the next begins counts."""
    result = blake2b(digest_size=16)
    for part in parts:
        result.update(len(part).to_bytes(8, "little"))
        result.update(part)
    return result.digest()


class _Waiting:
    """A value until it is written; a large one is packed, for that may take as long as the run."""

    __slots__ = ("_data", "is_large", "size")

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self.is_large = self.size > _WORTH_PACKING
        if self.is_large:
            from zlib import compress  # noqa: PLC0415 - seldom

            data = compress(data, 1)
        self._data = data

    def data(self) -> bytes:
        """Its bytes."""
        return b"".join(self.pieces()) if self.is_large else self._data

    def pieces(self) -> Iterator[bytes]:
        """The bytes of a large value, of which no more than a piece is unpacked at a time."""
        from zlib import decompressobj  # noqa: PLC0415 - seldom

        unpacking = decompressobj()
        rest = self._data
        while piece := unpacking.decompress(rest, _WORTH_PACKING):
            rest = unpacking.unconsumed_tail
            yield piece


def _file(directory: str, number: int) -> str:
    return os.path.join(directory, f"results-{number}.sqlite3")


def _remove(path: str) -> None:
    """Remove a file of SQLite's, with all that stands beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            os.unlink(path + ending)


class Cache:
    """Values by key. Open it with ``with``; several runs may use one at the same time."""

    def __init__(self, directory: str, *, limit: int = DEFAULT_LIMIT) -> None:
        self.notes: list[str] = []
        self._limit = limit
        self._path = _file(directory, FORMAT)
        self._connection: sqlite3.Connection | None = None
        self._run = 0
        self._new: dict[bytes, _Waiting] = {}
        self._ours: set[bytes] = set()
        self._of: dict[bytes, str] = {}
        """The file whose contents a new value tells."""
        self._used: set[bytes] = set()
        problem = prepare(directory)
        if problem:
            self._note(problem)
            return
        if not os.path.exists(self._path):
            for older in range(1, FORMAT):  # nobody else would ever remove them
                _remove(_file(directory, older))
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Plain]:
        """The values that are there. Keys are digests."""
        found: dict[bytes, Plain] = {}
        for start in range(0, len(keys), _CHUNK):
            for key, used, data in self._select(keys[start : start + _CHUNK]):
                value = _unpacked(key, data)
                if value is not None:
                    found[key] = value
                    if used + _REFRESH <= self._run:
                        self._used.add(key)
        return found

    def put(self, key: bytes, value: Plain, *, is_ours: bool = False, of: str = "") -> None:
        """Keep a value, once the run has come to its end; ``None`` is no value.

        ``is_ours`` says that it rests on this program alone: it is never withheld. ``of`` names the
        file whose contents it tells.
        """
        if self._connection is None:
            return
        try:
            data = marshal.dumps(value)
        except ValueError as error:
            self._note(f"a result could not be kept: {error}")
            return
        if len(data) <= MAX_VALUE:
            self._new[key] = _Waiting(data)
            if is_ours:
                self._ours.add(key)
            if of:
                self._of[key] = of

    def withhold(
        self, is_private: Callable[[bytes], bool], files: Collection[str] = frozenset()
    ) -> None:
        """Do not keep those of the new values that tell of private files, or whose bytes are."""
        self._new = {
            key: waiting
            for key, waiting in self._new.items()
            if key in self._ours
            or (self._of.get(key) not in files and not is_private(waiting.data()))
        }

    def close(self) -> None:
        """Write what is new and let go of the file."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if self._new or self._used:
                self._write(connection)
        except (*_BROKEN, OSError) as error:
            with suppress(*_BROKEN):
                connection.rollback()
            with suppress(*_BROKEN):
                connection.close()
            if _is_damage(error):
                self._drop(error)
            else:
                self._note(f"the cache could not be written: {error}")
        finally:
            with suppress(*_BROKEN):
                connection.close()

    # The file ---------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._connection = _connect(self._path)
        except (*_BROKEN, OSError) as error:
            if not _is_damage(error):
                self._note(f"the cache cannot be used: {error}")
                return
            self._drop(error)
            with suppress(*_BROKEN, OSError):
                self._connection = _connect(self._path)
        if self._connection is not None:
            self._run = _run_number(self._connection)

    def _drop(self, error: Exception) -> None:
        """Remove a damaged file."""
        self._note(f"the cache was damaged and is built anew: {error}")
        _remove(self._path)

    def _select(self, keys: Sequence[bytes]) -> list[tuple[bytes, int, bytes]]:
        if self._connection is None:
            return []
        marks = ",".join("?" * len(keys))
        query = f"SELECT key, used, value FROM result WHERE key IN ({marks})"  # noqa: S608 - marks
        try:
            return self._connection.execute(query, keys).fetchall()
        except _BROKEN as error:
            with suppress(*_BROKEN):
                self._connection.close()
            self._connection = None
            if _is_damage(error):
                self._drop(error)
                self._open()
            else:
                self._note(f"the cache cannot be read: {error}")
            return []

    def _write(self, connection: sqlite3.Connection) -> None:
        run = self._run + 1
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE run SET number = max(number, ?)", (run,))
            connection.executemany(
                "INSERT OR REPLACE INTO result VALUES (?, ?, ?)",
                (
                    (key, run, _packed(key, each.data()))
                    for key, each in self._new.items()
                    if not each.is_large
                ),
            )
            for key, each in self._new.items():
                if each.is_large:
                    _write_large(connection, key, run, each)
            connection.executemany(
                "UPDATE result SET used = ? WHERE key = ?", [(run, key) for key in self._used]
            )
        self._shrink(connection)

    def _shrink(self, connection: sqlite3.Connection) -> None:
        """Drop what was not used for longest until the file is within its limit."""
        ((pages, free, size),) = connection.execute(
            "SELECT p.page_count, f.freelist_count, s.page_size FROM pragma_page_count p,"
            " pragma_freelist_count f, pragma_page_size s"
        )
        excess = (pages - free) * size - self._limit
        if excess <= 0:
            return
        excess += self._limit // 5
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            doomed = []
            for key, length in connection.execute(
                "SELECT key, length(value) FROM result ORDER BY used, key"
            ):
                doomed.append((key,))
                excess -= length
                if excess <= 0:
                    break
            connection.executemany("DELETE FROM result WHERE key = ?", doomed)
        # ``execute`` would take one step, which frees one page.
        connection.executescript("PRAGMA incremental_vacuum")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def prepare(path: str) -> str:
    """Make the directory, for this user alone; gives what is wrong with it."""
    if not path:
        return f"there is no home directory to keep the cache in; name one with {ENVIRONMENT}"
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        status = os.stat(path)
    except OSError as error:
        return f"the cache cannot be used: {path}: {(error.strerror or str(error)).lower()}"
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"the cache cannot be used: others may write to {path}"
    return ""


_CIRCUMSTANCES = frozenset(
    (
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY,
    )
)  # fmt: skip
"""Primary result codes that tell of the machine's state, not of the file's."""


_BROKEN = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite answers with; the second where it quotes bytes of a damaged file."""


def _is_damage(error: Exception) -> bool:
    """Whether an error is the file's own fault: its bytes, or tables that are not ours."""
    if isinstance(error, UnicodeDecodeError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF not in _CIRCUMSTANCES


def _connect(path: str) -> sqlite3.Connection:
    mask = os.umask(0o077)
    try:
        connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    finally:
        os.umask(mask)
    try:
        _prepared(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepared(connection: sqlite3.Connection) -> None:
    """Make what is missing; with patience, for SQLite has none while two runs make the same file.

    To wait for another one's lock while holding one could last for ever, so it answers at once that
    the file is busy (sqlite.org, "busy handler"); then it all begins again.
    """
    from time import monotonic, sleep  # noqa: PLC0415 - built in

    until = monotonic() + _PATIENCE
    while True:
        try:
            _prepare_once(connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or monotonic() > until:
                raise
            sleep(0.01)
        else:
            return


_BUSY = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))


def _prepare_once(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # waits for whoever writes
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")  # a lost cache is no loss
    connection.execute("PRAGMA trusted_schema = OFF")
    # With rowids: without them the way to a key leads over rows, which SQLite reads as a whole.
    connection.execute(
        "CREATE TABLE IF NOT EXISTS result"
        " (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL)"
    )
    connection.execute("CREATE TABLE IF NOT EXISTS run (number INTEGER NOT NULL)")
    if connection.execute("SELECT number FROM run").fetchone() is None:
        connection.execute("INSERT INTO run VALUES (0)")
    connection.execute("SELECT key, used, value FROM result LIMIT 0")


def _run_number(connection: sqlite3.Connection) -> int:
    """Counts runs that wrote: entries age by runs, so a clock that jumps changes nothing."""
    try:
        ((number,),) = connection.execute("SELECT max(number) FROM run")
    except (*_BROKEN, ValueError):
        return 0
    return number if isinstance(number, int) else 0


class State(NamedTuple):
    """How a cache stands: bytes on disk, entries, and what is wrong with it (empty: nothing)."""

    size: int
    entries: int
    problem: str


def state(directory: str) -> State:
    """How the cache of a directory stands. Nothing is made or mended by asking."""
    path = _file(directory, FORMAT)
    if directory and not os.path.exists(directory):
        return State(0, 0, _uncreatable(directory))
    problem = prepare(directory)
    if problem or not os.path.exists(path):
        return State(0, 0, problem)
    if not os.access(directory, os.W_OK) or not os.access(path, os.W_OK):
        problem = f"{path} cannot be written"
    try:
        size = sum(
            os.stat(path + ending).st_size
            for ending in ("", "-wal")
            if os.path.exists(path + ending)
        )
        connection = sqlite3.connect(path, timeout=_PATIENCE)
        try:
            ((entries,),) = connection.execute("SELECT count(*) FROM result")
        finally:
            connection.close()
    except (*_BROKEN, OSError) as error:
        return State(0, 0, problem or f"{path}: {error}")
    return State(size, entries, problem)


def _uncreatable(directory: str) -> str:
    above = directory
    while not os.path.exists(above):
        above = os.path.dirname(above)
    if os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK):
        return ""
    return f"{directory} cannot be made in {above}"


# Values ---------------------------------------------------------------------------------------

_CHECKSUM = 16


def _packed(key: bytes, data: bytes) -> bytes:
    return blake2b(data, digest_size=_CHECKSUM, key=key).digest() + data


def _write_large(connection: sqlite3.Connection, key: bytes, run: int, value: _Waiting) -> None:
    """Write a value piece by piece: as a whole it would be in memory three times."""
    row = connection.execute(
        "INSERT OR REPLACE INTO result VALUES (?, ?, zeroblob(?))",
        (key, run, _CHECKSUM + value.size),
    ).lastrowid
    checksum = blake2b(digest_size=_CHECKSUM, key=key)
    with connection.blobopen("result", "value", row) as blob:  # type: ignore[arg-type]
        blob.seek(_CHECKSUM)
        for piece in value.pieces():
            checksum.update(piece)
            blob.write(piece)
        blob.seek(0)
        blob.write(checksum.digest())


def _unpacked(key: bytes, packed: object) -> Plain | None:
    """The value, ``None`` when it is not the one that was put under this key."""
    if not isinstance(packed, bytes):
        return None
    checksum, data = packed[:_CHECKSUM], packed[_CHECKSUM:]
    if blake2b(data, digest_size=_CHECKSUM, key=key).digest() != checksum:
        return None
    try:
        return marshal.loads(data)  # noqa: S302 - ours: private directory, checksum by key
    except (EOFError, ValueError, TypeError):
        return None


class Store(Protocol):
    """Keeps plain values by digests."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Plain]:
        """The values that are there."""

    def put(self, key: bytes, value: Plain, *, is_ours: bool = False, of: str = "") -> None:
        """Keep a value; ``is_ours`` and ``of`` as ``Cache`` has them."""


def code_stamp(package: str, store: Store | None = None) -> bytes:
    """Changes whenever a file of the package does: a result rests on the code that made it.

    Made of the contents, for times of files tell nothing in a fresh clone or an image's layer. With
    a ``store``, what the contents came to is kept under sizes, times and inodes of all files, and
    not read again while these are the same: no file changes without its ``ctime``. Where one
    changed just now, its next change may have the same time, so nothing is kept then.
    """
    files = _files_of(package)
    if store is None:
        return _stamp_of_contents(package, files)
    rows = repr([(path[len(package) :], *_identity(path)) for path in files])
    key = digest(b"code", os.fsencode(package), rows.encode("utf-8", "surrogatepass"), _versions())
    known = store.get([key]).get(key)
    if isinstance(known, bytes):
        return known
    found = _stamp_of_contents(package, files)
    if not _is_fresh(files):
        store.put(key, found, is_ours=True)
    return found


_SETTLED = 2_000_000_000
"""Nanoseconds after which a file's next change has another time, whatever the file system is."""


def _is_fresh(files: Iterable[str]) -> bool:
    from time import time_ns  # noqa: PLC0415 - built in

    return max((os.stat(path).st_ctime_ns for path in files), default=0) + _SETTLED > time_ns()


def _identity(path: str) -> tuple[int, ...]:
    status = os.stat(path)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _versions() -> bytes:
    interpreter = f"{FORMAT} {sys.implementation.cache_tag} {sys.platform} {marshal.version}"
    return f"{interpreter} yaml ".encode() + _module_of_yaml()


def _module_of_yaml() -> bytes:
    """What tells one PyYAML from another: the module that has its version, which is not run.

    To import it takes 10 ms, and a scan whose files are all known needs nothing of it.
    """
    from importlib.machinery import PathFinder  # noqa: PLC0415 - only with a cache

    found = PathFinder.find_spec("yaml")
    origin = None if found is None else found.origin
    read: Callable[[str], bytes] | None = getattr(found and found.loader, "get_data", None)
    if origin is None or read is None:
        from yaml import __version__  # noqa: PLC0415 - it is not in a file of its own

        return str(__version__).encode()
    return read(origin)


def _files_of(package: str) -> list[str]:
    found: list[str] = []
    pending = [package]
    while pending:
        with os.scandir(pending.pop()) as inside:
            entries = sorted(inside, key=lambda entry: entry.name)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    pending.append(entry.path)
            elif entry.is_file():
                found.append(entry.path)
    return found


def _stamp_of_contents(package: str, files: Iterable[str]) -> bytes:
    parts = [_versions()]
    for path in files:
        with open(path, "rb") as stream:
            parts += (os.fsencode(path[len(package) :]), stream.read())
    return digest(*parts)


def texts(*values: object) -> Iterable[bytes]:
    """Values as parts of a key."""
    return (repr(value).encode("utf-8", "surrogatepass") for value in values)
