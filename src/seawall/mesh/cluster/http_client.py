"""HTTP/1.1 on asyncio, as little of it as an API server and probes need: one request a connection.

Whoever answers is not trusted: heads, lines and bodies have limits, every wait has an end.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from seawall.mesh.cluster.errors import ClusterError

LONGEST_LINE = 16 * 1024
MOST_LINES = 200
"""Lines of a head, or of what may follow the last chunk."""
SECONDS_TO_CONNECT = 10.0
SECONDS_FOR_A_HEAD = 30.0
_PIECE = 64 * 1024
_MOST_INTERIM = 10
"""Answers that only say that another one will come (RFC 9110, section 15.2)."""


class Target(NamedTuple):
    """Whom a request is for."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    socket: str = ""
    """The path of a unix socket, in place of host and port."""

    @property
    def authority(self) -> str:
        """``HOST:PORT``, as a header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Request(NamedTuple):
    """What is asked."""

    method: str
    path: str
    """With its query, escaped."""
    headers: Mapping[str, str]
    """``Host`` and what frames the body are added."""
    body: bytes = b""


class Response:
    """An answer whose body has not been read yet."""

    def __init__(self, status: int, headers: Mapping[str, str], body: AsyncIterator[bytes]) -> None:
        self.status = status
        self.headers = headers
        """By name in small letters."""
        self._body = body

    async def read(self, largest: int) -> bytes:
        """The whole body; raises :class:`ClusterError` where it is larger."""
        found = bytearray()
        async for piece in self._body:
            found += piece
            if len(found) > largest:
                raise ClusterError(f"the answer is larger than {largest} bytes: see who answers")
        return bytes(found)

    async def lines(self, longest: int) -> AsyncIterator[bytes]:
        """The body line by line, as it comes; an unfinished last line is dropped."""
        left = bytearray()
        async for piece in self._body:
            start = len(left)
            left += piece
            while (end := left.find(b"\n", start)) >= 0:
                yield bytes(left[:end])
                del left[: end + 1]
                start = 0
            if len(left) > longest:
                raise ClusterError(f"a line of more than {longest} bytes: see who answers")


@asynccontextmanager
async def exchange(
    target: Target, request: Request, seconds_idle: float = SECONDS_FOR_A_HEAD
) -> AsyncIterator[Response]:
    """Ask and begin to read; the connection ends with the context.

    ``seconds_idle`` is how long nothing may come while the body is read. Raises
    :class:`ClusterError` for whatever is odd, and for what the network does.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(SECONDS_TO_CONNECT):
            reader, writer = await _connected(target)
        writer.write(_written(target, request))
        async with asyncio.timeout(SECONDS_FOR_A_HEAD):
            await writer.drain()
            status, headers = await _head(reader)
        yield Response(status, headers, _body(reader, status, headers, seconds_idle))
    except (TimeoutError, OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
        reason = str(error) or ("no answer in time" if isinstance(error, TimeoutError) else "ended")
        raise ClusterError(
            f"{target.authority}: {reason}; see that it runs and can be reached"
        ) from None
    finally:
        if writer is not None:
            writer.transport.abort()  # nothing more is of interest, TLS's farewell included
            with suppress(OSError, asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()


async def _connected(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if target.socket:
        return await asyncio.open_unix_connection(target.socket, limit=LONGEST_LINE)
    return await asyncio.open_connection(
        target.host, target.port, ssl=target.tls, limit=LONGEST_LINE,
        server_hostname=target.host if target.tls is not None else None,
    )  # fmt: skip


def _written(target: Target, request: Request) -> bytes:
    headers = {"Host": target.authority, "Connection": "close"}
    if request.body or request.method in ("POST", "PUT"):
        headers["Content-Length"] = str(len(request.body))
    # What a request names itself goes before: probes may set the host.
    named = {name.lower() for name in request.headers}
    kept = {name: value for name, value in headers.items() if name.lower() not in named}
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {**kept, **request.headers}.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a request with a line break in it")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + request.body


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    for _ in range(_MOST_INTERIM):
        words = (await _line(reader)).split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or len(words[1]) != 3:
            raise ValueError("no answer of HTTP/1.1")
        status = int(words[1])
        headers = await _headers(reader)
        if status >= 200:
            return status, headers
    raise ValueError("too many answers that are none")


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(MOST_LINES):
        line = await _line(reader)
        if not line:
            return found
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError("a header that is none")
        found.setdefault(name.strip().lower(), value.strip())
    raise ValueError(f"a head of more than {MOST_LINES} lines")


async def _line(reader: asyncio.StreamReader) -> str:
    line = await reader.readuntil(b"\n")
    return line.rstrip(b"\r\n").decode("latin-1")


async def _body(
    reader: asyncio.StreamReader, status: int, headers: Mapping[str, str], idle: float
) -> AsyncIterator[bytes]:
    """The body in pieces, by whichever way it is framed (RFC 9112, section 6.3)."""
    if status in (204, 304):
        return
    if headers.get("transfer-encoding", "").lower() == "chunked":
        async for piece in _chunks(reader, idle):
            yield piece
        return
    length = headers.get("content-length")
    if length is None:
        while piece := await _piece(reader, _PIECE, idle):
            yield piece
        return
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise ValueError("a length that is no number")
    async for piece in _exactly(reader, int(length), idle):
        yield piece


async def _chunks(reader: asyncio.StreamReader, idle: float) -> AsyncIterator[bytes]:
    while True:
        async with asyncio.timeout(idle):
            text = (await _line(reader)).partition(";")[0].strip()
        if (
            not text
            or len(text) > 15
            or not all(letter in "0123456789abcdefABCDEF" for letter in text)
        ):
            raise ValueError("a chunk without its size")
        size = int(text, 16)
        if size == 0:
            async with asyncio.timeout(idle):
                await _headers(reader)
            return
        async for piece in _exactly(reader, size, idle):
            yield piece
        async with asyncio.timeout(idle):
            if await _line(reader):
                raise ValueError("a chunk of another size than it says")


async def _exactly(reader: asyncio.StreamReader, size: int, idle: float) -> AsyncIterator[bytes]:
    left = size
    while left:
        piece = await _piece(reader, min(left, _PIECE), idle)
        if not piece:
            raise EOFError("the answer ends early")
        left -= len(piece)
        yield piece


async def _piece(reader: asyncio.StreamReader, most: int, idle: float) -> bytes:
    async with asyncio.timeout(idle):
        return await reader.read(most)
