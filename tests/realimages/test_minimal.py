"""Minimal images of servers: they run as a user, on a read-only root, and are as small as can be.

They are unpacked by umoci, and run by bubblewrap as the user that the result names, without
capabilities, in a network of their own; what is mounted is what ``harden image`` says.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seawall.sources.images.target import resolve
from tests.builds.machine import missing, run
from tests.cli.support import command
from tests.images.closure.test_live import can_sandbox
from tests.realimages.images import made
from tests.realimages.servers import PORT, SERVERS, server
from tests.realimages.trees import NotFetchedError

_PROGRAMS = ("umoci", "skopeo", "setpriv", "nsenter")
_ABSENT = [name for name in _PROGRAMS if shutil.which(name) is None]
_REASON = missing() or can_sandbox() or ", ".join(f"{name} is not installed" for name in _ABSENT)
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(_REASON), reason=_REASON or "images can be built and run"),
]
MOST = {"redis": 7_500_000, "nginx": 5_000_000, "python": 10_000_000}
"""Bytes of the packed layer."""
_ASK = """\
import socket, sys
stream = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
stream.sendall(sys.argv[2].encode())
stream.shutdown(socket.SHUT_WR)
sys.stdout.write(stream.makefile("rb").read().decode())
"""
_GET = "GET / HTTP/1.0\r\n\r\n"
_PING = "SET a 1\r\nGET a\r\nPING\r\nQUIT\r\n"


@cache
def system() -> Path:
    try:
        return made()[0].layout
    except NotFetchedError as error:
        pytest.skip(f"packages to make images of cannot be fetched: {error}")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that other users can look into."""
    with tempfile.TemporaryDirectory(prefix="seawall-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Hardened(NamedTuple):
    """A result."""

    layout: Path
    told: str

    @property
    def config(self) -> Any:
        return resolve(str(self.layout)).image.config

    @property
    def size(self) -> int:
        return sum(layer.size for layer in resolve(str(self.layout)).image.layers)


def harden(image: Path, out: Path, *options: str) -> Hardened:
    found = command("harden", "image", str(image), str(out), *options)
    assert found.code == 0, found.errors
    return Hardened(out, found.output)


@contextmanager
def running(result: Hardened, place: Path) -> Iterator[int]:
    """A container of a result; gives the number of its first process."""
    bundle = place / "bundle"
    run(["umoci", "unpack", "--image", f"{result.layout}:latest", bundle])
    bundle.chmod(0o755)
    config = result.config
    (line,) = (each for each in result.told.splitlines() if " run: docker run" in each)
    words = line.split()
    mounts = [words[at + 1] for at, word in enumerate(words) if word == "--tmpfs"]
    uid, gid = config.user.split(":")
    read, write = os.pipe()
    command = [
        "setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--no-new-privs",
        "--bounding-set=-all",
        "bwrap", "--ro-bind", str(bundle / "rootfs"), "/", "--proc", "/proc", "--dev", "/dev",
        *(word for mount in mounts for word in ("--tmpfs", mount)),
        "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv",
        "--info-fd", str(write),
        *(word for pair in config.environment for word in ("--setenv", *pair)),
        "--chdir", config.working_directory or "/", *config.entrypoint, *config.command,
    ]  # fmt: skip
    errors = place / "errors"
    with (
        os.fdopen(read) as info,
        errors.open("w") as stream,
        subprocess.Popen(command, stdout=stream, stderr=stream, pass_fds=[write]) as process,
    ):
        os.close(write)
        try:
            told = info.read()
            assert told, errors.read_text()
            yield json.loads(told)["child-pid"]
        except AssertionError as error:
            raise AssertionError(f"{error}\n{errors.read_text()[-2000:]}") from error
        finally:
            process.kill()


def answer(process: int, text: str) -> str:
    """What the server in a container answers."""
    words = ["nsenter", f"--net=/proc/{process}/ns/net", "python3", "-c", _ASK, str(PORT), text]
    said = ""
    for _ in range(100):
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
        if done.returncode == 0 and done.stdout:
            return done.stdout
        said = done.stderr
        time.sleep(0.1)
    raise AssertionError(f"no answer: {said}")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("redis", _PING, "+OK\n$1\n1\n+PONG\n+OK\n"),
        ("nginx", _GET, "Welcome to nginx!"),
        ("python", _GET, '"ssl": "OpenSSL '),
        ("node", _GET, "node 21"),
        ("script", _PING, "+PONG\n"),
    ],
)
def test_a_minimal_image_answers(name: str, text: str, expected: str, place: Path) -> None:
    image = server(system(), place / "in", name)
    result = harden(image, place / "out", "--minimal")
    with running(result, place) as process:
        assert expected in answer(process, text)
    if name in MOST:
        assert result.size <= MOST[name]
    again = harden(image, place / "again", "--minimal")
    assert (again.layout / "index.json").read_bytes() == (place / "out/index.json").read_bytes()


@pytest.mark.parametrize("mode", ["--layer", "--squash", "--squash-above-base", "--minimal"])
def test_others_accept_all_modes(mode: str, place: Path) -> None:
    image = server(system(), place / "in", "python")
    base = ("--base-layers", "1") if mode == "--squash-above-base" else ()
    result = harden(image, place / "out", mode, "--compression", "none", *base)
    run(["skopeo", "--insecure-policy", "copy", f"oci:{result.layout}:latest",
         f"docker-archive:{place / 'copy.tar'}:x:1"])  # fmt: skip
    with running(result, place) as process:
        assert '"ssl": "OpenSSL ' in answer(process, _GET)


def test_a_scanner_sees_what_is_left(place: Path) -> None:
    result = harden(server(system(), place / "in", "python"), place / "out", "--minimal")
    names = _packages_of(result.layout)
    assert {"libc6", "libssl3", "libsqlite3-0", "libpython3.11-minimal"} <= names
    assert not {"apt", "dash", "dpkg", "mount", "nginx-light", "redis-server", "git"} & names
    run(["umoci", "unpack", "--image", f"{result.layout}:latest", place / "bundle"])
    # dpkg itself takes the database for one.
    root = place / "bundle" / "rootfs"
    listed = run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package}\n"])
    assert set(listed.split()) == names
    assert run(["dpkg", f"--root={root}", "--verify"]) == ""
    assert run(["dpkg", f"--root={root}", "--audit"]) == ""


def _packages_of(layout: Path) -> set[str]:
    bill = json.loads(command("sbom", str(layout), "--format", "cyclonedx").output)
    return {
        each["name"] for each in bill["components"] if each.get("purl", "").startswith("pkg:deb/")
    }


@pytest.mark.parametrize("peer", ["syft", "trivy"])
def test_other_scanners_see_the_same(peer: str, place: Path) -> None:
    program = shutil.which(peer)
    if program is None:
        pytest.skip(f"{peer} is not on PATH")
    result = harden(
        server(system(), place / "in", "redis"), place / "out", "--minimal", "--no-sbom"
    )
    words = {
        "syft": [program, f"oci-dir:{result.layout}", "-q", "-o", "cyclonedx-json"],
        "trivy": [program, "image", "--quiet", "--input", str(result.layout), "--format",
                  "cyclonedx", "--offline-scan", "--skip-db-update"],
    }  # fmt: skip
    bill = json.loads(run(words[peer]))
    names = {
        each["name"] for each in bill["components"] if each.get("purl", "").startswith("pkg:deb/")
    }
    assert names == _packages_of(result.layout)
    assert "redis-tools" in names


def test_every_server_is_tried() -> None:
    assert {"redis", "nginx", "python", "node", "script"} == set(SERVERS)
