"""The cache: a cache may be lost at any time, but it is never wrong and never in the way."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall import cache as cache_module
from seawall.cache import FORMAT, Cache, digest, directory
from tests.engine.support import seawall
from tests.triage.support import pod, write

FILE = f"results-{cache_module.FORMAT}.sqlite3"
KEYS = [digest(bytes([number])) for number in range(200)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def filled(folder: Path, count: int = 50, size: int = 100) -> None:
    with Cache(str(folder)) as cache:
        for number, key in enumerate(KEYS[:count]):
            cache.put(key, (number, "x" * size))
    assert not cache.notes


def known(folder: Path) -> tuple[dict[bytes, Any], list[str]]:
    with Cache(str(folder)) as cache:
        found = cache.get(KEYS)
    return found, cache.notes


def test_what_is_put_is_there_the_next_time(folder: Path) -> None:
    filled(folder)
    found, notes = known(folder)
    assert len(found) == 50
    assert found[KEYS[7]] == (7, "x" * 100)
    assert not notes
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


def test_large_values_are_written_in_pieces(folder: Path) -> None:
    """Also where there is one under their key already, a smaller one, and beside others."""
    pieces = [sha256(b"%d" % number).digest() for number in range(100_000)]
    values = {KEYS[0]: pieces, digest(b"other"): pieces[::-1], digest(b"small"): 1}
    for size in (1, len(pieces)):
        with Cache(str(folder)) as cache:
            for key, value in values.items():
                cache.put(key, value[:size] if isinstance(value, list) else value)
        assert cache.notes == []
        with Cache(str(folder)) as cache:
            found = cache.get(list(values))
        assert {key: value for key, value in found.items() if value != 1} == {
            key: value[:size] for key, value in values.items() if isinstance(value, list)
        }
        assert len(found) == len(values)


def test_no_large_value_is_in_memory_as_a_whole_to_be_written(folder: Path) -> None:
    size = 24 << 20
    with Cache(str(folder)) as cache:
        cache.put(KEYS[0], bytes(size))
        tracemalloc.start()
        try:
            cache.close()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < size / 4
    with Cache(str(folder)) as cache:
        assert cache.get(KEYS[:1]) == {KEYS[0]: bytes(size)}


def test_what_is_withheld_is_not_kept(folder: Path) -> None:
    with Cache(str(folder)) as cache:
        cache.put(KEYS[0], ("a private text", 1))
        cache.put(KEYS[1], ("another", 2))
        cache.withhold(lambda data: b"private" in data)
    assert known(folder)[0] == {KEYS[1]: ("another", 2)}
    assert b"private" not in (folder / FILE).read_bytes()


def test_what_is_of_the_program_alone_is_never_withheld(folder: Path) -> None:
    """A run that is told again knows no secrets, so nothing else of it may be kept."""
    with Cache(str(folder)) as cache:
        cache.put(KEYS[0], "the program", is_ours=True)
        cache.put(KEYS[1], "what was scanned")
        cache.withhold(lambda _: True)
    assert known(folder)[0] == {KEYS[0]: "the program"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.binary()
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=VALUES)
def test_any_value(folder: Path, value: Any) -> None:
    with Cache(str(folder)) as cache:
        cache.put(KEYS[0], value)
    with Cache(str(folder)) as cache:
        found = cache.get(KEYS[:1]).get(KEYS[0])
    assert found == value
    assert type(found) is type(value)


def _overwrite(path: Path, at: float, data: bytes) -> None:
    with path.open("r+b") as stream:
        stream.seek(int(path.stat().st_size * at))
        stream.write(data)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "nonsense": lambda path: path.write_bytes(b"nonsense" * 5000),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut within a page": lambda path: os.truncate(path, 5000),
    "the head": lambda path: _overwrite(path, 0, b"\0" * 100),
    "page size": lambda path: _overwrite(path, 0, b"SQLite format 3\0\xff\xff"),
    "a newer SQLite": lambda path: _overwrite(path, 0, b"SQLite format 3\0\x10\0\x09\x09"),
    "the middle": lambda path: _overwrite(path, 0.5, b"\xff" * 4096),
    "the end": lambda path: _overwrite(path, 0.9, b"\xff" * 2000),
}


def test_files_of_older_formats_go(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    older, newer = folder / "results-1.sqlite3", folder / f"results-{FORMAT + 1}.sqlite3"
    for path in (older, folder / "results-1.sqlite3-wal", newer):
        path.write_text("")
    with Cache(str(folder)) as cache:
        cache.put(b"0" * 16, 1)
    assert sorted(os.listdir(folder)) == [f"results-{FORMAT}.sqlite3", newer.name]


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage(folder: Path, kind: str) -> None:
    filled(folder, 200, 2000)
    DAMAGES[kind](folder / FILE)
    for _ in range(3):
        found, _ = known(folder)
        assert all(value == (KEYS.index(key), "x" * 2000) for key, value in found.items())
        with Cache(str(folder)) as cache:
            for number, key in enumerate(KEYS):
                cache.put(key, (number, "x" * 2000))
    found, notes = known(folder)
    assert (len(found), notes) == (200, []), "it is whole again"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.floats(0, 1), data=st.binary(min_size=1, max_size=300))
def test_any_damage(folder: Path, at: float, data: bytes) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    filled(folder, 40, 500)
    _overwrite(folder / FILE, at, data)
    for _ in range(2):
        found, _ = known(folder)
        assert all(value == (KEYS.index(key), "x" * 500) for key, value in found.items())
        with Cache(str(folder)) as cache:
            cache.put(KEYS[0], (0, "x" * 500))


TRIGGER = """\
CREATE TABLE result (key BLOB PRIMARY KEY, used INTEGER, value BLOB);
CREATE TRIGGER t AFTER INSERT ON result BEGIN DELETE FROM result; END
"""


@pytest.mark.parametrize(
    "schema",
    ["CREATE TABLE result (other TEXT)", "CREATE TABLE result (key, used, value)",
     "CREATE TABLE run (other TEXT)", "CREATE TABLE run (number TEXT)",
     "CREATE VIEW result AS SELECT 1 AS key, 1 AS used, 1 AS value",
     TRIGGER],
)  # fmt: skip
def test_a_foreign_file(folder: Path, schema: str) -> None:
    folder.mkdir(mode=0o700)
    with sqlite3.connect(folder / FILE) as connection:
        connection.executescript(schema)
    connection.close()
    for _ in range(3):
        with Cache(str(folder)) as cache:
            assert cache.get(KEYS) in ({}, {KEYS[0]: "x"})
            cache.put(KEYS[0], "x")


def test_values_are_checked(folder: Path) -> None:
    filled(folder, 3)
    with sqlite3.connect(folder / FILE) as connection:
        ((value,),) = connection.execute("SELECT value FROM result WHERE key = ?", (KEYS[0],))
        connection.execute("UPDATE result SET value = ? WHERE key = ?", (value, KEYS[1]))
        connection.execute("UPDATE result SET value = 'text' WHERE key = ?", (KEYS[2],))
    connection.close()
    assert list(known(folder)[0]) == [KEYS[0]]


def test_a_newer_format_is_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cache_module, "FORMAT", cache_module.FORMAT + 1)
        filled(folder, 3)
    assert known(folder) == ({}, [])
    filled(folder, 2)
    assert len(list(folder.glob("results-*.sqlite3"))) == 2


# Directories ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o1777])
def test_others_may_write(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    found, notes = known(folder)
    assert not found
    assert notes == [f"the cache cannot be used: others may write to {folder}"]
    assert not list(folder.iterdir())


def test_a_file_in_place_of_the_directory(folder: Path) -> None:
    folder.write_text("")
    assert "cannot be used" in known(folder)[1][0]
    assert "cannot be used" in known(folder / "below")[1][0]


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    assert directory({}) == ""
    assert directory({"HOME": "relative"}) == ""
    assert directory({"HOME": "/h", "XDG_CACHE_HOME": "relative"}).startswith("/h/")
    assert directory({"HOME": "/h", "XDG_CACHE_HOME": "/x"}) == "/x/seawall"
    assert directory({"SEAWALL_CACHE_DIR": "/own", "XDG_CACHE_HOME": "/x"}) == "/own"
    with Cache("") as cache:
        assert cache.get(KEYS) == {}
        cache.put(KEYS[0], 1)
    assert "no home directory" in cache.notes[0]


def test_a_file_that_cannot_be_written(folder: Path) -> None:
    filled(folder)
    if os.geteuid() == 0:
        if not _immutable(folder / FILE):
            pytest.skip("root may write to everything; this file system has no immutable files")
    else:
        (folder / FILE).chmod(0o400)
    try:
        with Cache(str(folder)) as cache:
            cache.get(KEYS)
            cache.put(KEYS[60], "new")
        assert cache.notes
    finally:
        if os.geteuid() == 0:
            subprocess.run(["chattr", "-i", str(folder / FILE)], check=True, capture_output=True)


def _immutable(path: Path) -> bool:
    if shutil.which("chattr") is None:
        return False
    ran = subprocess.run(["chattr", "+i", str(path)], check=False, capture_output=True)
    return ran.returncode == 0


class FullDisk(sqlite3.Connection):
    """A connection on a disk that is full, as far as writing goes."""

    def executemany(self, *_: Any) -> Any:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error


def test_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, 5)
    real = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(
            sqlite3, "connect", lambda *args, **named: real(*args, factory=FullDisk, **named)
        )
        with Cache(str(folder)) as cache:
            assert len(cache.get(KEYS)) == 5
            cache.put(KEYS[9], "new")
    assert cache.notes == ["the cache could not be written: database or disk is full"]
    assert len(known(folder)[0]) == 5


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k,mode=700", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a file system")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_a_disk_that_is_really_full(tiny_disk: Path, tmp_path: Path) -> None:
    folder = tiny_disk / "c"
    filled(folder, 10)
    for _ in range(2):
        with Cache(str(folder)) as cache:
            for key in KEYS:
                cache.put(key, os.urandom(20_000))
        assert "could not be written" in cache.notes[0]
    (tiny_disk / "more").write_bytes(b"")
    found, _ = known(folder)
    assert all(value == (KEYS.index(key), "x" * 100) for key, value in found.items())
    write(tmp_path / "t", {f"{n}.yaml": pod(f"p-{n}") + "# filler\n" * 300 for n in range(60)})
    expected = seawall("scan", "--no-cache", "t", cwd=tmp_path)
    assert expected.code == 1
    for _ in range(2):
        ran = seawall("scan", "t", cwd=tmp_path, SEAWALL_CACHE_DIR=str(folder))
        assert (ran.code, ran.out) == (expected.code, expected.out)


# Size -----------------------------------------------------------------------------------------


def test_what_was_used_lately_stays(folder: Path) -> None:
    limit = 400_000

    def opened() -> Cache:
        return Cache(str(folder), limit=limit)

    for number, key in enumerate(KEYS[:100]):
        with opened() as cache:
            cache.put(key, os.urandom(2_000))
            if number % 5 == 0:
                assert number == 0 or KEYS[0] in cache.get(KEYS[:1])
    for number in range(100, 200):
        with opened() as cache:
            cache.get(KEYS[:1])
            cache.put(KEYS[number], os.urandom(6_000))
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size < limit * 1.3
    found, _ = known(folder)
    assert KEYS[0] in found, "it was asked for all the time"
    assert KEYS[199] in found
    assert KEYS[1] not in found
    assert 20 < len(found) < 100


def test_the_file_shrinks(folder: Path) -> None:
    with Cache(str(folder)) as cache:
        for key in KEYS:
            cache.put(key, os.urandom(10_000))
    assert (folder / FILE).stat().st_size > 2_000_000
    with Cache(str(folder), limit=500_000) as cache:
        cache.put(KEYS[0], "x")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 700_000


def test_a_value_may_be_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MAX_VALUE", 1000)
    with Cache(str(folder)) as cache:
        cache.put(KEYS[0], "x" * 2000)
        cache.put(KEYS[1], "x")
    assert list(known(folder)[0]) == [KEYS[1]]


def test_values_that_cannot_be_kept(folder: Path) -> None:
    with Cache(str(folder)) as cache:
        cache.put(KEYS[0], object())
        cache.put(KEYS[1], "x")
    assert list(known(folder)[0]) == [KEYS[1]]
    assert cache.notes == ["a result could not be kept: unmarshallable object"]


# Several at once ------------------------------------------------------------------------------

WRITER = """
import sys
from seawall.cache import Cache, digest
for turn in range(15):
    with Cache(sys.argv[1]) as cache:
        keys = [digest(bytes([n])) for n in range(200)]
        for key, value in cache.get(keys).items():
            assert value == (keys.index(key), "x" * 100)
        for n in range(turn, 200, 15):
            cache.put(keys[n], (n, "x" * 100))
    assert not cache.notes, cache.notes
