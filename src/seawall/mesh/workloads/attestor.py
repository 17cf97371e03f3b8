"""Looks at programs for the agent: ``python -m seawall.mesh.workloads.attestor SOCKET USER``.

To see which program another user's process runs takes rights (CAP_SYS_PTRACE, ptrace(2)) that the
agent, which has keys, had better not have. So a process of its own has them and nothing else: it is
given a connection and selectors, and says whether they hold.
"""

import array
import contextlib
import json
import os
import socket
import sys
import threading

from seawall.mesh.plan.model import Selectors
from seawall.mesh.workloads.attesting import fault_of, peer_of

_LARGEST = 16 * 1024
_TIMEOUT = 30.0


def ask(path: str, connection: int, wanted: Selectors) -> str:
    """Which selector does not hold for the other end of a connection, by descriptor; or empty."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
        asked.settimeout(_TIMEOUT)
        try:
            asked.connect(path)
            socket.send_fds(asked, [json.dumps(wanted).encode()], [connection])
            answer = json.loads(asked.recv(_LARGEST))
        except (OSError, ValueError) as error:
            return f"the attestor does not answer ({error})"
    return str(answer["fault"])


def serve(path: str, user: int) -> None:
    """Answer the agent, who is ``user``, until told to stop."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(path)
        os.chmod(path, 0o660)
        listening.listen(64)
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_answer, args=(connection, user), daemon=True).start()


def _answer(connection: socket.socket, user: int) -> None:
    with connection:
        connection.settimeout(_TIMEOUT)
        if peer_of(connection).user != user:
            return
        try:
            data, descriptors, _, _ = socket.recv_fds(connection, _LARGEST, 1)
            answer = _looked_at(data, descriptors)
            connection.send(json.dumps({"fault": answer}).encode())
        except (OSError, ValueError, TypeError):
            return  # who hears nothing lets nobody in


def _looked_at(data: bytes, descriptors: list[int]) -> str:
    held = array.array("i", descriptors)
    try:
        user, group, unit, path, digest = json.loads(data)
        wanted = Selectors(int(user), int(group), str(unit), str(path), str(digest))
        with socket.socket(fileno=os.dup(held[0])) as other:
            return fault_of(other, wanted)
    finally:
        for own in held:
            os.close(own)


def main(path: str, user: str) -> int:
    """Run the attestor; gives the exit code."""
    os.umask(0o007)
    serve(path, int(user))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
