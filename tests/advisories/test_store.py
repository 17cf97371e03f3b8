"""The database as a scan asks it, and files that are none."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from seawall.advisories.advisory import Affected, Events
from seawall.advisories.schema import APPLICATION, VERSION
from seawall.advisories.store import DatabaseError, Store
from tests.advisories.samples import advisory, built, opened, package, store_of

WANTED = [("PyPI", "a", "1.0")]


def test_what_a_match_says(tmp_path: Path) -> None:
    affected = Affected(
        "PyPI", "a", (Events("1.0", fixed="1.4"), Events("2.0", last_affected="2.3")),
        imports=("a.b",), arches=("x86_64",), modular="nodejs:18",
    )  # fmt: skip
    store = store_of(tmp_path, advisory("GHSA-1", affected))
    (low,), (high,), none = store.match(
        [("PyPI", "A", "1.0"), ("PyPI", "a", "2.3"), ("PyPI", "a", "2.3.post1")]
    )
    assert (low.affected, low.fixed, low.last_affected) == (">= 1.0, < 1.4", ("1.4",), "")
    assert (high.affected, high.fixed, high.last_affected) == (">= 2.0, <= 2.3", ("1.4",), "2.3")
    assert (low.imports, low.arches, low.modular) == (("a.b",), ("x86_64",), "nodejs:18")
    assert (low.source, low.status, low.advisory) == ("tests", "affected", "GHSA-1")
    assert none == []


def test_versions_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    affected = Affected("Packagist", "a/b", (Events("0", fixed="2.0"),), versions=("dev-main",))
    store = store_of(tmp_path, advisory("GHSA-1", affected))
    unreadable: set[int] = set()
    listed, other, fine, stranger = store.match(
        [("Packagist", "a/b", "dev-main"), ("Packagist", "a/b", "dev-other"),
         ("Packagist", "A/B", "1.0"), ("NoSuchEcosystem", "a", "?")],
        unreadable,
    )  # fmt: skip
    assert [match.affected for match in listed] == ["= dev-main"]
    assert (other, len(fine), stranger) == ([], 1, [])
    assert unreadable == {0, 1}


def test_what_all_versions_are_affected_by_needs_no_version(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("GHSA-1", Affected("PyPI", "a", (Events("0"),))),
        advisory("GHSA-2", Affected("PyPI", "a", (Events("1.0"),))),
        advisory("GHSA-3", package("a", "2.0")),
    )
    unreadable: set[int] = set()
    (matches,) = store.match([("PyPI", "a", "")], unreadable)
    assert [match.advisory for match in matches] == ["GHSA-1"]
    assert unreadable == {0}


def test_the_same_question_twice_and_none_at_all(tmp_path: Path) -> None:
    store = store_of(tmp_path, advisory("GHSA-1", package("a", "2.0")))
    assert store.match([]) == []
    assert store.match(WANTED) == store.match(WANTED)
    first, second = store.match(WANTED * 2)
    assert first == second != []


def test_what_is_known_of_a_package(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        advisory("GHSA-1", package("a", "2.0"), package("a", "1.0", ecosystem="npm")),
        advisory("GHSA-2", package("A", "3.0")),
    )
    assert [match.advisory for match in store.of_package("PyPI", "A")] == ["GHSA-1", "GHSA-2"]
    assert store.ecosystems_of("A") == ["PyPI"]
    assert store.ecosystems_of("a") == ["PyPI", "npm"]
    (number,) = store.find("GHSA-1")
    assert [each[:2] for each in store.affected_by(number)] == [("PyPI", "a"), ("npm", "a")]
    assert store.of_package("PyPI", "nothing") == []


@pytest.mark.parametrize("name", ["a?b#c%20d.db", "with blank.db", "ü.db"])
def test_odd_paths(name: str, tmp_path: Path) -> None:
    path = built(tmp_path / name, ("tests", [advisory("GHSA-1", package("a", "2.0"))]))
    with Store.open(str(path)) as store:
        assert len(store.match(WANTED)[0]) == 1


def test_nothing_is_written(tmp_path: Path) -> None:
    path = built(tmp_path / "a.db", ("tests", [advisory("GHSA-1", package("a", "2.0"))]))
    before = path.read_bytes()
    path.chmod(0o400)
    with Store.open(str(path)) as store:
        store.match(WANTED)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (before, ["a.db"])


# Files that are none --------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(DatabaseError) as caught:
        opened(path).match(WANTED)
    assert "seawall db update" in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    records = [advisory(f"GHSA-{n}", package(f"p{n}", "2.0"), details="x" * 90) for n in range(300)]
    return built(tmp_path / "good.db", ("tests", [advisory("X-1", package("a", "2.0")), *records]))


def test_no_file_a_directory_and_another_program_s_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nothing.db")
    assert "cannot be read" in refused(tmp_path)
    text = tmp_path / "text.db"
    text.write_text("SQLite format 4")
    assert "no database of advisories" in refused(text)
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    assert "another program" in refused(foreign)


@pytest.mark.parametrize(("version", "said"), [(VERSION + 1, "newer"), (VERSION - 1, "older")])
def test_another_format(version: int, said: str, good: Path) -> None:
    connection = sqlite3.connect(good)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    assert said in refused(good)


def test_a_file_that_ends_early_or_late(good: Path) -> None:
    data = good.read_bytes()
    for cut in (data[:50], data[:-1], data[: len(data) // 2], data + b"\0" * 4096):
        good.write_bytes(cut)
        refused(good)


def test_tables_of_another_shape(tmp_path: Path) -> None:
    path = tmp_path / "shape.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE ecosystem (a)")
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.close()
    assert "damaged" in refused(path)


def test_damage_anywhere_is_an_answer_or_an_error_of_ours(good: Path) -> None:
    data = good.read_bytes()
    for place in range(100, len(data), 997):
        good.write_bytes(data[:place] + b"\xff" * 64 + data[place + 64 :])
        with suppress(DatabaseError), Store.open(str(good)) as store:
            for number in {match.vulnerability for match in store.match(WANTED)[0]}:
                store.vulnerability(number)
            store.sources()
            store.missed()
            store.all_coverage()
