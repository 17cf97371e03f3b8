"""What is signed, for whom and for how long; and that nothing is signed that nobody remembers."""

import json
import os
import sqlite3
from pathlib import Path

import pytest

from seawall.mesh.authority.authority import Caller, Grant, Lifetimes
from seawall.mesh.authority.errors import RefusedError, StoreError
from seawall.mesh.authority.limits import Limits, Rate
from seawall.mesh.authority.sealing import load
from seawall.mesh.authority.store import Store
from seawall.mesh.identity.certificates import SKEW, id_of
from seawall.mesh.identity.checking import identity_of
from seawall.mesh.identity.keys import fingerprint, new_key
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import parse
from tests.mesh.made import DOMAIN, NOW, ORDERS, WEB, Clock, anyone, authority_in, opened


def test_a_workload_gets_a_chain_that_the_bundle_vouches_for(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    key = new_key()
    grant = authority.issue(make_request(WEB, key), anyone())
    assert identity_of(grant.chain, authority.bundle(), NOW) == WEB
    assert grant.validity == (NOW - SKEW, NOW + 3600)
    assert fingerprint(grant.chain[0].public_key()) == fingerprint(key.public_key())  # type: ignore[arg-type]


def test_the_caller_gets_its_own_ids_only(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    caller = Caller("agent/one", lambda name: name == WEB)
    authority.issue(make_request(WEB, new_key()), caller)
    with pytest.raises(RefusedError, match="may not be"):
        authority.issue(make_request(ORDERS, new_key()), caller)
    for name in ("spiffe://other.example.org/a", str(DOMAIN)):
        with pytest.raises(RefusedError, match="is no workload of"):
            authority.issue(make_request(parse(name), new_key()), anyone())


@pytest.mark.parametrize(
    ("asked", "given"), [(0, 3600), (10, 300), (600, 600), (10**9, 86400)]
)  # fmt: skip
def test_lifetimes_have_bounds(tmp_path: Path, asked: int, given: int) -> None:
    authority = authority_in(tmp_path, Clock())
    grant = authority.issue(make_request(WEB, new_key()), anyone(), asked)
    assert grant.validity.end == NOW + given


def test_no_leaf_outlives_its_issuer_and_an_ended_issuer_signs_nothing(tmp_path: Path) -> None:
    clock = Clock()
    authority = authority_in(tmp_path, clock, Lifetimes(intermediate=1000))
    clock.now += 900
    assert authority.issue(make_request(WEB, new_key()), anyone()).validity.end == NOW + 1000
    clock.now += 200
    with pytest.raises(StoreError, match="ended 100 s ago: rotate it"):
        authority.issue(make_request(WEB, new_key()), anyone())


def test_each_certificate_is_in_the_store_and_the_audit_log(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    grants = [authority.issue(make_request(WEB, new_key()), anyone("me")) for _ in range(3)]
    serials = {grant.chain[0].serial_number for grant in grants}
    assert {issued.serial for issued in authority.store.issued(NOW)} == serials
    lines = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert {int(line["serial"], 16) for line in lines} == serials
    assert {(line["id"], line["caller"], line["ends"]) for line in lines} == {
        (str(WEB), "me", NOW + 3600)
    }
    assert oct(os.stat(tmp_path / "audit.log").st_mode)[-3:] == "600"


def test_nothing_is_signed_without_an_audit_line(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    (tmp_path / "audit.log").mkdir()
    with pytest.raises(StoreError, match="nothing is signed"):
        authority.issue(make_request(WEB, new_key()), anyone())


def test_a_full_disk_signs_nothing(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    connection = authority.store._connection
    pages = connection.execute("pragma page_count").fetchone()[0]
    connection.execute(f"pragma max_page_count = {pages}")  # what SQLite says then is "full"
    signed: list[Grant] = []
    with pytest.raises(StoreError, match=r"disk is full.*nothing is signed"):
        signed.extend(authority.issue(make_request(WEB, new_key()), anyone()) for _ in range(1000))
    assert len(authority.store.issued(NOW)) == len(signed)
    assert authority.bundle()  # to read goes on


def test_a_store_that_was_begun_only_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash, or a full disk, between the file and its tables."""
    path = str(tmp_path / "store.db")
    with monkeypatch.context() as patched:
        patched.setattr(Store, "set_fact", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Store.create(path, DOMAIN)
    assert os.listdir(tmp_path) == []
    Store.create(path, DOMAIN).close()
    assert opened(Store.open(path)).trust_domain() == DOMAIN
    assert oct(os.stat(path).st_mode)[-3:] == "600"
    assert not [name for name in os.listdir(tmp_path) if not name.startswith("store.db")]


def test_a_cut_line_of_the_audit_log_takes_no_other_with_it(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    log = tmp_path / "audit.log"
    log.write_bytes(b'{"event": "iss')
    grant = authority.issue(make_request(WEB, new_key()), anyone())
    cut, whole = log.read_text().splitlines()
    assert cut == '{"event": "iss'
    assert int(json.loads(whole)["serial"], 16) == grant.chain[0].serial_number


def test_a_damaged_store_is_refused(tmp_path: Path) -> None:
    authority_in(tmp_path, Clock()).store.close()
    path = tmp_path / "store.db"
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 512):
        data[at : at + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"restore it|nothing is signed"):
        opened(Store.open(str(path))).slots()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        Store.open(str(path))


def test_a_store_of_another_version_and_none(tmp_path: Path) -> None:
    authority_in(tmp_path, Clock()).store.close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("update facts set value = '99' where name = 'version'")
    connection.close()
    with pytest.raises(StoreError, match="version 99"):
        Store.open(str(tmp_path / "store.db"))
    with pytest.raises(StoreError, match="does not exist"):
        Store.open(str(tmp_path / "none.db"))
    with pytest.raises(RefusedError, match="exists"):
        Store.create(str(tmp_path / "store.db"), DOMAIN)


def test_the_bundle_survives_and_keys_do_not_stand_in_the_store(tmp_path: Path) -> None:
    clock = Clock()
    first = authority_in(tmp_path, clock)
    before = first.bundle()
    first.store.close()
    again = authority_in(tmp_path, clock)
    assert again.bundle() == before
    again.issue(make_request(WEB, new_key()), anyone())
    again.store.close()
    assert b"PRIVATE KEY" not in (tmp_path / "store.db").read_bytes()


def test_another_sealing_key_opens_nothing(tmp_path: Path) -> None:
    authority_in(tmp_path, Clock()).store.close()
    (tmp_path / "seal.key").unlink()
    authority = authority_in(tmp_path, Clock())
    with pytest.raises(StoreError, match="the sealing key is another one"):
        authority.issue(make_request(WEB, new_key()), anyone())


def test_the_sealing_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "seal.key")
    load(path)
    assert oct(os.stat(path).st_mode)[-3:] == "600"
    os.chmod(path, 0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        load(path)
    os.chmod(path, 0o600)
    with open(path, "wb") as stream:
        stream.write(b"short")
    with pytest.raises(StoreError, match="is no key of 32 bytes"):
        load(path)
    with pytest.raises(StoreError, match="must be writable"):
        load(str(tmp_path / "missing" / "seal.key"))


def test_the_key_may_come_from_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seawall-mesh-key").write_bytes(os.urandom(32))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    seal = load(str(tmp_path / "not-made"))
    assert seal.open(seal.seal(b"data", "root 1"), "root 1") == b"data"
    with pytest.raises(StoreError):
        seal.open(seal.seal(b"data", "root 1"), "root 2")
    assert not (tmp_path / "not-made").exists()


def test_callers_wait_for_each_other_no_longer_than_a_bucket(tmp_path: Path) -> None:
    limits = Limits(Rate(per_second=2, at_once=3))
    assert [limits.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert limits.take("b", 0.0)
    assert limits.take("a", 0.5)
    assert not limits.take("a", 0.5)
    for number in range(20_000):
        assert limits.take(f"caller {number}", 1.0)


def test_ids_of_grants_are_what_was_asked_for(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    for name in (WEB, ORDERS):
        assert id_of(authority.issue(make_request(name, new_key()), anyone()).chain[0]) == name
