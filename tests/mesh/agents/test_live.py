"""What proxies tell of connections that last."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
from envoy.service.accesslog.v3.als_pb2 import StreamAccessLogsMessage

from seawall.mesh.agents import cutting
from seawall.mesh.agents.live import SERVICE, Live, handler_of
from seawall.mesh.control.messages import Orders
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.model import Known, Port, View, Workload

WEB = "spiffe://td/web"


def _said(name: str, address: str, port: int, *, http: bool = False) -> StreamAccessLogsMessage:
    message = StreamAccessLogsMessage()
    logs = message.http_logs if http else message.tcp_logs
    common = logs.log_entry.add().common_properties
    # What a header says is not what is believed.
    common.downstream_remote_address.socket_address.address = "192.0.2.1"
    socket = common.downstream_direct_remote_address.socket_address
    socket.address, socket.port_value = address, port
    if name:
        common.tls_properties.peer_certificate_properties.subject_alt_name.add().uri = name
    return message


def test_connections_are_known_by_the_names_that_were_shown() -> None:
    now = [0.0]
    live = Live(lambda: now[0])
    live.hear(_said(WEB, "10.77.0.9", 1))
    live.hear(_said(WEB, "fd77::9", 2, http=True))
    live.hear(_said("spiffe://td/other", "10.77.0.9", 3))
    live.hear(_said("", "10.77.0.9", 4))
    live.hear(StreamAccessLogsMessage())
    assert live.of({WEB}) == [("10.77.0.9", 1), ("fd77::9", 2)]
    live.forget([("10.77.0.9", 1), ("nowhere", 1)])
    assert live.of({WEB}) == [("fd77::9", 2)]
    now[0] = 10.0
    live.hear(_said("spiffe://td/other", "10.77.0.9", 3))
    now[0] = 20.0
    assert live.of({WEB}) == []
    assert live.of({"spiffe://td/other"}) == [("10.77.0.9", 3)]


def test_it_is_heard_over_a_socket(tmp_path: Path) -> None:
    async def talk() -> list[tuple[str, int]]:
        live = Live()
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((handler_of(live),))
        server.add_insecure_port(f"unix:{tmp_path}/s")
        await server.start()

        async def messages() -> AsyncIterator[bytes]:
            yield _said(WEB, "10.77.0.9", 1).SerializeToString()

        async with grpc.aio.insecure_channel(f"unix:{tmp_path}/s") as channel:
            call: Any = channel.stream_unary(f"/{SERVICE}/StreamAccessLogs")
            await call(messages())
        await server.stop(0)
        return live.of({WEB})

    assert asyncio.run(talk()) == [("10.77.0.9", 1)]


def test_names_that_are_good_for_nothing() -> None:
    own = Workload("data", parse("spiffe://td/data"), (), (Port(80),))
    lasting = own._replace(ports=(Port(5432, is_long_lived=True),))
    ended = Known(parse(WEB), (), 100)
    orders = Orders(1, "", 2, 3600, (), revoked=(Known(parse("spiffe://td/x")),), callers=(ended,))
    assert cutting.worthless(orders, 200).to(View(own)) == {"spiffe://td/x"}
    assert cutting.worthless(orders, 200).to(View(lasting)) == {"spiffe://td/x", WEB}
    assert cutting.worthless(orders, 100).to(View(lasting)) == {"spiffe://td/x"}
