"""Images as buildah makes them: what is left of them runs, as a user, on a read-only root."""

import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from seawall.images.closure.closing import closure
from tests.builds.images import Shelf
from tests.builds.machine import missing
from tests.images.closure.image_roots import open_image
from tests.images.closure.test_live import APPLICATION, can_sandbox, run_in

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(missing()), reason=missing() or "images can be built"),
    pytest.mark.skipif(bool(can_sandbox()), reason=can_sandbox() or "bwrap works"),
]


def kept(name: str, target: Path, *process: str) -> tuple[Path, frozenset[str]]:
    """A root with what is kept of an image, and those of its files that are files proper."""
    (layout,) = Shelf().layouts([name])
    with tempfile.TemporaryFile() as spool:
        image = open_image(str(layout), spool, *process)
        found = closure(image.root)
        root = image.write(found, target)
    assert found.shells.removable
    files = (path for path in found.paths if not (root / path).is_symlink())
    return root, frozenset(path for path in files if (root / path).is_file())


def test_nginx_serves_a_page(tmp_path: Path) -> None:
    root, files = kept("nginx:1.22", tmp_path / "root")
    assert sum((root / path).stat().st_size for path in files) < 12_000_000
    assert not {"usr/bin/sh", "usr/bin/dash", "usr/bin/apt"} & files
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = root / "etc" / "nginx" / "nginx.conf"
    settings.write_text(settings.read_text().replace("listen 80;", f"listen 127.0.0.1:{port};"))
    command = [
        "bwrap", "--ro-bind", str(root), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        "--tmpfs", "/run", "--tmpfs", "/var/cache/nginx", "--unshare-all", "--share-net",
        "--die-with-parent", "--uid", "10001", "--gid", "10001", "--cap-drop", "ALL",
        "nginx", "-g", "daemon off;",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        try:
            assert b"Welcome to nginx" in _answer(port)
        finally:
            server.kill()


def _answer(port: int) -> bytes:
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
                stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return stream.makefile("rb").read()
        except OSError:
            time.sleep(0.05)
    return b""


def test_python_serves_a_page(tmp_path: Path) -> None:
    root, files = kept("python:3.11", tmp_path / "root", "python3", "-c", APPLICATION)
    assert sum((root / path).stat().st_size for path in files) < 26_000_000
    ran = run_in(root, "python3", "-B", "-c", APPLICATION)
    assert ran.stdout.splitlines()[-1:] == ["OK"], ran.stderr


def test_node_runs(tmp_path: Path) -> None:
    root, _ = kept("node:18", tmp_path / "root", "node", "-e", "console.log(require('zlib'))")
    ran = run_in(root, "node", "-e", "console.log(typeof require('zlib').gzip)")
    assert ran.stdout == "function\n", ran.stderr
