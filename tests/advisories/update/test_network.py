"""Whole updates by the command line: what is put in place, what stays, and what is told."""

import errno
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from seawall.advisories import database
from seawall.advisories.feeds import sources
from seawall.advisories.store import Store
from seawall.advisories.update import network, settings
from seawall.cli import db_update
from seawall.core.errors import UsageError
from seawall.sources.http.client import Client, FetchError, Limits
from tests.advisories import small_database
from tests.advisories.update import upstream
from tests.cli.support import Outcome, command
from tests.sources.http.server import Server, Trick
from tests.sources.http.support import Clock, Waits

SOME = "osv-go,osv-pypi,kev,epss"


class Machine:
    """A user's machine, and the world at a server."""

    def __init__(self, own: Path, server: Server) -> None:
        self.own = own
        self.server = server
        self.clock = Clock()
        self.waits = Waits()

    def update(self, *arguments: str, named: str | None = SOME) -> Outcome:
        chosen = ("--source", named) if named else ()
        mirrors = [f"--mirror={each}" for each in upstream.mirrors(self.server)]
        self.server.forget()
        return command("db", "update", *chosen, *mirrors, *arguments)

    @property
    def database(self) -> Path:
        return self.own / database.NAME

    def names(self) -> set[str]:
        """The sources that the database in place has."""
        with Store.open(str(self.database)) as store:
            return {each.name for each in store.sources()}


@pytest.fixture
def machine(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "own", server)
    monkeypatch.setenv("SEAWALL_DATA_DIR", str(made.own))
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    for name in (settings.MIRRORS, settings.PUBLISHED, settings.SIGNERS):
        monkeypatch.delenv(name, raising=False)
    # Each test has its own idea of what is in force.
    monkeypatch.setattr("seawall.advisories.snapshot.shipped", lambda: None)
    quick = partial(Client, limits=Limits(patience=2.0), wait=made.waits, wall=made.clock)
    monkeypatch.setattr(db_update, "Client", quick)
    upstream.put_all(server)
    return made


# The first time, and the next -----------------------------------------------------------------


