"""What a mesh is on this host: what its description says, with numbers, places and users."""

from collections.abc import Mapping
from typing import NamedTuple

from seawall.mesh.hosting import network
from seawall.mesh.hosting.invitation import Invitation
from seawall.mesh.hosting.layout import Layout, proxy_user
from seawall.mesh.hosting.network import Far, Place, Tunnel
from seawall.mesh.hosting.numbering import Numbers
from seawall.mesh.hosting.outside import Outside
from seawall.mesh.plan.edges import GATEWAY
from seawall.mesh.plan.hosts import LOCAL
from seawall.mesh.plan.reading import Member, Plan
from seawall.mesh.redirect.rules import Redirect


class Part(NamedTuple):
    """What of a mesh is on this host."""

    host: str = LOCAL
    invitation: Invitation | None = None
    """With what its agent joins; ``None``: it has joined before, or the controller is here."""


class Hosted(NamedTuple):
    """A workload on this host."""

    member: Member
    place: Place
    redirect: Redirect
    proxy_user: int


class State(NamedTuple):
    """All of it."""

    plan: Plan
    numbers: Numbers
    places: Mapping[str, Place]
    """Of all workloads, also those of other hosts."""
    hosted: tuple[Hosted, ...]
    outside: Outside

    @property
    def meshed(self) -> tuple[Hosted, ...]:
        """Those that are part of the mesh: the others have a network only."""
        return tuple(own for own in self.hosted if not own.member.mode.off_reason)

    @property
    def known(self) -> tuple[Hosted, ...]:
        """The workloads whose programs get the Workload API."""
        return tuple(own for own in self.hosted if own.member.selectors is not None)

    @property
    def looks_inside(self) -> bool:
        """Whether programs are looked at for the agent."""
        wanted = (own.member.selectors for own in self.known)
        return any(own.looks_inside for own in wanted if own is not None)

    def tunnel(self, host: str) -> Tunnel | None:
        """The way to the workloads of other hosts; ``None`` where there are none."""
        addresses = {own.name: own.address for own in self.plan.hosts}
        if host not in addresses:
            return None
        far = tuple(
            Far(self.places[own.name].number, addresses[own.host])
            for own in self.plan.members
            if own.host != host
        )
        return Tunnel(addresses[host], far)

    def make_directories(self, layout: Layout) -> None:
        """Make what is not there yet."""
        groups = {own.member.name: group_of(own.member) for own in self.known}
        layout.make({own.member.name: own.proxy_user for own in self.hosted}, groups)


def state_of(plan: Plan, layout: Layout, host: str, numbers: Numbers) -> State:
    """What a host has of a plan."""
    users = {name: layout.user(proxy_user(number - 1)) for name, number in numbers.items()}
    places = {
        own.name: network.place_of(plan.mesh, own.name, numbers[own.name]) for own in plan.members
    }
    hosted = tuple(
        Hosted(own, places[own.name], Redirect(users[own.name], open_ports=()), users[own.name])
        for own in plan.members
        if own.host == host
    )
    return State(plan, numbers, places, hosted, Outside(plan, layout, host, users.get(GATEWAY, 0)))


def group_of(member: Member) -> int | None:
    """The group that finds a workload's socket: what we start ourselves has one of its own."""
    return member.process.user if member.process else None
