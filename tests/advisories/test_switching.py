"""One update at a time, and as a whole or not at all."""

import fcntl
import json
import os
import sqlite3
import tarfile
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from seawall.advisories import database, packed
from seawall.advisories.store import Store
from seawall.advisories.update import local
from seawall.advisories.update.switching import switch
from seawall.core.errors import UsageError
from tests.advisories.samples import advisory, built, package


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"SEAWALL_DATA_DIR": str(tmp_path / "own")}


def made(day: str, id_: str = "GHSA-1") -> "partial[None]":
    record = advisory(id_, package("a", "2.0"), modified=day)
    return partial(_make, record)


def _make(record: object, target: str) -> None:
    built(Path(target), ("tests", [record]))  # type: ignore[list-item]


def in_place(environment: dict[str, str]) -> tuple[str, list[str]]:
    """The day of the database in place, and what else is in its directory."""
    own = environment["SEAWALL_DATA_DIR"]
    with Store.open(os.path.join(own, database.NAME)) as store:
        until = store.until
    return until, sorted(set(os.listdir(own)) - {database.NAME, "update.lock"})


def test_a_newer_one_takes_its_place(environment: dict[str, str]) -> None:
    first = switch(made("2024-01-01"), environment)
    assert (first.until, first.changed) == ("2024-01-01", True)
    assert switch(made("2024-01-01"), environment).changed is False
    assert switch(made("2024-02-01"), environment).changed is True
    assert in_place(environment) == ("2024-02-01", [])
    located = database.locate(None, environment)
    assert os.stat(located.path).st_mode & 0o077 == 0


def test_an_older_one_does_not(environment: dict[str, str]) -> None:
    switch(made("2024-02-01"), environment)
    with pytest.raises(UsageError, match="--older"):
        switch(made("2024-01-01"), environment)
    assert in_place(environment) == ("2024-02-01", [])
    switch(made("2024-01-01"), environment, older=True)
    assert in_place(environment) == ("2024-01-01", [])


def half(target: str) -> None:
    built(Path(target), ("tests", [advisory("A-1", package("a", "2.0"))]))
    os.truncate(target, os.stat(target).st_size - 4096)


def damaged(target: str) -> None:
    built(Path(target), ("tests", [advisory("A-1", package("a", "2.0"), modified="2025-01-01")]))
    with open(target, "r+b") as stream:
        stream.seek(4096 * 3)
        stream.write(b"\xff" * 4096)


def empty(target: str) -> None:
    built(Path(target), ("tests", []))


def foreign(target: str) -> None:
    sqlite3.connect(target).execute("CREATE TABLE t (a)").connection.close()


def interrupted(target: str) -> None:
    Path(target).write_bytes(b"SQLite")
    Path(f"{target}.building").write_bytes(b"SQLite")
    raise KeyboardInterrupt


def full_disk(target: str) -> None:
    Path(target).write_bytes(b"SQLite")
    raise OSError(28, "No space left on device")


def full_for_sqlite(target: str) -> None:
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA max_page_count = 4")
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 4000,)] * 20)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (half, "not complete"), (damaged, "damaged"), (empty, "no advisories"),
        (foreign, "another program"), (full_disk, "there is no room"),
        (full_for_sqlite, "there is no room"), (interrupted, None),
    ],
)  # fmt: skip
def test_what_is_not_good_leaves_the_old_one(
    make: "partial[None]", said: str | None, environment: dict[str, str]
) -> None:
    switch(made("2024-02-01"), environment)
    if said is None:
        with pytest.raises(KeyboardInterrupt):
            switch(make, environment)
    else:
        with pytest.raises(UsageError, match=said) as caught:
            switch(make, environment)
        assert caught.value.exit_code == 2
    assert in_place(environment) == ("2024-02-01", [])


def test_a_damaged_one_is_replaced(environment: dict[str, str]) -> None:
    switch(made("2024-02-01"), environment)
    path = os.path.join(environment["SEAWALL_DATA_DIR"], database.NAME)
    Path(path).write_bytes(b"nonsense")
    switch(made("2024-01-01"), environment)
    assert in_place(environment) == ("2024-01-01", [])


