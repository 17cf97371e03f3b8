"""Another description for a mesh that is up: the rest goes on, and what goes leaves nothing."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.hosting import asking, network
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.verifying.processes import held
from tests.mesh.hosting.raised import MARK, SYSTEM_PYTHON, Raised, raised, reason, serving

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
LOAD = Path(__file__).with_name("load.py")


def described(
    more: str = "", rules: str = "", ports: str = "{8080: http, 9090: tcp}", edges: str = "",
    domain: str = "shop.example.org", before: str = "",
) -> str:  # fmt: skip
    return f"""\
mesh: NAME
trustDomain: {domain}
drain: 2s
workloads:
{before}  web: {{}}
  orders:
{serving(8080, 9090)}    ports: {ports}
{more}policy:
  - allow: {{from: web, to: orders}}
{rules}{edges}"""


OUTER = """
import http.server
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_port)
server.serve_forever()
"""
STOCK = f"  stock:\n{serving(8080)}    ports: {{8080: http}}\n"
TO_STOCK = "  - allow: {from: [web, orders], to: stock}\n"


class Changing:
    """A mesh whose file changes."""

    def __init__(self, mesh: Raised) -> None:
        self.mesh = mesh
        self.file = mesh.directory / f"{mesh.layout.mesh}.yaml"

    def apply(self, text: str, *, dry: bool = False) -> list[str]:
        """What is changed, a word for each: ``+workload stock``."""
        self.file.write_text(text.replace("NAME", self.mesh.layout.mesh))
        said = asking.ask(self.mesh.layout.requests, what="apply", file=str(self.file), dry=dry)
        signs = {"added": "+", "removed": "-", "changed": "~"}
        return [f"{signs[own['how']]}{own['kind']} {own['name']}" for own in said["changes"]]

    def load(self, seconds: float, closes: str) -> "subprocess.Popen[bytes]":
        script = self.mesh.directory / "load.py"
        script.write_text(LOAD.read_text().replace("MARK", MARK))
        script.chmod(0o644)
        return subprocess.Popen(
            [*self.mesh.enter("web"), SYSTEM_PYTHON, str(script), str(seconds), "2", closes,
             "http://orders:8080/", "http://orders:9090/"],
            stdout=subprocess.PIPE,
        )  # fmt: skip

    def answers(self, address: str = "http://stock:8080/") -> bool:
        return self.mesh.curl("web", address).stdout.startswith(MARK)


@pytest.fixture(scope="module")
def changing() -> Iterator[Changing]:
    with raised(described()) as mesh:
        found = Changing(mesh)
        assert mesh.until(lambda: found.answers("http://orders:8080/"))
        yield found


@pytest.fixture(autouse=True)
def as_before(changing: Changing) -> Iterator[None]:
    yield
    changing.apply(described())


def _said(load: "subprocess.Popen[bytes]") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(load.communicate(timeout=60)[0])
    return found


def _traces(mesh: Raised, name: str) -> list[str]:
    """What there is of a workload on this host."""
    namespace, layout = network.prefix_of(mesh.layout.mesh) + name, mesh.layout
    paths = (
        layout.proxy(name), layout.programs(name), os.path.join(layout.sockets, name),
        f"/etc/netns/{namespace}", f"{layout.inside}/{name}.sock",
    )  # fmt: skip
    found = [path for path in paths if os.path.exists(path)]
    found += [own for own in network.namespaces_of(layout.mesh) if own == namespace]
    found += map(str, mesh.pids(f"proxies/{name}/"))
    return found


def test_a_workload_comes_and_goes_while_the_others_go_on(changing: Changing) -> None:
    mesh = changing.mesh
    loads = [changing.load(12, closes) for closes in ("close", "keep")]
    program = subprocess.Popen([*mesh.enter("web"), "sleep", "60"])
    with_stock = described(STOCK, TO_STOCK)
    assert changing.apply(with_stock, dry=True) == [
        "+workload stock", "+rule allow orders, web -> stock",
    ]  # fmt: skip
    assert "stock" not in mesh.ask("Status")["workloads"]
    assert changing.apply(with_stock)
    assert mesh.until(changing.answers, 5)
    # The others' programs find it by name, though they have been running all the time.
    hosts = Path(f"/proc/{program.pid}/root/etc/hosts")
    assert "stock" in hosts.read_text()
    assert len(_traces(mesh, "stock")) > 5
    assert changing.apply(with_stock) == []
    user = mesh.curl("web", "http://stock:8080/user")
    assert user.returncode == 0
    slow = subprocess.Popen(
        [*mesh.enter("web"), "curl", "-sS", "-m", "9", "http://stock:8080/slow"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert mesh.until(lambda: _under_way(mesh, "stock"))
    assert changing.apply(described()) == ["-workload stock", "-rule allow orders, web -> stock"]
    # What was under way came to its end.
    assert slow.communicate(timeout=20)[0].decode().startswith(MARK)
    assert _traces(mesh, "stock") == []
    assert "stock" not in mesh.ask("Status")["workloads"]
    assert "stock" not in hosts.read_text()
    program.kill()
    program.wait()
    assert mesh.ask("Status")["waits_for"] == []
    for said in map(_said, loads):
        assert said["failed"] == []
        assert said["answered"] > 100


def _under_way(mesh: Raised, name: str) -> bool:
    namespace = network.prefix_of(mesh.layout.mesh) + name
    said = subprocess.run(
        ["ip", "netns", "exec", namespace, "ss", "-H", "-t", "-n", "state", "established",
         "( sport = :8080 )"], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return bool(said.stdout.strip())


def test_whoever_was_there_keeps_address_and_user(changing: Changing) -> None:
    """Though another workload stands before it in the file now."""
    status = changing.mesh.ask("Status")["workloads"]
    before = {name: own["standing"]["addresses"] for name, own in status.items()}
    first = STOCK.replace("stock", "first")
    assert changing.apply(described(before=first)) == ["+workload first"]
    status = changing.mesh.ask("Status")["workloads"]
    assert {name: status[name]["standing"]["addresses"] for name in before} == before
    assert status["first"]["standing"]["addresses"] not in before.values()
    assert changing.answers("http://orders:8080/")


def test_policy_and_ports(changing: Changing) -> None:
    mesh = changing.mesh
    assert changing.apply(described(ports="{8080: http}")) == ["~workload orders"]
    assert mesh.until(lambda: not changing.answers("http://orders:9090/"), 5)
    assert changing.answers("http://orders:8080/")
    changing.apply(described())
    assert mesh.until(lambda: changing.answers("http://orders:9090/"), 5)
    deny = "  - deny: {from: web, to: orders, ports: [8080], paths: [/secret]}\n"
    assert changing.apply(described(rules=deny)) == ["+rule deny web -> orders 8080 /secret"]
    assert mesh.until(lambda: not changing.answers("http://orders:8080/secret"), 5)
    assert changing.answers("http://orders:8080/")


def test_another_program(changing: Changing) -> None:
    text = described().replace(f"b'{MARK} '", f"b'{MARK} again '")
    assert changing.apply(text) == ["~workload orders"]

    def says() -> bool:
        return "again" in changing.mesh.curl("web", "http://orders:8080/").stdout

    assert changing.mesh.until(says, 10)


def test_the_outside_comes_and_goes(changing: Changing) -> None:
    mesh = changing.mesh
    edges = """\
