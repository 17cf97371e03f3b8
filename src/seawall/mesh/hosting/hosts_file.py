"""By which names programs find each other: ``ip netns exec`` puts a file in /etc/hosts' place."""

import os

from seawall.mesh.hosting.state import Hosted, State


def write(own: Hosted, state: State) -> None:
    """Names of all workloads, and of destinations outside, for the program of one."""
    directory = os.path.join("/etc/netns", own.place.namespace)
    os.makedirs(directory, exist_ok=True)
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for name, place in state.places.items():
        lines += [f"{address} {name}" for address in place.addresses]
    lines += state.outside.hosts
    path = os.path.join(directory, "hosts")
    written = "\n".join([*lines, ""]).encode("ascii")
    # In place: programs that run have this very file. It is never empty meanwhile.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.pwrite(descriptor, written, 0)
        os.truncate(descriptor, len(written))
    finally:
        os.close(descriptor)
    for own_path, mode in ((directory, 0o755), (path, 0o644)):
        os.chmod(own_path, mode)  # whatever our umask is: programs read it as other users
