"""The sidecar with a real Envoy, without any agent: it is alive, never ready, and ends as told."""

import asyncio
import contextlib
import os
import signal
import tempfile
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from seawall.core.errors import UsageError
from seawall.mesh.cluster import sidecar
from seawall.mesh.cluster.errors import ClusterError
from seawall.mesh.proxies import program
from tests.mesh.control.test_doors import free_port


def _envoy() -> str:
    try:
        return program.find()
    except program.EnvoyError:
        return ""


needs_envoy = pytest.mark.skipif(not _envoy(), reason="needs Envoy (the extra mesh)")


@pytest.fixture
def run() -> Iterator[Path]:
    """A directory with a short name: sockets are in it."""
    with tempfile.TemporaryDirectory(prefix="sw-") as name:
        yield Path(name)


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as said:
            return said.status, said.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


async def becomes(port: int, path: str, is_so: Callable[[int, str], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so(*await asyncio.to_thread(get, port, path)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def played(run: Path, act: Callable[[int], Awaitable[None]]) -> None:
    environment = {
        "POD_NAME": "web-1", "POD_NAMESPACE": "shop",
        "SEAWALL_MESH_PROBES": '{"/probe/web/readiness": {"port": 1, "tcpSocket": {"port": 1}}}',
    }  # fmt: skip
    options = sidecar.Options(
        _envoy(), str(run / "agent.sock"), None, environment, "", "", str(run), free_port()
    )

    async def both() -> None:
        serving = asyncio.ensure_future(sidecar.serve(options))
        try:
            await becomes(options.port, "/live", lambda status, _: status == 200)
            await act(options.port)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await serving

    asyncio.run(both())


def envoys(run: Path) -> list[int]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
            if str(run / "bootstrap.json").encode() in words:
                found.append(int(name))
    return found


@needs_envoy
def test_without_a_configuration_it_is_not_ready(run: Path) -> None:
    async def act(port: int) -> None:
        await becomes(port, "/ready", lambda _, said: "Envoy is" in said)
        status, said = await asyncio.to_thread(get, port, "/ready")
        assert status == 503
        assert "INITIALIZING" in said
        assert (await asyncio.to_thread(get, port, "/probe/web/readiness"))[0] == 503
        assert (await asyncio.to_thread(get, port, "/probe/web/other"))[0] == 404
        assert (await asyncio.to_thread(get, port, "/config_dump"))[0] == 404
        (first,) = envoys(run)
        assert oct(os.stat(run / "admin.sock").st_mode)[-3:] == "600"
        os.kill(first, signal.SIGKILL)
        await becomes(port, "/ready", lambda _, said: "INITIALIZING" in said)
        (second,) = envoys(run)
        assert second != first

    played(run, act)
    assert envoys(run) == []


def test_what_cannot_be_served(run: Path) -> None:
    def serve(options: sidecar.Options) -> None:
        asyncio.run(sidecar.serve(options))

    usual = sidecar.Options("envoy", "/a.sock", None, {}, "", "", str(run), free_port())
    with pytest.raises(UsageError, match="too long for a socket"):
        serve(usual._replace(agent="/" + "a" * 200))
    with pytest.raises(ClusterError, match="inject"):
        serve(usual._replace(environment={"SEAWALL_MESH_PROBES": "[]"}))
