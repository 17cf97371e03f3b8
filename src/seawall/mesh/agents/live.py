"""Connections from peers that have lasted for a while, and whose they are: proxies tell the agent.

By its address a peer's connections are found at once. Somebody who has stolen its key comes from
another address. So proxies say every few seconds, over Envoy's access log service, which
connections they have, with the name in the certificate that was shown. Short ones are never heard
of: they cost nothing here.
"""

import time
from collections.abc import AsyncIterator, Callable, Collection
from typing import NamedTuple

import grpc
from envoy.service.accesslog.v3.als_pb2 import StreamAccessLogsMessage, StreamAccessLogsResponse

SERVICE = "envoy.service.accesslog.v3.AccessLogService"
_STALE = 15.0
"""Seconds without a word after which a connection has ended: three times what proxies wait."""
MOST = 100_000

Peer = tuple[str, int]


class _Seen(NamedTuple):
    name: str
    """What the certificate says: a SPIFFE id."""
    at: float


class Live:
    """The connections of one proxy."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[Peer, _Seen] = {}

    def hear(self, message: StreamAccessLogsMessage) -> None:
        """Take in what the proxy says of connections over TCP, and of requests that take long."""
        now = self._clock()
        for entry in (*message.tcp_logs.log_entry, *message.http_logs.log_entry):
            common = entry.common_properties
            # Where it comes from in truth, whatever a header says.
            address = (common.downstream_direct_remote_address.socket_address
                       if common.HasField("downstream_direct_remote_address")
                       else common.downstream_remote_address.socket_address)  # fmt: skip
            names = common.tls_properties.peer_certificate_properties.subject_alt_name
            if names and len(self._seen) < MOST:
                self._seen[address.address, address.port_value] = _Seen(names[0].uri, now)

    def of(self, names: Collection[str]) -> list[Peer]:
        """The connections of those with some names."""
        now = self._clock()
        self._seen = {peer: own for peer, own in self._seen.items() if now - own.at < _STALE}
        return [peer for peer, own in self._seen.items() if own.name in names]

    def forget(self, peers: Collection[Peer]) -> None:
        """Note that connections were ended."""
        for peer in peers:
            self._seen.pop(peer, None)


def handler_of(live: Live) -> grpc.GenericRpcHandler:
    """The access log service for one proxy's socket."""

    async def hear(
        messages: AsyncIterator[StreamAccessLogsMessage], _: object
    ) -> StreamAccessLogsResponse:
        async for message in messages:
            live.hear(message)
        return StreamAccessLogsResponse()

    method = grpc.stream_unary_rpc_method_handler(
        hear,
        request_deserializer=StreamAccessLogsMessage.FromString,
        response_serializer=StreamAccessLogsResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(SERVICE, {"StreamAccessLogs": method})
