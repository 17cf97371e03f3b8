"""Rotation: nobody who follows is ever cut off, wherever it is interrupted."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.mesh.authority import rotation, tokens
from seawall.mesh.authority.authority import DAY, Authority, Lifetimes
from seawall.mesh.authority.errors import RefusedError, StoreError
from seawall.mesh.authority.slots import Kind, State
from seawall.mesh.authority.store import ABOVE
from seawall.mesh.control.process import revive
from seawall.mesh.identity import certificates
from seawall.mesh.identity.certificates import SKEW, Issuer, make_leaf
from seawall.mesh.identity.checking import identity_of
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_request
from tests.mesh.made import ALWAYS, NOW, WEB, Clock, anyone, authority_in


class Workload:
    """Somebody with a certificate and a bundle, who is told of news late."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.generation = 0

    def follow(self, authority: Authority) -> None:
        self.bundle = authority.bundle()
        self.chain = authority.issue(make_request(WEB, new_key()), anyone(self.name)).chain
        self.generation = rotation.generation_of(authority.store)


def trust_each_other(workloads: list[Workload]) -> None:
    for one in workloads:
        for other in workloads:
            assert identity_of(other.chain, one.bundle, NOW) == WEB


def laggards(workloads: list[Workload]) -> rotation.Laggards:
    return lambda generation: [own.name for own in workloads if own.generation < generation]


def nobody(_: int) -> list[str]:
    return []


def states(authority: Authority) -> list[tuple[Kind, State]]:
    return [(slot.kind, slot.state) for slot in authority.store.slots()]


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=25))
def test_whatever_the_order_all_trust_all(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int]
) -> None:
    directory = tmp_path_factory.mktemp("rotation")
    authority = authority_in(directory, Clock())
    workloads = [Workload("a"), Workload("b"), Workload("c")]
    for own in workloads:
        own.follow(authority)
    for step in steps:
        if step < len(workloads):
            workloads[step].follow(authority)
        elif step == 3:
            rotation.advance(authority, laggards(workloads))
        else:
            authority.store.close()  # a crash: another process opens the store
            authority = authority_in(directory, Clock())
            try:
                rotation.rotate_root(authority)
            except RefusedError:
                rotation.advance(authority, laggards(workloads))
        trust_each_other(workloads)
    authority.store.close()


