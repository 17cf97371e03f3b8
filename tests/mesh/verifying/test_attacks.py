"""Attacks on a real proxy on loopback: what is refused, and that a spoiled proxy is found."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from seawall.mesh.identity.certificates import Odd, Validity
from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.plan.model import Port, Protocol, Rule, Source, View, Workload
from seawall.mesh.verifying import acts
from seawall.mesh.verifying.outcomes import (
    ALERT,
    ANSWERED,
    CLOSED,
    FORBIDDEN,
    SILENT,
    Outcome,
)
from seawall.mesh.verifying.tls_client import Credentials
from tests.mesh import loopback
from tests.mesh.loopback import Loopback, Mint, soon

pytestmark = pytest.mark.skipif(not loopback.envoy(), reason="needs Envoy (the extra mesh)")
DOMAIN = SpiffeId("td.example")
WEB, OTHER = parse("spiffe://td.example/web"), parse("spiffe://td.example/other")
HTTP, TCP = 8080, 9090
OWN = Workload(
    "orders", parse("spiffe://td.example/orders"), ("127.0.0.1",),
    (Port(HTTP, Protocol.HTTP), Port(TCP, Protocol.TCP)),
)  # fmt: skip
VIEW = View(OWN, (), (Rule("web", allows=True, to=OWN.id, sources=(Source(WEB),)),), 3)


@pytest.fixture(scope="module")
def mint() -> Mint:
    return Mint(DOMAIN)


@pytest.fixture(scope="module")
def proxy(mint: Mint) -> Iterator[Loopback]:
    with loopback.application() as app, loopback.running([VIEW], mint, app) as found:
        yield found


def come(proxy: Loopback, port: int, credentials: Credentials, **more: Any) -> Outcome:
    act = {
        "act": "tls", "address": "127.0.0.1", "port": proxy.ports["orders", port],
        "chain": credentials.chain, "key": credentials.key, **more,
    }  # fmt: skip
    return acts.do(act)


NOBODY = Credentials()


@pytest.mark.parametrize("port", [HTTP, TCP])
def test_who_may_is_answered(proxy: Loopback, mint: Mint, port: int) -> None:
    said = come(proxy, port, mint.leaf(WEB))
    assert (said.kind, said.said) == (ANSWERED, "HTTP/1.1 200 OK")
    assert bytes.fromhex(said.extra).startswith(b"\x30\x82")  # the proxy's own certificate


@pytest.mark.parametrize("port", [HTTP, TCP])
def test_whoever_is_wrong_is_refused_in_the_handshake(
    proxy: Loopback, mint: Mint, port: int
) -> None:
    now = int(time.time())
    wrong = {
        "certificate required": NOBODY,
        "expired": mint.leaf(WEB, Validity(now - 50, now - 10)),
        "future": mint.leaf(WEB, Validity(now + 60, now + 90)),
        "other issuer": Mint(DOMAIN).leaf(WEB),
        "other domain": mint.odd([parse("spiffe://other.example/web")], Odd()),
        "issuer": mint.odd([WEB], Odd(is_authority=True)),
        "may sign": mint.odd([WEB], Odd(may_sign=True)),
    }
    for name, credentials in wrong.items():
        said = come(proxy, port, credentials)
        assert said.kind == ALERT, (name, said)
    assert come(proxy, port, mint.leaf(WEB), old=True).said == "protocol version"


@pytest.mark.parametrize("names", [[WEB, OTHER], [OTHER, WEB]])
@pytest.mark.parametrize("port", [HTTP, TCP])
def test_two_names_are_refused_though_one_is_allowed(
    proxy: Loopback, mint: Mint, port: int, names: list[SpiffeId]
) -> None:
    assert come(proxy, port, mint.odd(names, Odd())).kind in (ALERT, CLOSED)


def test_who_is_known_and_not_allowed(proxy: Loopback, mint: Mint) -> None:
    assert come(proxy, HTTP, mint.leaf(OTHER)).kind == FORBIDDEN
    assert come(proxy, TCP, mint.leaf(OTHER)).kind == ALERT


def test_no_session_is_kept(proxy: Loopback, mint: Mint) -> None:
    short = mint.leaf(WEB, soon(1))
    said = acts.do(
        {"act": "resumed", "address": "127.0.0.1", "port": proxy.ports["orders", HTTP],
         "chain": short.chain, "key": short.key, "wait": 1}
    )  # fmt: skip
    assert said.extra == "no ticket"


def test_a_busy_connection_is_cut(proxy: Loopback, mint: Mint) -> None:
    said = come(proxy, TCP, mint.leaf(WEB), hold=10.0)
    assert said.kind == CLOSED
    assert 2 < said.seconds < 8  # VIEW says 3


def test_who_speaks_first_is_not_heard_by_others(mint: Mint) -> None:
    """Envoy's own filter of policy would let the banner out: it waits for the first byte."""
    with (
        loopback.application(b"220 hello\r\n") as app,
        loopback.running([VIEW], mint, app) as proxy,
    ):
        assert come(proxy, TCP, mint.leaf(WEB), speaks=False).said == "220 hello"
        for other in (mint.leaf(OTHER), NOBODY):
            assert come(proxy, TCP, other, speaks=False).kind == ALERT


