"""What ``seawall mesh verify`` and ``mesh graph`` ask of the controller, as operators."""

from base64 import b64decode

from seawall.mesh.authority import probing
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.probing import Variant
from seawall.mesh.control.messages import MessageError, Plain
from seawall.mesh.control.registry import Registry
from seawall.mesh.identity import certificates


def probe(authority: Authority, message: Plain) -> Plain:
    """A test certificate (``authority.probing``) for ``request``, of a ``variant``."""
    try:
        request = b64decode(str(message.get("request", "")), validate=True)
        variant = Variant(str(message.get("variant", "")))
        seconds = int(message.get("seconds", probing.LONGEST))
    except ValueError as error:
        raise MessageError(f"no request for a probe ({error}): update seawall") from None
    grant = probing.probe(authority, request, variant, seconds)
    return {
        "chain": certificates.as_pem(grant.chain).decode(),
        "bundle": certificates.as_pem(authority.bundle()).decode(),
    }


def edges(registry: Registry) -> Plain:
    """Who may call whom, as the proxies are told it."""
    hosts = {entry.host for entry in registry.entries.values()}
    found = [
        {"from": view.own.name, "to": peer.name, "port": port.number, "protocol": port.protocol}
        for host in sorted(hosts)
        for view in registry.views(host)
        for peer in view.peers
        for port in peer.ports
    ]
    return {"edges": found}