def test_two_at_once(environment: dict[str, str]) -> None:
    def second(target: str) -> None:
        with pytest.raises(UsageError, match="another update"):
            switch(made("2024-03-01"), environment)
        made("2024-02-01")(target)

    switch(second, environment)
    assert in_place(environment) == ("2024-02-01", [])


def test_the_lock_of_a_run_that_died_holds_nobody_up(environment: dict[str, str]) -> None:
    own = Path(environment["SEAWALL_DATA_DIR"])
    own.mkdir()
    with (own / "update.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
    switch(made("2024-02-01"), environment)
    assert in_place(environment) == ("2024-02-01", [])


def test_no_home_and_no_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SEAWALL_DATA_DIR"):
        switch(made("2024-02-01"), {})
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="SEAWALL_DATA_DIR"):
        switch(made("2024-02-01"), {"SEAWALL_DATA_DIR": str(tmp_path / "file" / "own")})


# Packed files ---------------------------------------------------------------------------------


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    path = built(tmp_path / "a.db", ("tests", [advisory("GHSA-1", package("a", "2.0"))]))
    packed.write(str(path), str(tmp_path / "packed"))
    return tmp_path / "packed"


def take(path: Path, environment: dict[str, str]) -> None:
    switch(partial(local.make, str(path), signers=None, told=lambda _: None), environment)


def test_out_and_in(exported: Path, environment: dict[str, str], tmp_path: Path) -> None:
    take(exported, environment)
    own = Path(database.locate(None, environment).path)
    assert own.read_bytes() == (tmp_path / "a.db").read_bytes()
    with tarfile.open(exported) as archive:
        stream = archive.extractfile("manifest.json")
        assert stream is not None
        facts = json.load(stream)
    assert [source["name"] for source in facts["sources"]] == ["tests"]
    again = tmp_path / "again"
    packed.write(str(own), str(again))
    assert again.read_bytes() == exported.read_bytes()
    assert (tmp_path / "packed.sha256").read_text().split() == [
        packed.sha256_of(str(exported)), "packed",
    ]  # fmt: skip


def test_a_database_that_is_not_packed(
    exported: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    take(tmp_path / "a.db", environment)
    assert in_place(environment)[1] == []


def test_another_file_than_the_checksum_is_of(exported: Path, environment: dict[str, str]) -> None:
    exported.with_name("packed.sha256").write_text("0" * 64 + "  packed\n")
    with pytest.raises(UsageError, match="fetch it again"):
        take(exported, environment)


def test_damage_in_a_packed_file_never_comes_into_force(
    exported: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    exported.with_name("packed.sha256").unlink()
    data = exported.read_bytes()
    right = (tmp_path / "a.db").read_bytes()
    own = Path(environment["SEAWALL_DATA_DIR"]) / database.NAME
    refused = 0
    for place in [*range(0, 4096, 97), *range(4096, len(data), 211)]:
        exported.write_bytes(data[:place] + bytes((data[place] ^ 0x55,)) + data[place + 1 :])
        try:
            take(exported, environment)
        except UsageError:
            refused += 1
            assert not own.exists()
        else:  # in padding, or in what the manifest says for people
            assert own.read_bytes() == right
            own.unlink()
    assert refused
    for end in range(0, len(data), 1009):
        exported.write_bytes(data[:end])
        try:
            take(exported, environment)
        except UsageError:
            assert not own.exists()
        else:  # nothing but the padding of the archive is missing
            assert own.read_bytes() == right
            own.unlink()
            assert not any(data[end:])


@pytest.mark.parametrize(
    "facts", ["[]", "{}", "null", '{"format": 2}', '{"format": 1, "size": "x"}', "[" * 5000,
              '{"format": 1, "until": "", "identity": "", "sha256": "", "size": 1e400}']
)  # fmt: skip
def test_manifests_that_are_none(facts: str, environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "odd"
    (tmp_path / "manifest.json").write_text(facts)
    with tarfile.open(path, "w") as archive:
        archive.add(tmp_path / "manifest.json", "manifest.json")
    with pytest.raises(UsageError, match="odd"):
        take(path, environment)


def test_what_is_no_source_of_a_database(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "text").write_text("nothing")
    (tmp_path / "empty").mkdir()
    for name, said in (("text", "neither"), ("empty", "no feeds"), ("gone", "no such file")):
        with pytest.raises(UsageError, match=said):
            take(tmp_path / name, environment)
