"""The Workload API as programs meet it: with a client that others wrote, and on the wire."""

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest

from seawall.mesh.agents.link import LinkError
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.tokens import Statement, key_set, make_token
from seawall.mesh.plan.model import Selectors
from seawall.mesh.workloads.api import HEADER, WorkloadApi
from seawall.mesh.workloads.endpoints import (
    Door,
    Endpoints,
    attesting_by,
    door_from_plain,
    door_to_plain,
)
from seawall.mesh.workloads.holding import Holder, Holding
from seawall.mesh.workloads.messages import SERVICE, message, reader
from tests.mesh.made import WEB, Clock, anyone, authority_in

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
TOKEN_KEY = new_key()


class Served:
    """A workload's API on a socket, in a thread of its own; ``peer`` says who may use it."""

    def __init__(self, directory: Path, wanted: Selectors) -> None:
        self.path = str(directory / "api.sock")
        self.said: list[str] = []
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.is_away = False
        self._directory = directory
        self._door = Door("web", self.path, wanted, is_shared=False)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.holder = Holder()
        endpoints = Endpoints(str(self._directory), attesting_by(""), self.said.append)
        api = WorkloadApi(self.holder, self._sign, apart=(0.01, 0.02))
        await endpoints.open({self._door: api})
        self._ready.set()
        await self._stop.wait()
        await endpoints.close()

    async def _sign(self, name: Any, audience: Sequence[str]) -> str:
        self.asked.append((str(name), tuple(audience)))
        if self.is_away:
            raise LinkError("the controller is away: ask again in a while")
        now = int(time.time())
        return make_token(Statement(name, tuple(audience), now, now + 300, "1"), TOKEN_KEY)

    def wait(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def offer(self, holding: Holding | None, refused: str = "") -> None:
        self.wait(self.holder.offer(holding, refused))

    def call(self, method: str, request: bytes = b"", header: bool = True) -> bytes:
        """The first message that comes back, by plain gRPC."""
        with grpc.insecure_channel(f"unix:{self.path}") as channel:
            answers: Any = channel.unary_stream(f"/{SERVICE}/{method}")
            call = answers(request, timeout=20, metadata=[HEADER] if header else [])
            first: bytes = next(call)
            call.cancel()
        return first

    def code(self, method: str, request: bytes = b"", header: bool = True) -> grpc.StatusCode:
        with pytest.raises(grpc.RpcError) as caught:
            self.call(method, request, header)
        found: grpc.StatusCode = caught.value.code()
        return found


def holding_in(directory: Path, ends: int = 2**40) -> Holding:
    directory.mkdir(exist_ok=True)
    authority = authority_in(directory, Clock(int(time.time())))
    key = new_key()
    grant = authority.issue(make_request(WEB, key), anyone())
    keys = key_set([TOKEN_KEY.public_key()])
    return Holding(WEB, grant.chain, key, min(ends, grant.validity.end), authority.bundle(), keys)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    own = Served(tmp_path, Selectors(os.geteuid()))
    own.start()
    try:
        own.offer(holding_in(tmp_path / "one"))
        yield own
    finally:
        own.stop()


def until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


METHODS = ("FetchX509SVID", "FetchX509Bundles", "FetchJWTBundles", "FetchJWTSVID",
           "ValidateJWTSVID")  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_requests_without_the_header_are_refused(served: Served, method: str) -> None:
    assert served.code(method, header=False) is grpc.StatusCode.INVALID_ARGUMENT


def test_what_is_not_served_is_unimplemented(served: Served) -> None:
    for method in ("FetchWITSVID", "FetchWITBundles", "Anything"):
        assert served.code(method) is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("method", METHODS)
def test_who_is_no_workload_gets_nothing(tmp_path: Path, method: str) -> None:
    own = Served(tmp_path, Selectors(os.geteuid() + 1))
    own.start()
    try:
        own.offer(holding_in(tmp_path / "one"))
        assert own.code(method) is grpc.StatusCode.PERMISSION_DENIED
        assert own.code(method, header=False) is grpc.StatusCode.INVALID_ARGUMENT
        assert f"user {os.geteuid()} is not" in own.said[0]
    finally:
        own.stop()


def test_what_is_refused_and_what_is_not_there_yet_are_told_apart(served: Served) -> None:
    request = message("JWTSVIDRequest", audience=["x"]).SerializeToString()
    served.offer(None)
    for method in METHODS[:4]:
        assert served.code(method, request) is grpc.StatusCode.UNAVAILABLE
    served.offer(None, "revoked: ask the operator")
    for method in METHODS[:4]:
        assert served.code(method, request) is grpc.StatusCode.PERMISSION_DENIED


def test_a_certificate_that_has_ended_is_withdrawn(served: Served, tmp_path: Path) -> None:
    served.offer(holding_in(tmp_path / "two", int(time.time()) + 1))
    with grpc.insecure_channel(f"unix:{served.path}") as channel:
        answers: Any = channel.unary_stream(f"/{SERVICE}/FetchX509SVID")
        call = answers(b"", timeout=20, metadata=[HEADER])
        next(call)
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_tokens_need_an_audience_and_ones_own_id(served: Served) -> None:
    request = message("JWTSVIDRequest").SerializeToString()
    assert served.code("FetchJWTSVID", request) is grpc.StatusCode.INVALID_ARGUMENT
    other = message("JWTSVIDRequest", audience=["x"], spiffe_id=f"{WEB}/other")
    denied = served.code("FetchJWTSVID", other.SerializeToString())
    assert denied is grpc.StatusCode.PERMISSION_DENIED
    assert served.asked == []
    served.is_away = True
    own = message("JWTSVIDRequest", audience=["x"], spiffe_id=str(WEB)).SerializeToString()
    assert served.code("FetchJWTSVID", own) is grpc.StatusCode.UNAVAILABLE
    wrong = message("ValidateJWTSVIDRequest", audience="x", svid="a.b.c").SerializeToString()
    assert served.code("ValidateJWTSVID", wrong) is grpc.StatusCode.INVALID_ARGUMENT


def test_streams_carry_what_is_new_whole_and_in_the_end_the_refusal(
    served: Served, tmp_path: Path
) -> None:
    second = holding_in(tmp_path / "two")
    with grpc.insecure_channel(f"unix:{served.path}") as channel:
        answers: Any = channel.unary_stream(f"/{SERVICE}/FetchX509SVID")
        call = answers(b"", timeout=20, metadata=[HEADER])
        bundles: Any = channel.unary_stream(f"/{SERVICE}/FetchX509Bundles")
        other = bundles(b"", timeout=20, metadata=[HEADER])
        read = reader("X509SVIDResponse")
        first = read(next(call))
        next(other)
        served.offer(second)
        after = read(next(call))
        next(other)
        assert first.svids[0].x509_svid != after.svids[0].x509_svid
        assert [own.spiffe_id for own in after.svids] == [str(WEB)]
        served.offer(second._replace(ends=second.ends - 1))  # nothing that is seen of it is new
        served.offer(None, "revoked: ask the operator")
        for stream in (call, other):
            with pytest.raises(grpc.RpcError) as caught:
                next(stream)
            code = caught.value.code()
            assert code is grpc.StatusCode.PERMISSION_DENIED


def test_garbage_on_the_socket_harms_nobody(served: Served) -> None:
    for data in (b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096)):
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(served.path)
            other.sendall(data)
            other.shutdown(socket.SHUT_WR)
            other.settimeout(20)
            while other.recv(4096):
                pass
    assert served.call("FetchX509SVID")
    assert served.code("FetchX509SVID", header=False) is grpc.StatusCode.INVALID_ARGUMENT


