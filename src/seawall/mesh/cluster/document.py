"""The mesh's document in a cluster: what is declared of workloads, and who may reach whom.

It is the file that ``mesh up`` and ``mesh policy`` take, without what starts programs: Kubernetes
does that. A workload is a service account: its pods have one identity, ``/ns/NAMESPACE/sa/NAME``::

    mesh: shop
    trustDomain: shop.example.org
    workloads:
      web: {id: /ns/shop/sa/web}
      orders: {id: /ns/shop/sa/orders, ports: {8080: http}}
    policy:
      - allow: {from: web, to: orders}

It is a ConfigMap that is mounted; the kubelet changes the file, and we look at it each second.
"""

import os

from seawall.core.errors import SeawallError
from seawall.core.lazy import pattern
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.injection.edge_pods import GATEWAY_SECRET
from seawall.mesh.plan.document import read
from seawall.mesh.plan.edges import SECRET, Edges
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.reading import Plan, plan_of

_ACCOUNT = pattern(r"/ns/[a-z0-9-]{1,63}/sa/[a-z0-9.-]{1,253}\Z")

Stamp = tuple[int, int, int]


def checked(path: str, data: bytes, trust_domain: SpiffeId) -> Plan:
    """The plan in some bytes, when a cluster can have it.

    Raises:
        PlanError: it is no plan, is of another trust domain, or says what only a host can do.
    """
    plan = plan_of(path, data)
    if plan.trust_domain != trust_domain:
        raise PlanError(
            f"{path}: it is of {plan.trust_domain}, and this mesh of {trust_domain}: change one"
        )
    _check_edges(path, plan.edges)
    for member in plan.members:
        if member.process is not None:
            raise PlanError(
                f"{path}: {member.name} has a command, and here Kubernetes starts it: remove the "
                "command"
            )
        if member.selectors is not None:
            raise PlanError(f"{path}: {member.name} is attested by its pod here: remove attest")
        if member.mode.off_reason:
            raise PlanError(
                f"{path}: {member.name} is off: leave its pods without a proxy, and remove it here"
            )
        if not _ACCOUNT.match(member.id.path):
            raise PlanError(
                f"{path}: {member.id} of {member.name} is no service account: write an id like "
                "/ns/shop/sa/web"
            )
    return plan


def _check_edges(path: str, edges: Edges) -> None:
    if edges.resolvers:
        raise PlanError(f"{path}: here the exit asks the cluster's DNS servers: remove egress")
    gateway = edges.gateway
    if gateway is not None and gateway.certificate not in ("", SECRET):
        raise PlanError(
            f"{path}: here the gateway's certificate is in the Secret {GATEWAY_SECRET}: write "
            f"tls: {SECRET}"
        )


class Followed:
    """A document in a file that somebody changes now and then."""

    def __init__(self, path: str, trust_domain: SpiffeId) -> None:
        self.path = path
        self.fault = ""
        """Why what stands in the file now is not in force; empty where it is."""
        self._trust_domain = trust_domain
        self._seen: Stamp | None = (0, 0, 0)

    def changed(self) -> tuple[Plan, bytes] | None:
        """The plan, when another one stands there; what cannot be read leaves the last in force."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            data = read(self.path)
            plan = checked(self.path, data, self._trust_domain)
        except SeawallError as error:
            self.fault = str(error)
            return None
        self.fault = ""
        return plan, data

    def _stamp(self) -> Stamp | None:
        """A mounted ConfigMap is a link that is turned: the inode tells."""
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size
