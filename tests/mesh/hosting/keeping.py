"""A mesh kept up for tests by a process of its own.

Not by a fork: other tests of the same process have used gRPC, whose threads a fork does not have,
so that it would wait for them for ever.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seawall.mesh.hosting import network, running
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.plan.reading import load
from seawall.mesh.proxies import program

_WITHIN = 60.0


@contextmanager
def kept_up(directory: Path, mesh: str, text: str, envoy: str = "") -> Iterator[Layout]:
    """A mesh by its description, which is ready; its state and sockets are in the directory."""
    description = directory / f"{mesh}.yaml"
    description.write_text(text)
    layout = Layout(mesh, str(directory / "state"), str(directory / "run"))
    said = directory / f"{mesh}.said"
    command = [sys.executable, "-m", __name__, str(description), *layout[:3], envoy]
    with said.open("wb") as stream:
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stream, cwd=Path(__file__).parents[3]
        )
    assert child.stdout is not None
    try:
        os.set_blocking(child.stdout.fileno(), False)
        deadline = time.monotonic() + _WITHIN
        while not child.stdout.read(6):
            assert child.poll() is None, said.read_text()
            assert time.monotonic() < deadline, f"not ready after {_WITHIN:g} s: {said.read_text()}"
            time.sleep(0.02)
        yield layout
    finally:
        child.send_signal(signal.SIGTERM)
        status = child.wait()
        child.stdout.close()
        running.take_down(layout)
    assert status == 0, (status, said.read_text())
    assert network.namespaces_of(mesh) == []
    assert not os.path.exists(layout.run)


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    description, mesh, state, run, envoy = sys.argv[1:]
    plan = load(description)
    running.keep_up(plan, Layout(mesh, state, run), envoy or program.find(), _say_ready)