def test_a_root_gives_way_in_three_steps(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    own = Workload("web")
    own.follow(authority)
    rotation.rotate_root(authority)
    assert len(authority.bundle()) == 2
    assert rotation.advance(authority, laggards([own])) == ("trust", 2, ("web",))
    own.follow(authority)
    assert rotation.advance(authority, laggards([own])) == ("replace", 3, ())
    assert rotation.advance(authority, laggards([own])) == ("replace", 3, ("web",))
    with pytest.raises(RefusedError, match="under way"):
        rotation.rotate_intermediate(authority)
    own.follow(authority)
    assert rotation.advance(authority, laggards([own])) == ("idle", 4, ())
    assert states(authority) == [
        (Kind.ROOT, State.GONE), (Kind.INTERMEDIATE, State.GONE),
        (Kind.ROOT, State.ACTIVE), (Kind.INTERMEDIATE, State.ACTIVE),
    ]  # fmt: skip
    assert [slot.key for slot in authority.store.slots()][:2] == [b"", b""]
    assert rotation.advance(authority, laggards([own])).step == "idle"


def test_an_intermediate_gives_way_without_new_trust(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    own = Workload("web")
    own.follow(authority)
    bundle = authority.bundle()
    rotation.rotate_intermediate(authority)
    assert authority.bundle() == bundle
    assert rotation.advance(authority, laggards([own])) == ("replace", 2, ("web",))
    own.follow(authority)
    assert rotation.advance(authority, laggards([own])).step == "idle"


def test_force_does_not_wait(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    late = Workload("late")
    late.follow(authority)
    rotation.rotate_root(authority)
    for _ in range(2):
        rotation.advance(authority, laggards([late]), force=True)
    with pytest.raises(IdentityError):
        identity_of(late.chain, authority.bundle(), NOW)
    assert authority.store.journal()[-1][2]["forced"] is True


def test_a_tainted_root_is_replaced(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    root, intermediate = authority.store.slots()
    rotation.taint(authority, root.number)
    assert authority.store.slots()[0].tainted
    assert rotation.advance(authority, lambda _: ()).step == "replace"
    assert rotation.advance(authority, lambda _: ()).step == "idle"
    with pytest.raises(RefusedError, match="no issuer"):
        rotation.taint(authority, intermediate.number)


def test_an_ended_root_can_still_be_replaced(tmp_path: Path) -> None:
    clock = Clock()
    authority = authority_in(tmp_path, clock, Lifetimes(root=2 * DAY, intermediate=DAY))
    clock.now += 3 * DAY
    with pytest.raises(StoreError, match="every root has ended"):
        authority.bundle()
    rotation.rotate_root(authority)
    rotation.advance(authority, lambda _: ("nobody",), force=True)
    rotation.advance(authority, lambda _: ("nobody",), force=True)
    grant = authority.issue(make_request(WEB, new_key()), anyone())
    assert identity_of(grant.chain, authority.bundle(), clock.now) == WEB


def test_renewal_is_due_at_half_life(tmp_path: Path) -> None:
    clock = Clock()
    authority = authority_in(tmp_path, clock)
    assert rotation.renewal_due(authority) is None
    clock.now += 4 * DAY
    assert rotation.renewal_due(authority) is Kind.INTERMEDIATE
    clock.now += 200 * DAY
    assert rotation.renewal_due(authority) is Kind.ROOT
    rotation.renew(authority)
    rotation.renew(authority)  # the intermediate has ended meanwhile
    assert rotation.renewal_due(authority) is None


def test_a_tainted_intermediate_takes_its_root_with_it(tmp_path: Path) -> None:
    """Who has its key signs for everybody that trusts the root, whatever we sign with."""
    authority = authority_in(tmp_path, Clock())
    root, stolen = authority.store.slots()
    thief = make_leaf(
        WEB, new_key().public_key(), ALWAYS, Issuer(stolen.certificate, authority.key_of(stolen)), 1
    )
    forged = (thief, stolen.certificate)
    assert identity_of(forged, authority.bundle(), NOW) == WEB
    rotation.rotate_intermediate(authority)
    rotation.advance(authority, lambda _: ())
    assert identity_of(forged, authority.bundle(), NOW) == WEB  # it is gone, and still good
    rotation.taint(authority, stolen.number)
    for _ in range(2):
        rotation.advance(authority, lambda _: ())
    with pytest.raises(IdentityError):
        identity_of(forged, authority.bundle(), NOW)
    assert rotation.renewal_due(authority) is None
    with pytest.raises(RefusedError, match="no issuer"):
        rotation.taint(authority, root.number)


def test_a_taint_during_a_rotation_is_not_forgotten(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    root, _ = authority.store.slots()
    rotation.rotate_intermediate(authority)
    for _ in range(2):  # to say it twice does nothing more
        rotation.taint(authority, root.number)
    assert rotation.renewal_due(authority) is None  # one after the other
    assert rotation.advance(authority, lambda _: ()).step == "idle"
    rotation.renew(authority)
    for _ in range(2):
        rotation.advance(authority, lambda _: ())
    assert authority.store.slots()[0].state is State.GONE
    assert rotation.renewal_due(authority) is None


def test_a_tainted_root_that_nobody_uses_yet_is_withdrawn(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    rotation.rotate_root(authority)
    rotation.taint(authority, authority.store.slots()[-1].number)
    assert len(authority.bundle()) == 1
    assert rotation.advance(authority, lambda _: ("late",)).step == "idle"
    rotation.rotate_root(authority)


def test_one_who_never_follows_does_not_end_the_mesh(tmp_path: Path) -> None:
    clock = Clock()
    authority = authority_in(tmp_path, clock)
    for _ in range(100):
        clock.now += DAY
        rotation.renew(authority)
        rotation.advance(authority, lambda _: ("late",))
        authority.issue(make_request(WEB, new_key()), anyone())
    assert len(authority.bundle()) == 1
    clock.now += 100 * DAY
    rotation.renew(authority)
    assert rotation.advance(authority, lambda _: ("late",)).step == "trust"
    for _ in range(300):
        clock.now += DAY
        rotation.renew(authority)
        rotation.advance(authority, lambda _: ("late",))
        authority.issue(make_request(WEB, new_key()), anyone())


@pytest.mark.parametrize("days", [8, 200, 400, 1000])
@pytest.mark.parametrize("rotates", [False, True])
def test_a_mesh_that_was_down_for_long_comes_up(tmp_path: Path, days: int, rotates: bool) -> None:
    clock = Clock()
    authority = authority_in(tmp_path, clock)
    if rotates:
        rotation.rotate_root(authority)
    clock.now += days * DAY
    revive(authority)
    grant = authority.issue(make_request(WEB, new_key()), anyone())
    assert identity_of(grant.chain, authority.bundle(), clock.now) == WEB
    for _ in range(3):
        rotation.advance(authority, lambda _: ())
    assert len(authority.bundle()) == 1


def test_two_controllers_do_one_step(tmp_path: Path) -> None:
    one = authority_in(tmp_path, Clock())
    other = authority_in(tmp_path, Clock())
    rotation.rotate_root(one)
    rotation.advance(other, lambda _: ())
    assert rotation.generation_of(one.store) == 3
    assert sum(slot.state is State.ACTIVE for slot in one.store.slots()) == 2
    with pytest.raises(RefusedError, match="has issuers already"):
        rotation.begin(one)


def test_the_journal_tells_each_step(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    rotation.rotate_intermediate(authority)
    rotation.advance(authority, lambda _: ())
    events = [(event, said["generation"]) for _, event, said in authority.store.journal()]
    assert events == [("begun", 1), ("intermediate rotated", 2), ("old issuers gone", 3)]


def test_issuers_that_are_gone_do_not_pile_up(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    for _ in range(70):
        rotation.rotate_intermediate(authority)
        rotation.advance(authority, lambda _: ())
    slots = authority.store.slots()
    assert len(slots) <= 52
    assert slots[-1].number == 72
    assert [slot.state for slot in slots if slot.kind is Kind.ROOT] == [State.ACTIVE]
    again = authority_in(tmp_path, Clock())
    rotation.rotate_intermediate(again)
    assert again.store.slots()[-1].number == 73  # no number is given twice


def test_nothing_grows_with_the_number_of_rotations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of them in the store has a limit; the rest is in the audit log."""
    monkeypatch.setattr("seawall.mesh.authority.authority._JOURNAL_KEPT", 100)
    clock = Clock()
    authority = authority_in(tmp_path, clock)
    store = authority.store
    for number in range(60):
        rotation.rotate_intermediate(authority)
        with store.changes():
            store.set_fact(f"{ABOVE}{authority.issuer().number}", certificates.as_pem(()).decode())
        tokens.rotate(authority)
        authority.issue(make_request(WEB, new_key()), anyone(str(number)))
        clock.now += tokens.LIFETIME + SKEW + 1
        assert rotation.advance(authority, nobody).step == "idle"
        assert not tokens.advance(authority, nobody)
    clock.now += DAY + 3600
    lines = store.journal()
    authority.tidy()
    assert len(store.slots()) < 60
    assert len(store.facts(ABOVE)) < 60
    assert len(store.token_keys()) < 60
    assert store.issued(0) == []
    kept = store.journal()
    assert len(kept) == 100 < len(lines)
    written = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    events = [(own["at"], own["event"]) for own in written if own["event"] != "issued"]
    assert events + [(at, event) for at, event, _ in kept] == [line[:2] for line in lines]
    authority.tidy()  # nothing is moved twice
    assert store.journal() == kept
