"""The controller of a cluster as a whole: agents join by token and follow what changes."""

import asyncio
import contextlib
import os
import signal
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from seawall.core.errors import UsageError
from seawall.mesh.agents.link import Link, LinkError, Pair, Refusal
from seawall.mesh.cluster import controller
from seawall.mesh.cluster.api import Api
from seawall.mesh.cluster.joining import Doors, Membership, join
from seawall.mesh.cluster.objects import Account
from seawall.mesh.control.messages import Orders, Plain, Report, orders_from_plain, report_to_plain
from seawall.mesh.control.operating import asking
from seawall.mesh.control.serving import Addresses
from seawall.mesh.identity import keys
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from tests.mesh.cluster import api_double as double
from tests.mesh.cluster.api_double import NAMESPACES, PODS, Cluster, Json
from tests.mesh.cluster.test_topology import DOCUMENT
from tests.mesh.control.test_doors import free_port

DOMAIN = SpiffeId("shop.example.org")
WEB = parse("spiffe://shop.example.org/ns/shop/sa/web")
OWN, ROOTS = "seawall-mesh", "seawall-mesh-roots"
AGENT = "seawall-mesh-agent"


class Running:
    """A controller in this process."""

    def __init__(self, cluster: Cluster, api: Api, directory: Path) -> None:
        self.cluster = cluster
        self.document = directory / "mesh.yaml"
        self.roots = directory / "roots.pem"
        self.token = directory / "agent-token"
        self.run = directory / "run"
        self.metrics = free_port()
        self.doors = Doors(
            f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}", str(self.token),
            str(self.roots),
        )  # fmt: skip
        state = directory / "state"
        for one in (state, self.run):
            one.mkdir(exist_ok=True)
        self.options = controller.Options(
            "shop.example.org", str(state), str(self.run), str(self.document),
            Addresses(self.doors.join, self.doors.main), (Account(OWN, AGENT),),
            ("127.0.0.1", self.metrics), OWN, announces_everywhere=True,
        )  # fmt: skip
        self._api = api

    async def get(self, path: str) -> tuple[int, str]:
        def ask() -> tuple[int, str]:
            url = f"http://127.0.0.1:{self.metrics}{path}"
            try:
                with urllib.request.urlopen(url, timeout=5) as said:
                    return said.status, said.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, ""
            except OSError:
                return 0, ""

        return await asyncio.to_thread(ask)

    async def joined(self, pod: Json, host: str) -> Membership:
        self.token.write_text(self.cluster.token_for(pod))
        self.roots.write_text(self.cluster.config_maps[OWN, ROOTS]["data"]["roots.pem"])
        return await join(self.doors, host, DOMAIN)

    def link(self, own: Membership) -> Link:
        return Link(self.doors.main, own.bundle, own.pair)

    async def until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await is_so():  # noqa: ASYNC110 - whatever it is
                await asyncio.sleep(0.05)

    def play(self, act: Callable[[], Awaitable[None]]) -> None:
        """Run the controller and what a test does with it; then stop it as Kubernetes does."""

        async def both() -> None:
            serving = asyncio.ensure_future(controller.serve(self.options, self._api))

            async def is_ready() -> bool:
                assert not serving.done(), serving.exception()
                return (await self.get("/ready"))[0] == 200

            try:
                await self.until(is_ready)
                # Its doors open a moment later.
                await self.until(lambda: _exists(self.run / "operator.sock"))
                await self.until(lambda: _announced(self.cluster))
                await act()
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                await serving

        asyncio.run(both())


async def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: ASYNC240 - at once


async def _announced(cluster: Cluster) -> bool:
    return (OWN, ROOTS) in cluster.config_maps


async def reports(host: str) -> AsyncIterator[Plain]:
    yield report_to_plain(Report(host, {}))
    await asyncio.sleep(60)


