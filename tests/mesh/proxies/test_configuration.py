"""Envoy's configuration: as it is written, and as Envoy itself takes it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.plan.edges import Sockets, exit_id, exit_name, is_exit, sockets_of_pod
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Port, Protocol, Rule, Source, View, Workload
from seawall.mesh.plan.reading import plan_of
from seawall.mesh.plan.views import views_of
from seawall.mesh.proxies import program
from seawall.mesh.proxies.bootstrap import bootstrap
from seawall.mesh.proxies.fronts import front
from seawall.mesh.proxies.whole import access_of, clusters_of, listeners_of
from seawall.mesh.serving.packing import packed
from tests.mesh.plan.shop import EDGES, SHOP

GOLDEN = Path(__file__).parent / "golden.json"


def _envoy() -> str:
    try:
        return program.find()
    except program.EnvoyError:
        return ""


needs_envoy = pytest.mark.skipif(not _envoy(), reason="needs Envoy (the extra mesh)")


def _views() -> list[View]:
    plan = plan_of("mesh.yaml", (SHOP + EDGES).encode())
    known = [
        Workload(own.name, own.id, (f"10.77.0.{number}", f"fd77::{number}"), own.ports)
        for number, own in enumerate(plan.members, 2)
    ]
    leaving = exit_id(plan.trust_domain, "here")
    known.append(Workload(exit_name("here"), leaving, ()))
    views = views_of(known, plan.rules, plan.lifetime, plan.edges).values()
    paths = Sockets("/run/exit.sock", "/run/gate.sock", "/run/tls/secret.json")
    return [
        view._replace(exit=None if is_exit(view.own.name) else leaving, sockets=paths)
        for view in views
    ]


def _in_pods() -> list[View]:
    """The edges as pods, and a workload that calls a destination by them."""
    found = []
    for view in _views():
        externals = tuple(
            own._replace(addresses=("10.96.0.9",), aliases=("pay", "pay.shop.svc."))
            for own in view.externals
        )
        found.append(
            view._replace(
                externals=externals, exit_addresses=("10.1.0.8", "10.1.0.9"), edition=1,
                sockets=sockets_of_pod("/run/gateway/secret.json"),
            )
        )  # fmt: skip
    return [own for own in found if own.externals or own.gateway]


def _written(view: View) -> dict[str, Any]:
    return {
        "listeners": listeners_of(view), "clusters": clusters_of(view), "access": access_of(view),
    }  # fmt: skip


def test_as_written() -> None:
    written = {view.own.name: _written(view) for view in _views()}
    assert json.dumps(written, indent=1) + "\n" == GOLDEN.read_text()


@pytest.mark.parametrize("view", _views(), ids=lambda view: view.own.name)
def test_nothing_of_a_session_is_resumed(view: View) -> None:
    text = json.dumps(_written(view))
    # What the world outside shows and sees is not the mesh's.
    sockets = (
        text.count("DownstreamTlsContext") - text.count('"watched_directory"'),
        text.count("UpstreamTlsContext") - text.count('"san_type": "DNS"'),
    )
    assert text.count('"disable_stateless_session_resumption": true') == sockets[0]
    assert text.count('"disable_stateful_session_resumption": true') == sockets[0]
    assert text.count('"require_client_certificate": true') == sockets[0]
    assert text.count('"max_session_keys": 0') == sockets[1]
    assert text.count('"tls_minimum_protocol_version": "TLSv1_3"') == sum(sockets)


def _with_access(view: View) -> dict[str, Any]:
    """The configuration with the filters in their places: none waits for the agent here."""
    written = _written(view)
    access = {own["name"]: own["typed_config"] for own in written.pop("access")}
    for listener in written["listeners"]:
        for chain in listener.get("filter_chains", []):
            for filter_ in chain["filters"]:
                inner = filter_.get("typed_config", {}).get("http_filters", [])
                for own in [filter_, *inner]:
                    if own.pop("config_discovery", None):
                        own["typed_config"] = access[own["name"]]
    return written


def _validated(view: View, directory: Path) -> "subprocess.CompletedProcess[str]":
    config = bootstrap(view.own.id, "/run/agent.sock", str(directory / "admin.sock"))
    for kind, found in _with_access(view).items():
        plain = [{key: value for key, value in own.items() if key != "@type"} for own in found]
        config["static_resources"].setdefault(kind, []).extend(plain)
    # Where a static cluster has secrets from a stream, this Envoy crashes in this mode.
    secrets = directory / "secrets.json"
    secrets.write_text("{}")
    file = {"path_config_source": {"path": str(secrets)}, "resource_api_version": "V3"}
    stream = json.dumps({"ads": {}, "resource_api_version": "V3"})
    path = directory / "envoy.json"
    path.write_text(
        json.dumps(config).replace(f'"sds_config": {stream}', f'"sds_config": {json.dumps(file)}')
    )
    return subprocess.run(
        [_envoy(), "--mode", "validate", "-c", str(path)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@needs_envoy
@pytest.mark.parametrize("view", _views(), ids=lambda view: view.own.name)
def test_envoy_takes_it(view: View, tmp_path: Path) -> None:
    said = _validated(view, tmp_path)
    assert said.returncode == 0, said.stderr[-2000:]


@needs_envoy
@pytest.mark.parametrize("view", _in_pods(), ids=lambda view: view.own.name)
def test_envoy_takes_it_in_pods(view: View, tmp_path: Path) -> None:
    said = _validated(view, tmp_path)
    assert said.returncode == 0, said.stderr[-2000:]


def test_edges_in_pods_take_what_is_redirected_to_them() -> None:
    """One port each; no socket of the file system, and callers know the exit's addresses."""
    for view in _in_pods():
        text = json.dumps(_written(view))
        assert "pipe" not in text
        if is_exit(view.own.name):
            (listener,) = listeners_of(view)
            matches = [own["filter_chain_match"] for own in listener["filter_chains"]]
            assert {own["destination_port"] for own in matches} == {15443}
            assert all(own["server_names"] for own in matches)
            assert '"edition": 1' in text
            assert '"pay.shop.svc.*"' in text
        elif view.gateway:
            (gate,) = [own for own in listeners_of(view) if own["name"] == "gate"]
            (chain,) = gate["filter_chains"]
            assert chain["filter_chain_match"] == {"destination_port": view.gateway.port}
            assert gate["address"]["socket_address"]["port_value"] == 15006
        else:
            assert text.count('"10.1.0.8", "port_value": 15443') == len(
                [port for own in view.externals for port in own.ports]
            )


