"""The SPIFFE Workload API for one workload (SPIFFE_Workload_API.md, SPIFFE_Workload_Endpoint.md).

Who may ask has been settled before: whoever reaches this service is that workload. Each message of
a stream is all that there is, so what is not in it any more is withdrawn.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import grpc
from cryptography.hazmat.primitives.serialization import Encoding

from seawall.core.errors import SeawallError
from seawall.mesh.identity import keys
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.identity.tokens import check_audience, keys_in, read_token
from seawall.mesh.workloads.holding import Holder, Holding
from seawall.mesh.workloads.messages import SERVICE, message, reader

HEADER = ("workload.spiffe.io", "true")
"""Without it a request is refused: whoever is tricked into sending one cannot set it."""
APART = (1.0, 2.0)
"""Seconds between two messages of a stream, at least; spread, so that not all reload at once."""
if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[Any, Any]


class Signs(Protocol):
    """Who gets tokens for a workload: the agent, from the controller."""

    def __call__(self, name: SpiffeId, audience: Sequence[str]) -> Awaitable[str]:
        """A token for an audience; raises :class:`SeawallError`."""


class WorkloadApi:
    """The five methods, for one workload."""

    def __init__(
        self,
        holder: Holder,
        sign: Signs,
        clock: Callable[[], float] = time.time,
        apart: tuple[float, float] = APART,
    ) -> None:
        self._holder = holder
        self._sign = sign
        self._clock = clock
        self._apart = apart
        self._random = random.Random()  # noqa: S311 - spreads work, hides nothing

    def handler(self) -> grpc.GenericRpcHandler:
        """The service. Methods that it does not have are answered with UNIMPLEMENTED by gRPC."""
        return _service(
            {
                "FetchX509SVID": self._stream(_x509_svids),
                "FetchX509Bundles": self._stream(_x509_bundles),
                "FetchJWTBundles": self._stream(_jwt_bundles),
                "FetchJWTSVID": self.fetch_jwt,
                "ValidateJWTSVID": self.validate_jwt,
            }
        )

    def _stream(
        self, make: Callable[[Holding], Any]
    ) -> "Callable[[Any, _Context], AsyncIterator[Any]]":
        async def stream(_: Any, context: "_Context") -> AsyncIterator[Any]:
            await _check_header(context)
            seen, last = -1, None
            while True:
                seen = await self._news(seen)
                made = make(await self._held(context))
                if made != last:
                    last = made
                    yield made
                    await asyncio.sleep(self._random.uniform(*self._apart))

        return stream

    async def _news(self, seen: int) -> int:
        """Wait until there is something new, or what there is has ended."""
        current = self._holder.current
        if seen == -1:
            return self._holder.number
        left = None if current is None else max(0.0, current.ends - self._clock())
        try:
            return await asyncio.wait_for(self._holder.after(seen), left)
        except TimeoutError:
            return seen

    async def _held(self, context: "_Context") -> Holding:
        holder = self._holder
        if holder.refused:
            await _deny(context, holder.refused)
        current = holder.current
        if current is None or self._clock() > current.ends:
            await context.abort(
                grpc.StatusCode.UNAVAILABLE, "there is no certificate now: ask again in a while"
            )
        assert current is not None  # noqa: S101 - abort raises
        return current

    async def fetch_jwt(self, request: Any, context: "_Context") -> Any:
        """A JWT-SVID for the workload."""
        await _check_header(context)
        try:
            check_audience(request.audience)
        except IdentityError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        name = (await self._held(context)).id
        if request.spiffe_id not in ("", str(name)):
            await _deny(context, f"{request.spiffe_id[:2048]} is another workload's")
        try:
            token = await self._sign(name, tuple(request.audience))
        except SeawallError as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
            raise  # abort raises; this is for type checkers
        svid = message("JWTSVID", spiffe_id=str(name), svid=token)
        return message("JWTSVIDResponse", svids=[svid])

    async def validate_jwt(self, request: Any, context: "_Context") -> Any:
        """Whose token it is, if it is right and for the audience."""
        await _check_header(context)
        held = await self._held(context)
        domain = held.id._replace(path="")
        try:
            check_audience([request.audience])
            known = keys_in(held.token_keys)
            now = int(self._clock())
            name, claims = read_token(request.svid, known, domain, request.audience, now)
            made = message("ValidateJWTSVIDResponse", spiffe_id=str(name))
            made.claims.update(claims)
        except (IdentityError, ValueError, OverflowError) as error:  # a Struct has its limits
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            raise  # abort raises; this is for type checkers
        return made


def refusing(reason: str) -> grpc.GenericRpcHandler:
    """The service for a caller who is no workload that we know."""

    async def stream(_: Any, context: "_Context") -> AsyncIterator[Any]:
        await _check_header(context)
        await _deny(context, reason)
        yield None  # it makes this a stream

    async def once(_: Any, context: "_Context") -> Any:
        await _check_header(context)
        await _deny(context, reason)

    streams = ("FetchX509SVID", "FetchX509Bundles", "FetchJWTBundles")
    calls: dict[str, Any] = dict.fromkeys(streams, stream)
    return _service(calls | dict.fromkeys(("FetchJWTSVID", "ValidateJWTSVID"), once))


def _service(methods: dict[str, Any]) -> grpc.GenericRpcHandler:
    handlers: dict[str, Any] = {}
    for name, call in methods.items():
        kind = name.removeprefix("Fetch")
        make = (
            grpc.unary_unary_rpc_method_handler
            if name in ("FetchJWTSVID", "ValidateJWTSVID")
            else grpc.unary_stream_rpc_method_handler
        )
        handlers[name] = make(
            call,
            request_deserializer=reader(f"{kind}Request"),
            response_serializer=lambda made: made.SerializeToString(),
        )
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


async def _check_header(context: "_Context") -> None:
    if HEADER not in [(key, value) for key, value in context.invocation_metadata() or ()]:
        await context.abort(
            grpc.StatusCode.INVALID_ARGUMENT,
            f"the metadata {HEADER[0]}: {HEADER[1]} is missing: use a client of the Workload API",
        )


async def _deny(context: "_Context", reason: str) -> None:
    await context.abort(grpc.StatusCode.PERMISSION_DENIED, reason)


def _x509_svids(held: Holding) -> Any:
    svid = message(
        "X509SVID", spiffe_id=str(held.id), x509_svid=_der(held.chain),
        x509_svid_key=keys.as_der(held.key), bundle=_der(held.roots),
    )  # fmt: skip
    return message("X509SVIDResponse", svids=[svid])


def _x509_bundles(held: Holding) -> Any:
    return message("X509BundlesResponse", bundles={_domain(held): _der(held.roots)})


def _jwt_bundles(held: Holding) -> Any:
    return message("JWTBundlesResponse", bundles={_domain(held): held.token_keys.encode()})


def _domain(held: Holding) -> str:
    return str(held.id._replace(path=""))


def _der(chain: Sequence[Any]) -> bytes:
    return b"".join(own.public_bytes(Encoding.DER) for own in chain)
