"""Who is told of whom, against what rules say one by one."""

from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.model import Port, Rule, Source, Workload
from seawall.mesh.plan.views import views_of

NAMES = ("a", "b", "a/b", "c")
IDS = [parse(f"spiffe://td/{name}") for name in NAMES]
WORKLOADS = [
    Workload(name, id_, (), (Port(80), Port(90))) for name, id_ in zip(NAMES, IDS, strict=True)
]
rules = st.lists(
    st.builds(
        Rule, st.uuids().map(str), st.booleans(), st.sampled_from(IDS),
        st.lists(st.builds(Source, st.sampled_from(IDS), st.booleans()), max_size=2).map(tuple),
        st.lists(st.sampled_from([80, 90]), max_size=1).map(tuple),
    ),
    max_size=6,
)  # fmt: skip


@given(rules, st.none() | st.sets(st.sampled_from(NAMES)))
def test_each_is_told_of_those_that_rules_let_it_reach(
    given_rules: list[Rule], wanted: set[str] | None
) -> None:
    views = views_of(WORKLOADS, given_rules, 3600, wanted=wanted)
    assert set(views) == set(NAMES if wanted is None else wanted)
    for own in WORKLOADS:
        if own.name not in views:
            continue
        told = {(peer.name, port.number) for peer in views[own.name].peers for port in peer.ports}
        assert told == {
            (other.name, port.number)
            for other in WORKLOADS
            for port in other.ports
            if any(rule.may_let_in(own.id, other.id, port.number) for rule in given_rules)
        }
        assert views[own.name].rules == tuple(rule for rule in given_rules if rule.to == own.id)
