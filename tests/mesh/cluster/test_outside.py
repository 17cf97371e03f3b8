"""Rules of a pod, loaded from outside and looked after."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.cluster import generation
from seawall.mesh.cluster.agent import Host, Nowhere
from seawall.mesh.cluster.generation import Generation
from seawall.mesh.cluster.joining import Doors
from seawall.mesh.cluster.outside import Outside
from seawall.mesh.cluster.pod_agents import Kept
from seawall.mesh.injection.http_server import Request
from seawall.mesh.redirect import exit_rules, loading
from tests.mesh.cluster.kubelet import inside
from tests.mesh.cluster.test_agents import agent
from tests.mesh.cluster.test_finding import UID, Proc
from tests.mesh.made import DOMAIN
from tests.mesh.redirect.test_own_namespace import pod
from tests.mesh.redirect.test_rules import privileged


@pytest.fixture
def namespace() -> Iterator[str]:
    with pod((4, 6)) as name:
        yield name


class Node:
    """A node with one pod, and how often its rules were listed."""

    def __init__(self, namespace: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.namespace = namespace
        proc = Proc(directory)
        proc.process("300", UID, Path(f"/run/netns/{namespace}"))
        self.said: list[str] = []
        self.listed = 0
        self.outside = Outside(61_337, self.said.append, proc=str(proc.path))
        really = loading.is_loaded

        def listed(*arguments: object) -> bool:
            self.listed += 1
            return really(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(loading, "is_loaded", listed)

    def nft(self, *words: str) -> str:
        command = ["ip", "netns", "exec", self.namespace, "nft", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def node(namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    made = Node(namespace, tmp_path, monkeypatch)
    yield made
    made.outside.end()


@privileged
def test_rules_are_listed_only_when_somebody_changed_them(node: Node) -> None:
    for _ in range(5):
        node.outside.look([UID])
        assert node.outside.closed == (UID,), node.outside.faults
    assert node.listed == 1
    assert "redirect to :15001" in node.nft("list", "ruleset")
    node.nft("add table inet others")
    for _ in range(3):
        node.outside.look([UID])
    assert node.listed == 2
    assert len(node.said) == 1
    node.nft("flush ruleset")
    node.outside.look([UID])
    assert "redirect to :15001" in node.nft("list", "ruleset")
    assert node.outside.closed == (UID,)
    assert "again: they had been changed" in node.said[-1]
    node.outside.look([])
    assert not node.outside.closed


@privileged
@pytest.mark.skipif(which("ss") is None, reason="needs ss")
def test_connections_from_before_the_rules_end(node: Node) -> None:
    """The kernel knows nothing of them: what comes would be redirected in their midst."""

    def connected() -> tuple[socket.socket, socket.socket]:
        with inside(node.namespace), socket.create_server(("198.51.100.2", 0)) as server:
            calling = socket.create_connection(server.getsockname(), 5)
            called, _ = server.accept()
            return calling, called

    calling, called = connected()
    with calling, called:
        node.outside.look([UID])
        assert node.outside.closed == (UID,), node.outside.faults
        with pytest.raises(ConnectionError):
            called.sendall(b"x")
    calling, called = connected()
    with calling, called:
        node.outside.end()  # an agent that starts again ends nothing
        node.outside.look([UID])
        assert node.outside.closed == (UID,), node.outside.faults
        called.sendall(b"x")
        assert calling.recv(1) == b"x"


@privileged
def test_what_an_exit_refuses_is_counted_and_told(node: Node) -> None:
    """Also of a pod whose keys are in its sidecar: the agent of its node alone may look."""
    node.outside.look([UID])
    text = exit_rules.rules_of(exit_rules.ExitRules(exit_rules.POD, 61_337, (), ()))
    enter = ["ip", "netns", "exec", node.namespace]
    subprocess.run([*enter, "nft", "-f", "-"], input=text, text=True, check=True)
    for address in ("10.1.1.1", "8.8.8.8"):
        drop = ["setpriv", "--reuid=61337", "--clear-groups"]
        call = [*enter, *drop, "curl", "-s", "-m", "2", f"http://{address}/"]
        assert subprocess.run(call, check=False).returncode
    node.outside._counted = 0.0
    node.outside.look([UID])
    dropped = node.outside.dropped[UID]
    assert (dropped["egress_inner"], dropped["egress_undeclared"]) == (1, 1), dropped
    host = Host("n1", DOMAIN, Doors("", "", "", ""), Kept({}, Nowhere(), node.outside))
    host.agent, _ = agent(node.outside)
    told = host.answer(Request("GET", "/metrics", b"")).body.decode()
    name = "seawall_mesh_fence_dropped_total"
    assert f'{name}{{pod_uid="{UID}",reason="egress_inner"}} 1\n' in told
    assert told.count(f"# TYPE {name} ") == 1


@privileged
def test_a_pod_whose_rules_do_not_hold(node: Node) -> None:
    subprocess.run(["ip", "-netns", node.namespace, "link", "set", "eth0", "down"], check=True)
    for _ in range(2):
        node.outside.look([UID])
    assert not node.outside.closed
    assert "no route" in node.outside.faults[UID]
    assert len(node.said) == 1
    lines = ["link set eth0 up", "route add default dev eth0"]
    for line in lines:
        subprocess.run(["ip", "-netns", node.namespace, *line.split()], check=True)
    node.outside.look([UID])
    assert node.outside.closed == (UID,), node.outside.faults
    assert not node.outside.faults


@privileged
def test_where_the_kernel_does_not_count(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Generation, "now", lambda _: None)
    node.outside.look([UID])
    node.nft("flush ruleset")
    node.outside._looked = 0
    node.outside.look([UID])
    assert "redirect to :15001" in node.nft("list", "ruleset")


@privileged
def test_we_stay_where_we_are(namespace: str) -> None:
    before = os.readlink("/proc/self/ns/net")
    with open(f"/run/netns/{namespace}") as there:
        count = Generation(there.fileno())
    assert count.now() is not None
    assert os.readlink("/proc/self/ns/net") == before
    count.close()
    assert count.now() is None


def test_no_namespace() -> None:
    with open("/dev/null") as no_namespace, pytest.raises(OSError):  # noqa: PT011
        Generation(no_namespace.fileno())


@given(st.binary(max_size=80), st.integers(0, 3))
def test_odd_answers_of_the_kernel(data: bytes, sequence: int) -> None:
    generation._number(data, sequence)
    header = generation._HEADER.pack(60, 10 << 8 | 15, 0, sequence, 0)
    generation._number(header + data, sequence)
