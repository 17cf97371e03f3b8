"""The authority's memory: one SQLite file, in which what is not written did not happen.

Whatever changes does so in a transaction. Where the file cannot be written or is damaged, all
methods raise :class:`StoreError`, so nothing is signed that nobody remembers.
"""

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from seawall.mesh.authority.errors import LostError, RefusedError, StoreError
from seawall.mesh.authority.slots import Kind, Slot, State, TokenKey
from seawall.mesh.identity.spiffe_id import SpiffeId, parse

VERSION = 1
_BUSY_MS = 5000
_CACHE_KIB = 512
"""What SQLite keeps of the file in memory: else it grows with it, up to four times that."""
ABOVE = "above-"
"""What the names of facts about what stands above an intermediate begin with."""
_TERM = "term"
_GONE_KEPT = 50
"""Issuers that are gone and still shown: of the newest so many."""
_TABLES = """
create table facts (name text primary key, value text not null) without rowid;
create table slots (
    number integer primary key, kind text not null, state text not null, parent integer not null,
    certificate blob not null, key blob not null, tainted integer not null default 0
);
create table serials (
    serial text primary key, id text not null, caller text not null, key text not null,
    slot integer not null, issued integer not null, ends integer not null
) without rowid;
create index serials_end on serials (ends);
create index serials_id on serials (id, ends);
create table tokens (
    hash text primary key, host text not null, ends integer not null, used integer not null
) without rowid;
create table journal (
    number integer primary key autoincrement, at integer not null, event text not null,
    said text not null
);
"""
_ADDED = """
create table if not exists token_keys (
    number integer primary key, state text not null, public blob not null, key blob not null,
    made integer not null, since integer not null, tainted integer not null
);
create table if not exists hosts (
    host text primary key, key blob not null, at integer not null
) without rowid
"""
"""What came later: an older store gets it when it is opened, and older releases pass it over."""


JournalLine = tuple[int, str, Mapping[str, object]]
"""Time, event, what it was about."""


class Issued(NamedTuple):
    """A certificate that was issued, as it is remembered."""

    serial: int
    id: SpiffeId
    caller: str
    """Who asked for it, as attested."""
    key: str
    """The fingerprint of its public key."""
    slot: int
    issued: int
    ends: int


