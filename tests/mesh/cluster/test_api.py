"""The Kubernetes client against a double of the API server, and against odd answers."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.mesh.cluster import watching
from seawall.mesh.cluster.api import Api
from seawall.mesh.cluster.errors import ApiError, ClusterError, GoneError
from seawall.mesh.cluster.http_client import Request, Target, exchange
from seawall.mesh.cluster.objects import Pod, pod_of, service_of, slice_of
from seawall.mesh.cluster.watching import Mirror
from tests.mesh.cluster.api_double import PODS, Cluster, pod


async def until(is_so: Callable[[], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - whatever it is, in another thread perhaps
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def followed(
    api: Api, said: list[str]
) -> AsyncIterator[tuple[Mirror[Pod], list[int]]]:  # fmt: skip
    changes: list[int] = []
    mirror = Mirror(api, PODS, pod_of, lambda: changes.append(1), said.append)
    task = asyncio.ensure_future(mirror.run())
    try:
        yield mirror, changes
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.02)  # a handshake that was broken off closes its socket a turn later


def names(mirror: Mirror[Pod]) -> set[str]:
    return {own.name for own in mirror.items.values()}


def test_a_list_in_pages_and_then_what_changes(
    api: Api, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.mesh.cluster.api.PAGE", 2)
    for number in range(5):
        cluster.put(PODS, pod(f"p{number}", "shop", "n1"))

    async def follow() -> None:
        async with followed(api, []) as (mirror, changes):
            await until(lambda: len(mirror.items) == 5)
            cluster.put(PODS, pod("p5", "shop", "n1"))
            await until(lambda: "p5" in names(mirror))
            cluster.delete(PODS, "p0", "shop")
            await until(lambda: "p0" not in names(mirror))
            before = len(changes)
            cluster.put(PODS, cluster.objects[PODS]["shop", "p1"])  # nothing that is kept
            cluster.put(PODS, pod("p6", "shop", "n1"))
            await until(lambda: "p6" in names(mirror))
            assert len(changes) == before + 1
            ended = cluster.objects[PODS]["shop", "p2"]
            cluster.put(PODS, {**ended, "status": {"phase": "Succeeded"}})
            await until(lambda: "p2" not in names(mirror))

    asyncio.run(follow())
    lists = [query for _, path, query in cluster.requests if path == PODS and "watch" not in query]
    assert len(lists) == 3
    watches = [query for _, path, query in cluster.requests if query.get("watch")]
    assert len(watches) == 1


def test_a_watch_that_ends_goes_on_from_its_version(
    api: Api, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_BETWEEN", 0.01)
    cluster.longest_watch = 0.05
    cluster.put(PODS, pod("a", "shop", "n1"))

    async def follow() -> None:
        async with followed(api, []) as (mirror, _):
            for name in ("b", "c", "d"):
                cluster.put(PODS, pod(name, "shop", "n1"))
                await until(lambda: name in names(mirror))  # noqa: B023 - at once
                await asyncio.sleep(0.15)

    asyncio.run(follow())
    asked = [query for _, path, query in cluster.requests if path == PODS]
    assert len([query for query in asked if "watch" not in query]) == 1
    assert len([query for query in asked if "watch" in query]) > 3


def test_what_is_gone_is_listed_anew(api: Api, cluster: Cluster) -> None:
    cluster.put(PODS, pod("a", "shop", "n1"))

    async def follow() -> None:
        async with followed(api, []) as (mirror, _):
            await until(lambda: names(mirror) == {"a"})
            with cluster.changed:  # what happens while history is lost is never sent
                del cluster.objects[PODS]["shop", "a"]
            cluster.forget_history()
            cluster.put(PODS, pod("b", "shop", "n1"))
            await until(lambda: names(mirror) == {"b"})

    asyncio.run(follow())


def test_what_is_known_stays_while_the_server_is_away(
    api: Api, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "FIRST_WAIT", 0.02)
    cluster.put(PODS, pod("a", "shop", "n1"))
    said: list[str] = []

    async def follow() -> None:
        async with followed(api, said) as (mirror, _):
            await until(lambda: names(mirror) == {"a"})
            cluster.is_down = True
            await until(lambda: mirror.failures > 1)
            assert names(mirror) == {"a"}
            cluster.is_down = False
            cluster.put(PODS, pod("b", "shop", "n1"))
            await until(lambda: names(mirror) == {"a", "b"})
            assert mirror.failures == 0

    asyncio.run(follow())
    assert any("503" in line for line in said)


def test_the_token_is_read_anew(api: Api, cluster: Cluster, account: Path) -> None:
    good = (account / "token").read_text()
    (account / "token").write_text("x.y.z")
    with pytest.raises(ApiError, match="401") as caught:
        asyncio.run(api.call("GET", PODS))
    assert caught.value.status == 401
    (account / "token").write_text(good)
    assert asyncio.run(api.call("GET", PODS))["kind"] == "PodList"
    (account / "token").unlink()
    with pytest.raises(ClusterError, match="mount a token there"):
        asyncio.run(api.call("GET", PODS))


def test_a_server_of_another_issuer_is_not_spoken_to(
    api: Api, cluster: Cluster, account: Path
) -> None:
    from tests.mesh.cluster.api_double import _certificate

    (account / "ca.crt").write_bytes(_certificate("127.0.0.1")[0])
    with pytest.raises(ClusterError, match=r"(?i)certificate"):
        asyncio.run(api.call("GET", PODS))
    assert cluster.requests == []


def test_outside_of_a_cluster() -> None:
    with pytest.raises(ClusterError, match="no pod of Kubernetes"):
        Api.of_cluster({})
    Api.of_cluster({"KUBERNETES_SERVICE_HOST": "10.96.0.1"})
    with pytest.raises(ClusterError):
        Api.of_cluster({"KUBERNETES_SERVICE_HOST": "x", "KUBERNETES_SERVICE_PORT": "tcp://x"})


# Whoever answers oddly --------------------------------------------------------------------------


@contextlib.contextmanager
def answering(data: bytes) -> Iterator[Target]:
    """A server that says the same to everybody, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(data)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield Target("127.0.0.1", server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


async def asked(target: Target, largest: int = 1000) -> tuple[int, bytes]:
    async with exchange(target, Request("GET", "/", {}), 2.0) as response:
        return response.status, await response.read(largest)


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (HEAD + b"Content-Length: 3\r\n\r\nabc", b"abc"),
        (HEAD + b"\r\nabc", b"abc"),
        (CHUNKED + b"1\r\na\r\n2;x=y\r\nbc\r\n0\r\nt: v\r\n\r\n", b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No\r\n\r\nabc", b""),
    ],
)  # fmt: skip
def test_bodies(said: bytes, body: bytes) -> None:
    with answering(said) as target:
        assert asyncio.run(asked(target))[1] == body


