"""What another description changes: all of it is told, and what cannot change is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.hosting import numbering
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.plan.changes import Change, changes_of
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.reading import MOST_WORKLOADS, plan_of

TEXT = """\
mesh: shop
trustDomain: shop.example.org
drain: 5s
workloads:
  web: {}
  orders:
    command: [/bin/true]
    user: 1001
    ports: {8080: http}
external:
  bank: {host: bank.example.org, ports: {443: tcp}}
gateway:
  listen: 127.0.0.1:8000
  routes: [{to: orders}]
policy:
  - allow: {from: web, to: orders}
  - allow: {from: gateway, to: orders}
  - name: paying
    allow: {from: orders, to: bank}
"""
BEFORE = plan_of("mesh.yaml", TEXT.encode())


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("  web: {}\n", "  web: {}\n  more: {}\n", Change("added", "workload", "more")),
        ("ports: {8080: http}", "ports: {8080: http, 1: tcp}",
         Change("changed", "workload", "orders", ("ports",))),
        ("/bin/true]", "/bin/false]", Change("changed", "workload", "orders", ("command",))),
        ("user: 1001", "user: 1002",
         Change("changed", "workload", "orders", ("selectors", "user"))),
        ("  web: {}", "  web: {mode: {permissive: {until: 2099-01-01}}}",
         Change("changed", "workload", "web", ("mode",))),
        ("443: tcp", "444: tcp", Change("changed", "external", "bank", ("ports",))),
        ("bank.example.org", "b.example.org", Change("changed", "external", "bank", ("host",))),
        ("listen: 127.0.0.1:8000", "listen: 127.0.0.1:8001",
         Change("changed", "gateway", "gateway", ("port",))),
        ("from: web", "from: [web, /other/*]",
         Change("added", "rule", "allow spiffe://shop.example.org/other/*, web -> orders")),
        ("drain: 5s", "drain: 6s", Change("changed", "drain", "6 s")),
        ("policy:", "egress: {resolvers: [192.0.2.1]}\npolicy:",
         Change("changed", "egress", "resolvers")),
    ],
)  # fmt: skip
def test_what_changes(old: str, new: str, change: Change) -> None:
    assert old in TEXT
    after = plan_of("mesh.yaml", TEXT.replace(old, new, 1).encode())
    assert change in changes_of(BEFORE, after)
    assert len(changes_of(BEFORE, after)) <= 2
    # The other way round the same things change.
    back = {"added": "removed", "removed": "added", "changed": "changed"}
    found = {(back[own.how], own.kind) for own in changes_of(BEFORE, after)}
    assert {(own.how, own.kind) for own in changes_of(after, BEFORE)} == found


def test_names_and_places_of_rules_change_nothing() -> None:
    text = TEXT.replace("name: paying", "name: other").replace("workloads:", "\n\nworkloads:")
    assert changes_of(BEFORE, plan_of("mesh.yaml", text.encode())) == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("mesh: shop", "mesh: other", "the name of the mesh cannot change"),
        ("trustDomain: shop", "trustDomain: other", "the trust domain cannot change"),
        ("drain: 5s", "certificates: {lifetime: 2h}", "how long certificates hold"),
        ("drain: 5s", "certificates: {issuer: offline}", "who signs cannot change"),
        ("drain: 5s", 'metrics: {agent: "127.0.0.1:1"}', "where metrics are told"),
        ("  web: {}", "  web: {id: /other}", "web gets another id"),
        ("  web: {}\n", "  web: {}\n  more: {mode: {'off': {reason: x}}}\n", ""),
    ],
)
def test_what_cannot_change(old: str, new: str, says: str) -> None:
    after = plan_of("mesh.yaml", TEXT.replace(old, new, 1).encode())
    if says:
        with pytest.raises(PlanError, match=says):
            changes_of(BEFORE, after)
        return
    strict = plan_of("mesh.yaml", TEXT.replace(old, "  web: {}\n  more: {}\n", 1).encode())
    with pytest.raises(PlanError, match="more gets another mode"):
        changes_of(after, strict)


names = st.lists(st.sampled_from([f"w{number}" for number in range(8)]), min_size=1, unique=True)


def _plan(workloads: list[str], externals: list[str]) -> bytes:
    lines = ["mesh: shop", "trustDomain: shop.example.org", "workloads:"]
    lines += [f"  {name}: {{ports: {{80: http}}}}" for name in workloads]
    if externals:
        lines += ["external:"]
        lines += [f"  x{name}: {{host: {name}.example.org, ports: {{80: tcp}}}}"
                  for name in externals]  # fmt: skip
    lines += ["gateway:", "  listen: 127.0.0.1:1", f"  routes: [{{to: {workloads[0]}}}]"]
    lines += ["policy:", f"  - allow: {{from: gateway, to: {workloads[0]}}}"]
    return "\n".join(lines).encode()


@given(st.lists(st.tuples(names, names), min_size=1, max_size=5))
def test_who_stays_keeps_its_number_and_nobody_shares_one(
    steps: list[tuple[list[str], list[str]]],
) -> None:
    plan = plan_of("mesh.yaml", _plan(["first"], []))
    numbers = numbering.first(plan)
    for workloads, externals in steps:
        after = plan_of("mesh.yaml", _plan(workloads, externals))
        following = numbering.following(after, numbers)
        changed = numbering.with_addresses(after, plan.edges.externals)
        # Also not with those that go: they are there still when others come.
        for name, number in following.items():
            assert numbers.get(name, number) == number
            assert not any(own == number for other, own in numbers.items() if other != name)
        known = {own.name: own.addresses for own in plan.edges.externals}
        for own in changed.edges.externals:
            assert known.get(own.name, own.addresses) == own.addresses
            assert not any(own.addresses == it for other, it in known.items() if other != own.name)
        assert len(set(following.values())) == len(following) == len(after.members)
        assert len({own.addresses for own in changed.edges.externals}) == len(externals)
        assert following["gateway"] == MOST_WORKLOADS + 1
        numbers, plan = following, changed


def test_there_may_be_no_number_left() -> None:
    many = [f"a{number}" for number in range(MOST_WORKLOADS)]
    before = plan_of("mesh.yaml", _plan(many, []))
    after = plan_of("mesh.yaml", _plan([*many[1:], "other"], []))
    with pytest.raises(HostError, match="remove those first"):
        numbering.following(after, numbering.first(before))
