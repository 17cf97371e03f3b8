"""Network namespaces entered from Python: one thread, or a socket that stays there.

``setns`` moves the calling thread alone (setns(2)), and a socket belongs for ever to the namespace
in which it was made. So a thread of its own enters, makes the socket, and ends.
"""

import ctypes
import os
import socket
from threading import Thread

from seawall.mesh.verifying.errors import VerifyError

_DIRECTORY = "/run/netns"
_CLONE_NEWNET = 0x4000_0000


def enter(namespace: str) -> None:
    """Move the calling thread into a namespace that ``ip netns`` knows."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        descriptor = os.open(os.path.join(_DIRECTORY, namespace), os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise VerifyError(f"{namespace}: {error.strerror}; see that the mesh is up") from None
    try:
        if libc.setns(descriptor, _CLONE_NEWNET):
            reason = os.strerror(ctypes.get_errno())
            raise VerifyError(f"{namespace} cannot be entered: {reason}; this needs root")
    finally:
        os.close(descriptor)


def socket_in(namespace: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """A socket that was made in a namespace; the caller stays where it is."""
    made: list[socket.socket] = []
    faults: list[Exception] = []

    def make() -> None:
        try:
            enter(namespace)
            made.append(socket.socket(family, kind, protocol))
        except (VerifyError, OSError) as error:
            faults.append(error)

    thread = Thread(target=make)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]
    return made[0]
