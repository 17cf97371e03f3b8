"""HTTP/1.1 on asyncio, as little of it as an API server needs to ask a webhook.

Bodies have a length (no chunks), heads and bodies have limits, every wait has an end, and a
connection that is odd in any way is answered once and closed.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from inspect import isawaitable
from typing import NamedTuple

LONGEST_HEAD = 16 * 1024
SECONDS_IDLE = 90.0
"""Between two requests of a connection."""
SECONDS_FOR_A_BODY = 10.0
MOST_CONNECTIONS = 512
_REASONS = {
    200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
    411: "Length Required", 413: "Content Too Large", 431: "Request Header Fields Too Large",
    500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip


class Request(NamedTuple):
    """What is asked."""

    method: str
    path: str
    """Without what stands behind a question mark."""
    body: bytes


class Response(NamedTuple):
    """What is answered."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


class _Head(NamedTuple):
    method: str
    path: str
    length: int
    keeps: bool
    expects: bool


class _OddError(Exception):
    """A request that is answered with an error, after which the connection ends."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.response = Response(status, f"{reason}\n".encode())


class Server:
    """Answers on one port until it is stopped."""

    def __init__(
        self, answer: Callable[[Request], Response | Awaitable[Response]], largest: int
    ) -> None:
        """``largest`` is the most bytes of a body."""
        self._answer = answer
        self._largest = largest
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; gives the port. Raises OSError where that cannot be done."""
        self._server = await asyncio.start_server(
            self._converse, host or None, port, limit=LONGEST_HEAD, ssl=tls,
            ssl_handshake_timeout=SECONDS_FOR_A_BODY if tls else None,
        )  # fmt: skip
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self, seconds: float) -> None:
        """Take nothing new; who is being answered gets the answer, for so long."""
        if self._server is not None:
            self._server.close()
        for task in self._open - self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy, timeout=seconds)
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it is one
        if len(self._open) >= MOST_CONNECTIONS:
            writer.close()
            return
        self._open.add(task)
        try:
            while await self._one(reader, writer, task):
                pass
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever asked has left, or was told to
        finally:
            self._open.discard(task)
            self._busy.discard(task)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        task: "asyncio.Task[None]",
    ) -> bool:  # fmt: skip
        """Answer one request; whether there may be another."""
        try:
            async with asyncio.timeout(SECONDS_IDLE):
                text = await reader.readuntil(b"\r\n\r\n")
            self._busy.add(task)
            head = _head(text, self._largest)
            if head.expects:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            async with asyncio.timeout(SECONDS_FOR_A_BODY):
                body = await reader.readexactly(head.length)
            said = self._answer(Request(head.method, head.path, body))
            response, keeps = await said if isawaitable(said) else said, head.keeps
        except asyncio.LimitOverrunError:
            odd = _OddError(431, f"the head is larger than {LONGEST_HEAD} bytes")
            response, keeps = odd.response, False
        except _OddError as error:
            response, keeps = error.response, False
        writer.write(_written(response, keeps=keeps))
        async with asyncio.timeout(SECONDS_FOR_A_BODY):
            await writer.drain()
        self._busy.discard(task)
        return keeps


def _head(text: bytes, largest: int) -> _Head:
    line, *lines = text.decode("latin-1").rstrip("\r\n").split("\r\n")
    words = line.split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise _OddError(400, "no request of HTTP/1.1")
    headers: dict[str, str] = {}
    for one in lines:
        name, colon, value = one.partition(":")
        name = name.lower()
        if not colon or not name or name != name.strip() or "\n" in one or "\r" in one:
            raise _OddError(400, "a header that is none")
        if name in headers and name in ("content-length", "transfer-encoding"):
            raise _OddError(400, f"{name} is given twice")
        headers[name] = value.strip()
    if "transfer-encoding" in headers:
        raise _OddError(411, "send the body with its length")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise _OddError(400, "content-length is no number")
    if len(length) > 12 or int(length) > largest:
        raise _OddError(413, f"the body is larger than {largest} bytes")
    keeps = words[2] == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    expects = headers.get("expect", "").lower() == "100-continue"
    return _Head(words[0], words[1].partition("?")[0], int(length), keeps, expects)


def _written(response: Response, *, keeps: bool) -> bytes:
    head = (
        f"HTTP/1.1 {response.status} {_REASONS[response.status]}\r\n"
        f"Content-Type: {response.content_type}\r\n"
        f"Content-Length: {len(response.body)}\r\n"
        f"Connection: {'keep-alive' if keeps else 'close'}\r\n\r\n"
    )
    return head.encode("ascii") + response.body
