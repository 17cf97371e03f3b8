"""Metrics, graph and rates out of a status."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.errors import UsageError
from seawall.mesh.injection.http_server import Request
from seawall.mesh.watching import answering
from seawall.mesh.watching.graph import Edge, Graph, Node, graph_of
from seawall.mesh.watching.metrics import families_of
from seawall.mesh.watching.prometheus import Family, Sample, text_of
from seawall.mesh.watching.rates import look_at, rates
from seawall.reports import mesh_graph, mesh_top
from tests.mesh.watching.samples import standing, status

WEB, ORDERS = (f"spiffe://shop.example.org/workload/{name}" for name in ("web", "orders"))
SHOP = status(
    web=standing(counts={
        "to:orders/http:handshakes": 2, "to:orders/http:requests": 9, "to:orders/http:denied": 4,
        "undeclared": 1, "fence:sent_udp": 3,
    }),
    orders=standing(counts={
        "handshakes": 2, "refused:certificate": 5, "denied:8080": 4, "requests:8080": 9,
        "active:8080": 1, "nacks": 0,
    }, generation=2),
    idle=None,
)  # fmt: skip
DECLARED = [
    {"from": "web", "to": "orders", "port": 8080, "protocol": "http"},
    {"from": "orders", "to": "idle", "port": 5432, "protocol": "tcp"},
]
_LINE = re.compile(
    r'[a-z_]+(\{([a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)+\})? -?[0-9.e+-]+\Z'
)  # fmt: skip


def test_metrics() -> None:
    text = text_of(families_of(SHOP))
    assert text.endswith("\n")
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or _LINE.match(line), line
    for line in (
        'seawall_mesh_issuer_expiry_seconds{issuer="root 1",state="active"} 8000',
        f'seawall_mesh_generation_lag{{workload="orders",id="{ORDERS}"}} 2',
        'seawall_mesh_handshakes_refused_total{workload="orders",reason="certificate"} 5',
        'seawall_mesh_denied_total{workload="orders",port="8080"} 4',
        'seawall_mesh_fence_dropped_total{workload="web",reason="sent_udp"} 3',
        'seawall_mesh_peer_requests_total{workload="web",peer="orders",protocol="http"} 9',
        'seawall_mesh_nacks_total{workload="orders"} 0',
        f'seawall_mesh_certificate_expiry_seconds{{workload="web",id="{WEB}"}} 600',
    ):
        assert line in text.splitlines()
    assert "token key" not in text  # it has no end


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text()), st.integers(), st.text())
def test_any_text_stays_in_its_line(labels: dict[str, str], value: int, told: str) -> None:
    text = text_of([Family("x_total", told, (Sample(labels, value),))])
    *heads, sample = text.rstrip("\n").split("\n")
    assert len(heads) == 2
    assert sample.startswith("seawall_mesh_x_total")


def test_graph() -> None:
    graph = graph_of(SHOP, DECLARED)
    states = {(edge.caller, edge.callee): (edge.state, edge.refused) for edge in graph.edges}
    assert states == {
        ("web", "orders"): ("partly refused", 4),
        ("orders", "idle"): ("silent", 0),
        ("(others)", "orders"): ("refused", 5),
        ("web", "(elsewhere)"): ("refused", 1),
    }
    assert graph.nodes[1] == Node(
        "orders", "spiffe://shop.example.org/workload/orders", is_connected=True, handshakes=2,
        denied=4,
    )  # fmt: skip
    plain = json.loads(mesh_graph.as_json(graph))
    assert plain["edges"][0]["state"] == "silent"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.values: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [f"{name}={value}" for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


names = st.one_of(
    st.text(min_size=1), st.just('<script>alert("1")</script>'), st.just("a\"'&<b>"),
    st.just("]]></style><img src=http://x/>"),
)  # fmt: skip
edges = st.builds(
    Edge, names, names, st.sampled_from(["http", "tcp", ""]),
    st.lists(st.integers(1, 9), max_size=2).map(tuple), st.integers(0, 2), st.integers(0, 2),
    st.integers(0, 2), st.integers(0, 2),
)  # fmt: skip
graphs = st.builds(
    Graph, names,
    st.lists(st.builds(Node, names, names, st.booleans(), st.just(0), st.just(0)), max_size=3)
    .map(tuple),
    st.lists(edges, max_size=4).map(tuple),
)  # fmt: skip


@given(graphs)
def test_the_page_has_no_script_and_fetches_nothing(graph: Graph) -> None:
    reader = _Reader()
    page = mesh_graph.as_html(graph)
    reader.feed(page)
    assert set(reader.tags) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "p", "b", "svg", "defs", "marker",
        "path", "circle", "text", "table", "tr", "th", "td",
    }  # fmt: skip
    assert reader.tags.count("style") == 1
    for value in reader.values:
        assert not value.startswith(("src=", "href=", "xlink:href=", "on", "background="))
        assert value.startswith("http-equiv=") or "http" not in value
    assert "default-src 'none'" in page


@given(graphs)
def test_the_picture_for_graphviz_stays_one(graph: Graph) -> None:
    text = mesh_graph.as_dot(graph)
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL)
    assert '"' not in outside
    assert outside.count("{") == outside.count("}") == 1


def test_rates_are_never_negative() -> None:
    before = look_at(SHOP, 0.0)
    again = status(
        web=standing(counts={"to:orders/http:requests": 29}),
        orders=standing(counts={"requests:8080": 1, "handshakes": 4, "active:8080": 3}),
        idle=None,
    )
    found = {own.name: own for own in rates(again, before, look_at(again, 10.0))}
    assert found["web"].sent == 2.0
    assert found["orders"].requests == 0.0  # the proxy began anew
    assert (found["orders"].handshakes, found["orders"].open, found["orders"].left) == (0.2, 3, 600)
    first = mesh_top.table(list(found.values())).splitlines()[1]
    assert first.split()[:3] == ["web", "600", "s"]


def test_what_is_answered() -> None:
    faults = [""]
    answer = answering.answer_of(lambda: SHOP, lambda: faults[0])
    assert answer(Request("GET", "/live", b"")).status == 200
    assert answer(Request("GET", "/ready", b"")).status == 200
    faults[0] = "no issuer: make one"
    said = answer(Request("GET", "/ready", b""))
    assert (said.status, said.body) == (503, b"no issuer: make one\n")
    assert answer(Request("GET", "/live", b"")).status == 200
    said = answer(Request("GET", "/metrics", b""))
    assert said.content_type.startswith("text/plain; version=0.0.4")
    assert b"seawall_mesh_generation 4\n" in said.body
    assert answer(Request("GET", "/", b"")).status == 404
    assert answer(Request("POST", "/metrics", b"")).status == 405


@pytest.mark.parametrize("text", ["", "9464", "host:", "host:99999", "host:x", ":"])
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="write one like"):
        answering.place_in(text)
    assert answering.place_in("[::1]:9464") == ("::1", 9464)


@pytest.mark.parametrize(
    ("push", "held", "stopped"),
    [
        (None, 0, 0),
        ({"number": "5", "tries": ["web"], "fault": ""}, 1, 0),
        ({"number": "5", "tries": [], "fault": "web does not take it: no such filter"}, 1, 1),
    ],
)
def test_metrics_of_a_push(push: dict[str, object] | None, held: int, stopped: int) -> None:
    lines = text_of(families_of({**SHOP, "push": push})).splitlines()
    assert f"seawall_mesh_push_held {held}" in lines
    assert f"seawall_mesh_push_stopped {stopped}" in lines
