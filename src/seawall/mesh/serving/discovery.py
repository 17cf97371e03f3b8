"""The aggregated discovery service: state of the world, one stream for each proxy.

Of each type that a proxy asks for it gets all resources at once (xDS protocol, "State of the
world"); its next request tells by nonce and version whether it took them.
"""

import asyncio
from collections.abc import AsyncIterator

import grpc
from envoy.service.discovery.v3.discovery_pb2 import DiscoveryRequest, DiscoveryResponse

from seawall.mesh.serving.feed import Feed, Refusal
from seawall.mesh.serving.snapshots import BY_NAME, ORDER, Snapshot

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_METHOD = "StreamAggregatedResources"

Stream = AsyncIterator[DiscoveryRequest]


class Subscription:
    """What a proxy wants of one type, and what it was sent last."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self.sent = -1
        """The version; -1 for nothing yet."""
        self.nonce = ""
        self.sent_names: frozenset[str] = frozenset()
        self.is_current = True
        """Whether what was sent last is what the proxy is to have."""


class Session:
    """One stream of one proxy."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._wanted: dict[str, Subscription] = {}
        self._nonces = 0
        self._asked = asyncio.Event()
        """Set when the proxy has said something, or there is news for it."""
        self._is_over = False

    async def listen(self, requests: Stream) -> None:
        """Take in what the proxy says until it hangs up."""
        try:
            async for request in requests:
                await self._heard(request)
                self._asked.set()
        finally:
            self._is_over = True
            self._asked.set()

    async def _heard(self, request: DiscoveryRequest) -> None:
        kind = request.type_url
        if kind not in ORDER:
            return  # there is none of it, and nothing is kept for it
        own = self._wanted.setdefault(kind, Subscription())
        if request.response_nonce and request.response_nonce != own.nonce:
            return  # about something older than what is on its way
        own.names = frozenset(request.resource_names)
        if request.response_nonce and request.HasField("error_detail"):
            await self._feed.refused(Refusal(own.sent, kind, request.error_detail.message.strip()))
        elif request.response_nonce and own.is_current:
            await self._feed.took(kind, own.sent)

    async def answers(self) -> AsyncIterator[DiscoveryResponse]:
        """What goes to the proxy: whatever it has asked for and does not have yet."""
        with self._feed.watched(self._asked):
            while not self._is_over:
                self._asked.clear()
                current = self._feed.current
                if current is not None:
                    for response in self._due(current):
                        yield response
                await self._asked.wait()

    def _due(self, current: Snapshot) -> list[DiscoveryResponse]:
        due = []
        for kind in ORDER:
            own = self._wanted.get(kind)
            if own is None:
                continue
            names = own.names if kind in BY_NAME else frozenset()
            if own.sent < self._feed.since[kind] or (names and names != own.sent_names):
                due.append(self._response(kind, own, current, names))
        return due

    def _response(
        self, kind: str, own: Subscription, current: Snapshot, names: frozenset[str]
    ) -> DiscoveryResponse:
        self._nonces += 1
        own.sent, own.nonce, own.sent_names = current.version, str(self._nonces), names
        found, own.is_current = self._feed.resources(kind, current)
        wanted = [found[name] for name in found if not names or name in names]
        return DiscoveryResponse(
            version_info=str(current.version), resources=wanted, type_url=kind, nonce=own.nonce
        )


def handler_of(feed: Feed) -> grpc.GenericRpcHandler:
    """The service for one proxy's socket: whoever can open the socket is that proxy."""

    async def stream(requests: Stream, _: object) -> AsyncIterator[DiscoveryResponse]:
        session = Session(feed)
        listening = asyncio.ensure_future(session.listen(requests))
        if not feed.streams:
            feed.begun()
        feed.streams += 1
        try:
            async for response in session.answers():
                yield response
        finally:
            feed.streams -= 1
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    method = grpc.stream_stream_rpc_method_handler(
        stream,
        request_deserializer=DiscoveryRequest.FromString,
        response_serializer=DiscoveryResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(SERVICE, {_METHOD: method})
