"""Whatever lies at an address: a source is followed, or told to be wrong; what is kept stays."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.sources.http.client import Limits
from tests.advisories.update import upstream
from tests.advisories.update.test_methods import Keeper
from tests.sources.http.server import Server, running

BUCKET = "/storage.googleapis.com/osv-vulnerabilities/Go"
SMALL = (
    ("osv-go", f"{BUCKET}/modified_id.csv"),
    ("osv-go", f"{BUCKET}/all.zip"),
    ("cve-list", upstream.LATEST),
    ("nvd", f"{upstream.NVD}/nvdcve-2.0-modified.meta"),
    ("redhat", f"{upstream.VEX}/archive_latest.txt"),
    ("redhat", f"{upstream.VEX}/changes.csv"),
    ("redhat", f"{upstream.VEX}/deletions.csv"),
    ("alpine", f"{upstream.SECDB}/"),
    ("alpine", f"{upstream.SECDB}/last-update"),
    ("amazon", "/cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list"),
    ("amazon", "/cdn.amazonlinux.com/2/core/latest/x86_64/0123abc/repodata/repomd.xml"),
    ("suse", "/ftp.suse.com/pub/projects/security/oval/"),
    ("kev", "/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"),
)
ODD = (
    b"", b"\0" * 50, b"\xff\xfe", b"[" * 50_000, b'{"a":' * 20_000, b"NaN", b"-" * 1000,
    b"2026-09-21T10:00:00.5Z," + b"x" * 100_000, b"\r\n" * 1000, b'"2026/cve-2026-1.json","9"',
    b'"2026/cve-2026-1111.json","9999-99-99T10:00:00+00:00"', b"sha256:" + b"G" * 64,
    b'<repomd><data type="updateinfo"><location href="../../../etc/passwd"/></data></repomd>',
    b'<repomd><data type="updateinfo"><location href="a.xml/../../../evil"/></data></repomd>',
    b'<repomd><data type="updateinfo"><location href="a.xml/../../b.xml"/></data></repomd>',
    b'<!DOCTYPE a [<!ENTITY b "c">]><repomd>&b;</repomd>', b"csaf_vex_2026-09-31.tar.zst",
    b'href="v999.999/" href="v0.0/"', b"file:///etc/passwd\n", b"http://127.0.0.1:9/\n",
)  # fmt: skip


def keeper_of(root: Path, server: Server) -> Keeper:
    made = Keeper(root / "feeds", server)
    made.limits = Limits(patience=2.0, tries=1)
    return made


@pytest.mark.parametrize(("name", "path"), SMALL, ids=[f"{a}-{b[-20:]}" for a, b in SMALL])
def test_odd_answers(tmp_path: Path, name: str, path: str) -> None:
    with running() as server:
        upstream.put_all(server)
        keeper = keeper_of(tmp_path, server)
        assert keeper.follow(name)
        for odd in ODD:
            server.files[path] = odd
            keeper.clock.pass_days(20)
            keeper.follow(name)
            assert keeper.records(name)
        outside = [each for each in tmp_path.rglob("*") if keeper.root not in each.parents]
        assert outside == [keeper.root]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(SMALL), st.integers(0, 10_000))
def test_mutated_answers(tmp_path: Path, which: tuple[str, str], seed: int) -> None:
    name, path = which
    chance = random.Random(seed)
    with running() as server:
        upstream.put_all(server)
        keeper = keeper_of(tmp_path, server)
        data = bytearray(server.files[path] or b"x")
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(data))
            data[place : place + chance.randint(0, 9)] = chance.randbytes(chance.randint(1, 9))
        server.files[path] = bytes(data)
        keeper.clock.pass_days(chance.choice((0, 9, 40)))
        keeper.follow(name)


@pytest.mark.parametrize(
    "name", ["../../../evil.json", "/etc/evil.json", "deltaCves/../../CVE-2024-1.json"]
)
def test_members_of_a_delta_name_no_paths(tmp_path: Path, name: str) -> None:
    with running() as server:
        cves = upstream.cve_list(server)
        path = "cve_2026-09-20_1600Z/2026-09-20_delta_CVEs_at_1600Z.zip"
        delta = cves.put(path, {name: b"{}", "x/CVE-2024-0001.json": b"{}"})
        cves.latest(cves.everything("2026-09-20", "cve_2026-09-20_1600Z"), delta)
        keeper = keeper_of(tmp_path, server)
        assert keeper.follow("cve-list")
        kept = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*.json")}
    assert kept == {"feeds/.state/cve-list.json", "feeds/cve-v5/all.zip.changed/CVE-2024-0001.json"}


def test_assets_of_other_hosts_are_addresses_only(tmp_path: Path) -> None:
    with running() as server:
        cves = upstream.cve_list(server)
        everything = cves.everything("2026-09-20", "cve_2026-09-20_1600Z")
        for address in ("file:///etc/passwd", "ftp://x/y", "", "//", "x" * 5000, "http://[", "\0"):
            server.files[upstream.LATEST] = json.dumps(
                {"assets": [{**everything, "browser_download_url": address}]}
            ).encode()
            keeper = keeper_of(tmp_path, server)
            assert keeper.follow("cve-list") is None
