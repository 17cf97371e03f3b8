"""A socket for each workload: who can open it is that workload's proxy."""

import contextlib
import os

import grpc

from seawall.mesh.agents import live
from seawall.mesh.agents.charge import Charge
from seawall.mesh.serving.discovery import handler_of
from seawall.mesh.watching import receiving

SOCKET = "discovery.sock"


async def serve_one(charge: Charge, path: str) -> grpc.aio.Server:
    """Serve one proxy at a socket that its owner and their group may open."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # of an agent before this one
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    counting = receiving.handler_of(charge.count)
    server.add_generic_rpc_handlers(
        (handler_of(charge.feed), live.handler_of(charge.live), counting)
    )
    server.add_insecure_port(f"unix:{path}")
    await server.start()
    os.chmod(path, 0o660)
    return server
