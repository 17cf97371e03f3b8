"""Whose certificates are taken on a port of tcp: nobody whom a rule lets in is kept out."""

from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.plan.deciding import Request, decide
from seawall.mesh.plan.edges import External, Sockets, exit_name
from seawall.mesh.plan.model import Port, Rule, Source, View, Workload
from seawall.mesh.proxies.callers import bundles_of, callers_of, name_of
from seawall.mesh.proxies.exits import listeners_of
from tests.mesh.made import DOMAIN, root_of

TD = SpiffeId("td")
OWN = parse("spiffe://td/own")
PORT = Port(9090)
ids = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map(
    lambda parts: parse(f"spiffe://td/{'/'.join(parts)}")
)
rules = st.lists(
    st.builds(
        Rule, st.uuids().map(str), st.booleans(), st.just(OWN),
        st.lists(st.builds(Source, ids, st.booleans()), max_size=2).map(tuple),
        st.lists(st.sampled_from([9090, 80]), max_size=1).map(tuple),
        methods=st.just(()), paths=st.just(()),
    ), max_size=4,
)  # fmt: skip


def takes(found: list[Rule], name: SpiffeId) -> bool:
    """As Envoy reads its matchers."""
    return any(
        str(name).startswith(own["prefix"]) if "prefix" in own else str(name) == own["exact"]
        for own in callers_of(found, PORT, TD)
    )


@given(rules, ids)
def test_who_is_allowed_is_taken(found: list[Rule], name: SpiffeId) -> None:
    if decide(found, PORT, Request(name)).is_allowed:
        assert takes(found, name)


@given(rules, ids)
def test_who_is_not_is_kept_out_unless_denied_below_what_is_allowed(
    found: list[Rule], name: SpiffeId
) -> None:
    here = [rule for rule in found if not rule.ports or 9090 in rule.ports]
    allowing = [rule for rule in here if rule.allows]
    wide = any(not rule.sources for rule in allowing) or any(
        source.with_below and source.covers(name) for rule in allowing for source in rule.sources
    )
    if not wide and not decide(found, PORT, Request(name)).is_allowed:
        assert not takes(found, name)


@given(rules)
def test_there_is_always_a_matcher(found: list[Rule]) -> None:
    """Without any Envoy would take every certificate."""
    assert callers_of(found, PORT, TD)


def test_a_secret_for_each_port_of_tcp() -> None:
    own = Workload("own", DOMAIN.child("own"), (), (PORT, Port(5432)))
    made = bundles_of(View(own), [root_of().certificate])
    assert [secret["name"] for secret in made] == [name_of(PORT), "ROOTCA:5432"]
    matchers = made[0]["validation_context"]["match_typed_subject_alt_names"]
    assert matchers == [{"san_type": "URI", "matcher": {"exact": f"{DOMAIN}//"}}]


def test_an_exit_knows_who_may_go_where() -> None:
    data, mail = (
        External(
            name, DOMAIN.child("seawall", "external", name), f"{name}.example.org", (Port(25),)
        )
        for name in ("data", "mail")
    )
    web = DOMAIN.child("web")
    rule = Rule("web", allows=True, to=mail.id, sources=(Source(web),))
    own = Workload(exit_name("here"), DOMAIN.child("seawall", "egress", "here"), ())
    view = View(own, rules=(rule,), externals=(data, mail), sockets=Sockets(exit="/run/s"))
    to_data, to_mail = bundles_of(view, [root_of().certificate])
    assert (to_data["name"], to_mail["name"]) == ("ROOTCA:data:25", "ROOTCA:mail:25")
    assert str(web) in str(to_mail)
    assert str(web) not in str(to_data)
    (listener,) = listeners_of(view)
    for chain, secret in zip(listener["filter_chains"], (to_data, to_mail), strict=True):
        assert secret["name"] in str(chain["transport_socket"])
        # Nobody outside hears of who has not shown a certificate.
        assert "ON_DOWNSTREAM_TLS_HANDSHAKE" in str(chain["filters"])
