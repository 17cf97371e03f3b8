"""What proxies count, under our names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.watching.counts import Way, counts_of, key_of, sum_of, ways_of
from seawall.mesh.watching.messages import Streamed


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("listener.0.0.0.0_15006.ssl.handshake", "handshakes"),
        ("listener.0.0.0.0_15006.ssl.fail_verify_no_cert", "refused:no_certificate"),
        ("listener.0.0.0.0_15006.ssl.fail_verify_error", "refused:certificate"),
        ("listener.0.0.0.0_15006.ssl.fail_verify_san", "refused:name"),
        ("listener.0.0.0.0_15006.ssl.connection_error", "refused:no_tls"),
        ("listener.0.0.0.0_15006.ssl.versions.TLSv1.3", ""),
        ("names_.rbac.denied", "refused:two_names"),
        ("http.in_8080.rbac.allowed_8080_.denied", "denied:8080"),
        ("http.in_8080.rbac.denied_8080_.denied", "denied:8080"),
        ("http.in_8080.rbac.allowed_8080_.allowed", ""),
        ("allowed_9090_.rbac.denied", "denied:9090"),
        ("http.in_8080.downstream_cx_total", "connections:8080"),
        ("tcp.in_9090.downstream_cx_total", "connections:9090"),
        ("http.plain_8080.downstream_cx_total", "plaintext:8080"),
        ("tcp.plain_9090.downstream_cx_total", "plaintext:9090"),
        ("http.out_payments_80.rbac.denied_80_.denied", "denied:80"),
        ("cluster.outside/my-payments_443.ssl.handshake", "to:my-payments/tcp:handshakes"),
        ("http.in_8080.downstream_cx_active", "active:8080"),
        ("http.in_8080.downstream_rq_total", "requests:8080"),
        ("http.to_orders_8080.downstream_rq_total", ""),
        ("http.gate.downstream_rq_total", "requests:gate"),
        ("http.gate.downstream_cx_total", "connections:gate"),
        ("http.gate.downstream_cx_active", "active:gate"),
        ("http.gate.no_route", "denied:gate"),
        ("http.in_8080.no_route", ""),
        ("tcp.refused.downstream_cx_total", "undeclared"),
        ("cluster.orders/http.ssl.handshake", "to:orders/http:handshakes"),
        ("cluster.orders/http.upstream_rq_403", "to:orders/http:denied"),
        ("cluster.orders/tcp.upstream_cx_active", "to:orders/tcp:active"),
        ("cluster.seawall_agent.upstream_cx_total", ""),
        ("server.live", ""),
    ],
)
def test_names(name: str, key: str) -> None:
    assert key_of(name) == key


@given(st.text())
def test_any_name_is_read(name: str) -> None:
    assert isinstance(key_of(name), str)


def test_what_means_the_same_is_added_up() -> None:
    found = counts_of(
        {"http.in_80.rbac.allowed_80_.denied": 2, "http.in_80.rbac.denied_80_.denied": 3, "x": 9}
    )
    assert found == {"denied:80": 5}
    assert sum_of({"denied:80": 5, "denied:81": 1, "deniedx": 7}, "denied") == 6


def test_ways_out() -> None:
    counts = {
        "to:orders/http:handshakes": 2, "to:orders/http:requests": 9, "to:db/tcp:handshakes": 1,
        "to:db/tcp:requests": 1, "handshakes": 4,
    }  # fmt: skip
    assert ways_of(counts) == [
        Way("db", "tcp", handshakes=1),
        Way("orders", "http", handshakes=2, requests=9),
    ]


def test_the_stream_is_read_as_envoy_writes_it() -> None:
    """identifier=1 is passed over; families=2 {name=1, type=3, metric=4 {counter=3 {value=1}}}."""
    counter = b"\x09" + b"\x00\x00\x00\x00\x00\x00\x08\x40"  # 3.0
    metric = b"\x1a" + bytes([len(counter)]) + counter
    family = b"\x0a\x0bserver.live" + b"\x18\x00" + b"\x22" + bytes([len(metric)]) + metric
    message = Streamed.FromString(b"\x0a\x00" + b"\x12" + bytes([len(family)]) + family)
    (found,) = message.families
    assert (found.name, found.metrics[0].counter.value) == ("server.live", 3.0)
