"""A mesh that is up on this host, for tests: root, nftables and Envoy are needed."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.hosting import network, running
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.proxies import program
from seawall.mesh.verifying.processes import Processes
from tests.mesh.hosting.keeping import kept_up

PYTHON = "/usr/bin/python3"
"""One that other users can run; the tests' own may be in somebody's home."""


def reason(*programs: str) -> str:
    """Why it cannot be done here; empty where it can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in ("ip", "nft", "setpriv", *programs) if which(name) is None]
    if missing or not os.path.exists(PYTHON):
        return f"needs {', '.join(missing) or PYTHON}"
    try:
        program.find()
    except program.EnvoyError:
        return "needs Envoy (the extra mesh)"
    return ""


needs_host = pytest.mark.skipif(bool(reason()), reason=reason())


class Lifted:
    """One that is up."""

    def __init__(self, layout: Layout, supervisor: int, directory: Path) -> None:
        self.layout = layout
        self.supervisor = supervisor
        self.directory = directory
        self.processes = Processes(layout)

    def status(self) -> dict[str, Any]:
        return ask(self.layout.operator, "Status")

    def generation(self) -> int:
        return int(self.status()["generation"])

    def namespace(self, workload: str) -> str:
        return network.prefix_of(self.layout.mesh) + workload

    def command(self, workload: str, *words: str, user: int = 1000) -> list[str]:
        """What runs a command where a workload is, as its application would."""
        drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        return ["ip", "netns", "exec", self.namespace(workload), *drop, *words]

    def run(self, workload: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(workload, *words), capture_output=True, text=True, check=False, timeout=60
        )

    def until(self, is_so: Callable[[], bool], seconds: float = 30.0) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if is_so():
                    return True
            except OperatorError:
                pass
            time.sleep(0.05)
        return False


@contextmanager
def lifted(text: str, prefix: str) -> Iterator[Lifted]:
    """A mesh by a description in which NAME and DIRECTORY stand for its own; down in the end."""
    name = f"{prefix}{os.getpid() % 100_000}"
    with tempfile.TemporaryDirectory(prefix="seawall-mesh-") as path:
        directory = Path(path)
        directory.chmod(0o755)
        text = text.replace("NAME", name).replace("DIRECTORY", path).replace("PYTHON", PYTHON)
        with kept_up(directory, name, text) as layout:
            yield Lifted(layout, running.running(layout), directory)
