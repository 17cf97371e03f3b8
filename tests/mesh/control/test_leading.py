"""Two controllers on one store: one leads, the other answers reads and takes over."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.authority import rotation
from seawall.mesh.authority.store import Store
from seawall.mesh.control import declared
from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.control.process import OPERATOR, STORE, authority_in
from seawall.mesh.control.registry import Entry
from tests.mesh.made import DOMAIN, ORDERS, WEB


class Pair:
    """Two controllers' processes."""

    def __init__(self, directory: Path) -> None:
        self.state = directory / "state"
        self.state.mkdir()
        Store.create(str(self.state / STORE), DOMAIN).close()
        self.authority = authority_in(str(self.state), 600)
        rotation.begin(self.authority)
        self.declare(Entry("web", WEB, "a", ()))
        self.runs = [directory / name for name in ("one", "two")]
        for run in self.runs:
            run.mkdir()
        self.children = [self._started(run) for run in self.runs]

    def declare(self, *entries: Entry) -> None:
        with self.authority.store.changes():
            declared.write(self.authority.store, entries, [], 600)

    def _started(self, run: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "seawall.mesh.control.process", str(self.state), str(run)]
        return subprocess.Popen(command)

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

    def until_leads(self, number: int) -> bool:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.ask(number, "Status")["leads"]:
                return True
            time.sleep(0.05)
        return False


@contextmanager
def pair_in(directory: Path) -> Iterator[Pair]:
    made = Pair(directory)
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
