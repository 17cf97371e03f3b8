"""Proxies stream their counters to the agent, over the socket by which they get everything else."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import grpc

from seawall.mesh.watching.counts import counts_of
from seawall.mesh.watching.messages import METHOD, SERVICE, Streamed

Tell = Callable[[Mapping[str, int]], None]


def handler_of(tell: Tell) -> grpc.GenericRpcHandler:
    """The service for one proxy's socket; ``tell`` gets all of its counts each time."""

    async def stream(messages: AsyncIterator[Any], _: object) -> bytes:
        latest: dict[str, float] = {}
        async for message in messages:
            for family in message.families:
                latest[family.name] = sum(
                    own.counter.value + own.gauge.value for own in family.metrics
                )
            tell(counts_of(latest))
        return b""

    method = grpc.stream_unary_rpc_method_handler(
        stream, request_deserializer=Streamed.FromString, response_serializer=bytes
    )
    return grpc.method_handlers_generic_handler(SERVICE, {METHOD: method})