def test_why_is_in_the_log(proxy: Loopback, mint: Mint) -> None:
    now = int(time.time())
    said = come(proxy, TCP, mint.leaf(WEB, Validity(now - 50, now - 9)))
    assert said.kind == ALERT
    deadline = time.monotonic() + 10
    while f'"from":"127.0.0.1:{said.port}"' not in proxy.log():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "certificate_has_expired" in proxy.log()


# A proxy as Envoy is without what is done here: each hole is found -------------------------------


def usual_validator(config: dict[str, Any]) -> None:
    bundle = config["secrets"][0]  # that of ports of http
    validator = bundle["validation_context"].pop("custom_validator_config")
    trusted = validator["typed_config"]["trust_domains"][0]["trust_bundle"]
    bundle["validation_context"]["trusted_ca"] = trusted


def no_filter_of_names(config: dict[str, Any]) -> None:
    for listener in config["config"]["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            chain["filters"] = [own for own in chain["filters"] if "names" not in own["name"]]


def anybody_in_the_handshake(config: dict[str, Any]) -> None:
    for secret in config["secrets"]:
        for own in secret.get("validation_context", {}).get("match_typed_subject_alt_names", ()):
            own["matcher"] = {"prefix": f"{DOMAIN}/"}


def sessions(config: dict[str, Any]) -> None:
    for listener in config["config"]["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            context = chain["transport_socket"]["typed_config"]
            del context["disable_stateless_session_resumption"]
            del context["disable_stateful_session_resumption"]


def no_limit(config: dict[str, Any]) -> None:
    for listener in config["config"]["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            for own in chain["filters"]:
                own["typed_config"].pop("max_downstream_connection_duration", None)


def test_a_proxy_that_takes_issuers_is_found(mint: Mint) -> None:
    with (
        loopback.application() as app,
        loopback.running([VIEW], mint, app, usual_validator) as proxy,
    ):
        for odd in (Odd(is_authority=True), Odd(may_sign=True)):
            assert come(proxy, HTTP, mint.odd([WEB], odd)).kind == ANSWERED


def test_a_proxy_that_takes_two_names_is_found(mint: Mint) -> None:
    with (
        loopback.application() as app,
        loopback.running([VIEW], mint, app, no_filter_of_names) as proxy,
    ):
        assert come(proxy, HTTP, mint.odd([OTHER, WEB], Odd())).kind == ANSWERED


def test_a_proxy_that_resumes_is_found(mint: Mint) -> None:
    with loopback.application() as app, loopback.running([VIEW], mint, app, sessions) as proxy:
        short = mint.leaf(WEB, soon(1))
        act = {
            "act": "resumed", "address": "127.0.0.1", "port": proxy.ports["orders", HTTP],
            "chain": short.chain, "key": short.key, "wait": 1,
        }  # fmt: skip
        said = acts.do(act)
        assert (said.extra, said.kind) == ("ticket", ANSWERED)  # after its end


def test_a_proxy_that_lets_a_banner_out_is_found(mint: Mint) -> None:
    with (
        loopback.application(b"220 hello\r\n") as app,
        loopback.running([VIEW], mint, app, anybody_in_the_handshake) as proxy,
    ):
        assert come(proxy, TCP, mint.leaf(OTHER), speaks=False).said == "220 hello"


def test_a_proxy_that_never_cuts_is_found(mint: Mint) -> None:
    with loopback.application() as app, loopback.running([VIEW], mint, app, no_limit) as proxy:
        assert come(proxy, TCP, mint.leaf(WEB), hold=5.0).kind in (ANSWERED, SILENT)


def test_what_the_issuer_of_a_probe_signs_is_refused(proxy: Loopback, mint: Mint) -> None:
    """A probe says that it is an issuer, or its key may sign: neither is enough to be one."""
    from seawall.mesh.identity import certificates, keys
    from seawall.mesh.identity.certificates import Issuer

    probe_name = parse("spiffe://td.example/seawall/verify/x")
    for odd in (Odd(is_authority=True), Odd(may_sign=True)):
        key = keys.new_key()
        probe = certificates.make_odd_leaf(
            [probe_name], key.public_key(), soon(), mint.issuer, certificates.new_serial(), odd
        )
        own = keys.new_key()
        leaf = certificates.make_leaf(
            WEB, own.public_key(), soon(), Issuer(probe, key), certificates.new_serial()
        )
        chain = certificates.as_pem((leaf, probe, mint.issuer.certificate)).decode()
        shown = Credentials(chain, keys.as_pem(own).decode())
        for port in (HTTP, TCP):
            assert come(proxy, port, shown).kind == ALERT