def test_a_door_survives_its_way_to_the_agent() -> None:
    door = Door("web", "/x", Selectors(7, 8, "a.service", "/p", "0" * 64), is_shared=True)
    assert door_from_plain(door_to_plain(door)) == door


# With a client that others wrote ------------------------------------------------------------


def test_a_client_of_others_gets_certificates_and_their_renewal(
    served: Served, tmp_path: Path
) -> None:
    spiffe = pytest.importorskip("spiffe")
    first = served.holder.current
    assert first is not None
    with spiffe.X509Source(socket_path=f"unix://{served.path}", timeout_in_seconds=20) as source:
        svid = source.get_x509_context().default_svid
        assert str(svid.spiffe_id) == str(WEB)
        assert [own.serial_number for own in svid.cert_chain] == [
            own.serial_number for own in first.chain
        ]
        numbers = svid.private_key.private_numbers()
        assert numbers == first.key.private_numbers()
        bundle = source.get_bundle_for_trust_domain(svid.spiffe_id.trust_domain)
        assert {own.serial_number for own in bundle.x509_authorities} == {
            own.serial_number for own in first.roots
        }
        second = holding_in(tmp_path / "two")
        served.offer(second)
        wanted = second.chain[0].serial_number

        def newest() -> int:
            return int(source.get_x509_context().default_svid.cert_chain[0].serial_number)

        assert until(lambda: newest() == wanted)


def test_a_client_of_others_gets_tokens_and_has_them_checked(served: Served) -> None:
    spiffe = pytest.importorskip("spiffe")
    with spiffe.WorkloadApiClient(socket_path=f"unix://{served.path}") as client:
        svid = client.fetch_jwt_svid(audience={"reports"}, timeout=20)
        assert str(svid.spiffe_id) == str(WEB)
        assert set(svid.audience) == {"reports"}
        assert served.asked == [(str(WEB), ("reports",))]
        bundles = client.fetch_jwt_bundles(timeout=20)
        bundle = bundles.get_bundle_for_trust_domain(svid.spiffe_id.trust_domain)
        # The client checks the signature itself, with the library that it brings.
        known = spiffe.JwtSvid.parse_and_validate(svid.token, bundle, {"reports"})
        assert str(known.spiffe_id) == str(WEB)
        checked = client.validate_jwt_svid(svid.token, "reports", timeout=20)
        assert str(checked.spiffe_id) == str(WEB)
        with pytest.raises(spiffe.errors.PySpiffeError):
            client.validate_jwt_svid(svid.token, "bills", timeout=20)
        context = client.fetch_x509_context(timeout=20)
        assert str(context.default_svid.spiffe_id) == str(WEB)
        assert len(client.fetch_x509_bundles(timeout=20).bundles) == 1
