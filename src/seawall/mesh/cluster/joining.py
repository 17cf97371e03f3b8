"""An agent's way in: its pod's token at the first door, then a certificate of its own."""

from typing import NamedTuple

from cryptography import x509

from seawall.mesh.agents.link import Link, Pair
from seawall.mesh.cluster.api import token_in
from seawall.mesh.cluster.errors import ClusterError
from seawall.mesh.control.names import agent_id
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId

LARGEST = 256 * 1024
"""Bytes of the file with the roots."""


class Doors(NamedTuple):
    """The controller, as an agent is told of it."""

    join: str
    main: str
    token: str
    """The file of the token; the kubelet writes a fresh one in time."""
    roots: str
    """The file of the roots to trust at first."""


class Membership(NamedTuple):
    """What an agent has after it has joined."""

    pair: Pair
    bundle: tuple[x509.Certificate, ...]


async def join(doors: Doors, host: str, trust_domain: SpiffeId) -> Membership:
    """Join as the agent of a host; raises ``LinkError`` or :class:`ClusterError`."""
    key = keys.new_key()
    link = Link(doors.join, roots_in(doors.roots), None)
    try:
        request = make_request(agent_id(trust_domain, host), key)
        pair, bundle = await link.join(token_in(doors.token), key, request)
    finally:
        await link.close()
    return Membership(pair, tuple(bundle))


def roots_in(path: str) -> list[x509.Certificate]:
    """The roots in a file; raises :class:`ClusterError` where there are none."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
        found = certificates.from_pem(data) if len(data) <= LARGEST else []
    except (OSError, IdentityError) as error:
        raise ClusterError(f"{path}: {error}; mount the ConfigMap seawall-mesh-roots") from None
    if not found:
        raise ClusterError(f"{path} has no roots: mount the ConfigMap seawall-mesh-roots")
    return found


def trust_domain_of(path: str) -> SpiffeId:
    """The trust domain whose roots are in a file."""
    return certificates.id_of(roots_in(path)[-1])


def next_door(address: str) -> str:
    """The first door of a controller, by its second: one port further."""
    host, _, port = address.rpartition(":")
    return f"{host}:{int(port) + 1}"
