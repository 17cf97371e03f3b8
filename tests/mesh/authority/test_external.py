"""An intermediate from an issuer of others: asked for, installed, renewed; and what is refused."""

from pathlib import Path

import pytest

from seawall.mesh.authority import external, rotation
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.errors import RefusedError, StoreError
from seawall.mesh.authority.slots import Kind, State
from seawall.mesh.authority.upstream import Signed
from seawall.mesh.identity.checking import identity_of
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_request
from tests.mesh.authority.issuing import Company
from tests.mesh.made import DOMAIN, NOW, WEB, Clock, anyone, authority_in, intermediate_of, root_of

WEEK = 7 * 24 * 3600


def asked_and_installed(authority: Authority, company: Company, lifetime: int = WEEK) -> None:
    external.install(authority, company.sign(external.request_of(authority), lifetime))


def issued(authority: Authority) -> tuple[object, ...]:
    """A chain, which the bundle vouches for."""
    grant = authority.issue(make_request(WEB, new_key()), anyone())
    assert identity_of(grant.chain, authority.bundle(), authority.clock()) == WEB
    return grant.chain


def states(authority: Authority) -> list[tuple[Kind, State]]:
    return [(own.kind, own.state) for own in authority.store.slots()]


def nobody(_: int) -> tuple[str, ...]:
    return ()


def test_a_mesh_begins_below_the_root_of_others(tmp_path: Path) -> None:
    authority, company = authority_in(tmp_path, Clock(), begun=False), Company()
    with pytest.raises(StoreError, match="no intermediate"):
        issued(authority)
    assert external.is_due(authority)
    asked_and_installed(authority, company)
    chain = issued(authority)
    assert len(chain) == 3
    assert chain[2] == company.below
    assert authority.bundle() == (company.root,)
    assert not external.is_due(authority)
    assert [own.key for own in authority.store.slots() if own.kind is Kind.ROOT] == [b""]


def test_the_request_waits_through_a_restart(tmp_path: Path) -> None:
    first = authority_in(tmp_path, Clock(), begun=False)
    request = external.request_of(first)
    assert external.request_of(first) == request
    first.store.close()
    second = authority_in(tmp_path, Clock(), begun=False)
    external.install(second, Company().sign(request, WEEK))
    assert issued(second)
    with pytest.raises(RefusedError, match="no request waits"):
        external.install(second, Company().sign(request, WEEK))


def test_renewal_below_the_same_root_signs_at_once(tmp_path: Path) -> None:
    clock = Clock()
    authority, company = authority_in(tmp_path, clock, begun=False), Company()
    asked_and_installed(authority, company, 1000)
    old = issued(authority)
    clock.now += 400
    assert not external.is_due(authority)
    assert external.warnings(authority, {"type": "files"}) == []
    clock.now += 200
    assert external.is_due(authority)
    (warning,) = external.warnings(authority, {"type": "files"})
    assert "intermediate 2 ends in 400 s" in warning
    asked_and_installed(authority, company, 2000)
    assert not external.is_due(authority)  # one after the other
    new = issued(authority)
    assert new[1] != old[1]
    rotation.advance(authority, lambda _: ["web"])
    assert (Kind.INTERMEDIATE, State.RETIRING) in states(authority)
    rotation.advance(authority, nobody)
    assert states(authority) == [
        (Kind.ROOT, State.ACTIVE), (Kind.INTERMEDIATE, State.GONE),
        (Kind.INTERMEDIATE, State.ACTIVE),
    ]  # fmt: skip


def test_a_new_root_is_trusted_before_anything_is_signed_below_it(tmp_path: Path) -> None:
    authority, first, second = authority_in(tmp_path, Clock(), begun=False), Company(), Company()
    asked_and_installed(authority, first)
    before = issued(authority)
    asked_and_installed(authority, second)
    assert set(authority.bundle()) == {first.root, second.root}
    assert issued(authority)[1] == before[1]  # the old one signs still
    assert rotation.advance(authority, lambda _: ["web"]).step == "trust"
    assert issued(authority)[1] == before[1]
    rotation.advance(authority, nobody)
    assert issued(authority)[2] == second.below
    assert set(authority.bundle()) == {first.root, second.root}
    rotation.advance(authority, nobody)
    assert authority.bundle() == (second.root,)
    assert rotation.advance(authority, nobody).step == "idle"


def test_from_a_root_of_its_own_to_that_of_others_and_back(tmp_path: Path) -> None:
    clock = Clock()
    authority, company = authority_in(tmp_path, clock), Company()
    asked_and_installed(authority, company)
    for _ in range(2):
        rotation.advance(authority, nobody)
    assert authority.bundle() == (company.root,)
    assert issued(authority)
    with pytest.raises(RefusedError, match="another issuer's"):
        rotation.taint(authority, authority.store.slots()[2].number)
    clock.now += WEEK // 2 + 60
    assert rotation.renewal_due(authority) is Kind.ROOT  # no intermediate can be made below it
    rotation.rotate_root(authority)
    for _ in range(2):
        rotation.advance(authority, nobody)
    assert company.root not in authority.bundle()
    assert len(authority.bundle()) == 1
    assert issued(authority)


def test_tainted_intermediates_are_asked_for_anew(tmp_path: Path) -> None:
    authority, company = authority_in(tmp_path, Clock(), begun=False), Company()
    asked_and_installed(authority, company)
    rotation.taint(authority, authority.issuer().number)
    assert external.is_due(authority)
    asked_and_installed(authority, company)
    assert issued(authority)


def test_two_roots_are_both_trusted(tmp_path: Path) -> None:
    authority, one, two = authority_in(tmp_path, Clock(), begun=False), Company(), Company()
    signed = one.sign(external.request_of(authority), WEEK)
    external.install(authority, signed._replace(bundle=(one.root, two.root)))
    assert set(authority.bundle()) == {one.root, two.root}
    # The other one signs the next, and the first is named no more.
    asked_and_installed(authority, two)
    assert issued(authority)[2] == two.below
    rotation.advance(authority, nobody)
    assert authority.bundle() == (two.root,)


def test_what_is_no_answer_changes_nothing(tmp_path: Path) -> None:
    authority, company = authority_in(tmp_path, Clock(), begun=False), Company()
    request = external.request_of(authority)
    good = company.sign(request, WEEK)
    (tmp_path / "other").mkdir()
    other = authority_in(tmp_path / "other", Clock(), begun=False)
    foreign = company.sign(external.request_of(other), WEEK)
    own_root = root_of()
    elsewhere = root_of(DOMAIN._replace(trust_domain="else.example.org"))
    wrong = {
        "another request": foreign,
        "no root of the trust bundle": good._replace(bundle=(Company().root,)),
        "no root": good._replace(bundle=()),
        "a chain of 0": Signed((), (company.root,)),
        "not signed by the next": Signed((good.chain[0], own_root.certificate), (company.root,)),
        "keep the request's names": Signed((company.below,), (company.root,)),
        "signs no ids of": Signed(
            (intermediate_of(elsewhere, DOMAIN._replace(trust_domain="else.example.org"))
             .certificate,), (elsewhere.certificate,)),
    }  # fmt: skip
    before = states(authority)
    for says, signed in wrong.items():
        with pytest.raises(IdentityError, match=says):
            external.install(authority, signed)
        assert states(authority) == before
    late = Company(NOW - 10_000_000)
    with pytest.raises(IdentityError, match="ended"):
        external.install(authority, late.sign(request, WEEK))
    external.install(authority, good)
    assert issued(authority)
