"""What the programs of a cluster have in common."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from seawall.core.errors import UsageError
from seawall.mesh.injection.http_server import Server


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do all of it until one has come to its end; its error is ours, the others are ended."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def told_to_stop() -> None:
    """Until somebody says so by SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def listening(server: Server, place: tuple[str, int]) -> int:
    """Let a server listen; gives the port. Raises :class:`UsageError` where that cannot be done."""
    host, port = place
    try:
        return await server.start(host, port)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another port"
        ) from None


def say(text: str) -> None:
    """A line for the log."""
    sys.stderr.write(f"seawall: {text}\n")
    sys.stderr.flush()
