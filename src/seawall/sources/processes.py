"""What runs on this machine: programs, and the libraries, archives and scripts they have open.

Source: proc(5). A process is held by its directory in ``/proc``, so another one that gets its
number meanwhile is never taken for it. One that ends meanwhile is left out; one that may not be
looked at (of another user, without root) is counted. Of a command line, which may hold credentials,
nothing is kept but the path of the script that an interpreter runs, where that is there.
"""

import os
from collections.abc import Iterable, Iterator
from posixpath import basename, join, normpath

from seawall.core.named_tuple import NamedTuple

PROC = "/proc"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_CLOEXEC
_MOST = 100_000
"""Processes that are looked at; Linux has 32,768 unless told otherwise."""
_MOST_TEXT = 64 << 20
"""Bytes of one list: a process has 65,530 mappings unless the machine was told otherwise."""
_MOST_OPEN = 65_536
_MOST_WORDS = 256
_MAPPING = 6
_DELETED = " (deleted)"
_ARCHIVES = (".ear", ".jar", ".phar", ".pyz", ".war", ".whl")
_INTERPRETERS = (
    "bash", "dash", "guile", "ksh", "lua", "node", "perl", "php", "python", "ruby", "sh", "tclsh",
    "zsh",
)  # fmt: skip
_TRANSIENT = ("/dev/", "/memfd:", "/proc/", "/run/", "/tmp/", "/var/tmp/", "/SYSV", "/[")  # noqa: S108
"""Where what is deleted is no program that was replaced: shared memory, code made at run time."""


class Opened(NamedTuple):
    """A file that a process runs."""

    path: str
    """From the root, with a slash before it."""
    replaced: bool = False
    """Whether it was deleted or replaced since: the process runs what was there before."""


class Process(NamedTuple):
    """A process that may be looked at."""

    pid: int
    name: str
    """What it calls itself (``comm``), else its program."""
    uid: int
    """Whose rights it has; -1 where that is not told."""
    program: str = ""
    files: tuple[Opened, ...] = ()
    """Its program among them; none of a process that is elsewhere."""


class Processes(NamedTuple):
    """What runs, in the order of process ids."""

    here: tuple[Process, ...]
    elsewhere: tuple[Process, ...]
    """Those with another root file system: containers."""
    forbidden: int
    """How many may not be looked at."""
    unread: int = 0
    """How many were more than are looked at."""


def processes(proc: str = PROC, root: str = "/", own: int = 0) -> Processes | None:
    """The processes that a directory tells of; ``None`` where there is no such directory.

    ``root`` is the file system they are held against, ``own`` the process to leave out.
    """
    try:
        pids = sorted(int(name) for name in os.listdir(proc) if name.isascii() and name.isdigit())
    except OSError:
        return None
    reader = _Reader(proc, root)
    here: list[Process] = []
    elsewhere: list[Process] = []
    forbidden = 0
    for pid in pids[:_MOST]:
        if pid == own:
            continue
        try:
            found = reader.read(pid)
        except PermissionError:
            forbidden += 1
        except OSError:  # it ended meanwhile (ENOENT, ESRCH), which is no gap
            continue
        else:
            if found is not None:
                (here if reader.is_here else elsewhere).append(found)
    return Processes(tuple(here), tuple(elsewhere), forbidden, max(0, len(pids) - _MOST))


