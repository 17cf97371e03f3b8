"""How the programs that make containers are called: bubblewrap and runc (OCI runtime-spec 1.0)."""

from typing import Any

from seawall.running.kernel import CAPABILITIES
from seawall.running.room import Limits, Process, Room
from seawall.running.stage import HOST_NAME, Stage

READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
MASKED = ("kcore", "keys", "latency_stats", "sched_debug", "timer_list", "timer_stats")
"""What of ``/proc`` belongs to the whole machine, not to the process: root could write to some of
it without any capability (moby, ``oci/defaults.go``)."""
BUBBLEWRAP, RUNC, CHROOT = "bubblewrap", "runc", "chroot"


def bubblewrap(
    room: Room, process: Process, stage: Stage, status: int, *, maps_users: bool
) -> list[str]:
    """The options for bwrap(1), to be followed by ``--`` and the process.

    ``status`` is an open file for what it tells.
    ``maps_users``: it makes a user namespace, in which only this user and group are known.
    """
    words = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    if maps_users:
        words += ["--unshare-user", "--uid", str(process.uid), "--gid", str(process.gid)]
    words += ["--hostname", HOST_NAME, "--new-session", "--die-with-parent", "--as-pid-1"]
    words += ["--ro-bind" if room.read_only else "--bind", stage.root, "/"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for name in stage.known(READ_ONLY):
        words += ["--ro-bind", f"/proc/{name}", f"/proc/{name}"]
    for name in stage.known(MASKED):
        words += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    for source, path, read_only in stage.binds:
        words += ["--ro-bind" if read_only else "--bind", source, f"/{path}"]
    words += ["--chdir", process.directory, "--clearenv"]
    for name, value in process.environment:
        words += ["--setenv", name, value]
    words += ["--cap-drop", "ALL"]
    for name in room.capabilities:
        words += ["--cap-add", name]
    return [*words, "--json-status-fd", str(status)]


def bundle(room: Room, process: Process, stage: Stage, limits: Limits, name: str) -> dict[str, Any]:
    """The ``config.json`` for runc."""
    capabilities = [each for each in room.capabilities if each in CAPABILITIES]
    sets = ("bounding", "effective", "permitted")
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {
                "uid": process.uid, "gid": process.gid, "additionalGids": list(process.groups),
            },
            "args": list(process.arguments),
            "env": [f"{key}={value}" for key, value in process.environment],
            "cwd": process.directory,
            "capabilities": dict.fromkeys(sets, capabilities),
            "noNewPrivileges": True,
        },
        "root": {"path": stage.root, "readonly": room.read_only},
        "hostname": HOST_NAME,
        "mounts": [
            _mount("/proc", "proc", ["nosuid", "noexec", "nodev"]),
            _mount("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            _mount("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666",
                                          "mode=0620"]),
            _mount("/dev/shm", "tmpfs", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),  # noqa: S108
            *(
                {
                    "destination": f"/{path}", "type": "bind", "source": source,
                    "options": ["bind", "nosuid", "nodev", "ro" if read_only else "rw"],
                }
                for source, path, read_only in stage.binds
            ),
        ],
        "linux": {
            "cgroupsPath": f"/{name}",
            "resources": {
                "devices": [{"allow": False, "access": "rwm"}],
                "pids": {"limit": limits.processes},
            },
            "readonlyPaths": [f"/proc/{each}" for each in READ_ONLY],
            "maskedPaths": [f"/proc/{each}" for each in MASKED],
            "namespaces": [{"type": each} for each in ("pid", "ipc", "uts", "mount")],
        },
    }  # fmt: skip


def _mount(path: str, kind: str, options: list[str]) -> dict[str, Any]:
    return {"destination": path, "type": kind, "source": kind, "options": options}
