"""Where the files of a mesh on this host are, and who may see them."""

import os
import stat
from collections.abc import Collection, Mapping
from typing import NamedTuple

from seawall.mesh.control.process import MAIN, OPERATOR
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.numbers import moved
from seawall.mesh.plan.reading import FIRST_PROXY_USER
from seawall.mesh.proxies.bootstrap import LONGEST_SOCKET
from seawall.mesh.workloads.endpoints import SOCKET as API_SOCKET

ATTESTOR_USER, CONTROLLER_USER, AGENT_USER = 61_334, 61_335, 61_336
"""User ids of our own processes: nobody else has them, and they have no right on the host."""
STATE_ROOT = "/var/lib/seawall/mesh"
RUN_ROOT = "/run/seawall/mesh"
ADMIN = "admin.sock"
_NOBODY: Mapping[str, int | None] = {}


class Layout(NamedTuple):
    """The directories of one mesh."""

    mesh: str
    state_root: str = STATE_ROOT
    run_root: str = RUN_ROOT
    place: int = 0
    """Which of the meshes on this host it is; see ``numbers``."""

    @property
    def state(self) -> str:
        """What lasts: the authority's store, its key, the audit log. The controller's alone."""
        return os.path.join(self.state_root, self.mesh)

    @property
    def run(self) -> str:
        """What lasts as long as the mesh is up."""
        return os.path.join(self.run_root, self.mesh)

    @property
    def doors(self) -> str:
        """The controller's sockets; the agent's group may look into it."""
        return os.path.join(self.run, "controller")

    @property
    def operator(self) -> str:
        """The socket for operators."""
        return os.path.join(self.doors, OPERATOR)

    @property
    def sockets(self) -> str:
        """A directory for each workload, with the agent's socket for its proxy."""
        return os.path.join(self.run, "agent")

    @property
    def inside(self) -> str:
        """Sockets of the agent that nobody else opens."""
        return os.path.join(self.run, "inside")

    @property
    def attestor(self) -> str:
        """The socket of who looks at programs for the agent."""
        return os.path.join(self.run, "attestor", "ask.sock")

    def programs(self, workload: str) -> str:
        """The directory of the socket at which a workload's program finds the Workload API."""
        return os.path.join(self.run, "workloads", workload)

    @property
    def cutter(self) -> str:
        """The socket on which the agent asks for connections to be ended."""
        return os.path.join(self.run, "cutting", "cut.sock")

    @property
    def requests(self) -> str:
        """The socket on which root asks the supervisor for something."""
        return os.path.join(self.run, "supervisor.sock")

    @property
    def drain(self) -> str:
        """A file with the seconds that the mesh takes to end what is under way."""
        return os.path.join(self.run, "drain")

    @property
    def ended(self) -> str:
        """A file with the programs of workloads that have ended."""
        return os.path.join(self.run, "ended.json")

    @property
    def roster(self) -> str:
        """A file with the workloads that the agent takes care of."""
        return os.path.join(self.run, "roster.json")

    @property
    def logs(self) -> str:
        """What processes say."""
        return os.path.join(self.run, "logs")

    @property
    def supervisor(self) -> str:
        """The process id of who keeps it all running, who holds a lock on it.

        It is not in the directory that goes when a mesh is taken down: of two who would bring it up
        or take it down at once, one waits for the other.
        """
        return os.path.join(self.run_root, f"{self.mesh}.pid")

    @property
    def old_logs(self) -> str:
        """What processes said, of a mesh that is down: root's own, so that nobody leads us away."""
        return os.path.join(self.state_root, f"{self.mesh}.logs")

    @property
    def fence(self) -> str:
        """What the rules of all workloads have dropped, for the agent to read."""
        return os.path.join(self.run, "fence.json")

    def proxy(self, workload: str) -> str:
        """The directory of a workload's proxy: its bootstrap and its administration socket."""
        return os.path.join(self.run, "proxies", workload)

    def admin(self, workload: str) -> str:
        """The proxy's administration socket."""
        return os.path.join(self.proxy(workload), ADMIN)

    def user(self, written: int) -> int:
        """What this mesh has in the place of a user id that is written down for all."""
        return moved(self.place, written)

    @property
    def home(self) -> str:
        """What the agent keeps: with what it comes back without a token."""
        return os.path.join(self.state_root, f"{self.mesh}.agent")

    @property
    def agent_status(self) -> str:
        """How the agent stands, in JSON."""
        return os.path.join(self.sockets, "status.json")

    def make(
        self, workloads: Mapping[str, int], groups: Mapping[str, int | None] = _NOBODY
    ) -> None:
        """Make all directories, each for those alone who need it.

        ``workloads`` have the users of their proxies; ``groups`` has those with a Workload API,
        and the group that may find it there, ``None`` for all.
        """
        self._refuse_long_paths(workloads)
        controller, agent = self.user(CONTROLLER_USER), self.user(AGENT_USER)
        try:
            directory(self.state_root, 0, 0o755)
            directory(self.state, controller, 0o700)
            directory(self.run_root, 0, 0o755)
            directory(self.run, 0, 0o755)
            # Sockets are made with the group of their directory.
            directory(self.doors, controller, 0o2750, agent)
            directory(self.sockets, agent, 0o711)
            directory(os.path.dirname(self.cutter), 0, 0o750, agent)
            directory(self.logs, 0, 0o700)
            directory(os.path.join(self.run, "proxies"), 0, 0o711)
            directory(self.home, agent, 0o700)
            for workload, user in workloads.items():
                directory(os.path.join(self.sockets, workload), agent, 0o2750, user)
                directory(self.proxy(workload), user, 0o700)
            directory(self.inside, agent, 0o700)
            directory(os.path.dirname(self.attestor), self.user(ATTESTOR_USER), 0o2750, agent)
            directory(os.path.join(self.run, "workloads"), 0, 0o711)
            for workload, group in groups.items():
                mode = 0o711 if group is None else 0o2750
                directory(self.programs(workload), agent, mode, group)
        except OSError as error:
            raise HostError(
                f"{error.filename}: {error.strerror}; seawall mesh needs root and room there"
            ) from None

    def _refuse_long_paths(self, workloads: Collection[str]) -> None:
        paths = [os.path.join(self.doors, MAIN)]
        for name in workloads:
            paths += [self.admin(name), os.path.join(self.programs(name), API_SOCKET)]
        longest = max(paths, key=len)
        if len(longest.encode()) > LONGEST_SOCKET:
            raise HostError(
                f"{longest} is longer than {LONGEST_SOCKET} bytes, the most for the path of a "
                "socket: give the mesh or the workload a shorter name"
            )


def proxy_user(number: int) -> int:
    """The user id of the proxy of the workload with a number, from 0 on."""
    return FIRST_PROXY_USER + number


def directory(path: str, user: int, mode: int, group: int | None = None) -> None:
    """Make a directory for a user and a group; the user's own one without.

    What lies in one that was made before, when the mesh had other users, comes with it.
    """
    os.makedirs(path, mode=0o755, exist_ok=True)
    before = os.stat(path).st_uid
    os.chown(path, user, user if group is None else group)
    os.chmod(path, mode)
    if before in (0, user):
        return
    with os.scandir(path) as files:
        for file in files:
            status = file.stat(follow_symlinks=False)
            # Nobody is to be given what he has only linked to.
            if stat.S_ISREG(status.st_mode) and status.st_uid == before and status.st_nlink == 1:
                os.chown(file.path, user, user, follow_symlinks=False)