"""


def test_runs_at_the_same_time(folder: Path) -> None:
    runs = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for run in runs:
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors.decode()
    assert len(known(folder)[0]) == 200


def test_a_run_that_writes_for_long_is_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder, 5)
    monkeypatch.setattr(cache_module, "_PATIENCE", 0.05)
    other = sqlite3.connect(folder / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Cache(str(folder)) as cache:
        assert len(cache.get(KEYS)) == 5
        cache.put(KEYS[9], "new")
    other.close()
    assert cache.notes == ["the cache could not be written: database is locked"]


def test_the_clock_does_not_matter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, 5)
    for seconds in (0, 4_000_000_000):
        for path in folder.iterdir():
            os.utime(path, (seconds, seconds))
        assert len(known(folder)[0]) == 5


def test_two_scans_at_once(tmp_path: Path) -> None:
    write(tmp_path / "t", {f"{n}.yaml": pod(f"p-{n}") + "# filler\n" * 300 for n in range(60)})
    expected = seawall("scan", "--no-cache", "t", cwd=tmp_path)
    environment = {**os.environ, "SEAWALL_CACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):
        runs = [
            subprocess.Popen(
                [sys.executable, "-m", "seawall", "scan", "t"], cwd=tmp_path, env=environment,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            for _ in range(3)
        ]  # fmt: skip
        for run in runs:
            out, errors = run.communicate(timeout=120)
            assert (run.returncode, out, errors) == (1, expected.out, b"")
