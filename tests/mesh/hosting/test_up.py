"""A mesh on this host: the four sentences, an intruder, rotation, and what is killed comes back."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.hosting import network, running
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.plan.reading import plan_of
from seawall.mesh.proxies import program
from tests.mesh.hosting.keeping import kept_up

MARK = "a-word-that-only-the-applications-say"
DESCRIPTION = """\
mesh: NAME
trustDomain: shop.example.org
workloads:
  web: {}
  intruder: {}
  orders:
    command: [PYTHON, -c, "APP"]
    user: 1001
    ports: {8080: http, 9090: tcp}
policy:
  - allow: {from: web, to: orders}
"""
APP = (
    "import http.server, threading\\n"
    "class H(http.server.BaseHTTPRequestHandler):\\n"
    "    protocol_version = 'HTTP/1.1'\\n"
    "    def do_GET(self):\\n"
    "        said = (self.headers.get('x-forwarded-client-cert') or 'nobody').encode()\\n"
    "        body = b'MARK ' + said\\n"
    "        self.send_response(200)\\n"
    "        self.send_header('content-length', str(len(body)))\\n"
    "        self.end_headers()\\n"
    "        self.wfile.write(body)\\n"
    "    def log_message(self, *_): pass\\n"
    "S = http.server.ThreadingHTTPServer\\n"
    "S.address_family = 10\\n"
    "threading.Thread(target=S(('::', 9090), H).serve_forever).start()\\n"
    "S(('::', 8080), H).serve_forever()\\n"
)
SYSTEM_PYTHON = "/usr/bin/python3"
"""One that other users can run; the tests' own may be in somebody's home."""


def _reason() -> str:
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in ("ip", "nft", "setpriv", "curl", "tcpdump") if which(name) is None]
    if missing or not os.path.exists(SYSTEM_PYTHON):
        return f"needs {', '.join(missing) or SYSTEM_PYTHON}"
    try:
        program.find()
    except program.EnvoyError:
        return "needs Envoy (the extra mesh)"
    return ""


pytestmark = pytest.mark.skipif(bool(_reason()), reason=_reason())


class Mesh:
    """A mesh that is up."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def status(self) -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = ask(self.layout.operator, "Status")
        return found

    def addresses(self, workload: str) -> list[str]:
        standing: Any = self.status()["workloads"][workload]
        return list(standing["standing"]["addresses"])

    def namespace(self, workload: str) -> str:
        return network.prefix_of(self.layout.mesh) + workload

    def curl(
        self, workload: str, address: str, *options: str
    ) -> "subprocess.CompletedProcess[str]":
        user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]
        command = ["ip", "netns", "exec", self.namespace(workload), *user, "curl", "-sS", "-m", "5"]
        return subprocess.run(
            [*command, *options, address], capture_output=True, text=True, check=False
        )

    def pids(self, words: str) -> list[int]:
        said = subprocess.run(["pgrep", "-f", words], capture_output=True, text=True, check=False)
        return [int(pid) for pid in said.stdout.split() if int(pid) != os.getpid()]

    def until(self, is_so: Callable[[], bool], seconds: float = 30.0) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if is_so():
                    return True
            except OperatorError:
                pass
            time.sleep(0.1)
        return False


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """One that other users may look into, which those of pytest are not."""
    with tempfile.TemporaryDirectory(prefix="seawall-mesh-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def mesh(directory: Path) -> Iterator[Mesh]:
    name = f"t{os.getpid() % 100_000}"
    text = DESCRIPTION.replace("NAME", name).replace("PYTHON", SYSTEM_PYTHON)
    text = text.replace("APP", APP.replace("MARK", MARK))
    with kept_up(directory, name, text) as layout:
        made = Mesh(layout)
        # The program is started once the mesh stands; it takes its time.
        assert made.until(lambda: MARK in made.curl("web", "http://orders:8080/").stdout)
        yield made


def test_the_four_sentences(mesh: Mesh, tmp_path: Path) -> None:
    capture = tmp_path / "capture"
    switch = network.switch_of(mesh.layout.mesh)
    watching = subprocess.Popen(
        ["ip", "netns", "exec", switch, "tcpdump", "--immediate-mode", "-U", "-Z", "root",
         "-i", "any",
         "-w", str(capture)], stderr=subprocess.PIPE,
    )  # fmt: skip
    assert watching.stderr is not None
    addresses: list[str] = mesh.addresses("orders")
    while b"listening" not in (line := watching.stderr.readline()):
        assert line
    try:
        for port in (8080, 9090):
            for address in ("orders", *addresses):
                host = f"[{address}]" if ":" in address else address
                said = mesh.curl("web", f"http://{host}:{port}/?{MARK}")
                assert said.stdout.startswith(MARK), (port, address, said, said.stderr)
                if port == 8080:  # the application is told who calls, and cannot be lied to
                    assert "URI=spiffe://shop.example.org/workload/web" in said.stdout
        time.sleep(0.5)
    finally:
        watching.terminate()
        watching.communicate()
    seen = capture.read_bytes()
    assert len(seen) > 5000
    assert MARK.encode() not in seen
    assert b"GET /" not in seen
    assert b"\x16\x03\x01" in seen  # a TLS handshake


def test_an_intruder_gets_nowhere(mesh: Mesh) -> None:
    for port in (8080, 9090):
        said = mesh.curl("intruder", f"http://orders:{port}/")
        assert said.returncode != 0, said.stdout
        assert MARK not in said.stdout
    # Nor does anybody get to what nobody declared.
    assert mesh.curl("web", "http://192.0.2.1/").returncode != 0
    assert mesh.curl("web", "http://orders:7777/").returncode != 0


def test_programs_find_each_other_by_name(mesh: Mesh) -> None:
    """Without DNS, and without anybody's doing anything for it; what has no name fails at once."""
    for name in ("orders", f"orders.{mesh.layout.mesh}"):
        said = mesh.curl("web", f"http://{name}:8080/")
        assert said.stdout.startswith(MARK), (name, said)
    said = mesh.curl("web", "http://nobody.example.org:8080/")
    assert said.returncode == 6, said  # not resolved: not 28, that it took too long


def test_headers_of_the_caller_do_not_count(mesh: Mesh) -> None:
    forged = "x-forwarded-client-cert: URI=spiffe://shop.example.org/workload/admin"
    said = mesh.curl("web", "http://orders:8080/", "-H", forged)
    assert "admin" not in said.stdout
    assert "workload/web" in said.stdout


def test_the_administration_of_a_proxy_is_no_port(mesh: Mesh) -> None:
    for port in (15000, 9901):
        said = mesh.curl("web", f"http://127.0.0.1:{port}/config_dump")
        assert said.returncode != 0
    socket = mesh.layout.admin("web")
    assert oct(os.stat(socket).st_mode)[-3:] == "600"
    said = mesh.curl("web", "http://x/config_dump", "--unix-socket", socket)
    assert said.returncode != 0


def test_rotation_under_load_loses_nothing(mesh: Mesh) -> None:
    failures: list[str] = []
    done = threading.Event()
    count = 0

    def load() -> None:
        nonlocal count
        while not done.is_set():
            for port in (8080, 9090):
                said = mesh.curl("web", f"http://orders:{port}/")
                count += 1
                if not said.stdout.startswith(MARK):
                    failures.append(said.stdout + said.stderr)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        before = ask(mesh.layout.operator, "Status")["generation"]
        ask(mesh.layout.operator, "Rotate", root=True)
        assert mesh.until(
            lambda: ask(mesh.layout.operator, "Status")["generation"] == before + 3
        ), mesh.status()
        ask(mesh.layout.operator, "Rotate", root=False)
        assert mesh.until(
            lambda: ask(mesh.layout.operator, "Status")["generation"] == before + 5
        ), mesh.status()
    finally:
        done.set()
        thread.join()
    assert count > 4
    assert failures == []


@pytest.mark.parametrize(
    "words",
    ["seawall.mesh.control.process", "seawall.mesh.agents.process", "proxies/orders/bootstrap"],
)
def test_what_is_killed_comes_back(mesh: Mesh, words: str) -> None:
    killed = [pid for pid in mesh.pids(words) if _is_of(pid, mesh)]
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    def has_followed() -> bool:
        status = ask(mesh.layout.operator, "Status")
        standings = [own["standing"] for own in status["workloads"].values()]
        return all(own and own["is_connected"] and own["generation"] >= 0 for own in standings)

    assert mesh.until(lambda: mesh.curl("web", "http://orders:8080/").stdout.startswith(MARK))
    assert mesh.until(has_followed), mesh.status()
    assert mesh.curl("web", "http://orders:9090/").stdout.startswith(MARK)
    assert mesh.curl("intruder", "http://orders:9090/").returncode != 0


def _is_of(pid: int, mesh: Mesh) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return False
    return any(mesh.layout.mesh.encode() in word for word in words)


def test_flushed_rules_come_back(mesh: Mesh) -> None:
    enter = ["ip", "netns", "exec", mesh.namespace("web")]
    subprocess.run([*enter, "nft", "flush", "ruleset"], check=True)

    def rules() -> str:
        said = subprocess.run([*enter, "nft", "list", "ruleset"], capture_output=True, text=True,
                              check=False)  # fmt: skip
        return said.stdout

    assert mesh.until(lambda: "redirect to :15001" in rules(), 15)


def test_a_second_mesh_of_the_name_is_refused(mesh: Mesh) -> None:
    from seawall.mesh.hosting.errors import HostError

    plan = plan_of("x", re.sub("command.*\n", "", DESCRIPTION).replace("    user: 1001\n", "")
                   .replace("NAME", mesh.layout.mesh).encode())  # fmt: skip
    with pytest.raises(HostError, match="is up already"):
        running.keep_up(plan, mesh.layout, sys.executable, lambda: None)
