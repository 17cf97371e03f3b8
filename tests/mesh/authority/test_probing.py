"""Test certificates of the mesh's own issuer: they are nobody, and they are written down."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.authority.probing import LONGEST, Variant, probe
from seawall.mesh.control.reserved import kept_out
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import Issuer, Odd, Validity
from seawall.mesh.identity.checking import identity_of
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.plan.model import Rule, Source
from tests.mesh.made import DOMAIN, NOW, ORDERS, WEB, Clock, authority_in

NAME = DOMAIN.child("seawall", "verify", "x")


@pytest.mark.parametrize("variant", list(Variant))
def test_every_probe_is_below_verify_and_ends_soon(tmp_path: Path, variant: Variant) -> None:
    authority = authority_in(tmp_path, Clock())
    key = keys.new_key()
    grant = probe(authority, make_request(NAME, key), variant, 10_000)
    leaf = grant.chain[0]
    for name in certificates.names_of(leaf):
        assert parse(name).path.startswith("/seawall/verify/")
    validity = certificates.validity_of(leaf)
    assert validity.end <= NOW + 2 * LONGEST
    assert validity.end - validity.begin <= 2 * LONGEST
    (issued,) = [own for own in authority.store.issued(0) if "verify" in own.caller]
    assert issued.caller == f"mesh verify: {variant}"
    (line,) = (json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines())
    assert line["caller"] == f"mesh verify: {variant}"
    assert line["serial"] == f"{leaf.serial_number:x}"


@pytest.mark.parametrize("variant", [own for own in Variant if own is not Variant.VALID])
def test_only_a_valid_one_is_anybody(tmp_path: Path, variant: Variant) -> None:
    authority = authority_in(tmp_path, Clock())
    grant = probe(authority, make_request(NAME, keys.new_key()), variant)
    with pytest.raises(IdentityError):
        identity_of(grant.chain, authority.bundle(), NOW)
    valid = probe(authority, make_request(NAME, keys.new_key()), Variant.VALID)
    assert identity_of(valid.chain, authority.bundle(), NOW) == NAME


@pytest.mark.parametrize(
    "name",
    [WEB, ORDERS, DOMAIN.child("seawall", "verify"), DOMAIN.child("seawall", "controller"),
     DOMAIN.child("seawall", "agent", "local"), DOMAIN.child("seawall", "verify2", "x"),
     parse("spiffe://other.example/seawall/verify/x")],
)  # fmt: skip
def test_nobody_else_can_be_had(tmp_path: Path, name: SpiffeId) -> None:
    authority = authority_in(tmp_path, Clock())
    for variant in Variant:
        with pytest.raises(RefusedError, match="is no probe: ask for an id below"):
            probe(authority, make_request(name, keys.new_key()), variant)
    assert authority.store.issued(0) == []


def test_none_of_them_signs_others(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Clock())
    for variant in Variant:
        key = keys.new_key()
        grant = probe(authority, make_request(NAME, key), variant, LONGEST)
        issuer = Issuer(grant.chain[0], key)
        leaf = certificates.make_leaf(
            WEB, keys.new_key().public_key(), Validity(NOW - 1000, NOW + 1000), issuer, 1 << 100
        )
        with pytest.raises(IdentityError):
            identity_of((leaf, *grant.chain), authority.bundle(), NOW)
    key = keys.new_key()
    issuer = Issuer(authority.issuer().certificate, key)
    with pytest.raises(IdentityError, match="could sign others is never made"):
        certificates.make_odd_leaf(
            [NAME], key.public_key(), Validity(NOW, NOW + 1), issuer, 1,
            Odd(is_authority=True, may_sign=True),
        )  # fmt: skip


sources = st.sampled_from(
    [Source(WEB), Source(DOMAIN.child("seawall"), with_below=True), Source(DOMAIN, with_below=True)]
)
rules = st.builds(
    Rule, st.uuids().map(str), st.booleans(), st.sampled_from([WEB, ORDERS]),
    st.lists(sources, max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(rules, max_size=5))
def test_parts_of_the_mesh_are_let_in_nowhere(found: list[Rule]) -> None:
    everything = [*kept_out([WEB, ORDERS], found), *found]
    for own in (WEB, ORDERS):
        about = [rule for rule in everything if rule.to == own]
        for part in (NAME, DOMAIN.child("seawall", "controller")):
            covering = [
                rule
                for rule in about
                if not rule.sources or any(source.covers(part) for source in rule.sources)
            ]
            allowed = any(rule.allows for rule in covering)
            assert not allowed or any(not rule.allows for rule in covering)
