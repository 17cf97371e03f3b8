"""A cluster with a mesh in it, on this host: what tests of pods share.

The controller and the agents are pods of ``seawall mesh manifests``, too.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which
from typing import Any

from seawall.mesh.injection import cluster as parts
from seawall.mesh.injection import manifests
from seawall.mesh.injection.cluster import NO_EDGES
from seawall.mesh.injection.edge_pods import Edges
from seawall.mesh.injection.settings import Agent, By, Settings
from seawall.mesh.proxies import program
from tests.mesh.cluster import api_double as double
from tests.mesh.cluster.api_double import NAMESPACES, SERVICES, SLICES, Cluster, Json, serving
from tests.mesh.cluster.kubelet import GATEWAY, Nodes, Pod, inside
from tests.mesh.injection.samples import IMAGE, values

MARK = "a-word-that-only-the-applications-say"
SYSTEM = "seawall-mesh"
SERVICE = "10.96.0.7"
CONTROLLER = "10.96.0.10"
SYSTEM_PYTHON = "/usr/bin/python3"
APP = """\
import http.server, socketserver, threading, time
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        said = self.headers.get("x-forwarded-client-cert") or "nobody"
        if "slow" in self.path:
            time.sleep(7)
        body = ("MARK " + said).encode()
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
class S(http.server.ThreadingHTTPServer):
    address_family = 10
    def server_bind(self):  # without a question to DNS, which does not answer here
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "orders", self.server_address[1]
threading.Thread(target=S(("::", 9090), H).serve_forever).start()
S(("::", 8080), H).serve_forever()
""".replace("MARK", MARK)
WEB = """\
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: shop, annotations: {seawall/mesh-workload-api: "true"}}
spec:
  serviceAccountName: NAME
  securityContext: {runAsUser: 1000, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: NAME
      image: registry.example.org/web:1.4.2
      command: [sleep, infinity]
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
ORDERS = """\
apiVersion: v1
kind: Pod
metadata: {name: orders, namespace: shop}
spec:
  serviceAccountName: orders
  securityContext: {runAsUser: 1001, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: orders
      image: registry.example.org/orders:2.0.0
      command: [PYTHON, /etc/orders.py]
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      ports: [{name: http, containerPort: 8080}]
      readinessProbe: {httpGet: {path: /ready, port: http}}
      livenessProbe: {tcpSocket: {port: 9090}, periodSeconds: 5}
      startupProbe: {httpGet: {path: /missing, port: 8080}}
""".replace("PYTHON", SYSTEM_PYTHON)
DOCUMENT = """\
mesh: shop
trustDomain: shop.example.org
workloads:
  web: {id: /ns/shop/sa/web}
  orders: {id: /ns/shop/sa/orders, ports: {8080: http, 9090: tcp}}
policy:
  - allow: {from: web, to: orders}
"""


def reason_to_skip() -> str:
    if os.geteuid() != 0:
        return "needs root"
    programs = ("ip", "nft", "setpriv", "nsenter", "unshare", "curl", "tcpdump")
    missing = [name for name in programs if which(name) is None]
    if missing or not os.path.exists(SYSTEM_PYTHON):
        return f"needs {', '.join(missing) or SYSTEM_PYTHON}"
    try:
        program.find()
    except program.EnvoyError:
        return "needs Envoy (the extra mesh)"
    return ""


def template(found: list[Any], kind: str, name: str) -> Json:
    """A pod of the mesh's own, as its controller would make it."""
    (own,) = [one for one in found if one["kind"] == kind and one["metadata"]["name"] == name]
    pod: Json = own["spec"]["template"]
    pod["metadata"] |= {"name": f"{name}-0", "namespace": SYSTEM}
    pod["spec"].setdefault("serviceAccountName", name)
    return pod


class Shop:
    """A cluster with a mesh in it."""

    def __init__(self, cluster: Cluster, nodes: Nodes, way: Settings) -> None:
        self.cluster = cluster
        self.nodes = nodes
        self.way = way
        self.pods: dict[str, Pod] = {}

    def _manifests(self, edges: Edges) -> list[Any]:
        return list(values(parts.manifests(SYSTEM, "shop.example.org", self.way, edges=edges)))

    def install(self, document: str = DOCUMENT, edges: Edges = NO_EDGES) -> None:
        """What ``seawall mesh manifests`` prints, and the document."""
        self.cluster.put(
            NAMESPACES, {"metadata": {"name": "shop", "labels": {"seawall/mesh": "enabled"}}}
        )
        self.declare(document)
        self.nodes.hosts[f"seawall-mesh-controller.{SYSTEM}.svc"] = CONTROLLER
        found = self._manifests(edges)
        controller = self.nodes.start(
            template(found, "Deployment", "seawall-mesh-controller"), "n0"
        )
        self.pods["controller"] = controller
        for port in (15012, 15013):
            self.nodes.network.serve(CONTROLLER, port, controller.addresses[0], port)
        if any(one["kind"] == "DaemonSet" for one in found):
            for node in ("n1", "n2"):
                own = template(self._manifests(edges), "DaemonSet", "seawall-mesh-agent")
                own["metadata"]["name"] = f"agent-{node}"
                self.pods[node] = self.nodes.start(own, node)

    def start_edge(self, name: str, edges: Edges, node: str, number: int = 0) -> Pod:
        """A pod of the exit, or of the gateway."""
        own = template(self._manifests(edges), "Deployment", name)
        own["metadata"]["name"] = f"{name}-{number}"
        pod = self.nodes.start(own, node)
        self.pods[f"{name}-{number}"] = pod
        return pod

    def declare(self, document: str) -> None:
        """Another document, as ``kubectl apply`` would make it."""
        self.cluster.config_maps[SYSTEM, "seawall-mesh"] = {"data": {"mesh.yaml": document}}

    def start(self, text: str, node: str, *, wait: bool = True) -> Pod:
        """A pod of the shop, injected."""
        result = manifests.inject(text, "pod.yaml", self.way)
        assert not result.refused
        (own,) = values(result.text)
        assert isinstance(own, dict)
        pod = self.nodes.start(own, node, wait=wait)
        self.pods[own["metadata"]["name"]] = pod  # type: ignore[call-overload, index]
        return pod

    def start_all(self) -> None:
        """Web and orders on two nodes, and a service in front of orders."""
        orders = self.start(ORDERS, "n2")
        self.cluster.put(SERVICES, double.service("orders", "shop", SERVICE, {80: "http"}))
        self.cluster.put(SLICES, double.endpoints("orders", "shop", [orders.own], {"http": 8080}))
        self.nodes.network.serve(SERVICE, 80, orders.addresses[0], 8080)
        self.start(WEB.replace("NAME", "web"), "n1")

    def curl(self, pod: str, address: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.pods[pod].enter(), "curl", "-sS", "-m", "5", address],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def answers(self, pod: str, address: str) -> bool:
        return self.curl(pod, address).stdout.startswith(MARK)

    def operate(self, *words: str) -> str:
        """``kubectl exec deploy/seawall-mesh-controller -- seawall mesh ...``."""
        pod = self.pods["controller"]
        (container,) = pod.own["spec"]["containers"]
        done = self.nodes.executed(pod, container, ["seawall", "mesh", *words])
        assert done.returncode == 0, (done.stderr, self.said())
        return done.stdout

    def said(self) -> str:
        return "\n".join(pod.said() for pod in self.pods.values())


@contextmanager
def raised(redirect: By, agent: Agent) -> Iterator[Shop]:
    """A cluster without anything in it."""
    way = Settings(IMAGE, redirect, agent, controller=parts.controller_address(SYSTEM))
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seawall-pods-")))
        directory.chmod(0o755)
        prefix = f"mcl{os.getpid() % 100_000}"
        cluster = Cluster()
        nodes = Nodes(cluster, directory, prefix)
        stack.callback(nodes.remove)
        (directory / "etc" / "orders.py").write_text(APP)
        nodes.account.mkdir()
        nodes.api_port = stack.enter_context(
            serving(cluster, nodes.account, GATEWAY, lambda: inside(nodes.network.router))
        )
        yield Shop(cluster, nodes, way)
