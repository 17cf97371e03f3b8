"""Pages, and servers that do not mean well."""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from seawall.hardening.images.verification import asking
from seawall.hardening.images.verification.asking import Answer, ask
from seawall.hardening.images.verification.checks import Http

PAGE = Http(8080, "/a?b")
LONG = 20.0


def asked(serve: Callable[[socket.socket], None], seconds: float = LONG) -> Answer | str:
    ours, theirs = socket.socketpair()

    def work() -> None:
        with theirs:
            try:
                serve(theirs)
            except OSError:
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        return ask(ours, PAGE, seconds)
    finally:
        thread.join()


def test_a_page() -> None:
    heard = []

    def serve(client: socket.socket) -> None:
        heard.append(client.recv(1000))
        client.sendall(b"HTTP/1.1 404 No\r\nContent-Type: text/x\r\nContent-Length: 2\r\n\r\nhi")

    assert asked(serve) == Answer(404, "text/x", b"hi", is_cut=False)
    assert heard[0].startswith(b"GET /a?b HTTP/1.1\r\nHost: localhost:8080\r\n")


def test_a_page_in_chunks_and_one_that_ends_with_the_connection() -> None:
    def chunks(client: socket.socket) -> None:
        client.recv(1000)
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")

    def plain(client: socket.socket) -> None:
        client.recv(1000)
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    assert asked(chunks) == Answer(200, "none", b"a", is_cut=False)
    assert asked(plain) == Answer(200, "none", b"all of it", is_cut=False)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 9999999 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"\xff\x00" * 50_000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told(data: bytes) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(1000)
        client.sendall(data)

    found = asked(serve)
    assert isinstance(found, str)
    assert found


def test_a_page_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST", 200_000)

    def serve(client: socket.socket) -> None:
        client.recv(1000)
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            client.sendall(bytes(65536))

    found = asked(serve)
    assert isinstance(found, Answer)
    assert (len(found.body), found.is_cut) == (200_000, True)


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_who_is_slow_without_end_is_given_up(start: bytes) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(1000)
        client.sendall(start)
        while True:
            client.sendall(b"A")
            time.sleep(0.02)

    assert asked(serve, 0.4) == "it takes too long"


def test_who_says_nothing_is_given_up() -> None:
    def serve(client: socket.socket) -> None:
        client.recv(1000)
        client.recv(1000)

    assert asked(serve, 0.2) == "it takes too long"