class Store:
    """What the authority remembers. Several processes may have it open."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._trust_domain: SpiffeId | None = None
        self._term = 0
        """The term for which we lead; 0 where nobody asks who does."""

    @classmethod
    def create(cls, path: str, trust_domain: SpiffeId) -> Self:
        """A new store; raises :class:`RefusedError` where there is one.

        It comes to its name when it is whole: one that was begun and never ended is in nobody's
        way, and of two who make it one is refused.
        """
        begun = f"{path}.{secrets.token_hex(4)}"
        try:
            os.close(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            try:
                _fill(cls(begun, _connected(begun)), trust_domain)
                os.link(begun, path)  # never over one that is there
            finally:
                for end in ("", "-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        os.unlink(begun + end)
        except FileExistsError:
            raise RefusedError(f"{path} exists: use it, or choose another directory") from None
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}; choose another directory") from None
        return cls(path, _connected(path))

    @classmethod
    def open(cls, path: str) -> Self:
        """A store that is there and whole."""
        if not os.path.exists(path):
            raise StoreError(f"{path} does not exist: make one with seawall mesh ca init")
        store = cls(path, _connected(path))
        try:
            store._check()
        except BaseException:
            store.close()
            raise
        return store

    def _check(self) -> None:
        """See that the store is whole and ours, and add what came later."""
        with self._asking():
            checked = self._connection.execute("pragma quick_check").fetchone()[0]
        if checked != "ok":
            raise StoreError(f"{self.path} is damaged ({checked}): restore it from a backup")
        version = self.fact("version")
        if version != str(VERSION):
            raise StoreError(f"{self.path} has version {version or 'none'}, this seawall "
                             f"{VERSION}: use the seawall that made it")  # fmt: skip
        with self._asking():
            for statement in _ADDED.split(";"):
                self._connection.execute(statement)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    # Changes --------------------------------------------------------------------------------

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turns what SQLite says into our error."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"{self.path}: {error}; nothing is signed until the store can be written: see "
                "that the disk has room and the file is whole"
            ) from None

    @contextmanager
    def changes(self) -> Iterator[sqlite3.Connection]:
        """All of what is done within, or nothing; others wait.

        Within another one it is part of that: what belongs together is written to the disk once.
        """
        with self._asking():
            is_part = self._connection.in_transaction
            if is_part:
                yield self._connection
                return
            self._connection.execute("begin immediate")
            try:
                self.confirm_term()
                yield self._connection
                self._connection.execute("commit")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise

    # Who leads ------------------------------------------------------------------------------

    def term(self) -> int:
        """The newest term of a controller that leads: each has a higher one than all before."""
        return int(self.fact(_TERM) or 0)

    def begin_term(self) -> None:
        """Lead from now on: whoever did before changes nothing any more.

        A term is the time of its beginning, so that a store that was restored from a backup has
        none that agents have seen.
        """
        with self.changes():
            number = max(self.term() + 1, int(time.time()))
            self.set_fact(_TERM, str(number))
        self._term = number

    def confirm_term(self) -> None:
        """Raise :class:`LostError` where another one leads since; nothing where we never led."""
        if self._term and self.term() != self._term:
            raise LostError(
                f"{self.path}: another controller leads: this one hung, or could not be seen; it "
                "ends, and may be started again"
            )

    def fact(self, name: str) -> str:
        """A single fact; empty where it is not known."""
        with self._asking():
            row = self._connection.execute("select value from facts where name = ?", (name,))
            found = row.fetchone()
        return "" if found is None else str(found[0])

    def facts(self, prefix: str) -> dict[str, str]:
        """The facts whose names begin with something, by the rest of their names."""
        with self._asking():
            rows = self._connection.execute(
                "select substr(name, ?), value from facts where name >= ? and name < ?",
                (len(prefix) + 1, prefix, prefix + chr(0x10FFFF)),
            )
            return dict(rows.fetchall())

    def drop_fact(self, name: str) -> None:
        """Forget a fact, within ``changes``."""
        self._connection.execute("delete from facts where name = ?", (name,))

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact, within ``changes``."""
        self._connection.execute("replace into facts values (?, ?)", (name, value))

    def record(self, at: int, event: str, **said: object) -> None:
        """A line of the journal, within ``changes``."""
        line = json.dumps(said, sort_keys=True)
        self._connection.execute(
            "insert into journal (at, event, said) values (?, ?, ?)", (at, event, line)
        )

    def journal(self) -> list[JournalLine]:
        """What happened, oldest first: time, event, what it was about."""
        with self._asking():
            rows = self._connection.execute("select at, event, said from journal order by number")
            return [(at, event, json.loads(said)) for at, event, said in rows]

    def old_journal(self, kept: int) -> list[JournalLine]:
        """The lines beyond the newest ``kept``, oldest first."""
        with self._asking():
            rows = self._connection.execute(
                "select at, event, said from journal where number <= "
                "(select max(number) from journal) - ? order by number", (kept,),
            )  # fmt: skip
            return [(at, event, json.loads(said)) for at, event, said in rows]

    def forget_old_journal(self, kept: int) -> None:
        """Drop those lines, within ``changes``."""
        self._connection.execute(
            "delete from journal where number <= (select max(number) from journal) - ?", (kept,)
        )

    # Issuers --------------------------------------------------------------------------------

    def trust_domain(self) -> SpiffeId:
        """The trust domain that the store is for; it never changes."""
        if self._trust_domain is None:
            self._trust_domain = SpiffeId(self.fact("trust-domain"))
        return self._trust_domain

    def slots(self) -> list[Slot]:
        """The issuers, oldest first; of those that are gone the newest."""
        with self._asking():
            rows = self._connection.execute(
                "select number, kind, state, parent, certificate, key, tainted from slots "
                "order by number"
            )
            return [
                Slot(number, Kind(kind), State(state), parent,
                     x509.load_der_x509_certificate(certificate), key, bool(tainted))
                for number, kind, state, parent, certificate, key, tainted in rows
            ]  # fmt: skip

    def next_slot(self) -> int:
        """The number of the next issuer, within ``changes``."""
        row = self._connection.execute("select coalesce(max(number), 0) + 1 from slots")
        return int(row.fetchone()[0])

    def add_slot(self, slot: Slot) -> None:
        """A new issuer, within ``changes``."""
        self._connection.execute(
            "insert into slots values (?, ?, ?, ?, ?, ?, ?)",
            (slot.number, slot.kind, slot.state, slot.parent,
             slot.certificate.public_bytes(Encoding.DER), slot.key, slot.tainted),
        )  # fmt: skip

    def set_state(self, number: int, state: State) -> None:
        """What has become of an issuer, within ``changes``; when it is gone its key is, too."""
        self._connection.execute("update slots set state = ? where number = ?", (state, number))
        if state is State.GONE:
            self._connection.execute("update slots set key = x'' where number = ?", (number,))
            # All slots are read five times a second; the journal tells of those before.
            old = "state = ? and number <= (select max(number) from slots) - ?"
            self._connection.execute(
                f"delete from facts where name in (select ? || number from slots where {old})",  # noqa: S608 - a constant
                (ABOVE, state, _GONE_KEPT),
            )
            self._connection.execute(f"delete from slots where {old}", (state, _GONE_KEPT))  # noqa: S608 - as above

    def taint(self, number: int) -> None:
        """Note that somebody else may have the key of an issuer, within ``changes``."""
        self._connection.execute("update slots set tainted = 1 where number = ?", (number,))

    # Keys for tokens ------------------------------------------------------------------------

    def token_keys(self) -> list[TokenKey]:
        """The keys for tokens, oldest first; of those that are gone the newest."""
        with self._asking():
            rows = self._connection.execute("select * from token_keys order by number")
            return [
                TokenKey(number, State(state), public, key, made, since, bool(tainted))
                for number, state, public, key, made, since, tainted in rows
            ]

    def put_token_key(self, key: TokenKey) -> None:
        """A new key for tokens, or what has become of one, within ``changes``."""
        if key.state is State.GONE:
            key = key._replace(key=b"")
        self._connection.execute("replace into token_keys values (?, ?, ?, ?, ?, ?, ?)", key)
        self._connection.execute(
            "delete from token_keys where state = ? and number <= "
            "(select max(number) from token_keys) - ?", (State.GONE, _GONE_KEPT),
        )  # fmt: skip

    # What was issued ------------------------------------------------------------------------

    def ends_of(self, names: Collection[SpiffeId]) -> dict[SpiffeId, int]:
        """When the newest certificate of each of some ids ends; without those who have none."""
        found = {}
        for name in names:
            with self._asking():
                row = self._connection.execute(
                    "select max(ends) from serials where id = ?", (str(name),)
                ).fetchone()
            if row[0] is not None:
                found[name] = int(row[0])
        return found

    def remember(self, issued: Issued) -> None:
        """A certificate, before it is signed, within ``changes``. A serial is taken once."""
        self._connection.execute(
            "insert into serials values (?, ?, ?, ?, ?, ?, ?)",
            (f"{issued.serial:x}", str(issued.id), *issued[2:]),
        )

    def issued(self, now: int) -> list[Issued]:
        """The certificates that hold still, in the order of their serials."""
        with self._asking():
            rows = self._connection.execute("select * from serials where ends >= ?", (now,))
            return [Issued(int(serial, 16), parse(name), *rest) for serial, name, *rest in rows]

    def forget_before(self, time: int) -> int:
        """Drop certificates that ended before a time, within ``changes``; how many."""
        return self._connection.execute("delete from serials where ends < ?", (time,)).rowcount

    # Hosts ----------------------------------------------------------------------------------

    def host_key(self, host: str) -> bytes:
        """The key with which the agent of a host may come back (DER); empty without one."""
        with self._asking():
            row = self._connection.execute("select key from hosts where host = ?", (host,))
            found = row.fetchone()
        return b"" if found is None else bytes(found[0])

    def put_host(self, host: str, key: bytes, at: int) -> None:
        """Remember the key of a host that has joined at a time, within ``changes``."""
        self._connection.execute("replace into hosts values (?, ?, ?)", (host, key, at))

    def forget_host(self, host: str) -> bool:
        """Let the agent of a host come back with a new token only, within ``changes``."""
        changed = self._connection.execute(
            "update hosts set key = x'' where host = ? and key != x''", (host,)
        )
        return bool(changed.rowcount)

    # Join tokens ----------------------------------------------------------------------------

    def forget_tokens_before(self, time: int) -> None:
        """Drop tokens that ended before a time, within ``changes``."""
        self._connection.execute("delete from tokens where ends < ?", (time,))

    def add_token(self, mark: str, host: str, ends: int) -> None:
        """A token that lets one host join, by its hash, within ``changes``."""
        self._connection.execute("insert into tokens values (?, ?, ?, 0)", (mark, host, ends))

    def use_token(self, mark: str, now: int) -> str:
        """The host a token is for, which is used up; empty where it is not to be had.

        To be called within ``changes``, so that of two callers one gets it.
        """
        changed = self._connection.execute(
            "update tokens set used = ? where hash = ? and used = 0 and ends >= ?",
            (now, mark, now),
        )
        if not changed.rowcount:
            return ""
        row = self._connection.execute("select host from tokens where hash = ?", (mark,))
        return str(row.fetchone()[0])


def _fill(store: Store, trust_domain: SpiffeId) -> None:
    """Make what a new store has, and close it."""
    with closing(store), store.changes() as change:
        for statement in filter(str.strip, (*_TABLES.split(";"), *_ADDED.split(";"))):
            change.execute(statement)
        store.set_fact("version", str(VERSION))
        store.set_fact("trust-domain", trust_domain.trust_domain)


def _connected(path: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"pragma busy_timeout = {_BUSY_MS}")
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; restore it from a backup") from None
    return connection
