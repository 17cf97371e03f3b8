"""The ids of the mesh's own parts."""

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.reading import RESERVED

SERVER_NAME = "controller.seawall-mesh"
"""What agents look for in the controller's certificate, besides its id; gRPC knows DNS names only.
No workload is ever issued a certificate with a DNS name."""


def controller_id(trust_domain: SpiffeId) -> SpiffeId:
    """The controller's: ``/seawall/controller``."""
    return trust_domain.child(*RESERVED, "controller")


def agent_id(trust_domain: SpiffeId, host: str) -> SpiffeId:
    """That of the agent of a host: ``/seawall/agent/HOST``."""
    return trust_domain.child(*RESERVED, "agent", host)


def host_of(name: SpiffeId, trust_domain: SpiffeId) -> str:
    """The host whose agent an id is; empty where it is none."""
    above = trust_domain.child(*RESERVED, "agent")
    return name.path.removeprefix(f"{above.path}/") if name.is_below(above) else ""
