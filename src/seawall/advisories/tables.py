"""Rows on their way into the tables of a database that is being built."""

import os
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from seawall.advisories.schema import APPLICATION, INDEXES, TABLES, VERSION
from seawall.core.digests import blake2b

_BATCH = 2_000
"""Rows kept back before they are written at once."""
_HEADER_WRITER = 3_040_000
"""What the file's header says of the SQLite that wrote it, so that all write the same bytes."""

Row = tuple[Any, ...]


class Statement(NamedTuple):
    """What a record says of a package, as it is kept."""

    ranges: str
    status: int
    severity: int
    score: int | None
    flags: int
    extra: str


class Tables:
    """The tables of one file. What is the same many times over gets a number once."""

    def __init__(self, path: str) -> None:
        self.path = path
        for ending in ("", "-journal"):
            if os.path.exists(path + ending):
                os.unlink(path + ending)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))  # says what is wrong
        self.connection = sqlite3.connect(path, isolation_level=None)
        try:
            self.connection.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536;"
                "PRAGMA trusted_schema = OFF;" + TABLES
            )
            self.connection.execute("BEGIN")
        except BaseException:
            self.connection.close()
            raise
        self._waiting: dict[str, list[Row]] = {}
        self._digest = blake2b(digest_size=16)
        self._ecosystems: dict[str, int] = {}
        self._names: list[str] = []
        self._packages: dict[tuple[int, str], int] = {}
        self._statements: dict[Statement, int] = {}
        self._scorers: dict[str, int] = {}

    def put(self, table: str, row: Row) -> None:
        """A row, in the order of the table's columns."""
        rows = self._waiting.setdefault(table, [])
        rows.append(row)
        if len(rows) >= _BATCH:
            self._write(table, rows)

    def _write(self, table: str, rows: list[Row]) -> None:
        self._digest.update(repr((table, rows)).encode("utf-8", "surrogatepass"))
        marks = ",".join("?" * len(rows[0]))
        self.connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608
        rows.clear()

    def flush(self) -> None:
        """Write what waits."""
        for table, rows in self._waiting.items():
            if rows:
                self._write(table, rows)

    def ecosystem(self, name: str) -> int:
        """The number of an ecosystem."""
        number = self._ecosystems.get(name)
        if number is None:
            number = self._ecosystems[name] = len(self._ecosystems) + 1
            self._names.append(name)
            self.put("ecosystem", (number, name))
        return number

    def package(self, ecosystem: str, name: str) -> int:
        """The number of a package; its name is in the normal form."""
        key = self.ecosystem(ecosystem), name
        number = self._packages.get(key)
        if number is None:
            number = self._packages[key] = len(self._packages) + 1
            self.put("package", (number, *key))
        return number

    def ecosystem_of(self, package: int) -> str:
        """The ecosystem of a package that was given a number."""
        ecosystem: int
        ((ecosystem,),) = self.select("SELECT ecosystem FROM package WHERE package = ?", (package,))
        return self._names[ecosystem - 1]

    def statement(self, statement: Statement) -> int:
        """The number of a statement."""
        number = self._statements.get(statement)
        if number is None:
            number = self._statements[statement] = len(self._statements) + 1
            self.put("statement", (number, *statement))
        return number

    def scorer(self, name: str) -> int | None:
        """The number of somebody who says how bad something is; ``None`` for nobody."""
        if not name:
            return None
        number = self._scorers.get(name)
        if number is None:
            number = self._scorers[name] = len(self._scorers) + 1
            self.put("scorer", (number, name))
        return number

    def select(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """The answer to a query, rows that wait included."""
        self.flush()
        return self.connection.execute(query, values).fetchall()

    def abandon(self) -> None:
        """Let go of the file and remove it."""
        self.connection.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def finish(self, path: str) -> None:
        """Write a dense file of the tables, the same bytes for the same rows, and drop this one."""
        self.flush()
        self.put("meta", ("identity", self._digest.hexdigest()))
        self.flush()
        self.connection.execute("COMMIT")
        self.connection.executescript(INDEXES)
        self.connection.execute(f"PRAGMA application_id = {APPLICATION}")
        self.connection.execute(f"PRAGMA user_version = {VERSION}")
        if os.path.exists(path):
            os.unlink(path)
        self.connection.execute("VACUUM INTO ?", (path,))
        self.abandon()
        _settle_header(path)


def _settle_header(path: str) -> None:
    """Bytes that tell of the writer and how often it wrote (SQLite's file format, 1.3)."""
    with open(path, "r+b") as stream:
        stream.seek(24)
        stream.write((1).to_bytes(4, "big"))
        stream.seek(92)
        stream.write((1).to_bytes(4, "big") + _HEADER_WRITER.to_bytes(4, "big"))
        stream.flush()
        os.fsync(stream.fileno())
