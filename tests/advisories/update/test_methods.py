"""Each way of following a source, against the source's real layout."""

import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.advisories.advisory import Advisory, Cycle, Metadata, Unread
from seawall.advisories.feeds import sources
from seawall.advisories.update.downloads import not_shown
from seawall.advisories.update.methods import changes, meta, modified_ids
from seawall.advisories.update.network import _followed
from seawall.advisories.update.state import State
from seawall.advisories.update.work import Outcome, Work
from seawall.sources.http.client import Client, FetchError, Limits
from tests.advisories.update import upstream
from tests.sources.http.server import Server, Trick
from tests.sources.http.support import Clock, Waits, client


class Keeper:
    """A directory of feeds, and what follows sources in it."""

    def __init__(self, root: Path, server: Server) -> None:
        self.root = root
        self.server = server
        self.waits = Waits()
        self.clock = Clock()
        self.environment: dict[str, str] = {}
        self.told: list[str] = []
        self.limits = Limits(patience=2.0)

    def follow(self, name: str) -> Outcome | None:
        """Follow a source once; the server's count of requests begins anew."""
        self.server.forget()
        asking = client(self.waits, upstream.as_mirrors(self.server), self.limits, self.clock)
        state = State(str(self.root), name)
        work = Work(
            sources.source(name), str(self.root), state, asking, self.environment, not_shown
        )
        return _followed(work, self.told.append)

    def records(self, name: str) -> dict[str, Any]:
        """The records of a source, as they are kept, by their id; what was renewed, once."""
        found: dict[str, Any] = {}
        for files in sources.located(str(self.root))[0]:
            if files.source.name != name:
                continue
            for record in sources.records(files):
                if isinstance(record, Advisory | Metadata):
                    assert record.id not in found or name in {"alpine", "amazon", "rocky"}
                    found[record.id] = record
                else:
                    assert isinstance(record, Unread | Cycle)
        return found


@pytest.fixture
def keeper(tmp_path: Path, server: Server) -> Keeper:
    return Keeper(tmp_path / "feeds", server)


def changed(outcome: Outcome | None) -> bool:
    assert outcome is not None
    return outcome.changed


# Every source ---------------------------------------------------------------------------------


def test_every_source_is_kept_and_not_fetched_twice(keeper: Keeper) -> None:
    names = upstream.put_all(keeper.server)
    for name in names:
        assert changed(keeper.follow(name)), (name, keeper.told)
    found, strangers = sources.located(str(keeper.root))
    assert strangers == ()
    assert {each.source.name for each in found} == set(names)
    for files in found:
        records = list(sources.records(files))
        live = [each for each in records if not isinstance(each, Unread)]
        assert live, files.source.name
    keeper.follow("nvd")  # what was modified in eight days, for the first time
    for name in names:
        outcome = keeper.follow(name)
        assert not changed(outcome), (name, outcome)
        large = [each for each in keeper.server.requests if each.path.endswith((".zip", ".zst"))]
        assert large == [], name


@pytest.mark.parametrize("name", ["kev", "osv-go", "cve-list", "nvd", "redhat", "alpine", "amazon"])
def test_every_way_survives_a_server_that_is_down(keeper: Keeper, name: str) -> None:
    assert keeper.follow(name) is None  # all is 404
    (line,) = keeper.told
    assert "there is no data of it" in line
    upstream.put_all(keeper.server)
    assert changed(keeper.follow(name))
    before = keeper.records(name)
    assert before
    keeper.server.files.clear()
    assert keeper.follow(name) is None
    assert "its data of 2026-09-21 stays" in keeper.told[-1]
    assert keeper.records(name) == before


def test_a_login_page_changes_nothing(keeper: Keeper) -> None:
    names = upstream.put_all(keeper.server)
    for name in names:
        keeper.follow(name)
    kept = {name: len(keeper.records(name)) for name in names}
    for path in keeper.server.files:
        keeper.server.files[path] = b"<html><body>Please log in"
    keeper.clock.pass_days(40)
    for name in names:
        keeper.follow(name)
    assert {name: len(keeper.records(name)) for name in names} == kept


# OSV ------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(keeper: Keeper) -> upstream.Bucket:
    """The bucket of Go, fetched."""
    made = upstream.bucket(keeper.server, "Go")
    assert changed(keeper.follow("osv-go"))
    return made