class _Reader:
    """Reads one process after the other; what files are is asked once."""

    def __init__(self, proc: str, root: str) -> None:
        self._proc = proc
        self._root = root.rstrip("/")
        self._known: dict[str, tuple[int, int] | None] = {}
        self._own_root = _identity(root)
        self._own_space = _link("self/ns/mnt", None, proc)
        self.is_here = True
        """Whether the last one has the root file system that is looked at."""

    def read(self, pid: int) -> Process | None:
        """A process, ``None`` for one of the kernel's own. Raises what the system does."""
        at = os.open(f"{self._proc}/{pid}", _DIRECTORY)
        try:
            return self._read(pid, at)
        finally:
            os.close(at)

    def _read(self, pid: int, at: int) -> Process | None:
        status = _status(_text(at, "status"))
        if "VmSize" not in status:  # a thread of the kernel, or one that ended
            return None
        program = os.readlink("exe", dir_fd=at)
        name = status.get("Name", "") or basename(program.removesuffix(_DELETED))
        uids = status.get("Uid", "").split()
        uid = int(uids[1]) if len(uids) > 1 and uids[1].isdigit() else -1
        self.is_here = self._shares_root(at)
        if not self.is_here:
            return Process(pid, name, uid)
        files = {each.path: each for each in self._mapped(_text(at, "maps"))}
        program = self._actual(program).path
        for path in (*self._open(at), *self._named(at, basename(program))):
            files.setdefault(path, Opened(path))
        return Process(pid, name, uid, program, tuple(files[path] for path in sorted(files)))

    def _shares_root(self, at: int) -> bool:
        """Whether its file system is ours; services of systemd have a view of their own of it."""
        space = os.readlink("ns/mnt", dir_fd=at)
        if space == self._own_space:
            return True
        status = os.stat("root", dir_fd=at)
        return (status.st_dev, status.st_ino) == self._own_root

    # Files ------------------------------------------------------------------------------------

    def _mapped(self, text: str) -> Iterator[Opened]:
        """The code that is mapped, and other parts of libraries and archives."""
        seen = set()
        for line in text.split("\n"):
            fields = line.split(None, _MAPPING - 1)
            if len(fields) < _MAPPING or not fields[5].startswith("/"):
                continue
            _, mode, _, device, number, path = fields
            is_code = "x" in mode
            if path in seen or not (is_code or ".so" in path or path.endswith(_ARCHIVES)):
                continue
            seen.add(path)
            found = self._actual(path.replace("\\012", "\n"))
            if found.replaced:
                if is_code and not path.startswith(_TRANSIENT):
                    yield found
            else:
                yield found._replace(replaced=is_code and self._differs(found.path, device, number))

    def _actual(self, path: str) -> Opened:
        """A path as the kernel writes it, without its mark of files that are no longer there."""
        if path.endswith(_DELETED) and self._of(path) is None:
            return Opened(path.removesuffix(_DELETED), replaced=True)
        return Opened(path)

    def _differs(self, path: str, device: str, number: str) -> bool:
        """Whether another file lies there now.

        Some file systems (btrfs, overlayfs) tell another device in maps than in stat, and then
        nothing can be said: what a package manager replaces is marked as deleted anyway.
        """
        known = self._of(path)
        major, _, minor = device.partition(":")
        try:
            mapped = os.makedev(int(major, 16), int(minor, 16)), int(number)
        except (ValueError, OverflowError):
            return False
        return known is not None and known[0] == mapped[0] and known[1] != mapped[1]

    def _of(self, path: str) -> tuple[int, int] | None:
        if path not in self._known:
            self._known[path] = _identity(f"{self._root}{path}")
        return self._known[path]

    def _open(self, at: int) -> Iterator[str]:
        """Archives among the open files: Java and Python read theirs without mapping them."""
        fds = os.open("fd", _DIRECTORY, dir_fd=at)
        try:
            for name in os.listdir(fds)[:_MOST_OPEN]:
                path = _link(name, fds)
                if path.startswith("/") and path.endswith(_ARCHIVES):
                    yield path
        finally:
            os.close(fds)

    def _named(self, at: int, program: str) -> Iterator[str]:
        """The script of an interpreter."""
        if not program.startswith(_INTERPRETERS):
            return
        words = _text(at, "cmdline").split("\0")[1:_MOST_WORDS]
        word = next((word for word in words if word and not word.startswith("-")), "")
        directory = _link("cwd", at)
        path = normpath(join(directory, word)) if word and directory else ""
        if path.startswith("/") and os.path.isfile(f"{self._root}{path}"):
            yield path


def _status(text: str) -> dict[str, str]:
    rows = (line.partition(":") for line in text.split("\n"))
    return {name: value.strip() for name, _, value in rows}


def _text(at: int, name: str) -> str:
    descriptor = os.open(name, _FILE, dir_fd=at)
    with open(descriptor, "rb") as stream:
        return os.fsdecode(stream.read(_MOST_TEXT))


def _link(name: str, at: int | None, above: str = "") -> str:
    """Where a link leads; empty where that cannot be told."""
    try:
        return os.readlink(join(above, name), dir_fd=at)
    except OSError:
        return ""


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # not there, or no path
        return None
    return status.st_dev, status.st_ino


def names_of(found: Iterable[Process]) -> list[str]:
    """What processes are called, each name once."""
    return sorted({each.name for each in found})
