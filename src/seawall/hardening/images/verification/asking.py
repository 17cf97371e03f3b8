"""A page, asked for over a socket that is open already (RFC 9112)."""

import http.client
import socket
import threading
import time
from typing import NamedTuple

from seawall import __version__
from seawall.hardening.images.verification.checks import Http

MOST = 4 << 20
"""Bytes of a page that are read."""
_PIECE = 1 << 16


class Answer(NamedTuple):
    """What came back."""

    status: int
    content_type: str
    body: bytes
    is_cut: bool


def ask(open_socket: socket.socket, page: Http, seconds: float) -> Answer | str:
    """Ask for a page; gives the answer, or why there is none. The socket is closed.

    ``seconds`` is how long it may take altogether, however slowly something comes.
    """
    until = time.monotonic() + seconds
    timer = threading.Timer(max(0.01, seconds), _shut, (open_socket,))
    timer.daemon = True
    timer.start()
    try:
        open_socket.settimeout(max(0.01, seconds))
        open_socket.sendall(_request(page))
        answer = http.client.HTTPResponse(open_socket, method="GET")
        try:
            answer.begin()
            body = b""
            while len(body) <= MOST and (piece := answer.read(_PIECE)):
                body += piece
            left = answer.length or 0
        finally:
            answer.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() >= until
        return "it takes too long" if late else f"{type(error).__name__}: {error}".strip(": ")
    finally:
        timer.cancel()
        open_socket.close()
    if time.monotonic() >= until:
        return "it takes too long"
    if left and len(body) <= MOST:
        return f"its page ends {left} bytes early"
    content_type = answer.headers.get("Content-Type", "none")
    return Answer(answer.status, content_type, body[:MOST], len(body) > MOST)


def _request(page: Http) -> bytes:
    lines = (
        f"GET {page.path} HTTP/1.1", f"Host: localhost:{page.port}",
        f"User-Agent: seawall/{__version__}", "Accept: */*", "Connection: close", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def _shut(open_socket: socket.socket) -> None:
    try:
        open_socket.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return