def test_osv_fetches_what_was_modified(keeper: Keeper, bucket: upstream.Bucket) -> None:
    id_ = "GO-2026-5500"
    bucket.put({**bucket.records[id_], "summary": "another one"}, "2026-09-21T10:00:00Z")
    bucket.put({**bucket.records[id_], "id": "GO-2026-9999"}, "2026-09-21T11:00:00Z")
    bucket.publish()
    outcome = keeper.follow("osv-go")
    assert outcome == Outcome(changed=True, told="2 records")
    assert bucket.archive not in keeper.server.bodies()
    kept = keeper.records("osv-go")
    assert kept[id_].summary == "another one"
    assert "GO-2026-9999" in kept
    assert not changed(keeper.follow("osv-go"))
    assert keeper.server.bodies() == [bucket.changes]


def test_osv_drops_what_is_gone(keeper: Keeper, bucket: upstream.Bucket) -> None:
    bucket.remove("GO-2026-5500", "2026-09-21T10:00:00Z")
    bucket.publish()
    assert changed(keeper.follow("osv-go"))
    assert "GO-2026-5500" not in keeper.records("osv-go")
    assert not changed(keeper.follow("osv-go"))
    bucket.put(upstream.documents("osv/Go/all.jsonl")[1], "2026-12-01T10:00:00Z")
    bucket.publish()
    assert changed(keeper.follow("osv-go"))
    assert "GO-2026-5500" in keeper.records("osv-go")


def test_osv_takes_the_archive_when_much_changed(
    keeper: Keeper, bucket: upstream.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modified_ids, "MOST_RECORDS", 8)
    for number in range(9):
        bucket.put(
            {**bucket.records["GO-2026-5500"], "id": f"GO-2026-{number}"}, "2026-09-21T10:00:00Z"
        )
    bucket.publish()
    outcome = keeper.follow("osv-go")
    assert outcome == Outcome(changed=True, told="the whole archive")
    assert keeper.server.bodies() == [bucket.changes, bucket.archive]
    assert "GO-2026-8" in keeper.records("osv-go")
    assert not changed(keeper.follow("osv-go"))


def test_the_archive_takes_the_place_of_what_changed_before_it(
    keeper: Keeper, bucket: upstream.Bucket
) -> None:
    id_ = "GO-2026-5500"
    bucket.put({**bucket.records[id_], "summary": "second"}, "2026-09-21T10:00:00Z")
    bucket.publish_list()
    keeper.follow("osv-go")
    assert keeper.records("osv-go")[id_].summary == "second"
    bucket.put({**bucket.records[id_], "summary": "third"}, "2026-09-22T10:00:00Z")
    bucket.publish()
    keeper.clock.pass_days(31)
    assert changed(keeper.follow("osv-go"))
    assert keeper.server.bodies() == [bucket.changes, bucket.archive]
    assert keeper.records("osv-go")[id_].summary == "third"
    assert not list(keeper.root.rglob("*.changed"))


def test_osv_goes_on_where_it_was_cut_off(keeper: Keeper, bucket: upstream.Bucket) -> None:
    for number in range(20):
        bucket.put(
            {**bucket.records["GO-2026-5500"], "id": f"GO-2026-{number}"}, "2026-09-21T10:00:00Z"
        )
    bucket.publish()
    broken = bucket.address("GO-2026-13")
    keeper.server.tricks[broken] = [Trick(500)] * 5
    assert keeper.follow("osv-go") is None
    first = set(keeper.server.bodies())
    assert changed(keeper.follow("osv-go"))
    again = set(keeper.server.bodies()) - {bucket.changes}
    assert broken in again
    fetched = {each for each in first if each.endswith(".json") and each != broken}
    assert fetched
    assert not again & fetched
    assert len(keeper.records("osv-go")) == len(bucket.records)


def test_an_interruption_waits_for_nobody(keeper: Keeper, bucket: upstream.Bucket) -> None:
    for number in range(40):
        record = {**bucket.records["GO-2026-5500"], "id": f"GO-2026-{number}"}
        bucket.put(record, "2026-09-21T10:00:00Z")
        busy = Trick(503, {"Retry-After": "200"})
        keeper.server.tricks[bucket.address(f"GO-2026-{number}")] = [busy]
    bucket.publish()
    asking = Client(upstream.as_mirrors(keeper.server), keeper.limits, wall=keeper.clock)
    state = State(str(keeper.root), "osv-go")
    source, root = sources.source("osv-go"), str(keeper.root)
    work = Work(source, root, state, asking, keeper.environment, not_shown)
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.7, signal.pthread_kill, [main, signal.SIGINT])
    began = time.monotonic()
    # What a shell starts in the background ignores interruptions, and so would this.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            _followed(work, keeper.told.append)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 60  # one pause is of 200 seconds
    assert len(keeper.server.requests) < 40