@contextlib.asynccontextmanager
async def following(link: Link, host: str) -> AsyncIterator[Callable[[], Awaitable[Orders]]]:
    stream = link.follow(reports(host))

    async def orders() -> Orders:
        async with asyncio.timeout(10):
            return orders_from_plain(await anext(stream))

    yield orders


@pytest.fixture
def running(cluster: Cluster, api: Api, tmp_path: Path) -> Running:
    cluster.put(NAMESPACES, {"metadata": {"name": "shop", "labels": {"seawall/mesh": "enabled"}}})
    cluster.put(NAMESPACES, {"metadata": {"name": "other"}})
    return Running(cluster, api, tmp_path)


@pytest.fixture
def agent(cluster: Cluster) -> Json:
    return cluster.put(PODS, double.pod("agent-1", OWN, "n1", AGENT, proxy=""))


def certificate(link: Link, name: SpiffeId) -> Awaitable[list[Pair | Refusal]]:
    key = keys.new_key()
    return link.issue([(key, make_request(name, key))])


def test_a_nodes_agent_joins_and_follows(running: Running, cluster: Cluster, agent: Json) -> None:
    cluster.put(PODS, double.pod("web-1", "shop", "n1", "web", address="10.1.0.1"))

    async def act() -> None:
        link = running.link(await running.joined(agent, "n1"))
        async with following(link, "n1") as orders:
            first = await orders()
            assert [view.own.name.split("/")[:2] for view in first.views] == [["shop", "web-1"]]
            assert first.views[0].peers == ()
            # No document yet: nobody may call anybody. Then there is one, without a restart.
            running.document.write_bytes(DOCUMENT)
            second = await orders()
            assert second.lifetime == 1800
            cluster.put(PODS, double.pod("orders-1", "shop", "n2", "orders", address="10.1.0.2"))
            third = await orders()
            assert [peer.addresses for peer in third.views[0].peers] == [("10.1.0.2",)]
            # What is wrong is not taken, and is told.
            running.document.write_bytes(DOCUMENT.replace(b"web, to: orders", b"web, to: others"))

            async def is_told() -> bool:
                return "seawall_mesh_document_refused 1" in (await running.get("/metrics"))[1]

            await running.until(is_told)
            running.document.write_bytes(DOCUMENT.replace(b"[8080]", b"[9090]"))
            fourth = await orders()
            assert [port.number for port in fourth.views[0].peers[0].ports] == [9090]
            (granted,) = await certificate(link, WEB)
            assert isinstance(granted, Pair)
            assert granted.validity.end - granted.validity.issued == 1800
            # Of pods elsewhere it gets none, and its own has no other name.
            for name in ("spiffe://shop.example.org/ns/shop/sa/orders",
                         "spiffe://shop.example.org/seawall/agent/n2",
                         "spiffe://shop.example.org/seawall/controller"):  # fmt: skip
                (refused,) = await certificate(link, parse(name))
                assert isinstance(refused, Refusal)
            (again,) = await certificate(link, parse("spiffe://shop.example.org/seawall/agent/n1"))
            assert isinstance(again, Pair)
            cluster.delete(PODS, "agent-1", OWN)

            async def is_over() -> bool:
                own = parse("spiffe://shop.example.org/seawall/agent/n1")
                return isinstance((await certificate(link, own))[0], Refusal)

            await running.until(is_over)
        await link.close()
        status = await asking(str(running.run / "operator.sock"), "Status", {})
        assert len(status["workloads"]) == 2

    running.play(act)


