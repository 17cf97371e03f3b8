"""The whole configuration of a proxy, whatever it is: a workload's, the gateway's, or the exit."""

from seawall.mesh.plan.edges import is_exit
from seawall.mesh.plan.model import View
from seawall.mesh.proxies import clusters, exits, gates, listeners
from seawall.mesh.proxies.names import Json


def listeners_of(view: View) -> list[Json]:
    """All that it listens to."""
    if is_exit(view.own.name):
        return exits.listeners_of(view)
    return [*listeners.listeners_of(view), *gates.listeners_of(view)]


def clusters_of(view: View) -> list[Json]:
    """All that it sends to."""
    if is_exit(view.own.name):
        return exits.clusters_of(view)
    return [*clusters.clusters_of(view), *gates.clusters_of(view)]


def access_of(view: View) -> list[Json]:
    """What its filters hold: who may do what."""
    return exits.access_of(view) if is_exit(view.own.name) else listeners.access_of(view)
