"""Who is at the other end of a socket, seen in real processes."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.plan.model import Selectors
from seawall.mesh.workloads import attestor
from seawall.mesh.workloads.attesting import fault_of, peer_of, unit_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
ME = os.getuid() or 0
PROGRAM = os.path.realpath(sys.executable)
CALLER = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
sys.stdin.read()
"""


@contextmanager
def connected(path: Path) -> Iterator[tuple[socket.socket, "subprocess.Popen[bytes]"]]:
    """Our end of a connection that another process has made, and that process."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(1)
        command = [PROGRAM, "-c", CALLER, str(path)]
        caller = subprocess.Popen(command, stdin=subprocess.PIPE)
        try:
            listening.settimeout(20)
            own, _ = listening.accept()
            with own:
                yield own, caller
        finally:
            caller.kill()
            caller.communicate()


def digest() -> str:
    return sha256(Path(PROGRAM).read_bytes()).hexdigest()


def test_selectors_hold_or_are_named(tmp_path: Path) -> None:
    with connected(tmp_path / "s") as (own, caller):
        peer = peer_of(own)
        assert (peer.pid, peer.user, peer.group) == (caller.pid, os.geteuid(), os.getegid())
        right = Selectors(ME, os.getegid(), "", PROGRAM, digest())
        assert fault_of(own, right) == ""
        assert fault_of(own, Selectors()) == ""
        assert "user" in fault_of(own, right._replace(user=ME + 1))
        assert "group" in fault_of(own, right._replace(group=os.getegid() + 1))
        assert "unit" in fault_of(own, right._replace(unit="no-such.service"))
        assert "program" in fault_of(own, right._replace(path="/bin/sh"))
        assert "cannot be looked at" in fault_of(own, right._replace(path="/no/such/program"))
        assert "digest" in fault_of(own, right._replace(sha256="0" * 64))


def test_a_copy_of_the_program_is_another_file(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes(b"#!")
    with connected(tmp_path / "s") as (own, _):
        assert "program" in fault_of(own, Selectors(ME, path=str(copy)))
        link = tmp_path / "link"
        link.symlink_to(PROGRAM)
        assert fault_of(own, Selectors(ME, path=str(link))) == ""


def test_who_has_ended_is_nobody(tmp_path: Path) -> None:
    with connected(tmp_path / "s") as (own, caller):
        caller.kill()
        caller.wait()
        assert fault_of(own, Selectors(ME, path=PROGRAM))
        assert fault_of(own, Selectors(ME, unit="x.service"))


def test_the_attestor_answers_its_agent_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "ask.sock")
    threading.Thread(target=attestor.serve, args=(path, os.geteuid()), daemon=True).start()
    other = str(tmp_path / "other.sock")
    threading.Thread(target=attestor.serve, args=(other, os.geteuid() + 1), daemon=True).start()
    deadline = time.monotonic() + 20
    while not (os.path.exists(path) and os.path.exists(other)) and time.monotonic() < deadline:
        time.sleep(0.01)
    with connected(tmp_path / "s") as (own, _):
        right = Selectors(ME, path=PROGRAM, sha256=digest())
        time.sleep(0.05)  # between bind and listen
        assert attestor.ask(path, own.fileno(), right) == ""
        assert "digest" in attestor.ask(path, own.fileno(), right._replace(sha256="0" * 64))
        assert "does not answer" in attestor.ask(other, own.fileno(), right)
        assert "does not answer" in attestor.ask(str(tmp_path / "none"), own.fileno(), right)


@pytest.mark.parametrize(
    ("cgroups", "unit"),
    [
        ("0::/system.slice/orders.service\n", "orders.service"),
        ("0::/system.slice/app-shop.slice/orders.service/worker\n", "orders.service"),
        ("2:cpu:/x\n1:name=systemd:/system.slice/orders.service\n", "orders.service"),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope"),
        # Below a unit its users make what they like.
        ("0::/user.slice/user-1000.slice/user@1000.service/orders.service\n", "user@1000.service"),
        ("0::/system.slice/docker.service/orders.service\n", "docker.service"),
        ("0::/made-by-hand/orders.service\n", ""),
        ("5:cpu:/system.slice/orders.service\n", ""),
        ("0::/\n", ""),
        ("", ""),
    ],
)
def test_units_are_those_that_systemd_made(cgroups: str, unit: str) -> None:
    assert unit_of(cgroups) == unit


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_of_groups(text: str) -> None:
    assert unit_of(text) == "" or unit_of(text).endswith((".service", ".scope"))
