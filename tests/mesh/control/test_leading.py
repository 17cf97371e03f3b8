"""Two controllers on one store: one leads, the other answers reads and takes over."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.authority import rotation
from seawall.mesh.authority.store import Store
from seawall.mesh.control import declared
from seawall.mesh.control.beating import HUNG_AFTER
from seawall.mesh.control.leading import BEATS_EVERY, LOCK
from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.control.process import OPERATOR, STORE, authority_in
from seawall.mesh.control.registry import Entry
from tests.mesh.made import DOMAIN, ORDERS, WEB

ASKING = """
import asyncio, sys
from seawall.mesh.control.operating import OperatorError, asking
async def ask():
    call = asyncio.ensure_future(asking(sys.argv[1], "Rotate", {"root": True}))
    await asyncio.sleep(1)
    print("asked", flush=True)
    await call
try:
    asyncio.run(ask())
except OperatorError as error:
    print("refused", error)
else:
    print("granted")
"""
"""Asks a controller for a new root, and says when it has done so."""


class Pair:
    """Two controllers' processes."""

    def __init__(self, directory: Path, before: Sequence[str] = ()) -> None:
        """``before`` are words before the command of the first one."""
        self.before = before
        self.state = directory / "state"
        self.state.mkdir()
        Store.create(str(self.state / STORE), DOMAIN).close()
        self.authority = authority_in(str(self.state), 600)
        rotation.begin(self.authority)
        self.declare(Entry("web", WEB, "a", ()))
        self.runs = [directory / name for name in ("one", "two")]
        for run in self.runs:
            run.mkdir()
        self.children = [self.started(run) for run in self.runs]

    def declare(self, *entries: Entry) -> None:
        with self.authority.store.changes():
            declared.write(self.authority.store, entries, [], 600)

    def started(self, run: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "seawall.mesh.control.process", str(self.state), str(run)]
        if run == self.runs[0]:
            command = [*self.before, *command]
        return subprocess.Popen(command)

    def holder(self) -> int:
        """The process that leads, by its number here."""
        return int(json.loads((self.state / LOCK).read_text())["pid"])

    def ask(self, which: int, method: str, **message: object) -> dict[str, Any]:
        return ask(str(self.runs[which] / OPERATOR), method, **message)

    def leader(self) -> int:
        """Which one leads, once one does and both answer."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                lead = [self.ask(number, "Status")["leads"] for number in (0, 1)]
            except OperatorError:
                lead = []
            if True in lead:
                assert lead.count(True) == 1
                return lead.index(True)
            time.sleep(0.05)
        raise AssertionError("nobody leads")

    def until(self, is_so: Callable[[], object]) -> bool:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with suppress(OperatorError):
                if is_so():
                    return True
            time.sleep(0.05)
        return False

    def until_leads(self, number: int) -> bool:
        return self.until(lambda: self.ask(number, "Status")["leads"])


@contextmanager
def pair_in(directory: Path, before: Sequence[str] = ()) -> Iterator[Pair]:
    made = Pair(directory, before)
    try:
        yield made
    finally:
        for child in made.children:
            child.terminate()
        for child in made.children:
            child.wait()
        made.authority.store.close()


def test_one_leads_and_the_other_takes_over(tmp_path: Path) -> None:
    with pair_in(tmp_path) as pair:
        first = pair.leader()
        second = 1 - first
        assert (pair.runs[first] / "main.sock").exists()
        assert not (pair.runs[second] / "main.sock").exists()
        # Both answer reads; only one does anything.
        assert set(pair.ask(second, "Status")["workloads"]) == {"web"}
        for method in ("Token", "Rotate", "Revoke", "Taint", "Advance", "Forget"):
            with pytest.raises(OperatorError, match="does not lead"):
                pair.ask(second, method, host="a", id=str(WEB), number=1)
        before = pair.ask(first, "Status")["generation"]
        pair.ask(first, "Revoke", id=str(WEB))
        pair.ask(first, "Rotate", root=True)
        assert pair.ask(second, "Status")["generation"] > before
        pair.declare(Entry("web", WEB, "a", ()), Entry("orders", ORDERS, "b", ()))
        pair.children[first].kill()
        assert pair.until_leads(second)
        status = pair.ask(second, "Status")
        # It knows what the first one knew, and what was declared since; the rotation goes on.
        assert status["revoked"] == [str(WEB)]
        assert set(status["workloads"]) == {"web", "orders"}
        deadline = time.monotonic() + 20
        while pair.ask(second, "Status")["generation"] < before + 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        roots = [own for own in pair.ask(second, "Status")["issuers"] if own["kind"] == "root"]
        assert [own["state"] for own in roots] == ["active"]
        assert os.path.exists(pair.runs[second] / "main.sock")


def _children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(own) for own in found]


def test_one_that_hangs_is_ended_and_the_other_takes_over(tmp_path: Path) -> None:
    with pair_in(tmp_path) as pair:
        first = pair.leader()
        second = 1 - first
        before = pair.ask(first, "Status")["generation"]
        pair.ask(first, "Rotate", root=True)
        os.kill(pair.children[first].pid, signal.SIGSTOP)
        assert pair.until_leads(second)
        assert pair.children[first].wait(30) == -signal.SIGKILL
        assert pair.holder() == pair.children[second].pid
        assert pair.until(lambda: pair.ask(second, "Status")["generation"] >= before + 3)
        roots = [own for own in pair.ask(second, "Status")["issuers"] if own["kind"] == "root"]
        assert [own["state"] for own in roots] == ["active"]


def test_two_that_hang_together_stay_as_they_were(tmp_path: Path) -> None:
    """As where a machine stands still for a while: nobody judges another one by that."""
    with pair_in(tmp_path) as pair:
        first = pair.leader()
        for child in pair.children:
            os.kill(child.pid, signal.SIGSTOP)
        time.sleep(HUNG_AFTER + 1)
        for child in reversed(pair.children) if first == 0 else pair.children:
            os.kill(child.pid, signal.SIGCONT)  # who waits goes on first
        time.sleep(2 * BEATS_EVERY)
        assert pair.leader() == first


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a namespace of processes")
def test_one_that_hangs_elsewhere_and_goes_on_leads_no_more(tmp_path: Path) -> None:
    """It cannot be killed from here. What it does when it goes on is nothing, and it ends."""
    elsewhere = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    with pair_in(tmp_path, elsewhere) as pair:
        if pair.leader() != 0:  # the one from elsewhere is to lead
            pair.children[1].kill()
            pair.children[1].wait()
            assert pair.until_leads(0)
            pair.children[1] = pair.started(pair.runs[1])
            assert pair.until(lambda: not pair.ask(1, "Status")["leads"])
        assert pair.holder() == 1
        (child,) = _children_of(pair.children[0].pid)
        os.kill(child, signal.SIGSTOP)
        assert pair.until_leads(1)
        assert pair.children[0].poll() is None
        known = pair.ask(1, "Status")
        pair.ask(1, "Rotate", root=True)
        # It is asked while it stands, so that is what it does first.
        asking = subprocess.Popen(
            [sys.executable, "-c", ASKING, str(pair.runs[0] / OPERATOR)], stdout=subprocess.PIPE
        )
        assert asking.stdout is not None
        assert asking.stdout.readline()
        os.kill(child, signal.SIGCONT)
        said = asking.communicate(timeout=60)[0].decode()
        assert said.startswith("refused"), said
        assert pair.children[0].wait(30) == 3
        assert pair.until(lambda: pair.ask(1, "Status")["generation"] >= known["generation"] + 3)
        roots = [own for own in pair.ask(1, "Status")["issuers"] if own["kind"] == "root"]
        assert [own["state"] for own in roots] == ["active"]
