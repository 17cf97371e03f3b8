"""Pods made from injected manifests, on this host: what the four sentences say, in all ways.

The controller and the agents are pods of ``seawall mesh manifests``, too.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from seawall.mesh.injection.parts import PROXY, ROOTS, SOCKETS
from seawall.mesh.injection.settings import Agent, By
from tests.mesh.cluster.kubelet import GATEWAY, run, until
from tests.mesh.cluster.shop import (
    DOCUMENT,
    MARK,
    SERVICE,
    SYSTEM,
    SYSTEM_PYTHON,
    WEB,
    Shop,
    raised,
    reason_to_skip,
)

JOB = """\
apiVersion: v1
kind: Pod
metadata: {name: import, namespace: shop}
spec:
  serviceAccountName: web
  restartPolicy: Never
  securityContext: {runAsUser: 1002, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  initContainers:
    - name: early
      image: registry.example.org/import:1.0.0
      command: [curl, -sS, --fail, http://SERVICE/]
  containers:
    - name: work
      image: registry.example.org/import:1.0.0
      command: [curl, -sS, --fail, http://SERVICE/]
"""
KEEP = """\
import socket, sys
with socket.create_connection((sys.argv[1], 9090), 5) as kept:
    kept.sendall(b"GET / HTTP/1.1\\r\\nHost: orders\\r\\n\\r\\n")
    assert kept.recv(4096)
    print("has an answer", flush=True)
    kept.settimeout(25)
    try:
        while kept.recv(4096):
            pass
    except ConnectionError:
        pass
print("it has ended")
"""

IDENTITY = """\
import os, sys
import spiffe
client = spiffe.WorkloadApiClient(socket_path=sys.argv[1] if sys.argv[1:] else None)
with client:
    try:
        svid = client.fetch_x509_svid()
    except Exception as error:
        sys.exit(f"refused: {error}")
    print(svid.spiffe_id)
    token = client.fetch_jwt_svid(audience={"reports"})
    print(token.spiffe_id)
    print(client.validate_jwt_svid(token.token, "reports").spiffe_id)
"""


pytestmark = pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            (redirect, agent),
            id=f"rules by {redirect.value}, keys in {agent.value}",
            # Two of the four have all there is.
            marks=[] if (redirect is By.AGENT) == (agent is Agent.NODE) else [pytest.mark.full],
        )
        for redirect, agent in product(By, Agent)
    ],
)
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with raised(*request.param) as made:
        made.install()
        made.start_all()
        assert until(lambda: made.answers("web", f"http://{SERVICE}/")), made.said()
        yield made


def test_the_four_sentences(shop: Shop, tmp_path: Path) -> None:
    capture = tmp_path / "capture"
    watching = subprocess.Popen(
        ["ip", "netns", "exec", shop.nodes.network.router, "tcpdump", "--immediate-mode", "-U",
         "-Z", "root", "-i", "any", "-w", str(capture)], stderr=subprocess.PIPE,
    )  # fmt: skip
    assert watching.stderr is not None
    while b"listening" not in (line := watching.stderr.readline()):
        assert line
    four, six = shop.pods["orders"].addresses
    try:
        for address in (f"{four}:8080", f"[{six}]:8080", f"{four}:9090", SERVICE):
            said = shop.curl("web", f"http://{address}/?{MARK}")
            assert said.stdout.startswith(MARK), (address, said, shop.said())
            if ":9090" not in address:
                assert "URI=spiffe://shop.example.org/ns/shop/sa/web" in said.stdout
        time.sleep(0.3)
    finally:
        watching.terminate()
        watching.communicate()
    seen = capture.read_bytes()
    assert len(seen) > 5000
    assert MARK.encode() not in seen
    assert b"GET /?" not in seen
    assert b"\x16\x03\x01" in seen  # a TLS handshake


def test_who_is_not_allowed_gets_nowhere(shop: Shop) -> None:
    four, _ = shop.pods["orders"].addresses
    for address in ("http://192.0.2.1/", f"http://{four}:7777/", f"http://{GATEWAY}/"):
        assert shop.curl("web", address).returncode != 0
    # From outside of the mesh: to the application, and to the proxy's own ports.
    for port in (8080, 9090, 15000, 15001, 15006):
        status, body = shop.nodes.get(f"http://{four}:{port}/", 1)
        assert status == 0
        assert MARK not in body


def test_probes_are_answered_in_the_applications_place(shop: Shop) -> None:
    orders = shop.pods["orders"]
    (container,) = orders.own["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["port"] == 15021
    assert shop.nodes.asked(orders, container, container["readinessProbe"]) == ""
    assert shop.nodes.asked(orders, container, container["livenessProbe"]) == ""
    said = shop.nodes.asked(orders, container, container["startupProbe"])
    assert said.startswith("503")
    assert "answers 404" in said
    assert MARK not in said
    status, _ = shop.nodes.get(f"http://{orders.addresses[0]}:15021/probe/orders/none")
    assert status == 404


def test_what_the_pod_may_do_and_has(shop: Shop) -> None:
    """No capability is left in a pod whose rules come from outside; keys are on no disk."""
    added = [
        one["securityContext"].get("capabilities", {}).get("add", [])
        for one in shop.pods["web"].own["spec"]["initContainers"]
    ]
    assert added == ([["NET_ADMIN"], []] if shop.way.redirect is By.INIT else [[]])
    base = shop.nodes.account.parent
    found = subprocess.run(
        ["grep", "-rlE", "-D", "skip", "BEGIN (EC )?PRIVATE KEY",
         *(str(base / name) for name in ("volumes", "nodes", "claims") if (base / name).exists())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1, found
    assert "PRIVATE KEY" not in shop.said()


def test_somebody_whom_no_rule_names(shop: Shop) -> None:
    shop.start(WEB.replace("NAME", "intruder"), "n1")
    try:
        for address in (SERVICE, f"{shop.pods['orders'].addresses[0]}:9090"):
            said = shop.curl("intruder", f"http://{address}/")
            assert said.returncode != 0
            assert MARK not in said.stdout
    finally:
        shop.nodes.stop(shop.pods.pop("intruder"))


def test_a_program_takes_its_identity_itself(shop: Shop) -> None:
    """With a client that others wrote, which finds the socket by the variable in the container."""
    pytest.importorskip("spiffe")
    web, orders = shop.pods["web"], shop.pods["orders"]
    own = "spiffe://shop.example.org/ns/shop/sa/web"
    (container,) = web.own["spec"]["containers"]
    said = shop.nodes.executed(web, container, [sys.executable, "-c", IDENTITY])
    assert said.stdout.split() == [own] * 3, (said, shop.said())
    (other,) = orders.own["spec"]["containers"]  # it has not asked
    said = shop.nodes.executed(orders, other, [sys.executable, "-c", IDENTITY])
    assert said.returncode != 0
    if shop.way.agent is Agent.SIDECAR:
        return
    # Who has the directory and is not of the pod: the agent looks where it sees processes.
    places = shop.nodes.directory_of("n1", SOCKETS)
    assert not (shop.nodes.directory_of("n2", SOCKETS) / orders.uid / "workload-api").exists()
    with tempfile.TemporaryDirectory(prefix="sw-") as short:  # for the path of a socket
        link = Path(short) / "there"
        link.symlink_to(places / web.uid / "workload-api")
        stranger = subprocess.run(
            [sys.executable, "-c", IDENTITY, f"unix://{link}/api.sock"], capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    if shop.way.redirect is By.AGENT:
        assert "no workload that is known here" in stranger.stderr, stranger
        assert "is of no pod" in shop.pods["n1"].said()
    else:
        assert stranger.stdout.startswith(own)


def test_a_job_with_an_init_container_that_calls_others(shop: Shop) -> None:
    """The proxy is there before the init container, and ends when the work is done."""
    job = shop.start(JOB.replace("SERVICE", SERVICE), "n1", wait=False)
    try:
        assert MARK in job.logs["early"].read_text()
        work = job.processes["work"]
        assert work.wait(30) == 0, job.said()
        assert MARK in job.logs["work"].read_text()
        proxy = job.processes[PROXY]
        proxy.terminate()  # what a kubelet does when all others have ended
        assert proxy.wait(20) == 0, job.said()
    finally:
        shop.nodes.stop(shop.pods.pop("import"))


def test_metrics(shop: Shop) -> None:
    """Of the controller all that one of hosts tells; of each agent the part of its node."""
    orders = shop.pods["orders"]
    expiry = f'certificate_expiry_seconds{{workload="shop/orders/{orders.uid}"'

    def told(pod: str) -> str:
        return shop.nodes.get(f"http://{shop.pods[pod].addresses[0]}:15014/metrics")[1]

    by_node = shop.way.agent is Agent.NODE
    followers = len([name for name in ("n1", "n2") if name in shop.pods]) + 2 * (not by_node)
    # A proxy tells its counts every five seconds.
    assert until(lambda: 'requests_total{workload="shop/orders/' in told("controller"), 15)
    text = told("controller")
    for line in (expiry, f"followers {followers}", 'issued_total{event="issued"} ', "generation ",
                 "document_refused 0", 'generation_lag{workload="shop/web/', "pods "):  # fmt: skip
        assert f"seawall_mesh_{line}" in text, (line, text)
    if "n2" in shop.pods:
        text = told("n2")
        assert ("seawall_mesh_" + expiry in text) == by_node, text
        assert "seawall_mesh_controller_connected 1" in text
        assert ("seawall_mesh_rules_failing 0" in text) == (shop.way.redirect is By.AGENT)
        assert "shop/web/" not in text  # that is another node's


def test_policy_changes_without_a_restart(shop: Shop) -> None:
    shop.declare(DOCUMENT.replace("to: orders}", "to: orders, ports: [9090]}"))
    shop.nodes.refresh()
    try:
        assert until(lambda: not shop.answers("web", f"http://{SERVICE}/")), shop.said()
        four, _ = shop.pods["orders"].addresses
        assert shop.answers("web", f"http://{four}:9090/")
    finally:
        shop.declare(DOCUMENT)
        shop.nodes.refresh()
    assert until(lambda: shop.answers("web", f"http://{SERVICE}/")), shop.said()


def test_a_root_gives_way_and_no_request_fails(shop: Shop) -> None:
    def generation() -> int:
        found: int = json.loads(shop.operate("status", "cluster", "--json"))["generation"]
        return found

    roots = shop.cluster.config_maps[SYSTEM, ROOTS]["data"]["roots.pem"]
    before = generation()
    failed: list[str] = []
    count = 0
    done = threading.Event()

    def load() -> None:
        nonlocal count
        while not done.is_set():
            for address in (SERVICE, f"{shop.pods['orders'].addresses[0]}:9090"):
                count += 1
                said = shop.curl("web", f"http://{address}/")
                if not said.stdout.startswith(MARK):
                    failed.append(said.stdout + said.stderr)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        shop.operate("ca", "rotate", "cluster", "--root")
        is_over = until(lambda: generation() >= before + 3)
    finally:
        done.set()
        thread.join()
    assert is_over, shop.operate("status", "cluster")
    assert failed == []
    assert count > 4
    assert "active" in shop.operate("ca", "show", "cluster")
    assert until(lambda: shop.cluster.config_maps[SYSTEM, ROOTS]["data"]["roots.pem"] != roots)
    assert shop.answers("web", f"http://{SERVICE}/")


def test_who_is_revoked_is_out(shop: Shop) -> None:
    """Also of a connection that it has.

    The kernel ends it where the node's agent may enter pods; else the proxy does, when its listener
    has drained. With an agent in each sidecar both do, and nobody promises which is first.
    """
    by_kernel = shop.way.redirect is By.AGENT
    by_proxy = not by_kernel or shop.way.agent is Agent.SIDECAR
    kept = subprocess.Popen(
        [*shop.pods["web"].enter(), SYSTEM_PYTHON, "-c", KEEP, shop.pods["orders"].addresses[0]],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert kept.stdout is not None
    assert kept.stdout.readline() == "has an answer\n"
    shop.operate("ca", "revoke", "cluster", "spiffe://shop.example.org/ns/shop/sa/web")
    try:
        assert kept.communicate(timeout=30)[0] == "it has ended\n"
        cut = "connections ended: spiffe://shop.example.org/ns/shop/sa/web"
        its_own = "it was revoked: its proxy is started anew"
        drained = "connections are ended as its listener drains"
        if by_proxy:  # an agent in a sidecar may enter nothing
            assert until(lambda: drained in shop.said()), shop.said()
        else:  # it is ended first and spoken of then
            assert until(lambda: cut in shop.said()), shop.said()
        for address in (SERVICE, f"{shop.pods['orders'].addresses[0]}:9090"):
            assert until(lambda: not shop.answers("web", f"http://{address}/"))  # noqa: B023
        if not by_proxy:  # so connections of others stay
            assert drained not in shop.said()
        if not by_kernel:
            assert cut not in shop.said()
        if shop.way.agent is Agent.SIDECAR:
            assert until(lambda: its_own in shop.said()), shop.said()
        else:
            assert its_own not in shop.said()
    finally:
        shop.operate("ca", "restore", "cluster", "spiffe://shop.example.org/ns/shop/sa/web")
    assert until(lambda: shop.answers("web", f"http://{SERVICE}/")), shop.said()


def test_flushed_rules_come_back(shop: Shop) -> None:
    if shop.way.redirect is By.INIT:
        pytest.skip("an init container loads them once; nothing in the pod may flush them")
    web = shop.pods["web"]
    run("ip", "netns", "exec", web.namespace, "nft", "flush", "ruleset")

    def are_back() -> bool:
        said = run("ip", "netns", "exec", web.namespace, "nft", "list", "ruleset")
        return "redirect to :15001" in said

    assert until(are_back, 12), shop.said()
    assert until(lambda: shop.answers("web", f"http://{SERVICE}/"))


def test_the_applications_go_on_without_controller_and_agents(shop: Shop) -> None:
    names = [name for name in ("controller", "n1", "n2") if name in shop.pods]
    for name in names:
        pod = shop.pods[name]
        (container,) = pod.own["spec"]["containers"]
        process = pod.processes[container["name"]]
        process.kill()
        process.wait()
    assert shop.answers("web", f"http://{SERVICE}/")
    shop.nodes.refresh()  # the roots may be others than those of the start
    for name in names:  # as a kubelet would: the container anew, in the pod that is there
        pod = shop.pods[name]
        (container,) = pod.own["spec"]["containers"]
        shop.nodes._container(pod, container)
        shop.nodes.all_ready(pod)
    shop.declare(DOCUMENT.replace("policy:\n  - allow: {from: web, to: orders}\n", ""))
    shop.nodes.refresh()
    assert until(lambda: not shop.answers("web", f"http://{SERVICE}/")), shop.said()
    shop.declare(DOCUMENT)
    shop.nodes.refresh()
    assert until(lambda: shop.answers("web", f"http://{SERVICE}/")), shop.said()