@needs_envoy
def test_envoy_takes_a_front(tmp_path: Path) -> None:
    path = tmp_path / "envoy.json"
    path.write_text(json.dumps(front("127.0.0.1", 8443, "/run/gate.sock", str(tmp_path / "admin"))))
    said = subprocess.run(
        [_envoy(), "--mode", "validate", "-c", str(path)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr[-2000:]


ids = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(
    lambda parts: parse(f"spiffe://td/{'/'.join(parts)}")
)
ports = st.builds(
    Port, st.sampled_from([80, 443, 5432]), st.sampled_from(list(Protocol)), st.booleans()
)


def _workload(name: str, own: SpiffeId, both: bool, served: tuple[Port, ...]) -> Workload:
    """Two workloads never share an address."""
    last = ord(name)
    return Workload(name, own, (f"10.0.0.{last}", f"fd00::{last}")[: 1 + both], served)


workloads = st.builds(
    _workload, st.sampled_from(["a", "b"]), ids, st.booleans(),
    st.lists(ports, max_size=3, unique_by=lambda port: port.number).map(tuple),
)  # fmt: skip
rules = st.builds(
    Rule, st.uuids().map(str), st.booleans(), ids,
    st.lists(st.builds(Source, ids, st.booleans()), max_size=2).map(tuple),
    st.lists(st.sampled_from([80, 443, 5432]), max_size=2).map(tuple),
    st.lists(st.sampled_from(["GET", "POST"]), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(["/", "/a", "/a/*"]), max_size=2, unique=True).map(tuple),
)  # fmt: skip


def _readable(view: View) -> View:
    """Rules as the reader of policies lets them through: none about requests where there is tcp."""
    if all(port.protocol is Protocol.HTTP for port in view.own.ports):
        return view
    plain = tuple(rule._replace(methods=(), paths=()) for rule in view.rules)
    return view._replace(rules=plain)


views = st.builds(
    View, workloads, st.lists(workloads, max_size=2, unique_by=lambda own: own.name).map(tuple),
    st.lists(rules, max_size=3).map(tuple), st.integers(1, 1800),
).map(_readable)  # fmt: skip


@given(views)
def test_any_view_fits_the_messages(view: View) -> None:
    for message in (*listeners_of(view), *clusters_of(view), *access_of(view)):
        assert packed(message).ByteSize()


@needs_envoy
@settings(max_examples=5, deadline=None)
@given(views)
def test_envoy_takes_any_view(tmp_path_factory: pytest.TempPathFactory, view: View) -> None:
    said = _validated(view, tmp_path_factory.mktemp("envoy"))
    assert said.returncode == 0, said.stderr[-2000:]


def test_a_peer_without_addresses_is_nowhere() -> None:
    peer = Workload("b", parse("spiffe://td/b"), (), (Port(80),))
    outbound, *_ = listeners_of(View(Workload("a", parse("spiffe://td/a"), ("10.0.0.1",)), (peer,)))
    assert outbound["filter_chains"] == []


@needs_envoy
def test_a_peer_by_its_own_address_and_by_a_services(tmp_path: Path) -> None:
    """In a cluster: one name, one cluster of Envoy's, several addresses and ports."""
    peer = Workload("b", parse("spiffe://td/b"), ("10.0.0.2",), (Port(80, Protocol.HTTP), Port(90)))
    service = peer._replace(addresses=("10.96.0.2", "fd00::2"))
    other = peer._replace(addresses=("10.96.0.3",), ports=(Port(8080, Protocol.HTTP),))
    own = Workload("a", parse("spiffe://td/a"), ("10.0.0.1",))
    view = View(own, (peer, service, other))
    assert len(clusters_of(view)) == 3  # one is its own
    said = _validated(view, tmp_path)
    assert said.returncode == 0, said.stderr[-2000:]


def test_a_rule_about_requests_is_never_widened() -> None:
    own = Workload("a", parse("spiffe://td/a"), (), (Port(80),))
    rule = Rule("get", allows=True, to=own.id, methods=("GET",))
    with pytest.raises(PlanError, match="port 80 is tcp; make it http"):
        access_of(View(own, (), (rule,)))


def test_programs_that_will_not_do(tmp_path: Path) -> None:
    other = tmp_path / "envoy"
    other.write_text("#!/bin/sh\necho 'envoy  version: abc/1.20.3/Clean/RELEASE'\n")
    with pytest.raises(program.EnvoyError, match="no program that can be run"):
        program.find(str(other))
    other.chmod(0o755)
    assert program.find(str(other)) == str(other)
    with pytest.raises(program.EnvoyError, match=r"older than 1\.37"):
        program.version_of(str(other))
    other.write_text("#!/bin/sh\necho hello\n")
    with pytest.raises(program.EnvoyError, match="does not say that it is an Envoy"):
        program.version_of(str(other))
    other.write_text("#!/none\n")
    with pytest.raises(program.EnvoyError, match="cannot be run"):
        program.version_of(str(other))


def test_names_of_the_trust_domain() -> None:
    assert bootstrap(SpiffeId("td", "/a"), "s", "a")["node"] == {
        "id": "spiffe://td/a",
        "cluster": "td",
    }


def test_a_connection_that_lasts_is_not_cut_because_nobody_says_anything() -> None:
    """Envoy cuts one after an hour without a word, on either side (TcpProxy.idle_timeout)."""
    lasting, usual = Port(5432, is_long_lived=True), Port(9090)
    peer = Workload("b", parse("spiffe://td/b"), ("10.0.0.2",), (lasting, usual))
    own = Workload("a", parse("spiffe://td/a"), ("10.0.0.1",), (lasting, usual))
    found = {
        chain["name"]: chain["filters"][-1]["typed_config"].get("idle_timeout")
        for listener in listeners_of(View(own, (peer,)))
        for chain in listener["filter_chains"]
    }
    assert found == {"to b:5432": "0s", "to b:9090": None, "in :5432": "0s", "in :9090": None}
