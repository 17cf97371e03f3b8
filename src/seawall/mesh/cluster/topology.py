"""Who is where in a cluster: the addresses of identities, and of services in front of them.

An address belongs to one identity, or is left out: a proxy expects that identity there, and no
other. A service whose endpoints have several has none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from seawall.mesh.cluster.objects import Pod, Service, Slice, id_of
from seawall.mesh.identity.spiffe_id import SpiffeId


class Front(NamedTuple):
    """A service in front of one identity."""

    id: SpiffeId
    name: str
    """``namespace/name``."""
    addresses: tuple[str, ...]
    ports: Mapping[int, tuple[int, ...]]
    """Port of the service -> those of the pods behind it."""


class Outward(NamedTuple):
    """A service by which pods call a destination outside of the mesh."""

    name: str
    """What the document calls the destination."""
    addresses: tuple[str, ...]
    aliases: tuple[str, ...]
    """The names by which its requests may come; one that ends in a dot is a beginning."""


class Topology(NamedTuple):
    """What proxies are told of."""

    pods: tuple[Pod, ...] = ()
    """Those with a proxy and an identity, in the order of their uids."""
    ids: Mapping[str, SpiffeId] = {}
    """By the uid of a pod."""
    addresses: Mapping[SpiffeId, tuple[str, ...]] = {}
    fronts: tuple[Front, ...] = ()
    externals: tuple[Outward, ...] = ()
    faults: tuple[str, ...] = ()
    """What cannot be reached as it is, and what to do."""


def topology_of(
    trust_domain: SpiffeId,
    pods: Iterable[Pod],
    services: Iterable[Service],
    slices: Iterable[Slice],
) -> Topology:
    """What some objects come to."""
    ids: dict[str, SpiffeId] = {}
    kept = []
    faults: list[str] = []
    for pod in sorted(pods):
        if pod.has_proxy and pod.is_static:
            faults.append(
                f"pod {pod.namespace}/{pod.name} is static: it gets no identity, and its proxy no "
                "configuration; run it as a DaemonSet, or keep it outside the mesh"
            )
            continue
        own = id_of(pod.account, trust_domain) if pod.has_proxy else None
        if own is not None:
            ids[pod.uid] = own
            kept.append(pod)
    addresses = _addresses(kept, ids, faults)
    behind: dict[tuple[str, str], list[Slice]] = {}
    for one in slices:
        behind.setdefault((one.namespace, one.service), []).append(one)
    taken = {address for own in addresses.values() for address in own}
    fronts, externals = [], []
    for service in sorted(services):
        if service.external:
            left = tuple(own for own in service.addresses if own not in taken)
            taken.update(left)
            externals.append(Outward(service.external, left, _names(service)))
            continue
        found = _front(service, behind.get((service.namespace, service.name), []), ids, faults)
        if found is None:
            continue
        left = tuple(own for own in found.addresses if own not in taken)
        taken.update(left)  # of two that claim an address, one has it
        if left:
            fronts.append(found._replace(addresses=left))
    return Topology(tuple(kept), ids, addresses, tuple(fronts), tuple(externals), tuple(faults))


def _names(service: Service) -> tuple[str, ...]:
    """How pods write a service (Kubernetes: DNS for Services and Pods), or where it is."""
    name, own = service.name, f"{service.name}.{service.namespace}"
    addresses = (f"[{own}]" if ":" in own else own for own in service.addresses)
    return (name, own, f"{own}.svc", f"{own}.svc.", *addresses)


def _addresses(
    pods: Sequence[Pod], ids: Mapping[str, SpiffeId], faults: list[str]
) -> dict[SpiffeId, tuple[str, ...]]:
    """Whose each address is. A pod that leaves gives way to one that has got its address since."""
    owners: dict[str, set[SpiffeId]] = {}
    for pod in (own for own in pods if not own.is_leaving):
        for address in pod.addresses:
            owners.setdefault(address, set()).add(ids[pod.uid])
    for pod in (own for own in pods if own.is_leaving):
        for address in pod.addresses:
            owners.setdefault(address, {ids[pod.uid]})
    found: dict[SpiffeId, list[str]] = {}
    for address, who in sorted(owners.items()):
        if len(who) > 1:
            names = " and ".join(sorted(map(str, who)))
            faults.append(f"{address} is of {names}: nobody is let there until one of them is gone")
            continue
        found.setdefault(next(iter(who)), []).append(address)
    return {name: tuple(own) for name, own in found.items()}


def _front(
    service: Service, slices: Sequence[Slice], ids: Mapping[str, SpiffeId], faults: list[str]
) -> Front | None:
    uids = {uid for one in slices for uid in one.pods}
    who = {ids.get(uid) for uid in uids}
    if not (who - {None}):
        return None  # it is none of the mesh's
    name = f"{service.namespace}/{service.name}"
    if len(who) > 1:
        known = ", ".join(sorted(str(own) if own else "pods outside the mesh" for own in who))
        faults.append(
            f"service {name} leads to {known}: it is closed; give it pods of one service account"
        )
        return None
    ports: dict[int, tuple[int, ...]] = {}
    for port in service.ports:
        targets = {
            target.number for one in slices for target in one.ports if target.name == port.name
        }
        if targets:
            ports[port.number] = tuple(sorted(targets))
    own = next(iter(who))
    assert own is not None  # noqa: S101 - asked above
    return Front(own, name, service.addresses, ports) if ports else None