def test_a_mirror_without_a_list_is_followed_by_tag(
    keeper: Keeper, bucket: upstream.Bucket
) -> None:
    del keeper.server.files[bucket.changes]
    assert not changed(keeper.follow("osv-go"))
    bucket.put({**bucket.records["GO-2026-5500"], "id": "GO-2026-1"})
    bucket.publish()
    del keeper.server.files[bucket.changes]
    assert changed(keeper.follow("osv-go"))
    assert "GO-2026-1" in keeper.records("osv-go")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"id": "GO-1"}', b"{" * 100_000])
def test_what_is_not_the_record_is_not_taken(
    keeper: Keeper, bucket: upstream.Bucket, body: bytes
) -> None:
    bucket.put(bucket.records["GO-2026-5500"], "2026-09-21T10:00:00Z")
    bucket.publish()
    keeper.server.files[bucket.address("GO-2026-5500")] = body
    assert keeper.follow("osv-go") is None
    assert "is not the record GO-2026-5500" in keeper.told[-1]


def test_lines_of_the_list_name_no_paths(keeper: Keeper, bucket: upstream.Bucket) -> None:
    for id_ in ("../../x", "a/b", "a b", "", "x" * 300):
        keeper.server.files[bucket.changes] = (
            f"2026-09-21T10:00:00.5Z,{id_}\nno line\n".encode() + b"\xff\xfe\n"
        )
        assert not changed(keeper.follow("osv-go"))
        assert keeper.server.bodies() == [bucket.changes]


# The CVE list ---------------------------------------------------------------------------------


@pytest.fixture
def cves(keeper: Keeper) -> upstream.CveList:
    made = upstream.cve_list(keeper.server)
    assert changed(keeper.follow("cve-list"))
    return made


def zips(keeper: Keeper) -> list[str]:
    """The archives that were asked for."""
    return [each.rpartition("/")[2] for each in keeper.server.bodies() if each.endswith(".zip")]


def test_cves_follow_the_hours(keeper: Keeper, cves: upstream.CveList) -> None:
    one = "CVE-2005-10003"
    everything = cves.everything("2026-09-20", "cve_2026-09-20_1600Z")
    delta = cves.delta("2026-09-20", "cve_2026-09-20_1600Z", "1600Z", cves.titled(one, "at four"))
    cves.latest(everything, delta)
    assert changed(keeper.follow("cve-list"))
    assert zips(keeper) == ["2026-09-20_delta_CVEs_at_1600Z.zip"]
    assert keeper.records("cve-list")[one].title == "at four"
    assert not changed(keeper.follow("cve-list"))
    assert zips(keeper) == []


def test_cves_follow_the_days(keeper: Keeper, cves: upstream.CveList) -> None:
    one, two = "CVE-2005-10003", "CVE-1999-0029"
    for day, title in (("2026-09-20", "first"), ("2026-09-21", "second")):
        record = cves.titled(one, title)
        cves.delta(day, f"cve_{day}_at_end_of_day", "end_of_day", record)
    tag = "cve_2026-09-22_0100Z"
    delta = cves.delta("2026-09-22", tag, "0100Z", cves.titled(two, "today"))
    cves.latest(cves.everything("2026-09-22", tag), delta)
    assert changed(keeper.follow("cve-list"))
    assert zips(keeper) == [
        "2026-09-20_delta_CVEs_at_end_of_day.zip", "2026-09-21_delta_CVEs_at_end_of_day.zip",
        "2026-09-22_delta_CVEs_at_0100Z.zip",
    ]  # fmt: skip
    kept = keeper.records("cve-list")
    assert (kept[one].title, kept[two].title) == ("second", "today")


