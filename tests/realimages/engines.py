"""A Podman and a Docker of the tests' own: each with a directory and a socket for itself.

Nothing of an engine that the machine runs is touched. What stays are the key and the directory that
every dockerd makes where they are missing (``/etc/docker/key.json``, ``/run/docker/plugins``).
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

KINDS = {"docker": "dockerd", "podman": "podman"}
"""With the program that each needs."""
_START, _STOP, _ANSWER = 30.0, 30.0, 120.0
"""Seconds."""


class NotStartedError(Exception):
    """An engine that may not run here, with the end of what it said."""


class Service(NamedTuple):
    """An engine that runs."""

    kind: str
    socket: Path

    @property
    def address(self) -> str:
        return f"unix://{self.socket}"

    def load(self, archive: Path) -> None:
        """Take in what ``docker save`` or skopeo wrote."""
        with archive.open("rb") as stream:
            headers = {
                "Content-Type": "application/x-tar",
                "Content-Length": str(archive.stat().st_size),
            }
            self._ask("POST", "/images/load", stream.read(), headers)

    def pull(self, repository: str, tag: str) -> None:
        """Get an image from a registry."""
        self._ask("POST", f"/images/create?{urlencode({'fromImage': repository, 'tag': tag})}")

    def tag(self, name: str, repository: str, tag: str) -> None:
        self._ask("POST", f"/images/{name}/tag?{urlencode({'repo': repository, 'tag': tag})}")

    def identity(self, name: str) -> str:
        """``sha256:...``, as the engine tells it."""
        return str(json.loads(self._ask("GET", f"/images/{name}/json"))["Id"])

    def answers(self) -> bool:
        try:
            return self._ask("GET", "/_ping") == b"OK"
        except (OSError, http.client.HTTPException):
            return False

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        connection = http.client.HTTPConnection("localhost", timeout=_ANSWER)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(_ANSWER)
        try:
            connection.sock.connect(str(self.socket))
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        # What goes wrong while an image is pulled or loaded is in an answer that began well.
        if answer.status >= 300 or b'"error"' in data:
            raise AssertionError(f"{self.kind}: {method} {path}: {answer.status} {data[-500:]!r}")
        return data


@contextmanager
def running(kind: str, registry: str) -> Iterator[Service]:
    """An engine, until the end of ``with``; ``registry``: ``HOST:PORT`` that has no certificate.

    Raises ``NotStartedError``.
    """
    # Short: the path of a socket has at most 107 bytes.
    place = Path(tempfile.mkdtemp(prefix="seawall-engine-"))
    try:
        service = Service(kind, place / "engine.sock")
        registries = place / "registries.conf"
        registries.write_text(f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n')
        environment = {
            name: value for name, value in os.environ.items()
            if name not in ("CONTAINER_HOST", "DOCKER_HOST", "XDG_RUNTIME_DIR")
        } | {"CONTAINERS_REGISTRIES_CONF": str(registries), "TMPDIR": str(place)}  # fmt: skip
        with (place / "log").open("wb") as log:
            process = subprocess.Popen(
                _command(kind, place), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment, cwd=place,
            )  # fmt: skip
        try:
            _wait(service, process, place / "log")
            yield service
        finally:
            _stop(process)
    finally:
        _remove(place)


def _command(kind: str, place: Path) -> Sequence[str]:
    address = f"unix://{place}/engine.sock"
    if kind == "podman":
        return (
            "podman", "--root", f"{place}/root", "--runroot", f"{place}/run", "--storage-driver",
            "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file", "system", "service",
            "--time=0", address,
        )  # fmt: skip
    # Where a containerd runs already, dockerd takes that one: not in the namespace of others.
    return (
        "dockerd", "--data-root", f"{place}/root", "--exec-root", f"{place}/run", "--pidfile",
        f"{place}/pid", "--host", address, "--storage-driver", "vfs", "--iptables=false",
        "--bridge=none", "--containerd-namespace", place.name, "--containerd-plugins-namespace",
        f"{place.name}-plugins",
    )  # fmt: skip


def _wait(service: Service, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        if service.socket.exists() and service.answers():
            return
        time.sleep(0.1)
    said = log.read_text(errors="replace").strip()[-400:]
    raise NotStartedError(f"{service.kind} does not run here: {said or 'it says nothing'}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _remove(place: Path) -> None:
    """With what an engine that was killed has left mounted there, the innermost first."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for each in reversed([path for path in mounted if path.startswith(f"{place}/")]):
        subprocess.run(["umount", "--lazy", each], check=False, capture_output=True)
    shutil.rmtree(place)
