"""Agents of pods: sockets, who has to wait, how one is asked."""

import asyncio
import json
import os
import stat
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from seawall.cli import mesh
from seawall.core.errors import InputError, SeawallError, UsageError
from seawall.mesh.agents.agent import REVOKED
from seawall.mesh.agents.link import Pair
from seawall.mesh.cluster import asking
from seawall.mesh.cluster.errors import ClusterError
from seawall.mesh.cluster.joining import next_door, roots_in, trust_domain_of
from seawall.mesh.cluster.outside import Outside
from seawall.mesh.cluster.pod_agents import SOCKET, Directory, Kept, OwnSocket, PodAgent, PodCharge
from seawall.mesh.cluster.programs import Programs, ProgramsOfNode
from seawall.mesh.control.messages import Orders
from seawall.mesh.hosting.hatches import Hatch
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import Validity
from seawall.mesh.plan.model import Known, View, Workload
from tests.mesh.made import ALWAYS, DOMAIN, NOW, WEB, intermediate_of, leaf_of, root_of


class Places:
    """Notes what is opened and closed."""

    def __init__(self) -> None:
        self.open_now: list[str] = []
        self.swept = 0

    async def open(self, charge: PodCharge) -> None:
        self.open_now.append(charge.name)

    async def close(self, name: str) -> bool:
        self.open_now.remove(name)
        return True

    def sweep(self) -> None:
        self.swept += 1

    async def end(self) -> None:
        self.open_now.clear()


class Closed(Outside):
    """Rules that are in force when a test says so."""

    def __init__(self) -> None:
        super().__init__(61_337, lambda _: None)

    def are_in_force(self, *uids: str) -> None:
        self._closed = set(uids)


def name() -> str:
    return f"shop/web/{uuid4()}"


def orders(names: Sequence[str], redirects: Sequence[str] = ()) -> Orders:
    views = tuple(View(Workload(own, WEB, ("10.1.0.1",))) for own in names)
    bundle = certificates.as_pem([root_of().certificate]).decode()
    uids = tuple(own.rpartition("/")[2] for own in redirects)
    return Orders(1, bundle, 2, 3600, views, redirects=uids)