def test_everything_that_is_fetched_by_default_becomes_a_database(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = set(upstream.put_all(machine.server))
    usual = [each.name for each in network.choose(()) if each.name in there]
    outcome = machine.update(named=",".join(usual))
    assert outcome.code == 0, outcome.errors
    assert outcome.output == ""
    assert machine.names() == set(usual)
    assert "the database is now until 2026-09-21" in outcome.errors
    assert machine.database.stat().st_mode & 0o077 == 0
    status = json.loads(command("db", "status", "--format", "json").output)
    assert {each["until"] for each in status["sources"]} == {"2026-09-21"}
    assert status["origin"] == "updated"
    again = machine.update(named=",".join(usual))
    # NVD's feed of what was modified comes after the years.
    assert (again.code, "nvd: what was modified in eight days" in again.errors) == (0, True)
    last = machine.update(named=",".join(usual))
    assert last == Outcome(0, "", f"seawall: nothing is new in {len(usual)} sources\n")


def test_what_is_kept_is_laid_out_like_feeds_that_were_collected(machine: Machine) -> None:
    machine.update()
    found, strangers = sources.located(str(machine.own / "feeds"))
    assert ",".join(sorted(each.source.name for each in found)) == ",".join(sorted(SOME.split(",")))
    assert strangers == ()
    made = machine.own / "by-hand.db"
    command("db", "build", "--from", str(machine.own / "feeds"), "--output", str(made))
    with Store.open(str(made)) as mine, Store.open(str(machine.database)) as theirs:
        assert mine.advisories == theirs.advisories


def test_a_day_later_the_data_is_a_day_younger(machine: Machine) -> None:
    machine.update()
    machine.clock.pass_days(1)
    outcome = machine.update()
    assert "seawall: the database is now until 2026-09-22" in outcome.errors
    assert not [each for each in machine.server.bodies() if each.endswith(".zip")]


def test_what_changed_is_in_the_database(machine: Machine) -> None:
    machine.update()
    bucket = upstream.bucket(machine.server, "Go")
    bucket.put({**bucket.records["GO-2026-5500"], "id": "GO-2026-7777"}, "2026-09-21T10:00:00Z")
    bucket.publish()
    outcome = machine.update()
    assert "osv-go: 1 records" in outcome.errors
    assert "GO-2026-7777" in command("db", "show", "GO-2026-7777").output


def test_another_source_is_added_to_those_that_are_kept(machine: Machine) -> None:
    machine.update(named="kev")
    machine.update(named="osv-go")
    assert machine.names() == {"kev", "osv-go"}


# Failures -------------------------------------------------------------------------------------


def test_a_source_that_fails_keeps_its_old_data(machine: Machine) -> None:
    machine.update()
    machine.server.tricks[upstream.Bucket(machine.server, "Go").changes] = [Trick(500)] * 5
    machine.clock.pass_days(2)
    outcome = machine.update()
    assert outcome.code == 3
    told = "osv-go could not be brought up to date, its data of 2026-09-21 stays: https://storage"
    assert f"seawall: {told}" in outcome.errors
    assert outcome.errors.endswith(
        "seawall: 1 of 4 sources could not be brought up to date: osv-go\n"
    )
    assert machine.names() == set(SOME.split(","))
    with Store.open(str(machine.database)) as store:
        days = {each.name: each.until for each in store.sources()}
    assert days == {
        "osv-go": "2026-09-21", "osv-pypi": "2026-09-23", "kev": "2026-09-23", "epss": "2026-09-23",
    }  # fmt: skip


def test_the_others_are_taken_when_one_was_never_had(machine: Machine) -> None:
    del machine.server.files[upstream.Bucket(machine.server, "Go").changes]
    del machine.server.files[upstream.Bucket(machine.server, "Go").archive]
    outcome = machine.update()
    assert outcome.code == 3
    assert "osv-go could not be brought up to date, there is no data of it" in outcome.errors
    assert machine.names() == set(SOME.split(",")) - {"osv-go"}


def test_nothing_at_all_leaves_the_database_alone(machine: Machine) -> None:
    machine.server.files.clear()
    outcome = machine.update()
    assert outcome.code == 3
    assert "nothing could be fetched" in outcome.errors
    assert not machine.database.exists()


def test_without_a_network_the_database_stays(machine: Machine) -> None:
    machine.update()
    before = machine.database.read_bytes()
    machine.server.files.clear()
    outcome = machine.update()
    assert outcome.code == 3
    assert "nothing is new in 0 sources" in outcome.errors
    assert machine.database.read_bytes() == before


def test_less_than_is_in_force_does_not_take_its_place(machine: Machine) -> None:
    machine.update(named="osv-pypi")
    shutil.rmtree(machine.own / "feeds")  # as if the database had been imported
    before = machine.database.read_bytes()
    outcome = machine.update(named="kev")
    assert outcome.code == 3
    assert "has osv-pypi" in outcome.errors
    assert "were not asked for" in outcome.errors
    assert machine.database.read_bytes() == before
    assert machine.update("--partial", named="kev").code == 0
    assert machine.names() == {"kev"}


def test_a_full_disk_leaves_the_database_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.update()
    before = machine.database.read_bytes()
    upstream.bucket(machine.server, "Go").publish()
    kev = "/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
    machine.server.files[kev] += b" "

    def no_room(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", no_room)
        outcome = machine.update()
    assert outcome.code == 2
    assert "there is no room for the new database" in outcome.errors
    assert machine.database.read_bytes() == before
    assert machine.update().code == 0


def test_an_interruption_is_gone_on_from(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    real = network._followed

    def interrupted(work: Any, told: Callable[[str], None]) -> Any:
        if work.source.name == "kev":
            raise KeyboardInterrupt
        return real(work, told)

    with monkeypatch.context() as patched:
        patched.setattr(network, "_followed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            machine.update()
    assert not machine.database.exists()
    assert machine.update().code == 0
    assert not [each for each in machine.server.bodies() if each.endswith("all.zip")]
    assert machine.names() == set(SOME.split(","))


def test_an_interruption_while_it_is_built_is_gone_on_from(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.update(named="kev")

    def interrupted(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("seawall.advisories.update.local.build", interrupted)
        with pytest.raises(KeyboardInterrupt):
            machine.update()
    assert machine.update().code == 0
    assert machine.names() == set(SOME.split(","))


@pytest.mark.parametrize("path", ["osv/Go/all.zip", "epss/epss_scores-current.csv.gz"])
def test_a_kept_file_that_went_bad_is_fetched_again(machine: Machine, path: str) -> None:
    machine.update()
    before = machine.database.read_bytes()
    kept = machine.own / "feeds" / path
    good = kept.read_bytes()
    kept.write_bytes(good[: len(good) // 2])
    machine.clock.pass_days(1)
    outcome = machine.update()
    assert outcome.code == 3
    assert "it is removed, to be fetched again; run seawall db update again" in outcome.errors
    assert machine.database.read_bytes() == before
    assert machine.update().code == 0
    assert kept.read_bytes() == good


def test_two_updates_at_once(machine: Machine) -> None:
    machine.own.mkdir()
    with open(machine.own / "update.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = machine.update()
    assert outcome.code == 2
    assert "another update" in outcome.errors
    assert machine.server.requests == []


def test_a_directory_that_cannot_be_written(machine: Machine) -> None:
    machine.own.write_text("a file")
    outcome = machine.update()
    assert outcome.code == 2
    assert "cannot be updated" in outcome.errors


# Choosing -------------------------------------------------------------------------------------


def test_the_usual_sources() -> None:
    usual = {each.name for each in network.choose(())}
    assert {"osv-npm", "osv-go", "osv-debian", "debian", "ubuntu", "nvd", "osv-wolfi"} <= usual
    assert not usual & {*network.ONLY_NAMED, "osv-ghsa-sample", "redhat-sample"}
    for name in network.ONLY_NAMED:
        assert [each.name for each in network.choose([name])] == [name]


def test_only_what_may_be_passed_on() -> None:
    names = {each.name for each in network.choose((), shareable=True)}
    assert {"osv-go", "kev"} <= names
    assert not names & {"osv-wolfi", "oracle", "amazon", "ubuntu", "photon"}
    with pytest.raises(UsageError, match="may be passed on"):
        network.choose(["oracle"], shareable=True)


@pytest.mark.parametrize(
    ("name", "told"),
    [("osv-gox", "did you mean 'osv-go'"), ("redhat-sample", "redhat"), ("?", "give one of")],
)
def test_a_source_that_cannot_be_fetched(machine: Machine, name: str, told: str) -> None:
    outcome = machine.update(named=name)
    assert (outcome.code, machine.server.requests) == (2, [])
    assert told in outcome.errors


def test_shareable_leaves_out_what_is_kept(machine: Machine) -> None:
    machine.update(named="kev,oracle")
    assert machine.update("--shareable", named="kev").code == 0
    assert machine.names() == {"kev"}
    assert machine.update(named="kev").code == 0
    assert machine.names() == {"kev", "oracle"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--offline",),
        ("--offline", "--from", "https://registry.example.org/a"),
        ("--offline", "--published", "https://registry.example.org/a"),
        ("--published",),
        ("--published", "registry.example.org/a"),
        ("--published", "https://registry.example.org/a", "--partial"),
        ("--from", "/", "--shareable"),
        ("--signers", "/etc/hostname"),
        ("--mirror", "a=b"),
        ("--source", "kev", "--from", "/"),
    ],
)
def test_what_does_not_go_together(machine: Machine, arguments: tuple[str, ...]) -> None:
    outcome = _outcome("db", "update", *arguments)
    assert outcome.code == 2
    assert outcome.errors
    assert not machine.database.exists()


def _outcome(*arguments: str) -> Outcome:
    try:
        return command(*arguments)
    except SystemExit as left:  # the parser's own way
        return Outcome(int(str(left.code)), "", "told by the parser")


def test_offline_goes_with_files(machine: Machine) -> None:
    feeds = str(upstream.FEEDS)
    assert command("db", "update", "--offline", "--from", feeds).code == 0
    assert machine.server.requests == []


# Settings -------------------------------------------------------------------------------------


def test_settings_stand_in_a_file_and_in_the_environment(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.own.mkdir()
    lines = [
        f'"{prefix}" = "{target}"'
        for prefix, _, target in (each.partition("=") for each in upstream.mirrors(machine.server))
    ]
    (machine.own / settings.FILE).write_text('sources = ["kev"]\n[mirrors]\n' + "\n".join(lines))
    assert command("db", "update").code == 0
    assert machine.names() == {"kev"}
    (machine.own / settings.FILE).unlink()
    monkeypatch.setenv(settings.MIRRORS, " ".join(upstream.mirrors(machine.server)))
    assert command("db", "update", "--source", "epss").code == 0
    assert machine.names() == {"kev", "epss"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a", "it is no TOML"), ("mirror = 1", "unknown key 'mirror'"), ("mirrors = 1", "a table"),
        ("sources = [1]", "a list of names"), ("published = 1", "must be a text"),
        ('mirrors = {"a" = "b"}', "is no mirror"), ("\xff", "it is no TOML"),
    ],
)  # fmt: skip
def test_settings_that_are_none(machine: Machine, text: str, told: str) -> None:
    machine.own.mkdir()
    (machine.own / settings.FILE).write_text(text, "latin-1")
    outcome = command("db", "update", "--source", "kev")
    assert outcome.code == 2
    assert told in outcome.errors


def test_a_repository_does_not_say_where_data_comes_from(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / settings.FILE).write_text('published = "http://registry.example.org/"')
    (tmp_path / "seawall.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert settings.read(os.environ) == settings.Settings()


# A published database -------------------------------------------------------------------------


class Published:
    """A packed database at a server, signed, and who may sign."""

    def __init__(self, machine: Machine, place: Path) -> None:
        if not shutil.which("ssh-keygen"):
            pytest.skip("ssh-keygen is needed to sign")
        self.machine = machine
        self.place = place
        self.small = small_database.build(place / "small.db")
        self.signers = self.key("key")
        self.others = self.key("other")
        self.publish(signed=True)

    def key(self, name: str) -> str:
        path = self.place / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        signers = self.place / f"{name}.signers"
        signers.write_text(f"ci@example.org {path.with_suffix('.pub').read_text()}")
        return str(signers)

    def publish(self, *, signed: bool) -> None:
        path = self.place / "seawall-db"
        signing = ("--sign", str(self.place / "key")) if signed else ()
        made = command("db", "export", str(path), "--database", str(self.small), *signing)
        assert made.code == 0
        files = self.machine.server.files
        for ending in ("", ".sha256", ".sig"):
            files.pop(f"/seawall-db{ending}", None)
            if not (ending == ".sig" and not signed):
                files[f"/seawall-db{ending}"] = Path(f"{path}{ending}").read_bytes()

    @property
    def address(self) -> str:
        return f"{self.machine.server.base}/seawall-db"

    def take(self, how: str = "--published", signers: str = "") -> Outcome:
        self.machine.server.forget()
        return command("db", "update", how, self.address, "--signers", signers or self.signers)


@pytest.fixture
def published(machine: Machine, tmp_path: Path) -> Published:
    return Published(machine, tmp_path)


def test_a_published_database_is_taken_once(machine: Machine, published: Published) -> None:
    first = published.take()
    assert (first.code, "the database is now until" in first.errors) == (0, True)
    again = published.take()
    assert again == Outcome(0, "", "seawall: nothing is new: the published database is in place\n")
    assert machine.server.bodies() == ["/seawall-db.sha256"]
    assert sorted(os.listdir(machine.own)) == ["advisories.db", "published.json", "update.lock"]
    machine.database.write_bytes(b"damaged")
    assert published.take().code == 0
    assert machine.names()


def test_the_address_may_be_set(
    machine: Machine, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.PUBLISHED, published.address)
    monkeypatch.setenv(settings.SIGNERS, published.signers)
    assert command("db", "update", "--published").code == 0


@pytest.mark.parametrize("how", ["--published", "--from"])
def test_a_published_database_that_is_cut_off_goes_on(published: Published, how: str) -> None:
    server = published.machine.server
    server.tricks["/seawall-db"] = [Trick(cut_after=1000)]
    assert published.take(how).code == 0
    assert server.requests[-1].headers["range"] == "bytes=1000-"


@pytest.mark.parametrize("how", ["--published", "--from"])
def test_a_published_database_without_its_checksum(published: Published, how: str) -> None:
    machine = published.machine
    for body in (None, b"<html>", b"0" * 64):
        machine.server.files.pop("/seawall-db.sha256", None)
        if body:
            machine.server.files["/seawall-db.sha256"] = body
        assert published.take(how).code == 3
        assert not machine.database.exists()


@pytest.mark.parametrize("how", ["--published", "--from"])
def test_signatures_of_a_published_database(published: Published, how: str) -> None:
    machine = published.machine
    wrong = published.take(how, published.others)
    assert (wrong.code, "has signed it" in wrong.errors) == (2, True)
    published.publish(signed=False)
    unsigned = published.take(how)
    assert (unsigned.code, "seawall-db.sig" in unsigned.errors) == (3, True)
    assert not machine.database.exists()
    plain = command("db", "update", how, published.address)
    assert (plain.code, "use https" in plain.errors) == (2, True)


def test_what_was_taken_without_a_signature_is_looked_at_again(published: Published) -> None:
    published.take()
    taken = published.machine.own / "published.json"
    told = json.loads(taken.read_text())
    assert told["signed"] is True
    taken.write_text(json.dumps({**told, "signed": False}))  # as over https, without signers
    assert published.take(signers=published.others).code == 2
    assert published.take().code == 0
    assert json.loads(taken.read_text()) == told


def test_an_error_of_a_fetch_is_of_input() -> None:
    assert FetchError("a").exit_code == 3
