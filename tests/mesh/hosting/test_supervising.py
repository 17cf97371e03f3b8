"""Whoever ends is started again at once, and nobody waits for who hangs."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from seawall.mesh.hosting import bell
from seawall.mesh.hosting.children import Child, Recipe, stop_all
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.later import Later
from tests.mesh.lifted import lifted, needs_host

LONG = 60.0
"""Seconds that nothing here takes, unless it is waited for who hangs."""
DESCRIPTION = """\
mesh: NAME
trustDomain: shop.example.org
workloads:
  web: {}
  orders:
    command: [PYTHON, -m, http.server, "8080", --bind, "::"]
    user: 1001
    ports: {8080: http}
policy:
  - allow: {from: web, to: orders}
"""


def test_the_end_of_a_child_rings() -> None:
    began = time.monotonic()
    with bell.hung() as own, subprocess.Popen(["sleep", "0.1"]) as child:
        while child.poll() is None:
            own.wait(LONG)
    assert time.monotonic() - began < LONG


def test_who_has_rung_before_is_heard() -> None:
    began = time.monotonic()
    with bell.hung() as own:
        os.kill(os.getpid(), signal.SIGCHLD)
        own.wait(LONG)
        own.wait(0.01)  # and once
    assert time.monotonic() - began < LONG


def test_what_was_set_before_is_set_again() -> None:
    before = signal.getsignal(signal.SIGCHLD)
    with bell.hung():
        assert signal.getsignal(signal.SIGCHLD) != before
    assert signal.getsignal(signal.SIGCHLD) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_nobody_waits_for_an_answer() -> None:
    asked: list[int] = []
    may_answer = threading.Event()

    def ask() -> str:
        asked.append(1)
        may_answer.wait(LONG)
        return "a token"

    later = Later(ask)
    for _ in range(3):
        with pytest.raises(HostError):
            later.take()
    assert len(asked) == 1
    may_answer.set()
    assert _given(later) == "a token"
    with pytest.raises(HostError):  # each is good once
        later.take()


def test_a_refusal_is_no_answer() -> None:
    answers = ["a token"]

    def ask() -> str:
        if len(answers) == 1:
            answers.append("refused")
            raise HostError("the controller is away: wait for it")
        return answers[0]

    assert _given(Later(ask)) == "a token"


def _given(later: Later[str]) -> str:
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            return later.take()
        except HostError:
            time.sleep(0.01)
    raise AssertionError("no answer")


def wait_for(child: Child) -> None:
    """Wait until it has ended."""
    while child.pid:
        time.sleep(0.01)


def test_who_is_killed_is_started_again_at_once(tmp_path: Path) -> None:
    """And is told how it has ended."""
    told: list[int | None] = []

    def tell(ended: int | None) -> bytes:
        told.append(ended)
        return b"exec sleep 60\n"

    child = Child(Recipe("own", ("/bin/sh",), str(tmp_path / "log"), {"PATH": os.environ["PATH"]},
                         stdin=tell))  # fmt: skip
    child.start()
    try:
        os.kill(child.pid, signal.SIGKILL)
        wait_for(child)
        assert child.look_after()
        assert child.pid
    finally:
        stop_all([child])
    assert told == [None, -signal.SIGKILL]


def test_who_ends_again_and_again_is_waited_for(tmp_path: Path) -> None:
    child = Child(Recipe("own", ("/bin/false",), str(tmp_path / "log"), {}))
    child.start()
    for starts in (2, 3):
        wait_for(child)
        is_at_once = child.look_after()
        assert is_at_once == (starts == 2)
    while not child.look_after():
        time.sleep(0.01)
    assert child.starts == 3
    stop_all([child])


def test_who_cannot_be_told_anything_yet_is_asked_for_soon(tmp_path: Path) -> None:
    answers: list[bytes] = []

    def tell(_: int | None) -> bytes:
        if not answers:
            raise HostError("not yet: ask again")
        return answers[0]

    answers.append(b"exit 0\n")
    child = Child(Recipe("own", ("/bin/sh",), str(tmp_path / "log"), {}, stdin=tell))
    child.start()
    answers.clear()
    wait_for(child)
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        assert not child.look_after()
        time.sleep(0.01)
    answers.append(b"exit 0\n")
    while not child.look_after():
        time.sleep(0.01)
    assert child.starts == 2
    stop_all([child])


@needs_host
def test_a_controller_that_hangs_holds_nobody_up() -> None:
    """Agent and proxies are started again while it hangs, and all goes on when it does."""
    with lifted(DESCRIPTION, "hang") as mesh:
        own = mesh.processes
        (controller,) = own.controller()
        os.kill(controller, signal.SIGSTOP)
        try:
            for find in (own.agent, lambda: own.proxy("web"), own.agent):
                (before,) = find()
                os.kill(before, signal.SIGKILL)
                assert mesh.until(lambda: _is_another(find(), before), 15), find  # noqa: B023
        finally:
            os.kill(controller, signal.SIGCONT)
        url = "http://orders:8080/"
        assert mesh.until(lambda: mesh.run("web", "curl", "-sf", "-m2", url).returncode == 0, 60)


def _is_another(found: list[int], before: int) -> bool:
    return bool(found) and before not in found
