"""The controller's process with doors on TCP: agents of other hosts join and follow there."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seawall.mesh.agents.link import Link, LinkError, Pair
from seawall.mesh.authority import rotation
from seawall.mesh.authority.store import Store
from seawall.mesh.control import declared, joining
from seawall.mesh.control.messages import Plain, Report, Standing, report_to_plain
from seawall.mesh.control.names import agent_id
from seawall.mesh.control.process import OPERATOR, STORE, authority_in
from seawall.mesh.control.registry import Entry
from seawall.mesh.identity import keys
from seawall.mesh.identity.requests import make_request
from tests.mesh.made import DOMAIN, WEB

HOST = "node-1"


def free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port: int = asking.getsockname()[1]
        return port


class Running:
    """A controller's process, and a token for one host."""

    def __init__(self, state: Path) -> None:
        Store.create(str(state / STORE), DOMAIN).close()
        self.authority = authority_in(str(state), 600)
        rotation.begin(self.authority)
        with self.authority.store.changes():
            declared.write(self.authority.store, [Entry("web", WEB, HOST, ())], [], 600)
        self.join, self.main = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.token = joining.new_token(self.authority, HOST)
        self.bundle = self.authority.bundle()


@contextmanager
def running(tmp_path: Path) -> Iterator[Running]:
    state, run = tmp_path / "state", tmp_path / "run"
    state.mkdir()
    run.mkdir()
    made = Running(state)
    child = subprocess.Popen(
        [sys.executable, "-m", "seawall.mesh.control.process", str(state), str(run), made.join,
         made.main], stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not (run / OPERATOR).exists() and child.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield made
    finally:
        child.terminate()
        _, said = child.communicate()
        made.authority.store.close()
    assert child.returncode == 0, said


async def joined(made: Running) -> Pair:
    key = keys.new_key()
    link = Link(made.join, made.bundle, None)
    try:
        for _ in range(100):  # it listens a moment after its socket for operators is there
            try:
                pair, _ = await link.join(
                    made.token, key, make_request(agent_id(DOMAIN, HOST), key)
                )
            except LinkError as error:
                if "onnect" not in str(error):
                    raise
                await asyncio.sleep(0.1)
            else:
                return pair
        raise AssertionError("the first door does not open")
    finally:
        await link.close()


async def one_report() -> AsyncIterator[Plain]:
    yield report_to_plain(Report(HOST, {"web": Standing(("192.0.2.7",))}))
    await asyncio.sleep(60)


def test_an_agent_joins_and_follows_over_tcp(tmp_path: Path) -> None:
    async def talk(made: Running) -> None:
        link = Link(made.main, made.bundle, await joined(made))
        key = keys.new_key()
        try:
            (answer,) = await link.issue([(key, make_request(WEB, key))])
            assert isinstance(answer, Pair)
            stream = link.follow(one_report())
            while not (orders := await anext(stream))["views"]:
                pass
            assert orders["views"][0]["own"]["addresses"] == ["192.0.2.7"]
        finally:
            await link.close()

    with running(tmp_path) as made:
        asyncio.run(talk(made))


def test_the_second_door_is_closed_without_a_certificate(tmp_path: Path) -> None:
    async def talk(made: Running) -> None:
        await joined(made)
        link = Link(made.main, made.bundle, None)
        key = keys.new_key()
        try:
            with pytest.raises(LinkError):
                await link.issue([(key, make_request(WEB, key))])
        finally:
            await link.close()

    with running(tmp_path) as made:
        asyncio.run(talk(made))


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    state, run = tmp_path / "state", tmp_path / "run"
    state.mkdir()
    run.mkdir()
    made = Running(state)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(made.main.partition(":")[2])))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "seawall.mesh.control.process", str(state), str(run),
             made.join, made.main], capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    made.authority.store.close()
    assert done.returncode == 2
    assert f"cannot listen on {made.main}" in json.dumps(done.stderr)
