"""A mesh that is brought up for a test, whatever its description, and always taken down."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from shutil import which
from typing import Any

from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.hosting import network, running
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.proxies import program
from tests.mesh.hosting.keeping import kept_up

SYSTEM_PYTHON = "/usr/bin/python3"
"""One that other users can run; the tests' own may be in somebody's home."""
_NUMBERS = count(1)
MARK = "a-word-of-the-application"
SERVER = (
    "import http.server, threading, time\\n"
    "class H(http.server.BaseHTTPRequestHandler):\\n"
    "    protocol_version = 'HTTP/1.1'\\n"
    "    def do_GET(self):\\n"
    "        if self.path.startswith('/slow'): time.sleep(1.5)\\n"
    f"        body = b'{MARK} ' + self.path.encode()\\n"
    "        self.send_response(200)\\n"
    "        self.send_header('content-length', str(len(body)))\\n"
    "        self.end_headers()\\n"
    "        self.wfile.write(body)\\n"
    "    def log_message(self, *_): pass\\n"
    "class S(http.server.ThreadingHTTPServer):\\n"
    "    address_family = 10\\n"
    "    request_queue_size = 128\\n"
    "for port in PORTS[1:]:\\n"
    "    threading.Thread(target=S(('::', port), H).serve_forever).start()\\n"
    "S(('::', PORTS[0]), H).serve_forever()\\n"
)
"""A program that serves HTTP on some ports; /slow takes its time."""
_KEEPER = """
import socket, sys, time
host, port, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
kept = socket.create_connection((host, port), 5)
kept.settimeout(60)
def said():
    found = b""
    while b"\\r\\n\\r\\n" not in found:
        more = kept.recv(65536)
        if not more: return b""
        found += more
    head, _, body = found.partition(b"\\r\\n\\r\\n")
    size = [int(l.split(b":")[1]) for l in head.lower().split(b"\\r\\n") if l.startswith(b"content-length")]
    while size and len(body) < size[0]:
        more = kept.recv(65536)
        if not more: return b""
        body += more
    return head
try:
    while True:
        kept.sendall(b"GET /kept HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n")
        head = said()
        print(time.time(), head.split(b" ")[1].decode() if head else "end", flush=True)
        if not head: break
        if pause < 0:  # wait for the end, without a word
            print(time.time(), "end" if not kept.recv(1) else "odd", flush=True)
            break
        time.sleep(pause)
except OSError as error:
    print(time.time(), "end", error, flush=True)
"""  # noqa: E501 - a program


def reason() -> str:
    """Why no mesh can be brought up here; empty where one can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in ("ip", "nft", "setpriv", "curl", "ss") if which(name) is None]
    if missing or not os.path.exists(SYSTEM_PYTHON):
        return f"needs {', '.join(missing) or SYSTEM_PYTHON}"
    try:
        program.find()
    except program.EnvoyError:
        return "needs Envoy (the extra mesh)"
    return ""


class Kept:
    """A client that keeps one connection, and tells what came of each request on it."""

    def __init__(self, command: list[str], said: Path) -> None:
        self._said = said
        with said.open("wb") as stream:
            self.process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)

    def lines(self) -> list[list[str]]:
        """Time and word of each answer so far."""
        return [line.split(None, 2) for line in self._said.read_text().splitlines()]

    def has_begun(self) -> bool:
        return bool(self.lines())

    def ended(self) -> float:
        """When the connection was ended; 0 while it is not."""
        return next((float(line[0]) for line in self.lines() if line[1] == "end"), 0.0)

    def refused(self) -> float:
        """When a request was first refused, or the connection ended; 0 while neither was."""
        return next((float(line[0]) for line in self.lines() if line[1] in ("end", "403")), 0.0)


class Raised:
    """A mesh that is up."""

    def __init__(self, layout: Layout, directory: Path) -> None:
        self.layout = layout
        self.directory = directory
        self._kept: list[Kept] = []

    def ask(self, method: str, **message: object) -> dict[str, Any]:
        return ask(self.layout.operator, method, **message)

    def enter(self, workload: str) -> list[str]:
        user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]
        return ["ip", "netns", "exec", network.prefix_of(self.layout.mesh) + workload, *user]

    def curl(
        self, workload: str, address: str, *options: str
    ) -> "subprocess.CompletedProcess[str]":
        command = [*self.enter(workload), "curl", "-sS", "-m", "5", *options, address]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def keep(self, workload: str, host: str, port: int, pause: float = 0.02) -> Kept:
        """A kept connection; a negative pause says nothing after the first request."""
        return self.kept(
            [*self.enter(workload), SYSTEM_PYTHON, "-c", _KEEPER, host, str(port), str(pause)]
        )

    def kept(self, command: list[str]) -> Kept:
        """What a command tells of a connection that it keeps."""
        kept = Kept(command, self.directory / f"kept-{len(self._kept)}")
        self._kept.append(kept)
        assert self.until(kept.has_begun, 10)
        assert kept.lines()[0][1] == "200", kept.lines()
        return kept

    def pids(self, words: str) -> list[int]:
        """The processes of this mesh with some words in their command line."""
        said = subprocess.run(["pgrep", "-f", words], capture_output=True, text=True, check=False)
        return [pid for pid in map(int, said.stdout.split()) if self._is_ours(pid)]

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return pid != os.getpid() and self.layout.mesh.encode() in words

    def until(self, is_so: Callable[[], object], seconds: float = 30.0) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if is_so():
                    return True
            except OperatorError:
                pass
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        """Take it down, and wait until the supervisor has ended: a signal could still kill it."""
        pid = running.running(self.layout)
        running.take_down(self.layout)
        assert self.until(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z", 10)

    def end(self) -> None:
        for kept in self._kept:
            kept.process.kill()
            kept.process.wait()


def serving(*ports: int) -> str:
    """The lines of a workload that serves HTTP on some ports."""
    text = SERVER.replace("PORTS", str(list(ports)))
    return f'    command: [{SYSTEM_PYTHON}, -c, "{text}"]\n    user: 1001\n'


@contextmanager
def raised(description: str, envoy: str = "") -> Iterator[Raised]:
    """A mesh by its description, whose name is ``NAME``."""
    with tempfile.TemporaryDirectory(prefix="seawall-edge-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        mesh = f"edge{os.getpid() % 100_000}-{next(_NUMBERS)}"
        with kept_up(directory, mesh, description.replace("NAME", mesh), envoy) as layout:
            made = Raised(layout, directory)
            try:
                yield made
            finally:
                made.end()
