"""Whoever ends is started again at once, and nobody waits for who hangs."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.mesh.control.leading import LOCK, Holder
from seawall.mesh.control.operating import ask
from seawall.mesh.hosting import asking, bell
from seawall.mesh.hosting.children import Child, Recipe, stop_all
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.fleet import Fleet
from seawall.mesh.hosting.later import Later
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.hosting.pulse import Pulse
from seawall.mesh.hosting.readiness import Readiness
from seawall.mesh.verifying.processes import held
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


class Slow:
    """Starts take their time: what a process is told is had only when somebody lets it."""

    def __init__(self, directory: Path, words: bytes) -> None:
        self._words = words
        self.may_start, self.starts = threading.Event(), threading.Semaphore(0)
        self.may_start.set()
        command = ("/bin/sh",)
        environment = {"PATH": os.environ["PATH"]}
        self.child = Child(Recipe("own", command, str(directory / "log"), environment,
                                  stdin=self._tell))  # fmt: skip

    def _tell(self, _: int | None) -> bytes:
        self.starts.release()
        assert self.may_start.wait(LONG)
        return self._words

    def in_midst_of_a_start(self, *others: Callable[[], object]) -> None:
        """Others do something while one who looks after it is starting it again."""
        self.may_start.clear()
        while self.starts.acquire(blocking=False):
            pass
        threads = [threading.Thread(target=self.child.look_after)]
        threads[0].start()
        assert self.starts.acquire(timeout=LONG)
        threads += [threading.Thread(target=other) for other in others]
        for thread in threads[1:]:
            thread.start()
        self.starts.acquire(timeout=0.2)  # a second start, where nothing keeps it off
        self.may_start.set()
        for thread in threads:
            thread.join(LONG)


def test_two_who_look_after_one_start_it_once(tmp_path: Path) -> None:
    """As the supervisor and a change do: the other process would be known to nobody."""
    slow = Slow(tmp_path, b"exec sleep 60\n")
    slow.child.start()
    try:
        slow.child.kill()
        wait_for(slow.child)
        slow.in_midst_of_a_start(slow.child.look_after, slow.child.start)
        assert slow.child.starts == 2
    finally:
        stop_all([slow.child])


def test_one_that_has_not_been_started_yet_is_started_once(tmp_path: Path) -> None:
    """It is looked after from the moment on that it is known."""
    slow = Slow(tmp_path, b"exec sleep 60\n")
    slow.in_midst_of_a_start(slow.child.start)
    try:
        assert slow.child.starts == 1
    finally:
        stop_all([slow.child])


def test_who_is_let_go_does_not_come_back(tmp_path: Path) -> None:
    slow = Slow(tmp_path, b"exec sleep 60\n")
    slow.child.start()
    slow.child.kill()
    wait_for(slow.child)

    def stop() -> None:
        slow.child.let_go()
        stop_all([slow.child])

    slow.in_midst_of_a_start(stop)
    assert not slow.child.pid
    assert not slow.child.look_after()


def test_only_parts_of_the_mesh_that_end_now_are_waited_for_no_longer(tmp_path: Path) -> None:
    """A program that ends again and again, or one that did so a year ago, holds up no change."""
    fleet = Fleet(print)
    readiness = Readiness(Layout("own"), fleet, leads=True)
    recipe = Recipe("orders", ("/bin/false",), str(tmp_path / "log"), {}, is_ours=False)
    program, old = fleet.start(recipe), fleet.start(recipe._replace(name="agent", is_ours=True))
    old.starts = 100
    old.let_go()
    readiness.wait("it", lambda: program.starts > 4)
    fleet.start(recipe._replace(name="agent", is_ours=True))
    with pytest.raises(HostError, match="agent ends as soon as it is started"):
        readiness.wait("it", lambda: False)
    fleet.end()


@needs_host
def test_a_workload_may_be_called_as_a_part_of_the_mesh_is() -> None:
    """What is done with it is done with it, and with nobody else."""
    text = DESCRIPTION.replace("orders", "agent").replace("web", "controller")
    with lifted(text, "name") as mesh:
        url = "http://agent:8080/"

        def is_answered() -> bool:
            return mesh.run("controller", "curl", "-sf", "-m2", url).returncode == 0

        assert mesh.until(is_answered, 60)
        before = mesh.processes.agent(), mesh.processes.controller()
        asking.ask(mesh.layout.requests, what="stop", workload="agent")
        assert not is_answered()
        asking.ask(mesh.layout.requests, what="stop", workload="controller")
        assert (mesh.processes.agent(), mesh.processes.controller()) == before
        for name in ("agent", "controller"):
            asking.ask(mesh.layout.requests, what="start", workload=name)
        assert mesh.until(is_answered, 60)


@needs_host
def test_a_controller_that_hangs_holds_nobody_up() -> None:
    """Agent and proxies are started again while it hangs, and all goes on when it does."""
    with lifted(DESCRIPTION, "hang") as mesh:
        own = mesh.processes
        with held(own.controller(), mesh.layout):
            for find in (own.agent, lambda: own.proxy("web"), own.agent):
                (before,) = find()
                os.kill(before, signal.SIGKILL)
                assert mesh.until(lambda: _is_another(find(), before), 15), find  # noqa: B023
        url = "http://orders:8080/"
        assert mesh.until(lambda: mesh.run("web", "curl", "-sf", "-m2", url).returncode == 0, 60)


@needs_host
def test_the_only_controller_hangs() -> None:
    """It is killed and started again; no request fails, and who asks it meanwhile is answered."""
    with lifted(DESCRIPTION, "beat") as mesh:
        own, url = mesh.processes, "http://orders:8080/"
        assert mesh.until(lambda: mesh.run("web", "curl", "-sf", "-m2", url).returncode == 0, 60)
        (before,) = own.controller()
        os.kill(before, signal.SIGSTOP)
        answered = 0
        while own.controller() == [before]:
            assert mesh.run("web", "curl", "-sf", "-m2", url).returncode == 0
            answered += 1
        assert answered > 3
        assert mesh.until(lambda: bool(mesh.status()["serves"]), 60)
        (after,) = own.controller()
        assert after != before
        generation = mesh.generation()
        ask(mesh.layout.operator, "Rotate")
        assert mesh.until(lambda: mesh.generation() > generation, 60)
        said = (mesh.directory / f"{mesh.layout.mesh}.said").read_text()
        assert "mesh.controller hangs: no beat for 6 s, so it was killed" in said
        assert said.count("hangs") == 1


def test_nobody_is_killed_because_a_file_says_so(tmp_path: Path) -> None:
    """The file of whoever leads is its own: it may name somebody else."""
    now = [0.0]
    pulse = Pulse(str(tmp_path), lambda: now[0])
    recipe = Recipe("controller", ("sleep", "60"), str(tmp_path / "log"), {"PATH": os.defpath})
    controller, other = Child(recipe), Child(recipe._replace(name="agent"))
    for child in (controller, other):
        child.start()
    lock = tmp_path / LOCK
    pid = other.pid

    def hung() -> list[str]:
        os.utime(lock, (1, 1))
        found = []
        for _ in range(20):
            now[0] += 0.5
            found.append(pulse.hung([controller]))
        return [text for text in found if text]

    try:
        for said in (b"", b"[]", b'{"pid": 1, "started": 0, "space": ""}', _said_of(pid)):
            lock.write_bytes(said)
            assert hung() == []
        assert (controller.pid, other.pid) != (0, 0)
        lock.write_bytes(_said_of(controller.pid))
        now[0] += 60  # we were away
        assert len(hung()) == 1
        wait_for(controller)
        assert other.pid == pid
        lock.unlink()
        assert hung_without(pulse, now) == ""
        os.mkfifo(lock)
        assert hung_without(pulse, now) == ""
    finally:
        stop_all([controller, other])


def hung_without(pulse: Pulse, now: list[float]) -> str:
    """What is said where there is no file that could be read."""
    now[0] += 10
    return pulse.hung([])


def _said_of(pid: int) -> bytes:
    return json.dumps(Holder(pid, 0, "")._asdict()).encode()


def _is_another(found: list[int], before: int) -> bool:
    return bool(found) and before not in found