def agent(outside: Outside | None = None) -> tuple[PodAgent, Places]:
    places = Places()
    issuer = intermediate_of(root_of())
    own = Pair((leaf_of(issuer),), keys.new_key(), ALWAYS, 2)
    made = PodAgent(
        "n1", DOMAIN, "127.0.0.1:1", Kept({}, places, outside), own, [issuer.certificate],
        lambda _: None,
    )  # fmt: skip
    return made, places


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory with a short name: sockets are in it."""
    with tempfile.TemporaryDirectory(prefix="sw-") as found:
        yield Path(found)


def test_pods_come_and_go() -> None:
    first, second = name(), name()

    async def act() -> None:
        made, places = agent()
        await made.prepare(orders([first]))
        await made.prepare(orders([first, second]))
        assert places.open_now == [first, second]
        kept = made.charges[first]
        await made.prepare(orders([first]))
        assert places.open_now == [first]
        assert made.charges[first] is kept
        await made.prepare(orders([]))
        assert not places.open_now
        assert places.swept == 1

    asyncio.run(act())


def test_a_sidecar_keeps_its_own_pod(tmp_path: Path) -> None:
    """A controller that has just started may not know yet whose rules are in force."""
    own = name()

    async def act() -> None:
        made, _ = agent()
        places = OwnSocket(str(tmp_path / "s"))
        made._kept = made._kept._replace(places=places)
        await made.prepare(orders([own]))
        charge = made.charges[own]
        await made.prepare(orders([]))
        await made.prepare(orders([own]))
        assert made.charges[own] is charge
        await places.end()

    asyncio.run(act())


def test_who_waits_for_rules_gets_nothing() -> None:
    waiting, other = name(), name()
    outside = Closed()

    async def act() -> None:
        made, _ = agent(outside)
        told = orders([waiting, other], redirects=[waiting])
        made.orders = told
        await made.prepare(told)
        issuer = intermediate_of(root_of())
        for charge in made.charges.values():
            charge.pair = Pair((leaf_of(issuer),), keys.new_key(), Validity(NOW, NOW + 9), 2)
        await made.bring()
        assert made.charges[waiting].feed.current is None
        assert made.charges[other].feed.current is not None
        # A rotation does not wait for it, even if its proxy has come already.
        made.charges[waiting].feed.streams = 1
        assert not made.charges[waiting].standing().is_connected
        outside.are_in_force(waiting.rpartition("/")[2])
        await made.prepare(told)
        await made.bring()
        assert made.charges[waiting].feed.current is not None
        assert made.charges[waiting].standing().is_connected
        assert made.redirected() == (waiting.rpartition("/")[2],)
        # What it has it keeps: its proxy has begun.
        outside.are_in_force()
        await made.prepare(told)
        charge = made.charges[waiting]
        assert isinstance(charge, PodCharge)
        assert not charge.waits

    asyncio.run(act())


def test_the_socket_of_a_pod(short: Path) -> None:
    own, group = name(), os.getgid()
    uid = own.rpartition("/")[2]

    async def act() -> None:
        directory = Directory(str(short), group)
        await directory.open(PodCharge(own))
        path = short / uid / SOCKET
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
        again = Directory(str(short), group)  # an agent that starts again
        await again.open(PodCharge(own))
        await directory.end()
        await again.close(own)
        assert not path.parent.exists()
        for odd in ("shop/web/../x", "shop/web/", "shop/web/a b"):
            await again.open(PodCharge(odd))
        assert os.listdir(short) == []
        await again.end()

    asyncio.run(act())


def test_what_pods_have_left_is_swept(short: Path) -> None:
    here, gone, young = name(), name(), name()
    old = short / gone.rpartition("/")[2]
    fresh = short / young.rpartition("/")[2]
    other = short / "other"
    for path in (old, fresh, other):
        path.mkdir()
    (old / SOCKET).touch()
    for path in (old, other):
        os.utime(path, (NOW - 10**9, NOW - 10**9))

    async def act() -> None:
        directory = Directory(str(short), os.getgid())
        await directory.open(PodCharge(here))
        own = short / here.rpartition("/")[2]
        os.utime(own, (NOW - 10**9, NOW - 10**9))
        directory.sweep()
        assert sorted(os.listdir(short)) == sorted([own.name, fresh.name, "other"])
        await directory.end()

    asyncio.run(act())
    Directory(str(short / "absent"), 0).sweep()


def test_agents_are_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fault = ["it has not joined yet"]

    def asked(question: str) -> int:
        return mesh.run(["agent", "--ask", question, "--run", str(tmp_path)])

    async def act() -> None:
        server = await asking.serve(str(tmp_path), lambda: fault[0])
        assert await asyncio.to_thread(asked, "ready") == 1
        assert "not joined" in capsys.readouterr().err
        assert await asyncio.to_thread(asked, "live") == 0
        fault[0] = ""
        assert await asyncio.to_thread(asked, "ready") == 0
        server.close()

    with pytest.raises(InputError, match="no agent answers"):
        asked("live")
    asyncio.run(act())
    with pytest.raises(InputError, match="no agent answers"):
        asked("live")


def test_roots(tmp_path: Path) -> None:
    path = tmp_path / "roots.pem"
    path.write_bytes(certificates.as_pem([root_of().certificate]))
    assert trust_domain_of(str(path)) == DOMAIN
    for odd in (b"", b"nonsense", b"x" * 300_000):
        path.write_bytes(odd)
        with pytest.raises(ClusterError, match="seawall-mesh-roots"):
            roots_in(str(path))
    with pytest.raises(ClusterError, match="seawall-mesh-roots"):
        roots_in(str(tmp_path / "absent"))
    assert next_door("controller.mesh.svc:15012") == "controller.mesh.svc:15013"


@pytest.mark.parametrize(
    "arguments",
    [
        ["sidecar"], ["sidecar", "--agent", "a", "--controller", "b:1"],
        ["sidecar", "--controller", "b:1"], ["sidecar", "--controller", "b", "--token", "t",
                                             "--roots", "r"],
        ["agent"], ["agent", "--trust-domain", "a.org", "--node", "n"],
        ["controller", "--trust-domain", "a.org", "--state", "s", "--run", "r", "--document", "d",
         "--agents", "x"],
    ],
)  # fmt: skip
def test_what_is_missing_is_said(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        mesh.run(arguments)


def test_a_pod_whose_namespace_is_not_found_is_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "self" / "ns").mkdir(parents=True)
    (tmp_path / "1" / "ns").mkdir(parents=True)
    for own in ("self", "1"):
        (tmp_path / own / "ns" / "net").touch()
    outside = Outside(61_337, lambda _: None, proc=str(tmp_path))
    threads = [
        threading.Thread(target=outside.look, args=([str(uuid4())],)) for _ in range(4)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outside.closed == ()
    outside.end()


def test_programs_of_pods_that_ask_get_a_socket(short: Path) -> None:
    asking_, other = name(), name()
    pods, inside = short / "p", short / "i"
    pods.mkdir()

    async def act() -> None:
        made, _ = agent()
        programs = ProgramsOfNode(str(pods), str(inside), lambda _: None, looks=False)
        made._kept = made._kept._replace(programs=programs)
        told = orders([asking_, other])._replace(programs=(asking_.rpartition("/")[2],))
        await made.prepare(told)
        assert set(programs.names) == {asking_}
        own = pods / asking_.rpartition("/")[2] / "workload-api"
        assert stat.S_IMODE(own.stat().st_mode) == 0o755
        assert stat.S_IMODE((own / "api.sock").stat().st_mode) == 0o666
        await made.prepare(told)  # the same again
        with pytest.raises(SeawallError, match="no token for"):
            await programs._signed(WEB, ["x"])
        await made.prepare(orders([other]))
        assert not programs.names
        assert os.listdir(inside / "api") == []
        await programs.end()

    asyncio.run(act())


def test_the_sidecars_programs_are_its_own(short: Path) -> None:
    async def act() -> None:
        made, _ = agent()
        programs = Programs(str(short / "api.sock"), str(short / "i"), lambda _: None)
        made._kept = made._kept._replace(programs=programs)
        await made.prepare(orders([name()]))
        assert (short / "api.sock").exists()
        await programs.end()

    asyncio.run(act())


def test_connections_of_a_revoked_peer_are_ended_in_all_pods_of_a_node(short: Path) -> None:
    """Also in those whose keys are in their sidecars; who cannot be reached drains."""
    own, elsewhere = name(), str(uuid4())
    asked: list[str] = []

    def answer(line: bytes) -> dict[str, object]:
        asked.append(json.loads(line)["workload"])
        return {"ended": 1, "left": 0}

    class Reached(Closed):
        @property
        def reached(self) -> tuple[str, ...]:
            return (elsewhere, own.rpartition("/")[2])

    hatch = Hatch(str(short / "cut"), os.getegid(), answer)
    hatch.open()

    async def act() -> None:
        made, _ = agent(Reached())
        made._cutter = hatch._path
        made._kept = made._kept._replace(cutter=hatch._path)
        told = orders([own])
        made.orders = told
        await made.prepare(told)
        await made._cut([own], [Known(WEB, ("10.1.0.9",))], REVOKED)
        assert sorted(asked) == sorted([own, elsewhere] * 2)  # it may come back in between

    try:
        asyncio.run(act())
    finally:
        hatch.close()


def test_odd_requests_to_end_connections_are_refused() -> None:
    outside = Outside(61_337, lambda _: None)
    line = json.dumps({"workload": "a/b/c", "peers": []}).encode()
    assert "refused" in outside.answer(line)
    assert outside.reached == ()
