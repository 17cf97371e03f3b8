"""``make demo-mesh``: the example shop in a mesh on this host, shown and taken down again.

The services are those of ``examples/shop``, as they are: ``orders`` is compiled by Go, ``web`` gets
its packages from its own requirements. All of it is in a temporary directory, beside the caches of
Go and pip.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from seawall.core.errors import SeawallError
from seawall.mesh.control.operating import ask
from seawall.mesh.hosting import network, running
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.plan.reading import plan_of
from seawall.mesh.proxies import program
from seawall.mesh.verifying.capture import Capture, Seen
from seawall.reports.mesh import status_table

SHOP = Path(__file__).resolve().parent.parent / "examples" / "shop"
MESH = "shop-demo"
SECRET_WORD = "velvet-lamp"  # noqa: S105 - what is ordered, which nobody on the way should read
CUSTOMER = ("setpriv", "--reuid=1003", "--regid=1003", "--clear-groups")
PACKAGES = {
    "ip": "iproute2", "nft": "nftables", "setpriv": "util-linux", "curl": "curl",
    "go": "Go 1.18 or newer (https://go.dev/dl)",
}  # fmt: skip
SYSTEM_PYTHON = "/usr/bin/python3"
READY_WITHIN = 60.0

DESCRIPTION = """\
mesh: {mesh}
trustDomain: shop.example.org
workloads:
  customer: {{}}
  intruder: {{}}
  web:
    command: [{python}, {directory}/web/app.py]
    user: 1000
    environment: {{HOST: "::", PYTHONPATH: {directory}/packages, PYTHONDONTWRITEBYTECODE: "1"}}
    ports: {{8000: http}}
  orders:
    id: /ns/shop/sa/orders
    command: [{directory}/orders]
    user: 1001
    ports: {{8080: http}}