@pytest.mark.parametrize(
    "said",
    [
        b"", b"\r\n", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n",
        HEAD + b"no header\r\n\r\n", HEAD + b"a: b\r\n" * 300 + b"\r\n", HEAD + b"a" * 40_000,
        HEAD + b"Content-Length: 5\r\n\r\nabc", HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 1e3\r\n\r\n", HEAD + b"Content-Length: 9999\r\n\r\n" + b"x" * 9999,
        CHUNKED + b"zz\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"2\r\nabc\r\n",
        CHUNKED + b"ffffffffffffffffff\r\n",
        CHUNKED + b"3\r\nab",
        b"HTTP/1.1 100 C\r\n\r\n" * 20, HEAD + b"\r\n" + b"x" * 5000,
    ],
)  # fmt: skip
def test_odd_answers(said: bytes) -> None:
    with answering(said) as target, pytest.raises(ClusterError):
        asyncio.run(asked(target))


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200), st.booleans())
def test_any_answer(data: bytes, with_head: bool) -> None:
    said = CHUNKED + b"" + data if with_head else data
    with answering(said) as target, contextlib.suppress(ClusterError):
        asyncio.run(asked(target))


def test_a_request_cannot_be_split() -> None:
    async def ask() -> None:
        with answering(HEAD + b"\r\n") as target:
            async with exchange(target, Request("GET", "/\r\nx: y", {}), 2.0):
                pass

    with pytest.raises(ClusterError, match="line break"):
        asyncio.run(ask())


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "metadata", "spec", "status", "initContainers", "podIPs", "ip", "ports", "port", "name",
            "endpoints", "targetRef", "uid", "labels", "clusterIPs", "args", "namespace", "kind",
        ]), inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status", "endpoints", "ports"]), JSON))
def test_odd_objects(own: Any) -> None:
    for read in (pod_of, service_of, slice_of):
        read(own)


@pytest.mark.parametrize(
    "line",
    [b"x", b"[]", b'{"type": "ADDED"' + b" " * 100, b"[" * 100_000, b'{"a":' * 50_000 + b"1"],
    ids=["word", "list", "half", "deep list", "deep object"],
)
def test_odd_lines_of_a_watch(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    said = HEAD + b"\r\n" + line + b"\n"

    async def watch(target: Target) -> None:
        api = Api(target.host, target.port)
        monkeypatch.setattr(Api, "_target", lambda _: target)
        monkeypatch.setattr("seawall.mesh.cluster.api.token_in", lambda _: "t")
        async for _ in api.watch(PODS, "1", 5):
            pass

    with answering(said) as target, pytest.raises(ClusterError):
        asyncio.run(watch(target))


def test_an_error_within_a_watch(api: Api, cluster: Cluster) -> None:
    cluster.put(PODS, pod("a", "shop", "n1"))
    cluster.forget_history()

    async def watch() -> None:
        async for _ in api.watch(PODS, "1", 5):
            pass

    with pytest.raises(GoneError):
        asyncio.run(watch())
