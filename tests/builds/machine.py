"""What a machine must have so that images can be built on it, and where they are kept."""

import fcntl
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PROGRAMS = ("buildah", "skopeo", "debootstrap", "runc", "apt-get", "nsenter", "tar")
CACHE = "SEAWALL_BUILDS_CACHE"
"""The environment variable that names another directory for root file systems and images."""
TIMEOUT = 600


class CommandError(AssertionError):
    """A program that did not do its work, with the end of what it said."""


@cache
def missing() -> str:
    """Why nothing can be built here; empty where all is there."""
    if platform.system() != "Linux" or os.geteuid() != 0:
        return "only root, on Linux, can build images in a chroot"
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        return f"to build images here, install {', '.join(absent)}"
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        return "this machine lets root make no mount namespaces"
    return "" if release() else "the machine's system is neither Debian nor Ubuntu"


@cache
def release() -> str:
    """The code name of the machine's Debian or Ubuntu, of which the root file system is made."""
    try:
        values = platform.freedesktop_os_release()
    except OSError:
        return ""
    return values.get("VERSION_CODENAME", "") if values["ID"] in ("debian", "ubuntu") else ""


def directory() -> Path:
    """Where what is made once per machine is kept; it can be deleted at any time."""
    chosen = os.environ.get(CACHE)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(chosen) if chosen else Path(home) / "seawall-test-builds"
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Keep other processes out that make the same thing; it ends with the process at the latest."""
    with (directory() / f"{name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def run(
    arguments: Sequence[str | Path],
    *,
    timeout: float = TIMEOUT,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program; gives its standard output, and raises CommandError where it fails."""
    try:
        done = subprocess.run(
            arguments, capture_output=True, text=True, errors="replace", timeout=timeout,
            env=None if environment is None else {**os.environ, **environment}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"{_name(arguments)}: not done after {timeout} s") from error
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise CommandError(f"{_name(arguments)}: exit code {done.returncode}\n{said}")
    return done.stdout


def _name(arguments: Sequence[str | Path]) -> str:
    return " ".join(str(one) for one in arguments)[:300]
