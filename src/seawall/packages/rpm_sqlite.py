"""RPM's database ``rpmdb.sqlite``: Fedora, RHEL and its kin from 9 on, Amazon Linux 2023.

Source: RPM's ``lib/backend/sqlite.c``: a table ``Packages`` of ``hnum`` and ``blob``. SQLite reads
the bytes from memory, nothing is written anywhere; what a hostile database may do to it is limited
as https://www.sqlite.org/security.html says.
"""

from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

from seawall.packages.package import File, Unreadable
from seawall.packages.reading import Notes
from seawall.packages.sqlite_log import MAGIC, with_log, without_log

if TYPE_CHECKING:
    from sqlite3 import Connection

_PATIENCE = 20.0
"""Seconds; a database of 5,000 packages takes half of one."""
_STEPS = 100_000
_MAX_HEADER = 64 * 1024 * 1024
"""Bytes of a row; the largest headers of kernels and TeX Live have some 10 MB."""


def headers(file: File, notes: Notes) -> Iterator[bytes]:
    """The headers in a file, in the order of their numbers. Raises Unreadable."""
    import sqlite3  # noqa: PLC0415 - 7 ms

    data = _data(file, notes)
    connection = sqlite3.connect(":memory:")
    try:
        if not hasattr(connection, "deserialize"):
            raise Unreadable("this Python cannot read SQLite from memory: use one that can")
        connection.deserialize(data)
        del data
        _restrain(connection)
        if not connection.execute(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'Packages' "
            "AND sql NOT LIKE 'CREATE VIRTUAL%'"
        ).fetchone():
            raise Unreadable("it has no table Packages: it is no database of rpm")
        for number, blob in connection.execute("SELECT hnum, blob FROM Packages ORDER BY hnum"):
            if isinstance(blob, bytes):
                yield blob
            else:
                notes.add(f"package number {number}", "it has no header")
    except (sqlite3.Error, OverflowError, ValueError, MemoryError) as error:
        raise Unreadable(f"SQLite cannot read it: {str(error)[:200]}") from None
    finally:
        connection.close()


def _data(file: File, notes: Notes) -> bytes:
    """The bytes of the database, after what stands in its log."""
    if file.data[:16] != MAGIC or len(file.data) < 100:
        raise Unreadable("it is no database of SQLite")
    log = file.beside(f"{file.path.rpartition('/')[2]}-wal")
    data = file.data
    if log:
        data, count = with_log(data, log)
        if not count:
            notes.add("rpmdb.sqlite-wal", "it holds no whole transaction: it was left out")
    return without_log(data)


def _restrain(connection: "Connection") -> None:
    """No functions of the schema, no code, and an end after ``_PATIENCE``."""
    import sqlite3  # noqa: PLC0415 - loaded already

    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_HEADER)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA query_only = ON")
    end = monotonic() + _PATIENCE
    connection.set_progress_handler(lambda: monotonic() > end, _STEPS)
