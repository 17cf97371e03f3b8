"""How an agent is: asked over a unix socket by a probe of the kubelet, which is a command.

So no port of the agent is open to anybody.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from seawall.core.errors import InputError

if TYPE_CHECKING:
    import asyncio

RUN = "/run/seawall/mesh/agent"
SOCKET = "ask.sock"
_OK = "ok"
_TIMEOUT = 4.0
_LONGEST = 4096


async def serve(run: str, fault: Callable[[], str]) -> "asyncio.Server":
    """Answer with what is not ready, or that all is; who answers at all is alive."""
    import asyncio  # noqa: PLC0415 - half of the time that it takes to ask

    async def answer(reader: "asyncio.StreamReader", writer: "asyncio.StreamWriter") -> None:
        with suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(_TIMEOUT):
                question = (await reader.readline()).decode("ascii", "replace").strip()
                said = (fault() if question == "ready" else "") or _OK
                writer.write(f"{said}\n".encode()[:_LONGEST])
                await writer.drain()
        writer.close()

    path = os.path.join(run, SOCKET)
    with suppress(FileNotFoundError):
        os.unlink(path)
    server = await asyncio.start_unix_server(answer, path)
    os.chmod(path, 0o600)
    return server


def ask(run: str, question: str) -> str:
    """What is wrong, as the agent says; empty where nothing is. Raises ``InputError`` if none."""
    path = os.path.join(run, SOCKET)
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(_TIMEOUT)
            asking.connect(path)
            asking.sendall(f"{question}\n".encode())
            said = b""
            while not said.endswith(b"\n") and len(said) < _LONGEST:
                piece = asking.recv(_LONGEST)
                if not piece:
                    break
                said += piece
    except OSError as error:
        raise InputError(
            f"no agent answers at {path} ({error.strerror or error}): see its log"
        ) from None
    text = said.decode("utf-8", "replace").strip()
    return "" if text == _OK else text or "the agent says nothing"