def test_cves_take_the_archive_when_a_day_is_missing(
    keeper: Keeper, cves: upstream.CveList
) -> None:
    one = "CVE-2005-10003"
    cves.delta("2026-09-20", "cve_2026-09-20_at_end_of_day", "end_of_day", cves.titled(one, "old"))
    cves.records[one] = cves.titled(one, "new")
    cves.latest(cves.everything("2026-09-22", "cve_2026-09-22_0000Z"))
    assert changed(keeper.follow("cve-list"))
    assert zips(keeper)[-1] == "2026-09-22_all_CVEs_at_midnight.zip.zip"
    assert keeper.records("cve-list")[one].title == "new"
    assert not changed(keeper.follow("cve-list"))


def test_cves_take_the_archive_after_a_fortnight(keeper: Keeper, cves: upstream.CveList) -> None:
    cves.latest(cves.everything("2026-10-20", "cve_2026-10-20_0000Z"))
    assert changed(keeper.follow("cve-list"))
    assert zips(keeper) == ["2026-10-20_all_CVEs_at_midnight.zip.zip"]


def test_a_delta_with_another_checksum_is_refused(keeper: Keeper, cves: upstream.CveList) -> None:
    delta = cves.delta("2026-09-20", "cve_2026-09-20_1600Z", "1600Z")
    wrong = {**delta, "digest": f"sha256:{'0' * 64}"}
    cves.latest(cves.everything("2026-09-20", "cve_2026-09-20_1600Z"), wrong)
    assert keeper.follow("cve-list") is None
    assert "its SHA-256 is" in keeper.told[-1]
    assert len(keeper.records("cve-list")) == len(cves.records)


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"assets": 7}', b'{"assets": [{"name": 1}]}'])
def test_an_answer_without_releases(keeper: Keeper, cves: upstream.CveList, answer: bytes) -> None:
    keeper.server.files[upstream.LATEST] = answer
    assert keeper.follow("cve-list") is None
    assert "has no archive of all CVEs" in keeper.told[-1]


# NVD ------------------------------------------------------------------------------------------


@pytest.fixture
def nvd(keeper: Keeper) -> upstream.Nvd:
    made = upstream.nvd(keeper.server)
    assert changed(keeper.follow("nvd"))
    return made


def feeds(keeper: Keeper) -> list[str]:
    """The feeds that were asked for."""
    return [each.rpartition("-")[2] for each in keeper.server.bodies() if each.endswith(".gz")]


def test_nvd_within_a_week_takes_what_was_modified(keeper: Keeper, nvd: upstream.Nvd) -> None:
    before = keeper.records("nvd")
    one = nvd.records[3]["cve"]["id"]
    nvd.feed("modified", [nvd.titled(3, "another one")])
    keeper.clock.pass_days(3)
    assert changed(keeper.follow("nvd"))
    assert feeds(keeper) == ["modified.json.gz"]
    after = keeper.records("nvd")
    assert after[one].title == "another one"
    assert after.keys() == before.keys()
    assert not changed(keeper.follow("nvd"))
    assert feeds(keeper) == []


def test_nvd_later_takes_the_years_that_changed(keeper: Keeper, nvd: upstream.Nvd) -> None:
    nvd.feed("modified", [nvd.titled(0, "old")])
    keeper.follow("nvd")
    year = nvd.records[0]["cve"]["id"][4:8]
    own = [each for each in nvd.records[1:] if each["cve"]["id"][4:8] == year]
    nvd.feed(year, [nvd.titled(0, "new"), *own])
    keeper.clock.pass_days(9)
    assert changed(keeper.follow("nvd"))
    assert feeds(keeper) == [f"{year}.json.gz"]
    assert keeper.records("nvd")[nvd.records[0]["cve"]["id"]].title == "new"


def test_nvd_with_a_key_is_asked_in_windows_and_pages(keeper: Keeper, nvd: upstream.Nvd) -> None:
    keeper.environment[meta.KEY] = "k"
    service = upstream.Service([nvd.titled(number, f"new {number}") for number in range(5)], 2)
    keeper.server.pages["/services.nvd.nist.gov/rest/json/cves/2.0"] = service
    keeper.clock.pass_days(200)
    assert changed(keeper.follow("nvd"))
    assert feeds(keeper) == []
    assert [each["startIndex"] for each in service.asked] == ["0", "2", "4"] * 2
    assert service.asked[0]["lastModStartDate"] < service.asked[0]["lastModEndDate"]
    assert service.asked[3]["lastModStartDate"] == service.asked[0]["lastModEndDate"]
    assert keeper.waits == [meta.PAUSE] * 6
    assert all(each.headers["apikey"] == "k" for each in keeper.server.requests)
    kept = keeper.records("nvd")
    assert [kept[each["cve"]["id"]].title for each in nvd.records[:5]] == [
        f"new {number}" for number in range(5)
    ]
    service.records = []
    keeper.clock.pass_days(1)
    service.asked.clear()
    assert not changed(keeper.follow("nvd"))
    assert len(service.asked) == 1


