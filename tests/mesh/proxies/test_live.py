"""The way in by a live Envoy: what comes to the application, and what policies say of it."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.deciding import Request, decide, normalized
from seawall.mesh.plan.model import Port, Protocol, Rule, Source
from seawall.mesh.proxies import program
from tests.mesh.proxies.live import Live, live

OWN = parse("spiffe://shop.example.org/ns/shop/sa/orders")
WEB = parse("spiffe://shop.example.org/workload/web")
JOB = parse("spiffe://shop.example.org/workload/job")
RULES = (
    Rule("web", allows=True, to=OWN, sources=(Source(WEB),)),
    Rule("no admin", allows=False, to=OWN, paths=("/admin", "/admin/*")),
    Rule(
        "job", allows=True, to=OWN, sources=(Source(JOB),), methods=("GET",), paths=("/orders/*",)
    ),
)  # fmt: skip
HTTP = Port(80, Protocol.HTTP)


def _has_envoy() -> bool:
    try:
        program.find()
    except program.EnvoyError:
        return False
    return True


pytestmark = pytest.mark.skipif(not _has_envoy(), reason="needs Envoy (the extra mesh)")


@pytest.fixture(scope="module")
def strict() -> Iterator[Live]:
    with live(OWN, RULES) as running:
        yield running


@pytest.fixture(scope="module")
def lenient() -> Iterator[Live]:
    """A port that everybody may ask for everything: what the application sees is what counts."""
    with live(OWN, (Rule("all", allows=True, to=OWN),)) as running:
        yield running


PIECES = (
    "/", "//", ".", "..", "%2e", "%2E", ";", "%3b", "a", "admin", "orders", "%61", "%41", "%25",
    "%2f", "%5C", "\\", "%", "%00", "?", "#", "~", "%7e", "|", ":", "@", "..;x", "%c3%a9",
)  # fmt: skip
paths = st.lists(st.sampled_from(PIECES), max_size=7).map(lambda parts: "/" + "".join(parts))
several = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@several
@given(paths)
def test_a_path_is_what_policies_take_it_for(lenient: Live, path: str) -> None:
    answer = lenient.get(WEB, path)
    seen = answer.seen.line.split(" ")[1].partition("?")[0] if answer.seen else ""
    assert seen == normalized(path)


@several
@given(st.sampled_from([WEB, JOB]), st.sampled_from(["GET", "POST"]), paths)
def test_policies_say_what_the_proxy_does(
    strict: Live, caller: "object", method: str, path: str
) -> None:
    decision = decide(RULES, HTTP, Request(caller, method, path))  # type: ignore[arg-type]
    answer = strict.get(caller, path, method)  # type: ignore[arg-type]
    assert answer.is_let_in == decision.is_allowed, (answer, decision)


@pytest.mark.parametrize(
    "path",
    [
        "/orders/..;/admin", "/orders/%2e%2e;/admin", "/orders/%2e%2e;x=y/admin",
        "/orders/..%3b/admin", "/orders/.%2e;/admin", "/orders/%2e%2e/admin",
        "/orders/%61/..;/..;/admin", "/orders/..%3B",
        "/admin;x/1", "/admin;x", "/admin%3bx/1", "/%61dmin;/1", "/;/admin", "/./;/../admin",
    ],
)  # fmt: skip
def test_what_a_servlet_container_would_take_for_another_path(strict: Live, path: str) -> None:
    """It drops parameters, then goes up: each of these is ``/admin`` there."""
    for caller in (WEB, JOB):
        assert not strict.get(caller, path).is_let_in


FORGED = "URI=spiffe://shop.example.org/boss"
NAMES = [f"x{one}forwarded{two}client{three}cert" for one in "-_" for two in "-_" for three in "-_"]


@pytest.mark.parametrize("name", [*NAMES, "X_Forwarded_Client_Cert", "X-FORWARDED-CLIENT-CERT"])
def test_nobody_but_the_proxy_says_who_calls(lenient: Live, name: str) -> None:
    """A CGI or WSGI program does not tell underscores from hyphens."""
    for more in ("connection: keep-alive", f"connection: {name}"):
        seen = lenient.get(WEB, "/", "GET", f"{name}: {FORGED}", more).seen
        assert seen is not None
        (said,) = seen.all_of("x-forwarded-client-cert")
        assert said.endswith(f"URI={WEB}")
        assert "boss" not in said


@pytest.mark.parametrize(
    "data",
    [
        b"CONNECT orders:80 HTTP/1.1\r\nhost: orders\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        (
            b"PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n"
            b"transfer-encoding: chunked\r\n\r\n0\r\n"
        ),
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\ncontent-length: 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\nhello",
        b"GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"G\xc3 / HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
)
def test_what_programs_might_understand_in_two_ways_does_not_come_to_them(
    strict: Live, data: bytes
) -> None:
    assert not strict.say(WEB, data).is_let_in


@pytest.mark.parametrize(
    "data",
    [
        b"GET  / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\nhost: a\n\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx-a: b\rGET /admin HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx-a: b\r\n x-forwarded-client-cert: me\r\n\r\n",
    ],
)
def test_what_is_odd_comes_to_programs_in_plain_words(lenient: Live, data: bytes) -> None:
    seen = lenient.say(WEB, data).seen
    assert seen is not None
    assert seen.line == "GET / HTTP/1.1"
    assert len(seen.all_of("host")) == 1
    assert len(seen.all_of("x-forwarded-client-cert")) == 1
    assert not any("\r" in value or "\n" in value for _, value in seen.headers)


def test_a_connection_that_becomes_another_one_is_asked_for_like_a_request(strict: Live) -> None:
    upgrade = ("upgrade: websocket", "connection: upgrade")
    assert strict.get(WEB, "/chat", "GET", *upgrade).is_let_in
    assert not strict.get(JOB, "/chat", "GET", *upgrade).is_let_in
    assert not strict.get(WEB, "/admin/chat", "GET", *upgrade).is_let_in
    seen = strict.get(WEB, "/", "GET", "upgrade: h2c", "http2-settings: AA", "connection: upgrade")
    assert seen.seen is None or not seen.seen.all_of("upgrade")


def test_names_of_rules_hide_no_other_rule() -> None:
    """Else a rule that is called as that of a revocation would take its place."""
    rules = [
        Rule("one", allows=False, to=OWN, sources=(Source(JOB),)),
        Rule("one", allows=False, to=OWN, sources=(Source(WEB),)),
        Rule("all", allows=True, to=OWN),
    ]
    for port in (HTTP, Port(80)):
        for caller in (JOB, WEB):
            assert not decide(rules, port, Request(caller, "GET", "/")).is_allowed
