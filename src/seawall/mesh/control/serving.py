"""The controller's two doors, with its own certificate, which it renews itself."""

import asyncio
import os
from collections.abc import Sequence
from typing import NamedTuple

import grpc

from seawall.core.errors import UsageError
from seawall.mesh.authority.authority import Authority, Caller
from seawall.mesh.control.messages import LARGEST
from seawall.mesh.control.names import SERVER_NAME, controller_id
from seawall.mesh.control.service import Controller, handlers_of
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.requests import make_request

_LARGEST = (64 * 1024, LARGEST)
"""Bytes of a message, by door: nobody knows who is before the first one."""
_OPTIONS = (
    # An agent proves itself anew now and then: a connection does not outlive its certificate.
    ("grpc.max_connection_age_ms", 600_000),
    ("grpc.max_connection_age_grace_ms", 5_000),
    ("grpc.so_reuseport", 0),
)
_LIFETIME = 24 * 3600
_UNIX = "unix:"


class Addresses(NamedTuple):
    """Where the two doors are: ``unix:PATH``, or ``HOST:PORT`` for agents of other hosts."""

    join: str
    main: str


class _Made(NamedTuple):
    begin: int
    half: float
    """When half of its life is over."""
    slot: int
    pair: tuple[bytes, bytes]


class Identity:
    """The controller's own certificate, made anew when half of its life is over."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._made: _Made | None = None

    def pair(self) -> tuple[bytes, bytes]:
        """Key and chain in PEM form."""
        now, slot = self._authority.clock(), self._authority.issuer().number
        made = self._made
        # Where the clock was set back, what was issued before holds only later.
        if made is None or not made.begin <= now < made.half or slot != made.slot:
            name = controller_id(self._authority.store.trust_domain())
            caller = Caller("controller", lambda wanted: wanted == name)
            key = keys.new_key()
            grant = self._authority.issue(
                make_request(name, key), caller, _LIFETIME, (SERVER_NAME,)
            )
            pair = keys.as_pem(key), certificates.as_pem(grant.chain)
            self._made = made = _Made(grant.validity.begin, grant.validity.share(0.5), slot, pair)
        return made.pair

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """What gRPC is given for the next connection."""
        roots = certificates.as_pem(self._authority.bundle())
        return grpc.ssl_server_certificate_configuration([self.pair()], roots)


async def open_doors(
    controller: Controller, addresses: Sequence[Addresses]
) -> list[grpc.aio.Server]:
    """Serve agents; each pair of addresses leads to the same two doors.

    Raises:
        UsageError: somebody else listens there.
    """
    identity = Identity(controller.authority)
    first, second = handlers_of(controller)
    doors: list[grpc.aio.Server] = []
    for number, handler in enumerate((first, second)):
        size = ("grpc.max_receive_message_length", _LARGEST[number])
        server = grpc.aio.server(options=(*_OPTIONS, size))
        server.add_generic_rpc_handlers((handler,))
        places = [pair[number] for pair in addresses]
        try:
            for place in places:
                _listen(server, place, _credentials(identity, is_main=number == 1))
        except UsageError:
            await close_doors([*doors, server])
            raise
        await server.start()
        for place in places:
            if place.startswith(_UNIX):
                os.chmod(place.removeprefix(_UNIX), 0o660)
        doors.append(server)
    return doors


def _listen(server: grpc.aio.Server, place: str, credentials: grpc.ServerCredentials) -> None:
    try:
        server.add_secure_port(place, credentials)
    except RuntimeError:
        raise UsageError(f"cannot listen on {place}: choose another address or port") from None


def _credentials(identity: Identity, *, is_main: bool) -> grpc.ServerCredentials:
    return grpc.dynamic_ssl_server_credentials(
        identity.configuration(), identity.configuration, require_client_authentication=is_main
    )


async def close_doors(doors: list[grpc.aio.Server]) -> None:
    """Let what is under way come to its end, shortly."""
    await asyncio.gather(*(door.stop(1.0) for door in doors))