def test_nvd_is_asked_again_when_it_had_enough(keeper: Keeper, nvd: upstream.Nvd) -> None:
    keeper.environment[meta.KEY] = "k"
    path = "/services.nvd.nist.gov/rest/json/cves/2.0"
    keeper.server.pages[path] = upstream.Service(nvd.records[:1], 10)
    keeper.server.tricks[path] = [Trick(403, {"message": "rate limit exceeded"})]
    keeper.clock.pass_days(10)
    assert changed(keeper.follow("nvd"))
    assert keeper.waits == [1.0, meta.PAUSE]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"totalResults": 5, "vulnerabilities": []}'])
def test_an_odd_answer_of_the_service(keeper: Keeper, nvd: upstream.Nvd, body: bytes) -> None:
    keeper.environment[meta.KEY] = "k"
    keeper.server.files["/services.nvd.nist.gov/rest/json/cves/2.0"] = body
    keeper.clock.pass_days(10)
    assert keeper.follow("nvd") is None
    assert len(keeper.records("nvd")) == len(nvd.records)


def test_a_feed_with_another_checksum_is_refused(keeper: Keeper, nvd: upstream.Nvd) -> None:
    nvd.feed("modified", nvd.records[:2], wrong=True)
    assert keeper.follow("nvd") is None
    assert "its SHA-256 is not the one that NVD tells" in keeper.told[-1]
    keeper.server.files[f"{upstream.NVD}/nvdcve-2.0-modified.meta"] = b"<html>"
    assert keeper.follow("nvd") is None
    assert "what should tell its SHA-256 does not" in keeper.told[-1]


def test_years_that_have_come_are_not_fetched_again(keeper: Keeper) -> None:
    made = upstream.nvd(keeper.server)
    keeper.server.tricks[f"{upstream.NVD}/nvdcve-2.0-2015.json.gz"] = [Trick(500)] * 5
    assert keeper.follow("nvd") is None
    assert changed(keeper.follow("nvd"))
    assert feeds(keeper)[0] == "2015.json.gz"
    assert len(keeper.records("nvd")) == len(made.records)


def test_a_new_year_has_no_feed_at_first(keeper: Keeper) -> None:
    made = upstream.nvd(keeper.server)
    keeper.clock.pass_days(110)  # in January 2027
    assert changed(keeper.follow("nvd"))
    assert len(keeper.records("nvd")) == len(made.records)


# Red Hat --------------------------------------------------------------------------------------


@pytest.fixture
def vex(keeper: Keeper) -> upstream.Vex:
    made = upstream.vex(keeper.server)
    assert changed(keeper.follow("redhat"))
    return made


def titled(vex: upstream.Vex, title: str, cve: str = "CVE-2022-38752") -> bytes:
    document = json.loads(vex.documents["2022/cve-2022-38752.json"])
    document["vulnerabilities"][0]["title"] = title
    document["vulnerabilities"][0]["cve"] = cve
    return upstream.dumped(document)


def test_red_hat_follows_changes_and_deletions(keeper: Keeper, vex: upstream.Vex) -> None:
    one, two = "2022/cve-2022-38752.json", "2026/cve-2026-1111.json"
    vex.put(one, titled(vex, "another"), "2026-09-20T10:00:00+00:00")
    vex.put(two, titled(vex, "new", "CVE-2026-1111"), "2026-09-20T11:00:00+00:00")
    vex.publish()
    assert changed(keeper.follow("redhat"))
    kept = keeper.records("redhat")
    assert kept["REDHAT-CVE-2022-38752"].summary == "another"
    assert kept["REDHAT-CVE-2026-1111"].summary == "new"
    assert not changed(keeper.follow("redhat"))
    vex.deletions[one] = "2026-09-21T10:00:00+00:00"
    del vex.changes[one]
    vex.publish()
    keeper.follow("redhat")
    assert list(keeper.records("redhat")) == ["REDHAT-CVE-2026-1111"]


