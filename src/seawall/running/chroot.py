"""The runner that needs no program: a root and namespaces of its own, made by the kernel alone."""

import contextlib
import json
import os

from seawall.running import kernel
from seawall.running.commands import MASKED, READ_ONLY
from seawall.running.room import NotPossibleError, Process, Room
from seawall.running.stage import HOST_NAME, Stage

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = (
    ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"), ("core", "/proc/kcore"),
)  # fmt: skip
NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit statuses of shells for programs that are not there, or cannot be run."""


def run(room: Room, process: Process, stage: Stage, status: int, *, maps_users: bool) -> int:
    """Run a process and wait for it; gives the exit status.

    To be called in namespaces that ``keeper`` made; ``status`` is an open file that is told what
    bubblewrap tells: ``child-pid``, and ``exit-code`` where the process really began.
    Raises ``OSError`` where the kernel does not permit it.
    """
    kernel.unshare(kernel.NEW_MOUNTS | kernel.NEW_PROCESSES | kernel.NEW_IPC | kernel.NEW_NAMES)
    reader, writer = os.pipe()  # closed by the kernel where the process begins
    child = os.fork()
    if not child:
        os.close(reader)
        _become(room, process, stage, writer, maps_users=maps_users)
    os.close(writer)
    _tell(status, {"child-pid": child})
    failure = b""
    while more := os.read(reader, 4096):
        failure += more
    _, ended = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(ended)
    code = 128 - code if code < 0 else code
    if failure:
        _tell(status, {"failure": failure.decode("utf-8", "replace")})
    else:
        _tell(status, {"exit-code": code})
    return code


def _tell(status: int, said: dict[str, object]) -> None:
    os.write(status, json.dumps(said).encode() + b"\n")


def _become(room: Room, process: Process, stage: Stage, writer: int, *, maps_users: bool) -> None:
    """Turn this process into the other one; does not come back."""
    code = NOT_EXECUTABLE
    try:
        kernel.die_with_parent()
        _mounts(stage)
        kernel.set_host_name(HOST_NAME)
        kernel.pivot(stage.root)
        _be(room, process, maps_users=maps_users)
        os.closerange(3, writer)
        os.closerange(writer + 1, 1024)
        _execute(process)
    except FileNotFoundError as error:
        code = NOT_FOUND
        os.write(writer, _reason(error))
    except (OSError, NotPossibleError, ValueError) as error:
        os.write(writer, _reason(error))
    finally:
        os._exit(code)


def _reason(error: Exception) -> bytes:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    where = error.filename if isinstance(error, OSError) and error.filename else ""
    return (f"{os.fsdecode(where)}: {text}" if where else text).encode("utf-8", "replace")


def _mounts(stage: Stage) -> None:
    """What is mounted in the root: this is a mount namespace of its own already."""
    kernel.mount("proc", f"{stage.root}/proc", "proc",
                 kernel.NO_SETUID | kernel.NO_EXEC | kernel.NO_DEVICES)  # fmt: skip
    for name in stage.known(READ_ONLY):
        path = f"{stage.root}/proc/{name}"
        kernel.bind(path, path, read_only=True)
    for name in stage.known(MASKED):
        kernel.bind("/dev/null", f"{stage.root}/proc/{name}", read_only=True)
    top = f"{stage.root}/dev"
    kernel.mount("tmpfs", top, "tmpfs", kernel.NO_SETUID, "mode=755,size=65536k")
    for name in _DEVICES:
        with open(f"{top}/{name}", "xb"):
            pass
        kernel.mount(f"/dev/{name}", f"{top}/{name}", None, kernel.BIND)
    for name, target in _LINKS:
        os.symlink(target, f"{top}/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"{top}/{name}")
    flags = kernel.NO_SETUID | kernel.NO_EXEC
    with contextlib.suppress(OSError):  # terminals are not needed, and not permitted everywhere
        kernel.mount("devpts", f"{top}/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=620")
    kernel.mount("tmpfs", f"{top}/shm", "tmpfs", flags | kernel.NO_DEVICES, "mode=1777,size=65536k")
    for source, path, read_only in stage.binds:
        kernel.bind(source, f"{stage.root}/{path}", read_only=read_only)


def _be(room: Room, process: Process, *, maps_users: bool) -> None:
    """Be the user, without a way back."""
    kept = sum(1 << kernel.CAPABILITIES[name] for name in room.capabilities)
    if maps_users and process.uid:
        map_user(process.uid, process.gid)
    kernel.bound(kept)
    if not maps_users:
        os.setgroups(process.groups)
        os.setresgid(process.gid, process.gid, process.gid)
        os.setresuid(process.uid, process.uid, process.uid)
    kernel.no_new_privileges()
    kernel.hold(0 if process.uid else kept)
    os.chdir(process.directory)


def map_user(uid: int, gid: int) -> None:
    """Go to a user namespace in which this process is a certain user. Raises ``OSError``."""
    own_user, own_group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.NEW_USERS)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {own_user} 1"), ("gid_map", f"{gid} {own_group} 1"),
    ):  # fmt: skip
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _execute(process: Process) -> None:
    environment = {os.fsencode(name): os.fsencode(value) for name, value in process.environment}
    program, *_ = process.arguments
    if "/" in program:
        os.execve(program, process.arguments, environment)  # noqa: S606 - it is what is wanted
    path = dict(process.environment).get("PATH", "/usr/local/bin:/bin:/usr/bin")
    error: OSError = FileNotFoundError(2, "is not in it", program)
    for folder in path.split(":"):
        try:
            os.execve(f"{folder or '.'}/{program}", process.arguments, environment)  # noqa: S606
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as found:
            error = found
    raise error
