"""What root asks of the supervisor of a mesh that is up."""

import json
import socket
from typing import Any

from seawall.mesh.hosting.errors import HostError


def ask(path: str, **message: object) -> dict[str, Any]:
    """The answer to a request; raises :class:`HostError` where it is refused or nobody is there.

    It waits as long as it takes: a proxy that is replaced may have connections that last.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.connect(path)
            asking.sendall(json.dumps(message).encode() + b"\n")
            with asking.makefile("rb") as stream:
                answer = json.loads(stream.readline())
    except (OSError, ValueError) as error:
        raise HostError(f"the supervisor: {error}; see that the mesh is up") from None
    if "refused" in answer:
        raise HostError(str(answer["refused"]))
    return dict(answer)
