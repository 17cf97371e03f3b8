"""Under load: rotation loses no request, and whatever is killed, nothing is sent in the clear."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.authority.slots import Kind, State
from seawall.mesh.authority.store import Store
from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.control.process import STORE
from seawall.mesh.hosting import network
from seawall.mesh.verifying.capture import Capture
from tests.mesh.lifted import PYTHON, Lifted, lifted, needs_host

pytestmark = needs_host
MARK = "MARK-that-only-applications-say"
RECOVERED_WITHIN = 3.0
DESCRIPTION = """\
mesh: NAME
trustDomain: shop.example.org
workloads:
  web: {}
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
    "        self.send_response(200)\\n"
    "        self.send_header('content-length', str(len(BODY)))\\n"
    "        self.end_headers()\\n"
    "        self.wfile.write(BODY)\\n"
    "    def log_message(self, *_): pass\\n"
    "BODY = b'MARK-that-only-applications-say' * 4\\n"
    "S = http.server.ThreadingHTTPServer\\n"
    "S.address_family, S.request_queue_size = 10, 128\\n"
    "threading.Thread(target=S(('::', 9090), H).serve_forever).start()\\n"
    "S(('::', 8080), H).serve_forever()\\n"
)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Lifted]:
    with lifted(DESCRIPTION.replace("APP", APP), "l") as found:
        script = found.directory / "load.py"
        shutil.copy(Path(__file__).with_name("load.py"), script)
        script.chmod(0o644)
        assert found.until(lambda: load(found, 0.3, 1, "close").wait() == 0)
        yield found


class Load:
    """One that runs."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child

    def wait(self) -> int:
        self.said = json.loads(self._child.communicate(timeout=180)[0])
        return 0 if not self.said["failed"] and self.said["answered"] else 1

    said: dict[str, Any]


def load(mesh: Lifted, seconds: float, threads: int, closes: str) -> Load:
    """Requests over both kinds of ports: over kept connections, or a new one for each."""
    command = mesh.command(
        "web", PYTHON, str(mesh.directory / "load.py"), str(seconds), str(threads), closes,
        "http://orders:8080/", "http://orders:9090/",
    )  # fmt: skip
    return Load(subprocess.Popen(command, stdout=subprocess.PIPE))


@pytest.mark.parametrize(
    ("seconds", "roots"), [(10.0, 1), pytest.param(60.0, 2, marks=pytest.mark.full)]
)
def test_rotation_under_load(mesh: Lifted, seconds: float, roots: int) -> None:
    """All leaves are replaced every two seconds, and roots on the way."""
    before = mesh.generation()
    kept, new = load(mesh, seconds, 2, "keep"), load(mesh, seconds, 2, "close")
    deadline = time.monotonic() + seconds
    leaves = rotated = 0
    while time.monotonic() < deadline - 2:
        is_root = leaves % 5 == 1
        started = time.monotonic()
        try:
            ask(mesh.layout.operator, "Rotate", root=is_root)
        except OperatorError:
            time.sleep(0.1)  # the one before is not over yet
            continue
        leaves, rotated = leaves + 1, rotated + is_root
        time.sleep(max(0.0, 2.0 - (time.monotonic() - started)))
    assert kept.wait() == 0, kept.said
    assert new.wait() == 0, new.said
    assert rotated >= roots
    assert mesh.generation() >= before + 2 * (leaves - 1)
    print(f"{seconds:g} s: {kept.said['answered']} and {new.said['answered']} answers, "
          f"{leaves} rotations, {rotated} of roots")  # fmt: skip


@pytest.mark.parametrize(
    ("kills", "seconds"), [(5, 20.0), pytest.param(20, 60.0, marks=pytest.mark.full)]
)
def test_kills_at_random_moments(mesh: Lifted, kills: int, seconds: float) -> None:
    victims: dict[str, Callable[[], list[int]]] = {
        "controller": mesh.processes.controller,
        "agent": mesh.processes.agent,
        "proxy of orders": partial(mesh.processes.proxy, "orders"),
        "proxy of web": partial(mesh.processes.proxy, "web"),
    }
    chosen = random.Random(20_261_127)
    moments = sorted(chosen.uniform(0.5, seconds - 4) for _ in range(kills))
    killed: list[tuple[float, str]] = []
    with Capture(network.switch_of(mesh.layout.mesh), [MARK, "GET / HTTP/1.1"]) as wire:
        kept, new = load(mesh, seconds, 1, "keep"), load(mesh, seconds, 1, "close")
        began = time.monotonic()
        for number, moment in enumerate(moments):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            name = chosen.choice(sorted(victims))
            for pid in victims[name]():
                os.kill(pid, signal.SIGKILL)
            killed.append((time.monotonic(), name))
            if number % 2:
                rotate(mesh)
        kept.wait()
        new.wait()
    assert wire.seen.packets > 1000
    assert set(wire.seen.words.values()) == {0}, wire.seen
    failures = [*kept.said["failed"], *new.said["failed"]]
    late = [
        (round(start - began, 2), said)
        for start, _, said in failures
        if not any(start >= at - 0.5 for at, _ in killed)
    ]
    assert late == []  # none before the first kill
    took = recoveries(killed, failures)
    print(f"{len(killed)} kills, {len(failures)} failures, longest recovery {max(took):.1f} s")
    for (at, name), seconds_ in zip(killed, took, strict=True):
        of_it = [said for _, end, said in failures if at <= end < at + seconds_ + 0.5]
        print(f"  {at - began:5.1f} s {name}: {seconds_:.1f} s, {len(of_it)} failures {of_it[-1:]}")
    assert kept.said["answered"] > 100
    assert new.said["answered"] > 50
    if kills > 5:  # on a machine of its own
        assert max(took) <= RECOVERED_WITHIN, (took, killed)
    assert mesh.until(lambda: has_settled(mesh)), mesh.status()
    assert one_root(mesh)
    assert load(mesh, 1.0, 1, "close").wait() == 0


def rotate(mesh: Lifted) -> None:
    """So that some are killed in the midst of a rotation."""
    with contextlib.suppress(OperatorError):  # one is under way, or the controller was killed
        ask(mesh.layout.operator, "Rotate", root=True)


def recoveries(killed: list[tuple[float, str]], failures: list[Any]) -> list[float]:
    """For each kill, seconds until the last request that failed before the next kill.

    A request that was under way at the next one is that one's; how long it took counts as well, so
    nobody who hung is passed over.
    """
    ends = [at for at, _ in killed[1:]] + [float("inf")]
    return [
        max(
            (max(start - at, end - start) for start, end, _ in failures if at <= end < following),
            default=0.0,
        )
        for (at, _), following in zip(killed, ends, strict=True)
    ]


def has_settled(mesh: Lifted) -> bool:
    """Whether no rotation is under way and everybody has followed."""
    status = mesh.status()
    standings = [own["standing"] for own in status["workloads"].values()]
    states = {own["state"] for own in status["issuers"]}
    return (
        not status["waits_for"]
        and not {"prepared", "retiring"} & states
        and all(own and own["is_connected"] for own in standings)
    )


def one_root(mesh: Lifted) -> bool:
    """Whether exactly one root is trusted, and one of each kind signs."""
    store = Store.open(os.path.join(mesh.layout.state, STORE))
    try:
        in_use = [slot for slot in store.slots() if slot.state is not State.GONE]
    finally:
        store.close()
    return sorted((slot.kind, slot.state) for slot in in_use) == [
        (Kind.INTERMEDIATE, State.ACTIVE),
        (Kind.ROOT, State.ACTIVE),
    ]
