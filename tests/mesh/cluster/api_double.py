"""An API server, as far as the mesh asks one: over TLS, with tokens, versions, lists and watches.

What it answers has the shape of a real one's (Kubernetes 1.33): TokenReview looks at audience,
expiry and whether the pod that a token is bound to is still there; lists come in pages; watches
send bookmarks and end; versions that are too old are gone (410).
"""

import json
import secrets
import ssl
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Json = dict[str, Any]
PODS, SERVICES = "/api/v1/pods", "/api/v1/services"
SLICES, NAMESPACES = "/apis/discovery.k8s.io/v1/endpointslices", "/api/v1/namespaces"
KINDS = {PODS: "PodList", SERVICES: "ServiceList", SLICES: "EndpointSliceList",
         NAMESPACES: "NamespaceList"}  # fmt: skip
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
_BOUND = "authentication.kubernetes.io/"


class Cluster:
    """What an API server knows."""

    def __init__(self) -> None:
        self.version = 100
        self.oldest = 0
        """Versions before it are gone."""
        self.objects: dict[str, dict[tuple[str, str], Json]] = {kind: {} for kind in KINDS}
        self.events: dict[str, list[tuple[int, str, Json]]] = {kind: [] for kind in KINDS}
        self.config_maps: dict[tuple[str, str], Json] = {}
        self.secrets: dict[tuple[str, str], dict[str, str]] = {}
        self.tokens: dict[str, Json] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.reviews = 0
        self.is_down = False
        self.longest_watch = 600.0
        self.changed = threading.Condition()

    # What a test does -----------------------------------------------------------------------

    def put(self, kind: str, own: Json) -> Json:
        """Make or change an object."""
        with self.changed:
            metadata = own["metadata"]
            key = metadata.get("namespace", ""), metadata["name"]
            self.version += 1
            stored = {**own, "metadata": {**metadata, "resourceVersion": str(self.version)}}
            type_ = "MODIFIED" if key in self.objects[kind] else "ADDED"
            self.objects[kind][key] = stored
            self.events[kind].append((self.version, type_, stored))
            self.changed.notify_all()
            return stored

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Remove an object; tokens that are bound to it are worth nothing from now on."""
        with self.changed:
            own = self.objects[kind].pop((namespace, name))
            self.version += 1
            own = {**own, "metadata": {**own["metadata"], "resourceVersion": str(self.version)}}
            self.events[kind].append((self.version, "DELETED", own))
            self.changed.notify_all()

    def forget_history(self) -> None:
        """As etcd does when it is compacted; watches that are open end with 410."""
        with self.changed:
            self.version += 1
            self.oldest = self.version
            self.changed.notify_all()

    def token_for(self, pod: Json, audience: str = "seawall-mesh", seconds: float = 3600) -> str:
        """What the kubelet projects into a pod: bound to it."""
        metadata, account = pod["metadata"], pod["spec"].get("serviceAccountName", "default")
        claims = {
            "aud": [audience], "exp": time.time() + seconds, "jti": str(uuid4()),
            "sub": f"system:serviceaccount:{metadata['namespace']}:{account}",
            "kubernetes.io": {
                "namespace": metadata["namespace"],
                "pod": {"name": metadata["name"], "uid": metadata["uid"]},
                "node": {"name": pod["spec"].get("nodeName", "")},
                "serviceaccount": {"name": account, "uid": str(uuid4())},
            },
        }  # fmt: skip
        return self.signed(claims)

    def signed(self, claims: Json) -> str:
        """A token; only those that were made here are valid."""
        parts = ({"alg": "ES256", "kid": "test"}, claims)
        written = [
            urlsafe_b64encode(json.dumps(own).encode()).decode().rstrip("=") for own in parts
        ]
        token = ".".join([*written, secrets.token_urlsafe(48)])
        self.tokens[token] = claims
        return token

    # What it answers ------------------------------------------------------------------------

    def review(self, spec: Json) -> Json:
        """The status of a TokenReview."""
        self.reviews += 1
        claims = self.tokens.get(spec.get("token", ""))
        wanted = spec.get("audiences") or ["https://kubernetes.default.svc"]
        if claims is None:
            return {"user": {}, "error": "invalid bearer token"}
        shared = [own for own in wanted if own in claims["aud"]]
        if not shared:
            said = f"token audiences {claims['aud']} is invalid for the target {wanted}"
            return {"user": {}, "error": f"invalid bearer token, {said}"}
        if claims["exp"] < time.time():
            return {"user": {}, "error": "invalid bearer token, service account token has expired"}
        bound = claims["kubernetes.io"].get("pod")
        namespace = claims["kubernetes.io"]["namespace"]
        extra = {f"{_BOUND}credential-id": [f"JTI={claims['jti']}"]}
        if bound:
            there = self.objects[PODS].get((namespace, bound["name"]))
            if there is None or there["metadata"]["uid"] != bound["uid"]:
                return {"user": {}, "error": "invalid bearer token, pod has been deleted"}
            extra |= {
                f"{_BOUND}pod-name": [bound["name"]], f"{_BOUND}pod-uid": [bound["uid"]],
                f"{_BOUND}node-name": [claims["kubernetes.io"]["node"]["name"]],
            }  # fmt: skip
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}",
                  "system:authenticated"]  # fmt: skip
        user = {
            "username": claims["sub"], "uid": claims["kubernetes.io"]["serviceaccount"]["uid"],
            "groups": groups, "extra": extra,
        }  # fmt: skip
        return {"authenticated": True, "user": user, "audiences": shared}

    def authenticated(self, header: str) -> bool:
        """Whether somebody comes with a token for the API server itself."""
        return bool(self.review({"token": header.removeprefix("Bearer ")}).get("authenticated"))


def pod(
    name: str, namespace: str, node: str, account: str = "default", *, address: str = "",
    proxy: str = "node", by_init: bool = True,
) -> Json:  # fmt: skip
    """A pod that runs, injected or (``proxy=""``) not."""
    own: list[Json] = []
    if proxy:
        where = ["--agent", "x"] if proxy == "node" else ["--controller", "x"]
        own = [{"name": "seawall-mesh-init"}] if by_init else []
        own.append({"name": "seawall-mesh-proxy", "args": ["mesh", "sidecar", *where]})
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": str(uuid4())},
        "spec": {
            "nodeName": node, "serviceAccountName": account, "initContainers": own,
            "containers": [{"name": name}],
        },
        "status": {
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}] if address else [],
        },
    }  # fmt: skip


def service(name: str, namespace: str, address: str, ports: dict[int, str]) -> Json:
    """A service with a ClusterIP; ``ports`` are numbers and names."""
    return {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "uid": str(uuid4())},
        "spec": {
            "clusterIP": address, "clusterIPs": [address],
            "ports": _ports({own: port for port, own in ports.items()}),
        },
    }  # fmt: skip


def _ports(ports: dict[str, int]) -> list[Json]:
    return [{"name": own, "port": port, "protocol": "TCP"} for own, port in ports.items()]


def endpoints(name: str, namespace: str, pods: list[Json], ports: dict[str, int]) -> Json:
    """The slice of a service; ``ports`` are names and numbers on the pods."""
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "name": f"{name}-abcde", "namespace": namespace, "uid": str(uuid4()),
            "labels": {"kubernetes.io/service-name": name},
        },
        "endpoints": [
            {
                "addresses": [one["status"]["podIP"]], "conditions": {"ready": True},
                "targetRef": {"kind": "Pod", "name": one["metadata"]["name"],
                              "namespace": namespace, "uid": one["metadata"]["uid"]},
            }
            for one in pods
        ],
        "ports": _ports(ports),
    }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def _answer(self, act: Any) -> None:
        cluster = self.cluster
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        cluster.requests.append((self.command, url.path, query))
        if cluster.is_down:
            self._status(503, "apiserver not ready")
        elif not cluster.authenticated(self.headers.get("Authorization", "")):
            self._status(401, "Unauthorized")
        else:
            act(url.path, query)

    def _get(self, path: str, query: dict[str, str]) -> None:
        cluster = self.cluster
        if path in KINDS:
            (self._watch if query.get("watch") == "true" else self._list)(path, query)
            return
        words = path.split("/")
        found: Json | None = None
        if len(words) == 7 and words[:4] == ["", "api", "v1", "namespaces"]:
            key = words[4], words[6]
            table = {"pods": cluster.objects[PODS], "configmaps": cluster.config_maps}
            found = table.get(words[5], {}).get(key)
        if found is None:
            self._status(404, f"{path} not found")
        else:
            self._json(200, found)

    def _list(self, path: str, query: dict[str, str]) -> None:
        cluster = self.cluster
        with cluster.changed:
            version, all_ = cluster.version, list(cluster.objects[path].values())
        wanted = query.get("labelSelector", "")
        if wanted:
            name, _, value = wanted.partition("=")
            all_ = [own for own in all_ if own["metadata"].get("labels", {}).get(name) == value]
        start = 0
        if query.get("continue"):
            at, _, offset = query["continue"].partition(":")
            start = int(offset)
            if int(at) < cluster.oldest:
                self._status(410, "The provided continue parameter is too old", "Expired")
                return
        end = start + int(query.get("limit", "500"))
        metadata: Json = {"resourceVersion": str(version)}
        if end < len(all_):
            metadata |= {"continue": f"{version}:{end}", "remainingItemCount": len(all_) - end}
        self._json(200, {"kind": KINDS[path], "metadata": metadata, "items": all_[start:end]})

    def _watch(self, path: str, query: dict[str, str]) -> None:
        cluster = self.cluster
        seen = int(query["resourceVersion"])
        deadline = time.monotonic() + min(float(query["timeoutSeconds"]), cluster.longest_watch)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        began = cluster.oldest
        while not cluster.is_down:
            with cluster.changed:
                if seen < cluster.oldest and (seen < began or cluster.oldest != began):
                    self._event("ERROR", _status(410, "too old resource version", "Expired"))
                    break
                news = [own for own in cluster.events[path] if own[0] > seen]
                if not news:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        break
                    cluster.changed.wait(min(left, 0.2))
                    continue
            for version, type_, own in news:
                self._event(type_, own)
                seen = version
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, type_: str, own: Json) -> None:
        line = json.dumps({"type": type_, "object": own}).encode() + b"\n"
        # In two chunks: lines and chunks have nothing to do with each other.
        for part in (line[:7], line[7:]):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def _post(self, path: str, _: dict[str, str]) -> None:
        own = self._body()
        if path == REVIEWS:
            self._json(201, {**own, "status": self.cluster.review(own["spec"])})
            return
        words = path.split("/")
        key = words[4], own["metadata"]["name"]
        if key in self.cluster.config_maps:
            self._status(409, "already exists", "AlreadyExists")
            return
        self._store(key, own, 201)

    def _put(self, path: str, _: dict[str, str]) -> None:
        words = path.split("/")
        key = words[4], words[6]
        own = self._body()
        before = self.cluster.config_maps[key]["metadata"]["resourceVersion"]
        if own["metadata"].get("resourceVersion") != before:
            self._status(409, "the object has been modified", "Conflict")
            return
        self._store(key, own, 200)

    def _store(self, key: tuple[str, str], own: Json, status: int) -> None:
        cluster = self.cluster
        cluster.version += 1
        own["metadata"]["resourceVersion"] = str(cluster.version)
        cluster.config_maps[key] = own
        self._json(status, own)

    def _body(self) -> Json:
        found: Json = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def _status(self, code: int, message: str, reason: str = "") -> None:
        self._json(code, _status(code, message, reason))

    def _json(self, code: int, own: Json) -> None:
        data = json.dumps(own).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _status(code: int, message: str, reason: str = "") -> Json:
    return {"kind": "Status", "status": "Failure", "message": message, "reason": reason,
            "code": code}  # fmt: skip


@contextmanager
def serving(
    cluster: Cluster,
    directory: Path,
    host: str = "127.0.0.1",
    inside: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Iterator[int]:
    """Serve; ``directory`` gets what a pod has at its service account's place. Gives the port.

    ``inside`` enters the network namespace in which it listens.
    """
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    with inside():
        server = ThreadingHTTPServer((host, 0), handler)
    server.daemon_threads = True
    certificate, key = _certificate(host)
    (directory / "ca.crt").write_bytes(certificate)
    pair = directory.parent / "api-server.pem"
    pair.write_bytes(certificate + key)
    controller = {"metadata": {"namespace": "seawall-mesh", "name": "controller", "uid": "x"},
                  "spec": {"serviceAccountName": "seawall-mesh-controller"}}  # fmt: skip
    claims = cluster.tokens[cluster.token_for(controller, "https://kubernetes.default.svc")]
    del claims["kubernetes.io"]["pod"]
    (directory / "token").write_text(cluster.signed(claims))
    (directory / "namespace").write_text("seawall-mesh")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    pair.unlink()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        cluster.is_down = True
        server.shutdown()
        thread.join()
        server.server_close()


def _certificate(host: str) -> tuple[bytes, bytes]:
    """One that signs itself, for an address."""
    from datetime import UTC, datetime, timedelta

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )  # fmt: skip
