"""The shipped database: unpacked once, made anew when it is damaged, useful without a place."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seawall.advisories import database, snapshot
from seawall.advisories.store import DatabaseError, Store
from seawall.core.errors import UsageError
from tests.advisories.samples import advisory, built, package

ENVIRONMENT = {"HOME": "/nonexistent-home"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a packed database, in the place of the one in the package."""
    records = [advisory(f"GHSA-{n}", package(f"p{n}", "2.0"), details="x" * 90) for n in range(200)]
    own = tmp_path / "data"
    own.mkdir()
    path = built(tmp_path / "a.db", ("tests", records))
    snapshot.pack(str(path), str(own))
    path.unlink()
    shipped = snapshot.shipped
    monkeypatch.setattr(snapshot, "shipped", lambda: shipped(str(own)))
    return own


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"SEAWALL_CACHE_DIR": str(tmp_path / "cache"), "SEAWALL_DATA_DIR": str(tmp_path / "own")}


def works(located: database.Located) -> bool:
    with Store.open(located.path) as store:
        return len(store.match([("PyPI", "p7", "1.0")])[0]) == 1


def test_it_is_unpacked_once(place: Path, environment: dict[str, str], tmp_path: Path) -> None:
    first = database.locate(None, environment)
    assert works(first)
    assert (first.origin, first.notes) == ("shipped", ())
    (place / snapshot.PACKED).unlink()
    assert database.locate(None, environment) == first
    assert len(os.listdir(tmp_path / "cache")) == 1
    assert os.stat(first.path).st_mode & 0o077 == 0


def test_the_named_and_the_updated_one_come_first(
    place: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    named = built(tmp_path / "named.db", ("tests", [advisory("A-1", package("a", "2.0"))]))
    assert database.locate(str(named), environment).origin == "named"
    (tmp_path / "own").mkdir()
    shutil.copy(named, tmp_path / "own" / database.NAME)
    updated = database.locate(None, environment)
    assert updated.origin == "updated"
    assert updated.digest == database.locate(str(named), environment).digest


def test_a_damaged_updated_one_is_an_error(
    place: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / database.NAME).write_bytes(b"SQLite format 3\0")
    with pytest.raises(DatabaseError, match="seawall db update"):
        database.locate(None, environment)


@pytest.mark.parametrize("damage", ["cut", "empty", "wrong", "header"])
def test_a_damaged_copy_is_made_anew(damage: str, place: Path, environment: dict[str, str]) -> None:
    path = Path(database.locate(None, environment).path)
    data = path.read_bytes()
    path.write_bytes({
        "cut": data[:-4096], "empty": b"", "wrong": b"x" * len(data),
        "header": data[:100] + b"\xff" * 4000 + data[4100:],
    }[damage])  # fmt: skip
    again = database.locate(None, environment)
    assert again.path == str(path)
    assert path.read_bytes() == data
    assert works(again)


@pytest.mark.parametrize("damage", ["cut", "wrong", "gone", "other"])
def test_a_damaged_package_is_told_and_nothing_of_it_is_kept(
    damage: str, place: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    packed = place / snapshot.PACKED
    data = packed.read_bytes()
    if damage == "gone":
        packed.unlink()
    elif damage == "other":
        (place / snapshot.FACTS).write_text("size 4096\n digest 00\n")
    else:
        packed.write_bytes(data[:-100] if damage == "cut" else b"x" * len(data))
    with pytest.raises(DatabaseError, match="install seawall anew, or run seawall db update"):
        database.locate(None, environment)
    cache = tmp_path / "cache"
    assert not cache.exists() or os.listdir(cache) == []


def test_facts_that_are_none(place: Path, environment: dict[str, str]) -> None:
    (place / snapshot.FACTS).write_text("size many\n")
    with pytest.raises(DatabaseError, match="damaged"):
        database.locate(None, environment)


def test_without_a_snapshot_the_remedy_is_told(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "shipped", lambda: None)
    with pytest.raises(UsageError, match="seawall db update"):
        database.locate(None, environment)


SCRIPT = """
import os, sys
from seawall.advisories import database, snapshot
shipped = snapshot.shipped
snapshot.shipped = lambda: shipped(sys.argv[1])
located = database.locate(None, os.environ)
print(located.path, *located.notes, sep="\\n")
assert os.path.exists(located.path)
"""


def run(place: Path, environment: dict[str, str]) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(place)], env=environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return result.stdout.splitlines()


def test_without_a_home_a_temporary_file_serves(place: Path, tmp_path: Path) -> None:
    path, note = run(place, {"TMPDIR": str(tmp_path)})
    assert "no home directory" in note
    assert not os.path.exists(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to the superuser")
def test_in_a_read_only_cache_a_temporary_file_serves(place: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o500)
    path, note = run(place, {"TMPDIR": str(tmp_path), "SEAWALL_CACHE_DIR": str(cache)})
    assert "permission denied" in note
    assert not os.path.exists(path)


def test_where_the_cache_is_no_directory(place: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    path, note = run(place, {"TMPDIR": str(tmp_path), "SEAWALL_CACHE_DIR": str(tmp_path / "cache")})
    assert "cannot be kept" in note
    assert not os.path.exists(path)


def test_a_cache_others_may_write_to_is_not_used(place: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    path, note = run(place, {"TMPDIR": str(tmp_path), "SEAWALL_CACHE_DIR": str(cache)})
    assert "others may write" in note
    assert os.listdir(cache) == []
    assert not os.path.exists(path)


def test_when_the_disk_is_full_nothing_half_stays(
    place: Path, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    located = database.locate(None, environment)
    assert "no space left" in located.notes[0]
    assert os.listdir(tmp_path / "cache") == []
    assert works(located)


def test_many_runs_at_once(place: Path, environment: dict[str, str], tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(place)], env=environment, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    answers = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(answers) == 1
    assert len(os.listdir(tmp_path / "cache")) == 1


def test_what_older_versions_unpacked_goes_in_time(
    place: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    old, recent, other = (cache / name for name in (
        "advisories-0000000000000000.db", "advisories-1111111111111111.db", "results-1.sqlite3",
    ))  # fmt: skip
    for each in (old, recent, other):
        each.write_text("")
    long_ago = time.time() - 60 * 86400
    os.utime(old, (long_ago, long_ago))
    os.utime(other, (long_ago, long_ago))
    database.locate(None, environment)
    assert not old.exists()
    assert recent.exists()
    assert other.exists()


def test_the_same_database_is_packed_as_the_same_bytes(tmp_path: Path) -> None:
    path = built(tmp_path / "a.db", ("tests", [advisory("A-1", package("a", "2.0"))]))
    packed = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        snapshot.pack(str(path), str(tmp_path / name))
        packed.append((tmp_path / name / snapshot.PACKED).read_bytes())
    assert packed[0] == packed[1]
