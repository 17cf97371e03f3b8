"""Requests through two sidecars, beside nothing, nginx and HAProxy: ``python -m bench.mesh``.

Needs root, Envoy, wrk and nginx; HAProxy where it is there. All are up at once and are called in
turn, again and again, on the same cores: what else the machine does meets all of them. Ratios of
medians count, and processor time per request most of all. With ``BENCH_REALTIME=1`` proxies,
application and wrk go before whatever else runs, as on a machine of their own.
"""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from seawall.mesh.hosting import network, running
from seawall.mesh.hosting.layout import Layout, proxy_user
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import SKEW, Issuer, Validity
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.reading import load
from seawall.mesh.proxies import program
from seawall.mesh.redirect import loading
from seawall.mesh.redirect.rules import Redirect
from seawall.mesh.verifying.targets import pids_in

SECONDS = float(os.environ.get("BENCH_SECONDS", "1"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
FIRST = ("chrt", "--rr", "1") if os.environ.get("BENCH_REALTIME") == "1" else ()
"""What lets a command go before others (chrt(1)); nothing, where it is to be one of many."""
MESH = "bench"
CALLER, CALLEE = "bench-a", "bench-b"
BEHIND = "bench-behind"
"""A network as a mesh has it, with its rules, for somebody else's proxies."""
HAPROXY_PORT, HAPROXY_WAY = 8444, 8001
DOMAIN = SpiffeId("bench.example.org")
PAGE = "a body of a few bytes\n"
ORDERS = network.place_of(MESH, "orders", 2).addresses[0]
"""By IPv4, as the others are called."""
_BEHIND_CALLEE = network.place_of(BEHIND, "b", 2).namespace


class Ground(NamedTuple):
    """Where two sides of somebody else's proxies stand."""

    caller: str
    """A namespace."""
    callee: str
    address: str
    """The callee's."""
    users: tuple[int, int] = (0, 0)
    """Who runs their proxies."""


PLAIN = Ground(CALLER, CALLEE, "10.78.0.2")
_CALLERS_ADDRESS = "10.78.0.1"


class Way(NamedTuple):
    """A way from a caller to the application."""

    name: str
    namespace: str
    """The caller's."""
    url: str
    proxies: list[int]
    """The processes on the way, all but the application's."""


class Measured(NamedTuple):
    """Some runs of wrk: the median of each number."""

    name: str
    connections: int
    per_second: float
    p50: float
    """Milliseconds."""
    p99: float
    errors: int
    cpu: float
    """Milliseconds of processor time of the proxies for 1,000 requests."""


def wrk(
    namespace: str, url: str, connections: int, *, closes: bool
) -> tuple[float, float, float, int, int]:
    command = [
        "ip", "netns", "exec", namespace, *FIRST,
        "wrk", "-t1", f"-c{connections}", f"-d{SECONDS:g}s", "--latency",
    ]  # fmt: skip
    if closes:
        command += ["-H", "Connection: close"]
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    number = {name: _latency(said, name) for name in ("50%", "99%")}
    rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", said)[1])  # type: ignore[index]
    total = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    # wrk counts a connection that was closed after the answer, as it asked for, as a read error.
    kinds = (1, 3, 4) if closes else (1, 2, 3, 4)
    errors = (int(bad[1]) if bad else 0) + sum(int(lost[kind]) for kind in kinds if lost)
    return rate, number["50%"], number["99%"], errors, total


def _latency(said: str, name: str) -> float:
    found = re.search(rf"{name}\s+([0-9.]+)(us|ms|s)", said)
    if found is None:
        raise ValueError(said)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def cpu_of(pids: Sequence[int]) -> float:
    """Seconds of processor time that processes have used (proc_pid_schedstat in the kernel)."""
    tasks = [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def measured(ways: Sequence[Way]) -> Iterator[Measured]:
    """All ways in turn: one connection, many, and a new one for each request."""
    for connections, closes in ((1, False), (32, False), (16, True)):
        for way in ways:
            wrk(way.namespace, way.url, connections, closes=closes)  # to be warm
        runs = [[_run(way, connections, closes=closes) for way in ways] for _ in range(ROUNDS)]
        for way, own in zip(ways, zip(*runs, strict=True), strict=True):
            kind = f"{way.name}, new connections" if closes else way.name
            rates, p50s, p99s, errors, cpus = zip(*own, strict=True)
            rate, p50, p99, cpu = map(statistics.median, (rates, p50s, p99s, cpus))
            yield Measured(kind, connections, rate, p50, p99, sum(errors), cpu)


def _run(way: Way, connections: int, *, closes: bool) -> tuple[float, float, float, int, float]:
    before = cpu_of(way.proxies)
    rate, p50, p99, errors, total = wrk(way.namespace, way.url, connections, closes=closes)
    used = cpu_of(way.proxies) - before
    return rate, p50, p99, errors, used * 1e6 / max(total, 1)


def let_go_first(pids: Sequence[int]) -> None:
    """Processes go before others, where it was asked for, with all their threads."""
    if FIRST:
        for pid in pids:
            subprocess.run([*FIRST[:2], "--all-tasks", "--pid", "1", str(pid)], check=True)


# The application ----------------------------------------------------------------------------------


def nginx_conf(directory: Path, name: str, body: str) -> Path:
    path = directory / f"{name}.conf"
    path.write_text(
        f"daemon off; worker_processes 1; pid {directory}/{name}.pid; error_log stderr error;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; keepalive_requests 1000000;\n"
        f"client_body_temp_path {directory}/{name}-c; proxy_temp_path {directory}/{name}-p;\n"
        f"fastcgi_temp_path {directory}/{name}-f; uwsgi_temp_path {directory}/{name}-u;\n"
        f"scgi_temp_path {directory}/{name}-s;\n{body}\n}}\n"
    )
    return path


def application(directory: Path, *listens: str) -> Path:
    body = "".join(
        f'server {{ listen {own}; location / {{ return 200 "{PAGE.strip()}"; }} }}\n'
        for own in listens
    )
    return nginx_conf(directory, "app", body)


# The mesh -----------------------------------------------------------------------------------------


@contextmanager
def mesh(directory: Path) -> Iterator[float]:
    """Two workloads, up; gives the seconds until they were ready."""
    conf = application(directory, "0.0.0.0:8080", "0.0.0.0:9090")
    path = directory / "mesh.yaml"
    path.write_text(
        f"mesh: {MESH}\ntrustDomain: {DOMAIN.trust_domain}\nworkloads:\n  web: {{}}\n  orders:\n"
        f"    command: [{shutil.which('nginx')}, -e, stderr, -c, {conf}]\n    user: 1001\n"
        "    ports: {8080: http, 9090: tcp}\npolicy:\n  - allow: {from: web, to: orders}\n"
    )
    os.chown(directory, 1001, 1001)
    layout = Layout(MESH, str(directory / "state"), str(directory / "run"))
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", "bench.mesh", "--keep", str(path), *layout[1:3]],
                          stdout=subprocess.PIPE) as child:  # fmt: skip
        if child.stdout is None or child.stdout.readline() != b"ready\n":
            raise RuntimeError("the mesh did not come up")
        taken = time.monotonic() - began
        try:
            namespace = network.prefix_of(MESH) + "web"
            _until(lambda: _answers(namespace, f"http://{ORDERS}:8080/"))
            yield taken
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait()
            running.take_down(layout)


def keep(path: str, state: str, run: str) -> None:
    plan = load(path)
    layout = Layout(plan.mesh, state, run)
    running.keep_up(plan, layout, program.find(), lambda: print("ready", flush=True))


def envoys() -> list[int]:
    return [
        pid
        for name in network.namespaces_of(MESH)
        for pid in pids_in(name)
        if b"bootstrap.json" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


# The others ---------------------------------------------------------------------------------------


@contextmanager
def plain() -> Iterator[Ground]:
    """Two namespaces with a cable between them, and nothing else."""
    for name in (CALLER, CALLEE):
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    try:
        for name in (CALLER, CALLEE):
            subprocess.run(["ip", "netns", "add", name], check=True)
        subprocess.run(["ip", "link", "add", "eth0", "netns", CALLER, "type", "veth", "peer",
                        "name", "eth0", "netns", CALLEE], check=True)  # fmt: skip
        for name, address in ((CALLER, _CALLERS_ADDRESS), (CALLEE, PLAIN.address)):
            for words in (f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up"):
                subprocess.run(["ip", "-netns", name, *words.split()], check=True)
        yield PLAIN
    finally:
        for name in (CALLER, CALLEE):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@contextmanager
def behind_rules() -> Iterator[Ground]:
    """The network of a mesh: its bridge, redirection and fence, but for one port that is open."""
    places = [network.place_of(BEHIND, name, number + 1) for number, name in enumerate("ab")]
    users = (proxy_user(0), proxy_user(1))
    try:
        network.build(BEHIND, places)
        for place, user in zip(places, users, strict=True):
            loading.load(Redirect(user, open_ports=(HAPROXY_PORT,)), place.enter)
        caller, callee = places
        yield Ground(caller.namespace, callee.namespace, callee.addresses[0], users)
    finally:
        network.remove(BEHIND)


def certify(directory: Path) -> None:
    """A root, and for each side a key with its chain, as deep as that of a mesh."""
    now = int(time.time())
    validity = Validity(now - SKEW, now + 3600)
    key, middle = keys.new_key(), keys.new_key()
    root = Issuer(certificates.make_root(DOMAIN, key, validity), key)
    certificate = certificates.make_intermediate(DOMAIN, middle.public_key(), validity, root)
    issuer = Issuer(certificate, middle)
    (directory / "root.pem").write_bytes(certificates.as_pem([root.certificate]))
    for name in (CALLER, CALLEE):
        own = keys.new_key()
        leaf = certificates.make_leaf(
            DOMAIN.child(name), own.public_key(), validity, issuer, certificates.new_serial(),
            [name],
        )  # fmt: skip
        text = certificates.as_pem([leaf, certificate]) + keys.as_pem(own)
        (directory / f"{name}.pem").write_bytes(text)


@contextmanager
def started(namespace: str, user: int, *command: str) -> Iterator[int]:
    drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    child = subprocess.Popen(["ip", "netns", "exec", namespace, *drop, *command])
    try:
        yield child.pid
    finally:
        child.terminate()
        child.wait()


def nginx_sides(directory: Path) -> dict[str, Path]:
    """nginx with TLS 1.3 both ways; it checks the chain and a name, and knows no SPIFFE id."""
    pem = {name: directory / f"{name}.pem" for name in (CALLER, CALLEE)}
    out = (
        f"upstream far {{ server {PLAIN.address}:8443; keepalive 64; }}\n"
        "server { listen 127.0.0.1:8000; location / { proxy_pass https://far;\n"
        'proxy_http_version 1.1; proxy_set_header Connection "";\n'
        f"proxy_ssl_certificate {pem[CALLER]}; proxy_ssl_certificate_key {pem[CALLER]};\n"
        f"proxy_ssl_trusted_certificate {directory}/root.pem; proxy_ssl_verify on;\n"
        f"proxy_ssl_name {CALLEE}; proxy_ssl_protocols TLSv1.3; proxy_ssl_session_reuse off; }} }}"
    )
    into = (
        "upstream near { server 127.0.0.1:8080; keepalive 64; }\n"
        f"server {{ listen {PLAIN.address}:8443 ssl; ssl_protocols TLSv1.3;\n"
        f"ssl_certificate {pem[CALLEE]}; ssl_certificate_key {pem[CALLEE]};\n"
        f"ssl_client_certificate {directory}/root.pem; ssl_verify_client on;\n"
        "ssl_session_tickets off; ssl_session_cache off;\n"
        "location / { proxy_pass http://near; proxy_http_version 1.1;\n"
        'proxy_set_header Connection ""; } }'
    )
    return {
        CALLER: nginx_conf(directory, "out", out),
        CALLEE: nginx_conf(directory, "in", into),
    }


def haproxy_sides(
    directory: Path, ground: Ground, number: int = 0, threads: str = "  nbthread 1\n"
) -> dict[str, Path]:
    """HAProxy in TCP mode with TLS 1.3 both ways; it checks the chain.

    ``number`` tells several on one ground apart. Without ``threads`` there are as many as cores.
    """
    common = (
        f"global\n{threads}  maxconn 8000\n  tune.ssl.cachesize 0\ndefaults\n  mode tcp\n"
        "  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
    )
    root, far = directory / "root.pem", f"{ground.address}:{HAPROXY_PORT + number}"
    out = (
        f"{common}listen out\n  bind 127.0.0.1:{HAPROXY_WAY + number}\n"
        f"  server far {far} ssl crt {directory / CALLER}.pem ca-file {root} "
        "verify required ssl-min-ver TLSv1.3 no-ssl-reuse\n"
    )
    into = (
        f"{common}listen in\n  bind {far} ssl crt {directory / CALLEE}.pem "
        f"ca-file {root} verify required ssl-min-ver TLSv1.3 no-tls-tickets\n"
        "  server near 127.0.0.1:8080\n"
    )
    found = {}
    for name, text in ((ground.caller, out), (ground.callee, into)):
        found[name] = directory / f"haproxy{number}-{name}.cfg"
        found[name].write_text(text)
    return found


def others(directory: Path, stack: ExitStack) -> Iterator[Way]:
    """Nothing between, nginx and HAProxy, all up until the stack is closed."""
    certify(directory)
    nginx, haproxy = str(shutil.which("nginx")), shutil.which("haproxy")
    ground = stack.enter_context(served(directory, plain()))
    near = f"http://{ground.address}:8080/"
    _until(lambda: _answers(ground.caller, near))
    yield Way("direct", ground.caller, near, [])
    command = (nginx, "-e", "stderr", "-c")
    yield both("nginx, HTTP", ground, command, nginx_sides(directory), 8000, stack)
    if haproxy is None:
        return
    with_file = (haproxy, "-f")
    files = haproxy_sides(directory, ground)
    yield both("HAProxy, TCP", ground, with_file, files, HAPROXY_WAY, stack)
    files = haproxy_sides(directory, ground, 1, "")
    yield both("HAProxy, TCP, its own threads", ground, with_file, files, HAPROXY_WAY + 1, stack)
    ground = stack.enter_context(served(directory, behind_rules()))
    files = haproxy_sides(directory, ground)
    name = "HAProxy, TCP, a mesh's network"
    yield both(name, ground, with_file, files, HAPROXY_WAY, stack)


@contextmanager
def served(directory: Path, ground: AbstractContextManager[Ground]) -> Iterator[Ground]:
    """The application, on some ground."""
    with ground as found:
        own = directory / found.callee
        own.mkdir()
        conf = application(own, "0.0.0.0:8080")
        nginx = str(shutil.which("nginx"))
        with started(found.callee, 0, nginx, "-e", "stderr", "-c", str(conf)):
            yield found


def both(
    name: str,
    ground: Ground,
    command: Sequence[str],
    files: dict[str, Path],
    port: int,
    stack: ExitStack,
) -> Way:
    """Two proxies of a kind, a side each."""
    url = f"http://127.0.0.1:{port}/"
    mine = [str(file).encode() for file in files.values()]
    word = Path(command[0]).name.encode()
    for (side, file), user in zip(files.items(), ground.users, strict=True):
        stack.enter_context(started(side, user, *command, str(file)))
    _until(lambda: _answers(ground.caller, url))
    return Way(name, ground.caller, url, _tree(word, mine))


def _tree(word: bytes, files: list[bytes]) -> list[int]:
    """The processes that were started with some files, with their workers."""
    found = []
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                line = Path(f"/proc/{entry}/cmdline").read_bytes()
                parents[int(entry)] = int(
                    Path(f"/proc/{entry}/stat").read_text().rsplit(") ", 1)[1].split()[1]
                )
            except OSError:
                continue
            if word in line and any(file in line for file in files):
                found.append(int(entry))
    return found + [pid for pid, parent in parents.items() if parent in found and pid not in found]


def _answers(namespace: str, url: str) -> bool:
    said = subprocess.run(["ip", "netns", "exec", namespace, "curl", "-sf", "-m", "2", url],
                          capture_output=True, check=False)  # fmt: skip
    return said.returncode == 0


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("it does not answer")
        time.sleep(0.05)


def main() -> None:
    """Measure and print, one line of JSON at the end."""
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="seawall-bench-"))
        directory = Path(name)
        directory.chmod(0o755)
        for part in ("mesh", "others"):
            (directory / part).mkdir()
        taken = stack.enter_context(mesh(directory / "mesh"))
        print(f"two workloads ready after {taken:.2f} s (with a new Python)")
        caller, proxies = network.prefix_of(MESH) + "web", envoys()
        ways = [
            Way(f"mesh, {mode}", caller, f"http://{ORDERS}:{port}/", proxies)
            for port, mode in ((8080, "HTTP"), (9090, "TCP"))
        ]
        ways += others(directory / "others", stack)
        applications = [
            pid
            for name in (network.prefix_of(MESH) + "orders", CALLEE, _BEHIND_CALLEE)
            for pid in pids_in(name)
        ]
        let_go_first([*{*applications, *(pid for way in ways for pid in way.proxies)}])
        results = list(measured(ways))
    for own in results:
        print(
            f"{own.name:48} c={own.connections:3} {own.per_second:9.0f}/s  p50 {own.p50:7.2f} ms  "
            f"p99 {own.p99:7.2f} ms  {own.cpu:6.0f} CPU ms/1000  {own.errors} errors"
        )
    print(json.dumps({"ready": taken, "results": [own._asdict() for own in results]}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--keep"]:
        keep(*sys.argv[2:])
    else:
        main()
