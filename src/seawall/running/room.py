"""What is run, and what it sees: the words of those who want something run."""

from typing import NamedTuple

DOCKER_CAPABILITIES = (
    "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
    "CAP_SYS_CHROOT",
)  # fmt: skip
"""What a container has where nobody says anything (moby, ``oci/caps/defaults.go``), but
CAP_NET_RAW: there is no network to send to."""


SCRATCH = ("tmp", "run")
"""What an image may count on to be writable wherever its root is not."""


class Process(NamedTuple):
    """A process of an image."""

    arguments: tuple[str, ...]
    """The first is the program: a path, or a name that is looked up in its ``PATH``."""
    environment: tuple[tuple[str, str], ...] = ()
    directory: str = "/"
    """Where it starts."""
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    """Further groups."""


class Room(NamedTuple):
    """What a process sees. Nothing of the machine can be written to, no network is reached.

    It has ``/proc`` and a small ``/dev``, a loopback interface of its own, and the capabilities
    that are named, of which none can be regained.
    """

    root: str
    """The directory that is its root. Nobody else may write to it meanwhile."""
    read_only: bool = True
    scratch: tuple[str, ...] = SCRATCH
    """Directories (without a leading ``/``) that are copied into memory and that everybody may
    write to, as with ``docker run --tmpfs``."""
    volumes: tuple[str, ...] = ()
    """Directories that are copied into memory, each with its owner and rights, as an engine does
    with a volume that nobody names."""
    capabilities: tuple[str, ...] = ()
    """Names as in ``CAP_CHOWN``; of a user other than root they are of no use."""


class Limits(NamedTuple):
    """How much a process may take."""

    output: int = 4 << 20
    """Bytes that are kept of standard output and of standard error; what follows is dropped."""
    memory: int = 512 << 20
    """Bytes of the writable directories together."""
    all_memory: int = 4 << 30
    """Bytes of all memory, where control groups can be made."""
    file: int = 1 << 30
    """Bytes of one file that is written."""
    processes: int = 1024
    """Processes and threads at a time."""


class Ended(NamedTuple):
    """How it ended."""

    status: int
    """The exit status; 128 and the number where a signal ended it; -1 where it was stopped."""
    failure: str = ""
    """Why it could not be run, where that is so: then the status says nothing."""


class NotPossibleError(Exception):
    """A runner that cannot run anything here; the text says why."""