def test_red_hat_takes_an_archive_when_much_changed(
    keeper: Keeper, vex: upstream.Vex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_DOCUMENTS", 3)
    for number in range(1111, 1116):
        path = f"2026/cve-2026-{number}.json"
        document = titled(vex, "new", f"CVE-2026-{number}")
        vex.put(path, document, f"2026-09-20T1{number % 10}:00:00+00:00")
        vex.documents[path] = document
    archive = vex.archive("2026-09-25")
    assert changed(keeper.follow("redhat"))
    assert archive in keeper.server.bodies()
    assert [each for each in keeper.server.bodies() if each.endswith(".json")] == []
    assert len(keeper.records("redhat")) == 6


def test_red_hat_goes_on_where_it_was_cut_off(
    keeper: Keeper, vex: upstream.Vex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_BATCH", 2)
    for number in range(1111, 1119):
        document = titled(vex, "new", f"CVE-2026-{number}")
        vex.put(f"2026/cve-2026-{number}.json", document, f"2026-09-20T1{number % 10}:00:00+00:00")
    vex.publish()
    keeper.server.tricks[f"{upstream.VEX}/2026/cve-2026-1116.json"] = [Trick(500)] * 5
    assert keeper.follow("redhat") is None
    assert changed(keeper.follow("redhat"))
    again = [each[-9:-5] for each in keeper.server.bodies() if each.endswith(".json")]
    assert sorted(again) == ["1115", "1116", "1117", "1118"]
    assert len(keeper.records("redhat")) == 9


@pytest.mark.parametrize("name", [b"../../x", b"<html>", b"csaf_vex_2026-99.tar.zst", b""])
def test_the_name_of_an_archive_is_no_path(keeper: Keeper, name: bytes) -> None:
    upstream.vex(keeper.server)
    keeper.server.files[f"{upstream.VEX}/archive_latest.txt"] = name
    assert keeper.follow("redhat") is None
    assert "it names no archive" in keeper.told[-1]


# Alpine and repositories ----------------------------------------------------------------------


def test_alpine_asks_for_one_time(keeper: Keeper) -> None:
    upstream.alpine(keeper.server)
    assert changed(keeper.follow("alpine"))
    assert f"{upstream.SECDB}/edge/community.json" in keeper.server.bodies()  # 404: none there
    assert not changed(keeper.follow("alpine"))
    assert keeper.server.bodies() == [f"{upstream.SECDB}/last-update"]
    keeper.server.files[f"{upstream.SECDB}/last-update"] = b"2026-09-21T10:00:00Z\n"
    told = json.loads(keeper.server.files[f"{upstream.SECDB}/edge/main.json"])
    told["packages"] = told["packages"][:1]
    keeper.server.files[f"{upstream.SECDB}/edge/main.json"] = upstream.dumped(told)
    assert keeper.follow("alpine") == Outcome(changed=True, told="1 files")


def test_repositories_tell_of_their_file(keeper: Keeper) -> None:
    upstream.amazon(keeper.server)
    assert changed(keeper.follow("amazon"))
    assert not changed(keeper.follow("amazon"))
    assert not [each for each in keeper.server.bodies() if "updateinfo" in each]


@pytest.mark.parametrize(
    "spoil", [lambda data: b"<repomd", lambda data: data.replace(b'href="repodata/', b'href=" ')]
)
def test_a_repository_that_tells_of_nothing(
    keeper: Keeper, spoil: Callable[[bytes], bytes]
) -> None:
    upstream.amazon(keeper.server)
    for path in [each for each in keeper.server.files if each.endswith("repomd.xml")]:
        keeper.server.files[path] = spoil(keeper.server.files[path])
    assert keeper.follow("amazon") is None


def test_what_is_kept_of_a_source_survives_a_broken_state(keeper: Keeper) -> None:
    upstream.put_files(keeper.server)
    for broken in ("", "[]", '{"files": []}', '{"files": {"a": 1}, "marks": {}}', "{" * 10_000):
        path = keeper.root / ".state" / "kev.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(broken)
        assert changed(keeper.follow("kev"))
        assert not changed(keeper.follow("kev"))


def test_an_error_tells_the_status() -> None:
    assert FetchError("a", 404).status == 404
