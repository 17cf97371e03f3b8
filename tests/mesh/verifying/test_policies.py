"""Random policies: what ``mesh policy`` tells is what a real proxy does, request by request."""

import os
import random
import socket
import ssl
from collections.abc import Iterator, Sequence

import pytest

from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.plan.deciding import Request, decide
from seawall.mesh.plan.model import Port, Protocol, Rule, Source, View, Workload
from seawall.mesh.verifying.tls_client import Wish, context_for
from tests.mesh import loopback
from tests.mesh.loopback import Loopback, Mint

pytestmark = pytest.mark.skipif(not loopback.envoy(), reason="needs Envoy (the extra mesh)")
DOMAIN = SpiffeId("td.example")
CALLERS = [parse(f"spiffe://td.example{path}") for path in ("/a", "/a/b", "/ab", "/c/d/e")]
METHODS = ("GET", "POST", "DELETE")
PATHS = (
    "/", "/a", "/a/", "/a/b", "/ab", "/b/c?x=/a", "//a//b", "/a/../b", "/%61", "/a%2fb", "/a/./b",
    "/b/%2e%2e/a", "/../a", "/a/..", "/A",
)  # fmt: skip
TOGETHER = 50
"""Workloads of one proxy."""


def some_rules(chosen: random.Random, own: SpiffeId, port: Port) -> Iterator[Rule]:
    """Up to five, which name callers, methods and paths that are asked with, or nearly."""
    for number in range(chosen.randint(0, 5)):
        sources = [
            Source(chosen.choice(CALLERS), chosen.random() < 0.4)
            for _ in range(chosen.randint(0, 2))
        ]
        is_http = port.protocol is Protocol.HTTP
        yield Rule(
            f"rule {number}", chosen.random() < 0.7, own, tuple(sources),
            chosen.choice([(), (port.number,), (1,), (1, port.number)]),
            tuple(chosen.sample(METHODS, chosen.randint(0, 2))) if is_http else (),
            tuple(chosen.sample(["/", "/a", "/a/*", "/b/*", "/a/b", "/*"], chosen.randint(0, 2)))
            if is_http else (),
        )  # fmt: skip


def some_views(chosen: random.Random, count: int) -> list[View]:
    views = []
    for number in range(count):
        # Each has a port of its own: secrets are named by ports, and one proxy has them all here.
        port = Port(20_000 + number, (Protocol.HTTP, Protocol.TCP)[number % 2])
        own = Workload(f"w{number}", DOMAIN.child(f"w{number}"), ("127.0.0.1",), (port,))
        views.append(View(own, (), tuple(some_rules(chosen, own.id, port)), 1800))
    return views


@pytest.mark.parametrize("count", [50, pytest.param(500, marks=pytest.mark.full)])
def test_what_is_told_is_what_is_done(count: int) -> None:
    chosen = random.Random(int(os.environ.get("SEAWALL_TEST_SEED", "9")))
    mint = Mint(DOMAIN)
    contexts = {caller: context_for(mint.leaf(caller), Wish()) for caller in CALLERS}
    done = {True: 0, False: 0}
    with loopback.application() as app:
        for _ in range(count // TOGETHER):
            views = some_views(chosen, TOGETHER)
            with loopback.running(views, mint, app) as proxy:
                for view in views:
                    for caller in CALLERS:
                        for allowed in compared(proxy, view, caller, contexts[caller], chosen):
                            done[allowed] += 1
    assert min(done.values()) > count  # both happen often


def compared(
    proxy: Loopback, view: View, caller: SpiffeId, context: ssl.SSLContext, chosen: random.Random
) -> Iterator[bool]:
    """Ask as a caller; gives what was decided, which is what was done."""
    (port,) = view.own.ports
    at = proxy.ports[view.own.name, port.number]
    if port.protocol is Protocol.TCP:
        told = decide(view.rules, port, Request(caller))
        done = asked(at, context, [("GET", "/")])[0] == 200
        assert done == told.is_allowed, (view.rules, caller, told)
        yield done
        return
    wanted = [(chosen.choice(METHODS), path) for path in chosen.sample(PATHS, 4)]
    for (method, path), status in zip(wanted, asked(at, context, wanted), strict=True):
        told = decide(view.rules, port, Request(caller, method, path))
        assert status in (200, 400, 403), (status, method, path)
        assert (status == 200) == told.is_allowed, (view.rules, caller, method, path, status, told)
        yield status == 200


def asked(port: int, context: ssl.SSLContext, wanted: Sequence[tuple[str, str]]) -> list[int]:
    """The status of each request; 0 where the connection was refused. Bad ones get a new one."""
    found: list[int] = []
    connection: ssl.SSLSocket | None = None
    for method, path in wanted:
        try:
            if connection is None:
                plain = socket.create_connection(("127.0.0.1", port), 5)
                connection = context.wrap_socket(plain)
            connection.sendall(f"{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            head = answer_of(connection)
        except OSError:
            head = b""
        found.append(int(head.split(b" ", 2)[1]) if head else 0)
        if (not head or b"connection: close" in head.lower()) and connection is not None:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()
    return found


def answer_of(connection: ssl.SSLSocket) -> bytes:
    """The head of an answer; its body is read away."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
         if line.startswith(b"content-length")), 0,
    )  # fmt: skip
    while len(body) < length:
        body += connection.recv(4096)
    return head