policy:
  - allow: {{from: customer, to: web}}
  - allow: {{from: web, to: orders, methods: [GET, POST], paths: [/orders, /orders/*]}}
"""


class NotHereError(Exception):
    """The demo cannot be shown on this machine."""


def missing() -> list[str]:
    """What this machine lacks, each with what to do about it."""
    if not sys.platform.startswith("linux"):
        return ["Linux: the mesh is made of network namespaces; use a Linux machine"]
    found = []
    if os.geteuid() != 0:
        found.append("root: it makes network namespaces and rules; say sudo make demo-mesh")
    found += [
        f"{name}: install {package}"
        for name, package in PACKAGES.items()
        if shutil.which(name) is None
    ]
    if not os.access(SYSTEM_PYTHON, os.X_OK):
        found.append(f"{SYSTEM_PYTHON}: web runs as a user of its own; install python3")
    try:
        program.version_of(program.find())
    except program.EnvoyError as error:
        found.append(f"Envoy: {error}")
    return found


def build(directory: Path) -> None:
    """The shop's two services, made into a directory."""
    say("Building the shop's services: orders with Go, web's packages with pip ...")
    shutil.copytree(SHOP / "web", directory / "web")
    _made(
        "orders", ["go", "build", "-buildvcs=false", "-o", str(directory / "orders"), "."],
        SHOP / "orders",
    )  # fmt: skip
    _made(
        "web",
        [sys.executable, "-m", "pip", "--python", SYSTEM_PYTHON, "install", "--quiet",
         "--disable-pip-version-check", "--root-user-action=ignore", "--no-warn-conflicts",
         "--target", str(directory / "packages"), "-r", str(SHOP / "web" / "requirements.txt")],
        directory,
    )  # fmt: skip


def _made(what: str, command: list[str], where: Path) -> None:
    said = subprocess.run(
        command, cwd=where, capture_output=True, text=True, check=False, timeout=600
    )
    if said.returncode:
        lines = (said.stderr or said.stdout).strip().splitlines()
        raise NotHereError(
            f"{what} cannot be built ({lines[-1] if lines else 'no reason given'}): its packages "
            "come from the network; see that go and pip reach it"
        )


class Mesh(NamedTuple):
    """The mesh of the demo."""

    layout: Layout

    def run(self, workload: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command where a workload lives, as a user without rights, and show it."""
        say(f"\n$ ip netns exec {network.prefix_of(MESH)}{workload} {shlex.join(command)}")
        enter = ("ip", "netns", "exec", network.prefix_of(MESH) + workload)
        said = subprocess.run(
            [*enter, *CUSTOMER, *command], capture_output=True, text=True, check=False, timeout=30
        )
        say((said.stdout + said.stderr).strip())
        return said

    def capture(self) -> Capture:
        """All packets between the workloads."""
        return Capture(network.switch_of(MESH), [SECRET_WORD])

    def inside(self, workload: str) -> Capture:
        """All packets within the namespace of a workload, those of its loopback included."""
        return Capture(network.prefix_of(MESH) + workload, [SECRET_WORD])


@contextlib.contextmanager
def mesh(directory: Path) -> Iterator[Mesh]:
    """The mesh, up; it is down again afterwards, whatever happens."""
    text = DESCRIPTION.format(mesh=MESH, python=SYSTEM_PYTHON, directory=directory)
    plan = plan_of(str(directory / "mesh.yaml"), text.encode())
    layout = Layout(MESH, str(directory / "state"), str(directory / "run"))
    if network.namespaces_of(MESH):
        raise NotHereError(
            f"{MESH} is up already; end the other demo, or: seawall mesh down {MESH}"
        )
    say(f"\n{text}\nBringing it up ...")
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            running.keep_up(plan, layout, program.find(), (directory / "ready").touch)
            code = 0
        except SeawallError as error:
            (directory / "failed").write_text(str(error))
        finally:
            os._exit(code)
    try:
        _wait_for(child, directory)
        say(f"up after {time.monotonic() - started:.1f} s")
        yield Mesh(layout)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is in a hurry waits these seconds
        say("\nTaking all of it down ...")
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
        running.take_down(layout)
        left = network.namespaces_of(MESH)
        say("down: no namespace, rule or process is left" if not left else f"left: {left}")


def _wait_for(child: int, directory: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not (directory / "ready").exists():
        ended, _ = os.waitpid(child, os.WNOHANG)
        if ended or time.monotonic() > deadline:
            failed = directory / "failed"
            raise NotHereError(failed.read_text() if failed.exists() else "it did not come up")
        time.sleep(0.02)


def show(shown: Mesh) -> bool:
    """The request, the capture and the intruder; whether all came out as they should."""
    _until(_answers)
    say("\n1. A customer orders. Both programs speak plain HTTP and know of no certificate.")
    order = f'{{"item": "{SECRET_WORD}", "quantity": 2, "email": "ann@example.org"}}'
    with shown.capture() as wire, shown.inside("orders") as within:
        answer = shown.run(
            "customer", "curl", "-sS", "-m", "5", "-H", "Content-Type: application/json",
            "-d", order, "http://web:8000/orders",
        )  # fmt: skip
        time.sleep(0.3)
    say("\n2. What passed between the workloads meanwhile, on every cable of the mesh:")
    say(_told(wire.seen))
    say("   For comparison, behind the proxy, on the loopback of orders alone:")
    say(f"   {within.seen.words[SECRET_WORD]} packets with {SECRET_WORD!r}: there it is plain.")
    say("\n3. An intruder in the mesh, whom no rule allows anything; then one without a proxy.")
    refused = shown.run("intruder", "curl", "-sS", "-m", "5", "http://orders:8080/orders")
    stranger = _stranger(shown)
    say(f"   plain HTTP from outside any proxy, straight to orders: {stranger}")
    forbidden = shown.run("customer", "curl", "-sS", "-m", "5", "http://orders:8080/orders")
    say("\n4. How it stands")
    say(status_table(ask(shown.layout.operator, "Status")))
    return (
        SECRET_WORD in answer.stdout
        and wire.seen.words[SECRET_WORD] == 0
        and wire.seen.handshakes > 0
        and within.seen.words[SECRET_WORD] > 0
        and refused.returncode != 0
        and forbidden.returncode != 0
        and stranger.startswith("refused")
    )


def _told(seen: Seen) -> str:
    return (
        f"   {seen.packets} packets, {seen.bytes} bytes, {seen.handshakes} with handshakes of TLS, "
        f"{seen.words[SECRET_WORD]} with {SECRET_WORD!r}"
    )


def _stranger(shown: Mesh) -> str:
    """What somebody on the cable, in no workload, gets who speaks plain HTTP to orders."""
    standing = ask(shown.layout.operator, "Status")["workloads"]["orders"]["standing"]
    address = standing["addresses"][0]
    switch = network.switch_of(MESH)
    free = network.RANGE_4[network.RANGE_4.num_addresses - 2]
    subprocess.run(
        ["ip", "-netns", switch, "addr", "replace", f"{free}/{network.RANGE_4.prefixlen}",
         "dev", network.BRIDGE], check=True,
    )  # fmt: skip
    said = subprocess.run(
        ["ip", "netns", "exec", switch, "curl", "-sS", "-m", "5", f"http://{address}:8080/orders"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return f"refused ({said.stderr.strip()})" if said.returncode else f"ANSWERED {said.stdout}"


def _answers() -> bool:
    enter = ("ip", "netns", "exec", network.prefix_of(MESH) + "customer")
    said = subprocess.run(
        [*enter, *CUSTOMER, "curl", "-sf", "-m", "2", "http://web:8000/healthz"],
        capture_output=True, check=False,
    )  # fmt: skip
    return said.returncode == 0


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not is_so():
        if time.monotonic() > deadline:
            raise NotHereError("web does not answer: see that its packages fit this Python")
        time.sleep(0.1)


def say(text: str) -> None:
    """Print at once, so that people see what is waited for."""
    print(text, flush=True)


def main() -> int:
    """Show the demo; gives the exit code."""
    lacks = missing()
    if lacks:
        sys.stderr.write("The demo of the mesh needs what is not here:\n")
        sys.stderr.writelines(f"  - {line}\n" for line in lacks)
        return 2
    # What ends us in any way takes the mesh down first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="seawall-demo-") as name:
            directory = Path(name)
            directory.chmod(0o755)
            build(directory)
            with mesh(directory) as shown:
                good = show(shown)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    except (NotHereError, SeawallError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    say("\nAll as it should be." if good else "\nSOMETHING IS NOT AS IT SHOULD BE: see above.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