def test_an_agent_of_another_node_is_not_believed(
    running: Running, cluster: Cluster, agent: Json
) -> None:
    async def act() -> None:
        with pytest.raises(LinkError, match="may not be"):
            await running.joined(agent, "n2")  # its pod runs on n1
        other = cluster.put(PODS, double.pod("x", OWN, "n1", "someone", proxy=""))
        with pytest.raises(LinkError, match="its node's agent"):
            await running.joined(other, "n1")
        running.token.write_text(cluster.token_for(agent, "other-audience"))
        with pytest.raises(LinkError, match="no token of a service account"):
            await join(running.doors, "n1", DOMAIN)
        running.token.write_text(cluster.token_for(agent, seconds=-1))
        with pytest.raises(LinkError, match="expired"):
            await join(running.doors, "n1", DOMAIN)
        said = (await running.get("/metrics"))[1]
        assert "seawall_mesh_attestations_refused_total 3" in said

    running.play(act)


def test_a_sidecar_gets_its_own_pod_and_no_other(running: Running, cluster: Cluster) -> None:
    running.document.write_bytes(DOCUMENT)
    web, other = (
        cluster.put(PODS, double.pod(name, "shop", "n1", name, proxy="sidecar", address=address))
        for name, address in (("web", "10.1.0.1"), ("orders", "10.1.0.2"))
    )

    async def act() -> None:
        own = f"pod/{web['metadata']['uid']}"
        link = running.link(await running.joined(web, own))
        async with following(link, own) as orders:
            (view,) = (await orders()).views
            assert view.own.id == WEB
        (granted,) = await certificate(link, WEB)
        assert isinstance(granted, Pair)
        (refused,) = await certificate(link, parse("spiffe://shop.example.org/ns/shop/sa/orders"))
        assert isinstance(refused, Refusal)
        await link.close()
        # With the token of another pod it can be that pod's agent only.
        with pytest.raises(LinkError, match="may not be"):
            await running.joined(other, own)

    running.play(act)


def test_the_roots_are_announced(running: Running, cluster: Cluster) -> None:
    async def act() -> None:
        async def is_there() -> bool:
            return ("shop", ROOTS) in cluster.config_maps

        await running.until(is_there)
        assert ("other", ROOTS) not in cluster.config_maps
        before = cluster.config_maps["shop", ROOTS]["data"]["roots.pem"]
        assert before.startswith("-----BEGIN CERTIFICATE-----")
        await asking(str(running.run / "operator.sock"), "Rotate", {"root": True})

        async def are_newer() -> bool:
            return bool(cluster.config_maps["shop", ROOTS]["data"]["roots.pem"] != before)

        await running.until(are_newer)
        assert "PRIVATE" not in str(cluster.config_maps)

    running.play(act)


def test_a_controller_that_starts_again_knows_all(
    running: Running, cluster: Cluster, agent: Json
) -> None:
    running.document.write_bytes(DOCUMENT)
    kept: list[Membership] = []

    async def first() -> None:
        kept.append(await running.joined(agent, "n1"))

    async def second() -> None:
        link = running.link(kept[0])  # the certificate of before is good
        cluster.put(PODS, double.pod("web-1", "shop", "n1", "web", address="10.1.0.1"))
        cluster.put(PODS, double.pod("orders-1", "shop", "n1", "orders", address="10.1.0.2"))
        async with following(link, "n1") as orders:
            while len((found := await orders()).views) < 2:
                pass
            assert {len(view.peers) for view in found.views} == {0, 1}
        await link.close()

    running.play(first)
    running.document.write_text("nonsense")  # the last good one is in the store
    running.play(second)


def test_before_all_is_known_no_door_opens(running: Running, cluster: Cluster) -> None:
    cluster.is_down = True

    async def act() -> None:
        serving = asyncio.ensure_future(controller.serve(running.options, running._api))
        for _ in range(20):
            await asyncio.sleep(0.05)
            status, _ = await running.get("/ready")
            assert status in (0, 503)
        assert (await running.get("/live"))[0] == 200
        assert not (running.run / "operator.sock").exists()
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    asyncio.run(act())


def test_a_volume_of_another_mesh(running: Running) -> None:
    controller.prepared(running.options.state, DOMAIN).store.close()
    with pytest.raises(UsageError, match="another volume"):
        controller.prepared(running.options.state, SpiffeId("other.example.org"))
