"""The Workload API for programs in pods: the sockets, and who may use them.

Only the pod has the directory of its socket mounted, so whoever opens it is of that pod, as its
proxy is. Where the agent sees the node's processes it looks, too: the kernel says which process
called, and that process must be in the pod's control group.
"""

import contextlib
import os
import socket
from collections.abc import Callable, Collection, Sequence

from seawall.core.errors import SeawallError
from seawall.mesh.agents.charge import Charge
from seawall.mesh.cluster.finding import pod_in
from seawall.mesh.cluster.registry import uid_in
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.injection.parts import PROGRAMS_BELOW, PROGRAMS_SOCKET
from seawall.mesh.plan.model import Selectors
from seawall.mesh.workloads.api import Signs, WorkloadApi
from seawall.mesh.workloads.attesting import cgroups_of, fault_by, peer_of
from seawall.mesh.workloads.endpoints import Attests, Door, Endpoints

Say = Callable[[str], None]
_ANY = Selectors()


async def _nobody(name: SpiffeId, audience: Sequence[str]) -> str:
    raise SeawallError(f"no token for {name} yet: ask again when the agent has joined {audience}")


def _anybody(connection: int, wanted: Selectors) -> str:
    """Whoever has the directory is of the pod."""
    del connection, wanted
    return ""


class Programs:
    """Where the programs of one pod find the Workload API: the agent is in its sidecar."""

    def __init__(self, path: str, inside: str, say: Say) -> None:
        """``inside`` is a directory of the agent's own."""
        self.sign: Signs = _nobody
        """Who gets tokens: the agent, which is another one after it has joined anew."""
        self._path = path
        self._inside = inside
        self._say = say
        self._open: dict[str, Endpoints] = {}

    @property
    def names(self) -> Collection[str]:
        """The pods whose programs have it."""
        return self._open.keys()

    def are_for(self, name: str, asked: Collection[str]) -> bool:
        """Whether a pod is to have it: here its own manifest says so, not who was ``asked``."""
        del asked
        return bool(name)

    async def open(self, charge: Charge) -> None:
        """Let the programs of a pod come, whatever their user; raises OSError."""
        uid = uid_in(charge.name)
        place = self._place(uid)
        os.makedirs(place, mode=0o700, exist_ok=True)
        endpoints = Endpoints(place, self._attests(uid), self._say)
        door = Door(uid, self._prepared(uid), _ANY, is_shared=True)
        await endpoints.open({door: WorkloadApi(charge.holder, self._signed)})
        self._open[charge.name] = endpoints

    async def close(self, name: str) -> None:
        """Hang up: the pod is gone. Its directory goes with that of its proxy's socket."""
        await self._open.pop(name).close()
        place = self._place(uid_in(name))
        with contextlib.suppress(OSError):
            for left in os.listdir(place):
                os.unlink(os.path.join(place, left))
            os.rmdir(place)

    async def end(self) -> None:
        """Hang up on everybody."""
        for name in list(self._open):
            await self.close(name)

    async def _signed(self, name: SpiffeId, audience: Sequence[str]) -> str:
        return await self.sign(name, audience)

    def _place(self, uid: str) -> str:
        """A directory of the agent's own for what serves a pod."""
        return os.path.join(self._inside, "api", uid)

    def _prepared(self, uid: str) -> str:
        """The path of the socket of a pod, in a directory that is there."""
        del uid
        return self._path

    def _attests(self, uid: str) -> Attests:
        """Who looks at those who call for a pod."""
        del uid
        return _anybody


class ProgramsOfNode(Programs):
    """The same of the agent of a node, for those of its pods that have asked."""

    def __init__(self, directory: str, inside: str, say: Say, *, looks: bool) -> None:
        """``directory`` has one for each pod; the agent ``looks`` where it sees processes."""
        super().__init__(directory, inside, say)
        self._looks = looks

    def are_for(self, name: str, asked: Collection[str]) -> bool:
        """Whether a pod has asked."""
        return uid_in(name) in asked

    def _prepared(self, uid: str) -> str:
        own = os.path.join(self._path, uid, PROGRAMS_BELOW)
        os.makedirs(own, exist_ok=True)
        os.chmod(own, 0o755)  # noqa: S103 - the pod has it mounted; on the node none gets there
        return os.path.join(own, PROGRAMS_SOCKET)

    def _attests(self, uid: str) -> Attests:
        return _of_pod(uid) if self._looks else _anybody


def _of_pod(uid: str) -> Attests:
    """Looks whether a process is in the control group of a pod."""

    def attest(connection: int, wanted: Selectors) -> str:
        del wanted
        with socket.socket(fileno=os.dup(connection)) as own:
            peer = peer_of(own)
            return fault_by(own, peer, lambda: _fault_of_process(peer.pid, uid))

    return attest


def _fault_of_process(pid: int, uid: str) -> str:
    found = pod_in(cgroups_of(pid))
    return "" if found == uid else f"process {pid} is of {f'pod {found}' if found else 'no pod'}"