external:
  other: {host: 127.0.0.1, ports: {PORT: tcp}, private: [127.0.0.0/8]}
gateway:
  listen: 127.0.0.1:GATE
  routes: [{to: orders, port: 8080}]
"""
    server = subprocess.Popen(
        [SYSTEM_PYTHON, "-u", "-c", OUTER],
        stdout=subprocess.PIPE, cwd="/etc/netns",
    )  # fmt: skip
    try:
        assert server.stdout is not None
        port = server.stdout.readline().decode().strip()
        gate = str(20_000 + os.getpid() % 10_000)
        rules = "  - allow: {from: web, to: other}\n  - allow: {from: gateway, to: orders}\n"
        text = described(rules=rules, edges=edges.replace("PORT", port).replace("GATE", gate))
        assert changing.apply(text)[:1] == ["+workload gateway"]

        def gets_out() -> bool:
            return mesh.curl("web", f"http://other:{port}/").returncode == 0

        def comes_in(gate: str = gate) -> bool:
            said = subprocess.run(
                ["curl", "-sS", "-m", "3", f"http://127.0.0.1:{gate}/"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            return said.stdout.startswith(MARK)

        assert mesh.until(gets_out, 10)
        assert mesh.until(comes_in, 10)
        other = str(int(gate) + 1)
        assert changing.apply(text.replace(gate, other)) == ["~gateway gateway"]
        assert mesh.until(lambda: comes_in(other), 10)
        assert not comes_in()
        changing.apply(described())
        assert not gets_out()
        assert not comes_in(other)
        assert not mesh.pids(r"proxies/(gateway|\.egress)")
        tables = subprocess.run(
            ["nft", "list", "tables"], capture_output=True, text=True, check=True
        )
        assert mesh.layout.mesh.replace("-", "_") not in tables.stdout
    finally:
        server.kill()
        server.communicate()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (described(domain="other.example.org"), "the trust domain cannot change"),
        (described().replace("drain: 2s", "certificates: {lifetime: 5m}"), "how long certificates"),
        (described().replace("  web: {}", "  web: {id: /another}"), "web gets another id"),
        (described().replace("  web: {}", "  web: {mode: {'off': {reason: x}}}"),
         "web is off, so no rule"),
        (described().replace("web, to", "nobody, to"), "there is no workload 'nobody'"),
        (described(STOCK).replace("http}\npolicy", "http}\n    directory: /none\npolicy"),
         "there is no directory /none"),
        ("a: [", "correct the YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_changes_nothing(changing: Changing, text: str, says: str) -> None:
    before = changing.mesh.ask("Status")["workloads"].keys()
    with pytest.raises(HostError, match=says):
        changing.apply(text)
    assert changing.mesh.ask("Status")["workloads"].keys() == before
    assert changing.answers("http://orders:8080/")
    assert _traces(changing.mesh, "stock") == []


def test_what_does_not_come_up_is_taken_back(changing: Changing) -> None:
    """The proxy cannot be started: nothing of the new workload is left, and no rule of it."""
    mesh = changing.mesh
    blocked = Path(mesh.layout.logs) / "stock.proxy.log"
    blocked.unlink(missing_ok=True)
    blocked.mkdir()
    try:
        with pytest.raises(HostError, match=r"stock\.proxy"):
            changing.apply(described(STOCK, TO_STOCK))
    finally:
        shutil.rmtree(blocked)
    assert _traces(mesh, "stock") == []
    assert set(mesh.ask("Status")["workloads"]) == {"web", "orders"}
    assert changing.answers("http://orders:8080/")
    assert changing.apply(described(STOCK, TO_STOCK))
    assert mesh.until(changing.answers, 5)


def test_a_controller_that_hangs_changes_nothing(changing: Changing) -> None:
    """Who asks is told, and all is as it was when it goes on."""
    mesh = changing.mesh
    with (
        held(mesh.pids("seawall.mesh.control.process"), mesh.layout),
        pytest.raises(HostError, match="the controller does not answer within"),
    ):
        changing.apply(described(STOCK, TO_STOCK))
    assert changing.answers("http://orders:8080/")
    assert _traces(mesh, "stock") == []
    assert mesh.until(lambda: set(mesh.ask("Status")["workloads"]) == {"web", "orders"})
    assert changing.apply(described(STOCK, TO_STOCK))
    assert mesh.until(changing.answers, 5)


def test_who_was_killed_comes_back_to_the_mesh_as_it_is(changing: Changing) -> None:
    mesh = changing.mesh
    changing.apply(described(STOCK, TO_STOCK))
    assert mesh.until(changing.answers, 5)
    for words in ("seawall.mesh.agents.process", "seawall.mesh.control.process"):
        for pid in mesh.pids(words):
            os.kill(pid, 9)

    def all_connected() -> bool:
        found = mesh.ask("Status")["workloads"]
        return set(found) == {"web", "orders", "stock"} and all(
            own["standing"] and own["standing"]["is_connected"] for own in found.values()
        )

    assert mesh.until(all_connected)
    assert changing.answers()
    mesh.ask("Rotate", root=True)
    assert mesh.until(lambda: not mesh.ask("Status")["waits_for"], 20)
    changing.apply(described())
    assert mesh.until(lambda: mesh.ask("Rotate"), 20)
    assert mesh.until(lambda: not mesh.ask("Status")["waits_for"], 20)
