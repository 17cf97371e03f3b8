"""The agent's way to the controller: gRPC over TLS, with its own certificate."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import grpc
from cryptography import x509

from seawall.core.errors import InputError
from seawall.mesh.control.messages import SERVICE, Plain, decoded, encoded
from seawall.mesh.control.names import SERVER_NAME
from seawall.mesh.control.service import packed
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import Validity
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import SpiffeId

_TIMEOUT = 20.0
_OPTIONS = (
    ("grpc.ssl_target_name_override", SERVER_NAME),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.keepalive_time_ms", 30_000),
)
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""What gRPC says of a controller that the roots do not know: it has no code for that."""


class LinkError(InputError):
    """The controller cannot be reached, or refuses."""

    def __init__(self, message: str, *, is_away: bool = False) -> None:
        super().__init__(message)
        self.is_away = is_away
        """Whether nobody has answered: the same may be granted in a while."""


class Pair(NamedTuple):
    """A certificate chain, leaf first, with its key."""

    chain: tuple[x509.Certificate, ...]
    key: keys.PrivateKey
    validity: Validity
    slot: int


class Refusal(NamedTuple):
    """Why a certificate was not issued."""

    reason: str
    is_for_now: bool = False
    """Whether the same request may be granted in a while."""


class Signed(NamedTuple):
    """A JWT-SVID, and the time at which it was made and ends."""

    text: str
    issued: int
    ends: int


Joined = tuple[Pair, list[x509.Certificate]]
"""An agent's own certificate and the roots to trust."""


class Link:
    """A connection to the controller with a certificate, or through the first door without one."""

    def __init__(self, address: str, bundle: Sequence[x509.Certificate], own: Pair | None) -> None:
        roots = certificates.as_pem(bundle)
        if own is None:
            credentials = grpc.ssl_channel_credentials(roots)
        else:
            credentials = grpc.ssl_channel_credentials(
                roots, keys.as_pem(own.key), certificates.as_pem(own.chain)
            )
        self._channel = grpc.aio.secure_channel(address, credentials, options=_OPTIONS)

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()

    async def join(
        self, token: str, key: keys.PrivateKey, request: bytes, back: bytes = b""
    ) -> Joined:
        """The agent's first certificate, and the roots to trust from now on.

        ``back`` is the public key (DER) with which it wants to come back without a token.
        """
        message = {"token": token, "request": packed(request), "key_to_come_back": packed(back)}
        return _joined(await self._call("Join", message), key)

    async def rejoin(
        self, host: str, key: keys.PrivateKey, request: bytes, prove: Callable[[str], bytes]
    ) -> Joined:
        """The same for an agent that has joined before; ``prove`` signs a challenge."""
        answer = await self._call("Challenge", {"host": host})
        with _as_it_should_be():
            challenge = str(answer["challenge"])
        message = {"host": host, "challenge": challenge, "request": packed(request),
                   "proof": packed(prove(challenge))}  # fmt: skip
        return _joined(await self._call("Rejoin", message), key)

    async def issue(
        self, requests: Sequence[tuple[keys.PrivateKey, bytes]]
    ) -> list[Pair | Refusal]:
        """Certificates for keys and their requests, in their order."""
        answer = await self._call("Issue", {"requests": [packed(own) for _, own in requests]})
        with _as_it_should_be():
            return [
                Refusal(str(grant["refused"]), bool(grant.get("is_for_now")))
                if "refused" in grant
                else _pair(grant, key)
                for (key, _), grant in zip(requests, answer["answers"], strict=True)
            ]

    async def token(self, name: SpiffeId, audience: Sequence[str]) -> Signed:
        """A JWT-SVID for a workload of this host."""
        answer = await self._call("Token", {"id": str(name), "audience": list(audience)})
        with _as_it_should_be():
            return Signed(str(answer["text"]), int(answer["issued"]), int(answer["ends"]))

    async def follow(self, reports: AsyncIterator[Plain]) -> AsyncIterator[Plain]:
        """Orders as they come, while reports go the other way."""
        call: Any = self._channel.stream_stream(f"/{SERVICE}/Follow")
        encoded_reports = (encoded(report) async for report in reports)
        try:
            async for data in call(encoded_reports):
                yield decoded(data)
        except grpc.aio.AioRpcError as error:
            raise _fault(error) from None

    async def _call(self, method: str, message: Plain) -> Plain:
        call: Any = self._channel.unary_unary(f"/{SERVICE}/{method}")
        try:
            return decoded(await call(encoded(message), timeout=_TIMEOUT))
        except grpc.aio.AioRpcError as error:
            raise _fault(error) from None


def _fault(error: grpc.aio.AioRpcError) -> LinkError:
    return LinkError(
        f"the controller: {error.details() or error.code().name}; see that it runs and can be "
        "reached",
        is_away=error.code() in _AWAY and _NOT_TRUSTED not in str(error.details()),
    )


@contextmanager
def _as_it_should_be() -> Iterator[None]:
    """Turns an answer that does not fit into our error."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IdentityError) as error:
        raise LinkError(f"the controller's answer does not fit ({error}): update seawall") from None


def _joined(answer: Plain, key: keys.PrivateKey) -> Joined:
    with _as_it_should_be():
        return _pair(answer["grant"], key), certificates.from_pem(answer["bundle"].encode())


def _pair(grant: Plain, key: keys.PrivateKey) -> Pair:
    chain = certificates.from_pem(str(grant["chain"]).encode())
    if keys.checked(chain[0].public_key()) != key.public_key():
        raise IdentityError("a certificate for another key than was asked for")
    validity = Validity(int(grant["begin"]), int(grant["end"]))
    return Pair(tuple(chain), key, validity, int(grant["slot"]))


def expires_soon(pair: Pair, now: float) -> bool:
    """Whether half of a certificate's life is over."""
    return now >= pair.validity.share(0.5)
