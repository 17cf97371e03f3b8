"""Two controllers on one store, agents of two hosts, load: the one that leads is killed."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.hosting import asking
from seawall.mesh.verifying.processes import Processes, kill
from tests.mesh.hosting.hosts import Wire, until, wired
from tests.mesh.hosting.raised import MARK, SYSTEM_PYTHON, reason, serving

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
LIFETIME, SECONDS = 20, 30
LOAD = Path(__file__).with_name("load.py")
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
controllers: 2
certificates: {{lifetime: {LIFETIME}s}}
hosts:
  a: {{address: 192.0.2.10, controller: true}}
  b: {{address: 192.0.2.11}}
workloads:
  web: {{host: a}}
  other: {{host: b}}
  orders:
    host: b
{serving(8080, 9090)}    ports: {{8080: http, 9090: {{protocol: tcp, longLived: true}}}}
policy:
  - allow: {{from: web, to: orders}}
"""
ALLOWED = "  - allow: {from: other, to: orders}\n"


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with wired(("a", "b"), DESCRIPTION) as made:
        made["a"].up()
        made["b"].up(made["a"].invite("b"))
        yield made
        for host in made.hosts.values():
            assert host.down() == 0, host.said.read_text()


class Failover:
    """A mesh whose controllers are killed."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.processes = Processes(wire["a"].layout)
        self.taken: list[float] = []

    def leader(self) -> list[int]:
        return self.processes.leader()

    def kill_leader(self) -> None:
        """Kill it, and wait until the other one leads and serves."""
        (before,) = self.leader()
        assert until(lambda: len(self.processes.controller()) == 2)
        kill([before])
        begun = time.monotonic()
        assert until(lambda: self.wire["a"].ask("Status")["serves"])
        self.taken.append(time.monotonic() - begun)
        assert self.leader() not in ([], [before])

    def generation(self) -> int:
        return int(self.wire["a"].ask("Status")["generation"])

    def may(self, caller: str) -> bool:
        return MARK in self.wire["b"].curl(caller, "http://orders:8080/").stdout

    def apply(self, text: str) -> None:
        self.wire.description.write_text(text.replace("NAME", self.wire.name))
        about = {"what": "apply", "file": str(self.wire.description), "dry": False}
        for host in self.wire.hosts.values():
            asking.ask(host.layout.requests, **about)

    def ends(self) -> list[int]:
        found = self.wire["a"].ask("Status")["workloads"].values()
        return [own["standing"]["ends"] if own["standing"] else 0 for own in found]

    def all_follow(self) -> bool:
        status = self.wire["a"].ask("Status")
        return not status["waits_for"] and all(
            own["standing"] and own["standing"]["is_connected"]
            for own in status["workloads"].values()
        )

    def load(self, closes: str) -> "subprocess.Popen[bytes]":
        host = self.wire["a"]
        script = self.wire.directory / "load.py"
        script.write_text(LOAD.read_text().replace("MARK", MARK))
        script.chmod(0o644)
        return subprocess.Popen(
            ["nsenter", "-t", str(host.pid), "-m", "-n", "-p", "--", "ip", "netns", "exec",
             f"seawall-{self.wire.name}.web", "setpriv", "--reuid=1000", "--regid=1000",
             "--clear-groups", SYSTEM_PYTHON, str(script), str(SECONDS), "1", closes,
             "http://orders:8080/", "http://orders:9090/"],
            stdout=subprocess.PIPE,
        )  # fmt: skip


def test_all_goes_on_when_the_leader_is_killed(wire: Wire) -> None:
    own = Failover(wire)
    assert until(lambda: MARK in wire["a"].curl("web", "http://orders:8080/").stdout)
    loads = [own.load(closes) for closes in ("close", "keep")]
    deadline = time.monotonic() + SECONDS
    # In mid-step: a root is being replaced, and the next one goes on with it.
    before = own.generation()
    wire["a"].ask("Rotate", root=True)
    own.kill_leader()
    assert until(lambda: own.generation() == before + 3)
    assert until(own.all_follow)
    roots = [one for one in wire["a"].ask("Status")["issuers"] if one["kind"] == "root"]
    assert [one["state"] for one in roots] == ["active"]
    # A change of policy, and a revocation, by the one that leads now; and by the one after it.
    own.apply(DESCRIPTION + ALLOWED)
    assert until(lambda: own.may("other"))
    own.kill_leader()
    assert own.may("other")
    name = "spiffe://shop.example.org/workload/other"
    wire["a"].ask("Revoke", id=name)
    assert until(lambda: not own.may("other"))
    own.kill_leader()
    assert until(own.all_follow)
    assert wire["a"].ask("Status")["revoked"] == [name]
    assert not own.may("other")
    wire["a"].ask("Revoke", id=name, back=True)
    assert until(lambda: own.may("other"))
    own.apply(DESCRIPTION)
    assert until(lambda: not own.may("other"))
    # Renewals go on: all certificates end later than any that there was.
    newest = max(own.ends())
    assert until(lambda: min(own.ends()) > newest, LIFETIME * 2)
    assert wire["b"].told()["fault"] == ""
    assert time.monotonic() < deadline + SECONDS
    for said in map(_said, loads):
        assert said["failed"] == []
        assert said["answered"] > 100
    print(f"taken over after {[round(one, 2) for one in own.taken]} s")


def _said(load: "subprocess.Popen[bytes]") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(load.communicate(timeout=90)[0])
    return found


def test_the_one_that_leads_hangs(wire: Wire) -> None:
    """It is ended, the other one leads, and it is started again; no request fails."""
    own = Failover(wire)
    assert until(lambda: len(own.processes.controller()) == 2)
    loads = [own.load(closes) for closes in ("close", "keep")]
    (before,) = own.leader()
    kill([before], signal.SIGSTOP)
    begun = time.monotonic()
    assert until(lambda: own.leader() != [before] and wire["a"].ask("Status")["serves"])
    print(f"taken over after {time.monotonic() - begun:.1f} s")
    assert until(own.all_follow)
    assert until(lambda: len(own.processes.controller()) == 2)
    assert before not in own.processes.controller()
    newest = max(own.ends())
    assert until(lambda: min(own.ends()) > newest, LIFETIME * 2)
    for said in map(_said, loads):
        assert said["failed"] == []
        assert said["answered"] > 100


def test_the_one_that_does_not_lead_is_killed(wire: Wire) -> None:
    own = Failover(wire)
    (leader,) = own.leader()
    kill([pid for pid in own.processes.controller() if pid != leader])
    assert until(lambda: len(own.processes.controller()) == 2)
    assert own.leader() == [leader]
    assert own.all_follow()
    own.kill_leader()
    assert until(own.all_follow)


def test_both_are_killed(wire: Wire) -> None:
    own = Failover(wire)
    kill(own.processes.controller())
    assert MARK in wire["a"].curl("web", "http://orders:8080/").stdout
    assert until(own.all_follow)
    assert until(lambda: len(own.processes.controller()) == 2)
