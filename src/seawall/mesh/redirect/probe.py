"""Proof that the rules work, before anything else runs.

``python -m seawall.mesh.redirect.probe UID``, run in the namespace of a workload, as root, best
while no proxy listens. A connection of the application's user to an address that nobody has must
come out at the proxy's port, for both families; what is no TCP must be refused.
"""

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterable
from functools import partial

from seawall.mesh.redirect.rules import OUTBOUND

NOWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses for documentation (RFC 5737, RFC 3849): nobody has them."""
_TIMEOUT = 2.0
_PORT = 9


FAMILIES = tuple(NOWHERE)


def routed() -> tuple[socket.AddressFamily, ...]:
    """The families in which packets could leave this namespace at all."""
    return tuple(family for family in FAMILIES if _has_route(family))


def _has_route(family: socket.AddressFamily) -> bool:
    """Asks the kernel for a way; nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((NOWHERE[family], _PORT))
    except OSError:
        return False
    return True


def faults(user: int, families: Iterable[socket.AddressFamily] = FAMILIES) -> list[str]:
    """What does not work; empty where all does."""
    found = []
    for family in families:
        address = NOWHERE[family]
        name = "IPv4" if family is socket.AF_INET else "IPv6"
        if not _comes_out(family, address, user):
            found.append(f"a connection over {name} is not redirected to port {OUTBOUND}")
        if not _as(user, partial(_is_refused, family, address)):
            found.append(f"UDP over {name} is not refused")
    return found


def _comes_out(family: socket.AddressFamily, address: str, user: int) -> bool:
    """Whether a connection of a user to an address arrives where the proxy will listen."""
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind(("::" if family is socket.AF_INET6 else "0.0.0.0", OUTBOUND))  # noqa: S104
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            # The proxy listens: that anybody answers at an address that nobody has is its doing.
            return _as(user, partial(_connects, family, address))
        listener.listen(1)
        listener.settimeout(_TIMEOUT)
        if not _as(user, partial(_connects, family, address)):
            return False
        try:
            accepted, _ = listener.accept()
        except TimeoutError:
            return False
        accepted.close()
        return True


def _connects(family: socket.AddressFamily, address: str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as caller:
        caller.settimeout(_TIMEOUT)
        try:
            caller.connect((address, _PORT))
        except OSError:
            return False
        return True


def _is_refused(family: socket.AddressFamily, address: str) -> bool:
    with socket.socket(family, socket.SOCK_DGRAM) as caller:
        try:
            caller.sendto(b"x", (address, _PORT))
        except PermissionError:
            return True
        except OSError:
            return False
        return False


def _as(user: int, act: Callable[[], bool]) -> bool:
    """What an act comes to when another user does it: in a child, so that we stay who we are."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if user != os.geteuid():
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            code = 0 if act() else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


if __name__ == "__main__":
    problems = faults(int(sys.argv[1]))
    sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    sys.exit(1 if problems else 0)
