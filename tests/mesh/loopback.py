"""A real Envoy with our inbound chains, on loopback ports: all but the redirection, no root."""

import http.server
import json
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import Issuer, Validity
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.model import View
from seawall.mesh.proxies import program, secrets
from seawall.mesh.proxies.bootstrap import bootstrap
from seawall.mesh.proxies.callers import bundles_of
from seawall.mesh.proxies.clusters import local_cluster
from seawall.mesh.proxies.listeners import access_of, listeners_of
from seawall.mesh.verifying.tls_client import Credentials
from tests.mesh.made import root_of

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\napplication!"
Change = Callable[[dict[str, Any]], None]


def envoy() -> str:
    try:
        return program.find()
    except program.EnvoyError:
        return ""


def soon(seconds: int = 600) -> Validity:
    now = int(time.time())
    return Validity(now - 60, now + seconds)


class Mint:
    """An issuer whose key the tests have: they may make anything at all."""

    def __init__(self, domain: SpiffeId) -> None:
        root = root_of(domain, soon(3600))
        key = keys.new_key()
        made = certificates.make_intermediate(domain, key.public_key(), soon(3600), root)
        self.root = root.certificate
        self.issuer = Issuer(made, key)

    def leaf(self, name: SpiffeId, validity: Validity | None = None) -> Credentials:
        key = keys.new_key()
        leaf = certificates.make_leaf(
            name, key.public_key(), validity or soon(), self.issuer, certificates.new_serial()
        )
        return self.shown(leaf, key)

    def odd(self, names: Sequence[SpiffeId], odd: certificates.Odd) -> Credentials:
        key = keys.new_key()
        leaf = certificates.make_odd_leaf(
            names, key.public_key(), soon(), self.issuer, certificates.new_serial(), odd
        )
        return self.shown(leaf, key)

    def shown(self, leaf: Any, key: keys.PrivateKey) -> Credentials:
        chain = certificates.as_pem((leaf, self.issuer.certificate)).decode()
        return Credentials(chain, keys.as_pem(key).decode())


class Loopback(NamedTuple):
    """One that runs."""

    ports: dict[tuple[str, int], int]
    """By workload and its port: where it listens here."""
    directory: Path

    def admin(self) -> str:
        return str(self.directory / "admin.sock")

    def log(self) -> str:
        return (self.directory / "log").read_text()


@contextmanager
def application(banner: bytes = b"") -> Iterator[int]:
    """Answers any request; with a banner it is the one who speaks first."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            if banner:
                self.wfile.write(banner)

        def parse_request(self) -> bool:
            known = super().parse_request()
            self.command = "GET"  # whatever the method, the answer is one
            return known

        def do_GET(self) -> None:
            said = self.headers.get("x-forwarded-client-cert", "")
            self.wfile.write(ANSWER.replace(b"\r\n\r\n", f"\r\nx-peer: {said}\r\n\r\n".encode()))

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running(
    views: Sequence[View], mint: Mint, app: int, change: Change = lambda _: None
) -> Iterator[Loopback]:
    """Envoy with the inbound chains of some workloads, each port of each on a port of loopback.

    ``change`` may spoil the configuration, to see that what is wrong is found.
    """
    with tempfile.TemporaryDirectory(prefix="seawall-envoy-") as name:
        directory = Path(name)
        chains = {
            (view.own.name, number): chain for view in views for number, chain in _chains(view)
        }
        free = _free_ports(len(chains))
        ports = dict(zip(chains, free, strict=True))
        config = bootstrap(views[0].own.id, f"{name}/none.sock", f"{name}/admin.sock")
        del config["dynamic_resources"]
        config["static_resources"]["listeners"] = [
            {
                "name": f"{key[0]}:{key[1]}",
                "address": {"socket_address": {"address": "127.0.0.1", "port_value": ports[key]}},
                "filter_chains": [chain],
            }
            for key, chain in chains.items()
        ]
        own = {local_cluster(port) for view in views for port in view.own.ports}
        config["static_resources"]["clusters"] += [_local(one, app) for one in sorted(own)]
        more = [own for view in views for own in bundles_of(view, [mint.root])]
        written = [secrets.bundle_of([mint.root]), *more, _served(views[0].own.id, mint)]
        change({"config": config, "secrets": written})
        _write(directory, config, written)
        with (directory / "log").open("wb") as log:
            child = subprocess.Popen(
                [envoy(), "-c", f"{name}/envoy.json", "--disable-hot-restart", "--concurrency",
                 "1", "--log-level", "warning", "--file-flush-interval-msec", "50"],
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            found = Loopback(ports, directory)
            _wait(child, found)
            yield found
        finally:
            child.terminate()
            child.wait()


def _chains(view: View) -> Iterator[tuple[int, dict[str, Any]]]:
    for listener in listeners_of(view):
        if listener["name"] == "inbound":
            for chain in listener["filter_chains"]:
                number = chain.pop("filter_chain_match")["destination_port"]
                yield number, _filled(chain, {own["name"]: own for own in access_of(view)})


def _filled(value: Any, access: dict[str, Any]) -> Any:
    """A configuration with what its filters would be told by discovery in their place."""
    if isinstance(value, list):
        return [_filled(item, access) for item in value]
    if not isinstance(value, dict):
        return value
    if "config_discovery" in value:
        name = value["name"]
        return {"name": name, "typed_config": access[name]["typed_config"]}
    return {key: _filled(item, access) for key, item in value.items()}


def _served(name: SpiffeId, mint: Mint) -> dict[str, Any]:
    key = keys.new_key()
    leaf = certificates.make_leaf(
        name, key.public_key(), soon(), mint.issuer, certificates.new_serial()
    )
    return secrets.certificate_of((leaf, mint.issuer.certificate), key)


def _local(name: str, port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "name": name, "type": "STATIC", "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }  # fmt: skip


def _write(directory: Path, config: dict[str, Any], written: Sequence[dict[str, Any]]) -> None:
    text = json.dumps(config)
    stream = json.dumps({"ads": {}, "resource_api_version": "V3"})
    for secret in written:
        path = directory / f"{secret['name']}.json"
        path.write_text(json.dumps({"resources": [secret]}))
        file = {"path_config_source": {"path": str(path)}, "resource_api_version": "V3"}
        name = json.dumps(secret["name"])
        text = text.replace(
            f'"name": {name}, "sds_config": {stream}',
            f'"name": {name}, "sds_config": {json.dumps(file)}',
        )
    (directory / "envoy.json").write_text(text)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [own.getsockname()[1] for own in held]
    for own in held:
        own.close()
    return found


def _wait(child: "subprocess.Popen[bytes]", found: Loopback) -> None:
    deadline = time.monotonic() + 30
    for port in found.ports.values():
        while True:
            assert child.poll() is None, found.log()
            assert time.monotonic() < deadline, found.log()
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.02)
                continue
            break
