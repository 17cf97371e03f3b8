"""Numbers of workloads, and addresses of destinations, that stay while a mesh changes.

A number makes an address and the user of a proxy. When a mesh is brought up it follows the order
of the description; after that whoever is there keeps what it has, wherever it stands now.
"""

from collections.abc import Collection, Mapping

from seawall.mesh.hosting.errors import HostError
from seawall.mesh.plan.edge_reading import MOST_EXTERNALS, addresses_of
from seawall.mesh.plan.edges import GATEWAY, External
from seawall.mesh.plan.reading import MOST_WORKLOADS, Plan

_GATEWAYS = MOST_WORKLOADS + 1
Numbers = Mapping[str, int]
"""By workload, from 1 on."""


def first(plan: Plan) -> Numbers:
    """Those of a mesh that is brought up. The gateway is behind all workloads there may ever be."""
    return {
        member.name: _GATEWAYS if member.name == GATEWAY else number
        for number, member in enumerate(plan.members, 1)
    }


def following(plan: Plan, before: Numbers) -> Numbers:
    """Those of a mesh that has become another one.

    Where there are several hosts they must be what each host finds by itself; raises
    :class:`HostError` where they would not.
    """
    numbers = {own.name: before[own.name] for own in plan.members if own.name in before}
    # Who goes is there still when others come.
    taken = set(before.values())
    free = (number for number in range(1, MOST_WORKLOADS + 1) if number not in taken)
    for own in plan.members:
        if own.name not in before:
            numbers[own.name] = _GATEWAYS if own.name == GATEWAY else next(free, 0)
    if 0 in numbers.values():
        raise HostError(
            f"with those that go there are more than {MOST_WORKLOADS} workloads: remove those first"
        )
    if plan.hosts and numbers != first(plan):
        raise HostError(
            "with several hosts, addresses follow the order of the workloads, so that others would "
            "have other ones: add workloads behind all others and remove the last ones only, or "
            "bring all hosts down first"
        )
    return numbers


def with_addresses(plan: Plan, before: Collection[External]) -> Plan:
    """A plan whose destinations keep the addresses by which programs find them, and their order."""
    known = {own.name: own for own in before}
    found = {own.name: own for own in plan.edges.externals}
    # What somebody has found under a name is not to lead to another one.
    taken = {own.addresses[:2] for own in before}
    free = (own for own in range(2 * MOST_EXTERNALS) if addresses_of("", own) not in taken)
    kept = [_with(found[name], known[name].addresses[:2]) for name in known if name in found]
    come = [
        _with(own, addresses_of("", next(free)))
        for own in plan.edges.externals if own.name not in known
    ]  # fmt: skip
    if plan.hosts and (*kept, *come) != plan.edges.externals:
        raise HostError(
            "with several hosts, addresses follow the order of the destinations: add those behind "
            "all others and remove the last ones only, or bring all hosts down first"
        )
    return plan._replace(edges=plan.edges._replace(externals=(*kept, *come)))


def _with(own: External, made: tuple[str, ...]) -> External:
    return own._replace(addresses=(*made, *own.addresses[2:]))
