"""By which names programs find each other: ``ip netns exec`` puts files in place of those in /etc.

There is no DNS: rules let no question out. So whoever is asked in its place is nobody, who says so
at once: else a program waits for each name that is not in the file for as long as its patience is.
"""

import os

from seawall.mesh.hosting.state import Hosted, State

_DIRECTORY, _FILE = 0o755, 0o644
"""Modes, whatever our umask is: programs read them as other users."""
_NOBODY = "# no DNS here: see the names in /etc/hosts\nnameserver 127.0.0.1\n"


def write(own: Hosted, state: State) -> None:
    """Names of all workloads, and of destinations outside, for the program of one.

    A workload has its own, and with the mesh's behind: ``orders`` and ``orders.shop``.
    """
    directory = os.path.join("/etc/netns", own.place.namespace)
    os.makedirs(directory, exist_ok=True)
    os.chmod(directory, _DIRECTORY)
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for name, place in state.places.items():
        lines += [f"{address} {name} {name}.{state.plan.mesh}" for address in place.addresses]
    lines += state.outside.hosts
    _replace(os.path.join(directory, "hosts"), "\n".join([*lines, ""]))
    _replace(os.path.join(directory, "resolv.conf"), _NOBODY)


def _replace(path: str, text: str) -> None:
    """Write a file in place: programs that run have this very file. It is never empty meanwhile."""
    written = text.encode("ascii")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _FILE)
    try:
        os.pwrite(descriptor, written, 0)
        os.truncate(descriptor, len(written))
    finally:
        os.close(descriptor)
    os.chmod(path, _FILE)
