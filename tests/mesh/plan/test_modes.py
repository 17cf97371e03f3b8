"""How strict workloads are, as it is written, and what comes of it."""

import pytest

from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Port, Protocol, Rule, Source, View, Workload
from seawall.mesh.plan.modes import STRICT, Mode, written
from seawall.mesh.plan.reading import plan_of
from seawall.mesh.plan.trying import table
from seawall.mesh.proxies import plaintext
from seawall.mesh.proxies.listeners import access_of, listeners_of
from tests.mesh.plan.shop import SHOP

PLACE = "  database:\n    ports: {5432: {protocol: tcp, longLived: true}}\n"


def _with(mode: str) -> bytes:
    return SHOP.replace(PLACE, f"{PLACE}    mode: {mode}\n").encode()


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("strict", STRICT),
        ("{permissive: {until: 2027-01-31}}", Mode(1801353600)),
        ("{off: {reason: so be it}}", Mode(0, "so be it")),
        ("{'off': {reason: so be it}}", Mode(0, "so be it")),
        ('{permissive: {until: "2027-01-31T01:00:00+01:00"}}', Mode(1801353600)),
    ],
)
def test_modes(mode: str, wanted: Mode) -> None:
    text = _with(mode).split(b"policy:")[0]
    assert plan_of("mesh.yaml", text).members[2].mode == wanted


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("permissive", "write {permissive: {until: 2027-01-31}}"),
        ("off", "write strict, {permissive"),
        ('"off"', 'write {off: {reason: "..."}}'),
        ("lax", "'lax' is not to be had here"),
        ("{}", "a mode is one of permissive and off"),
        ("{permissive: {}}", "there is no 'until'"),
        ("{permissive: {until: soon}}", "'soon' is no day or time"),
        ("{permissive: {until: 2027-02-30}}", "is no day or time"),
        ('{permissive: {until: "2027-01-31T10:00:00"}}', "is no day or time"),
        ("{permissive: {until: 1800000000}}", "must be a text"),
        ("{permissive: {until: 1969-01-01}}", "is no day or time"),
        ("{off: {reason: ''}}", "write a text of 1 to 200 letters"),
        ("{off: {}}", "there is no 'reason'"),
        ("{'off': {reason: x}, permissive: {until: 2027-01-31}}", "one of permissive and off"),
    ],
)
def test_what_is_wrong_is_said(mode: str, says: str) -> None:
    with pytest.raises(PlanError, match=r"mesh\.yaml:\d+: ") as caught:
        plan_of("mesh.yaml", _with(mode))
    assert says in str(caught.value)


def test_who_is_off_is_in_no_rule() -> None:
    with pytest.raises(PlanError, match="database is off, so no rule is kept for it"):
        plan_of("mesh.yaml", _with("{'off': {reason: it is old}}"))
    without = SHOP.split("policy:", maxsplit=1)[0] + "    mode: {'off': {reason: it is old}}\n"
    plan = plan_of("mesh.yaml", without.encode())
    assert [member.name for member in plan.inside] == ["web", "orders"]
    assert plan.members[2].selectors is None
    assert "database" not in {row.to for row in table(plan)}


ID = parse("spiffe://td/a")
PORTS = (Port(80, Protocol.HTTP), Port(5432))
VIEW = View(Workload("a", ID, ("10.0.0.1",), PORTS), plaintext_until=1801353600)


def test_plaintext_has_chains_of_its_own_for_a_while() -> None:
    _, inbound = listeners_of(VIEW)
    matches = [chain["filter_chain_match"] for chain in inbound["filter_chains"]]
    assert [own["transport_protocol"] for own in matches] == ["tls"] * 2 + ["raw_buffer"] * 2
    assert ["transport_socket" in own for own in inbound["filter_chains"]] == [True] * 2 + [
        False
    ] * 2
    (_, strict) = listeners_of(VIEW._replace(plaintext_until=0))
    assert len(strict["filter_chains"]) == 2
    assert "transport_protocol" not in str(strict)
    assert len(access_of(VIEW)) == 2 * len(access_of(VIEW._replace(plaintext_until=0)))


def test_rules_by_name_say_nothing_of_who_has_none() -> None:
    rules = (
        Rule("some", allows=True, to=ID, sources=(Source(ID),)),
        Rule("one", allows=False, to=ID, sources=(Source(ID),)),
        Rule("all", allows=False, to=ID, ports=(5432,)),
    )
    found = plaintext.rules_for(VIEW._replace(rules=rules))
    assert [rule.name for rule in found] == ["all", f"plaintext until {written(1801353600)}"]
