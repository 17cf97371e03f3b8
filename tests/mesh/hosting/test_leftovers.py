"""What is left of a mesh: nothing, however it ended and whoever is in the way."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import NamedTuple

import pytest

from seawall.cli import mesh as cli
from seawall.core.errors import UsageError
from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.hosting import children, network, running
from seawall.mesh.hosting.children import Child, Recipe
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.proxies import program

SYSTEM_PYTHON = "/usr/bin/python3"
_NEEDED = ("ip", "nft", "setpriv")


def _reason() -> str:
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in _NEEDED if which(name) is None]
    if missing or not os.path.exists(SYSTEM_PYTHON):
        return f"needs {', '.join(missing) or SYSTEM_PYTHON}"
    try:
        program.find()
    except program.EnvoyError:
        return "needs Envoy (the extra mesh)"
    return ""


privileged = pytest.mark.skipif(bool(_reason()), reason=_reason() or "can be run")
DESCRIPTION = """\
mesh: NAME
trustDomain: shop.example.org
workloads:
  web: {}
  orders:
    command: [PYTHON, -c, "PROGRAM"]
    user: 1001
    directory: DIRECTORY
    ports: {8080: tcp}
policy:
  - allow: {from: web, to: orders}
"""
LEAVES = (
    "import os, time\\n"
    "if os.fork() == 0:\\n"
    "    os.setsid()\\n"
    "    if os.fork() == 0:\\n"
    "        time.sleep(600)\\n"
    "time.sleep(600)\\n"
)
"""A program that leaves its session, as daemons do."""


class Up:
    """A mesh that a process of its own brings up; see ``keeping``."""

    def __init__(
        self, directory: Path, name: str, program_: str = "pass", where: str = "/"
    ) -> None:
        text = DESCRIPTION.replace("NAME", name).replace("PYTHON", SYSTEM_PYTHON)
        text = text.replace("PROGRAM", f"{program_}  # {name}").replace("DIRECTORY", where)
        self.description = directory / f"{name}.yaml"
        self.description.write_text(text)
        self.layout = Layout(name, str(directory / "state"), str(directory / "run"))
        self._directory = directory
        self._starts = 0

    def start(self) -> "Kept":
        self._starts += 1
        paths = [self._directory / f"{kind}-{self._starts}" for kind in ("said", "failed")]
        command = [sys.executable, "-m", "tests.mesh.hosting.keeping", str(self.description),
                   *self.layout[:3], ""]  # fmt: skip
        with paths[0].open("wb") as said, paths[1].open("wb") as failed:
            child = subprocess.Popen(
                command, stdout=said, stderr=failed, cwd=Path(__file__).parents[3]
            )
        return Kept(child, *paths)

    def assert_nothing_is_left(self) -> None:
        name = self.layout.mesh
        assert network.namespaces_of(name) == []
        assert not os.path.exists(self.layout.run)
        assert not os.path.exists(self.layout.supervisor)
        hosts = os.listdir("/etc/netns") if os.path.isdir("/etc/netns") else []
        assert [own for own in hosts if own.startswith(network.prefix_of(name))] == []
        said = subprocess.run(["pgrep", "-af", name], capture_output=True, text=True, check=False)
        lines = [
            line for line in said.stdout.splitlines() if not line.startswith(f"{os.getpid()} ")
        ]
        assert [line for line in lines if "pytest" not in line] == []


class Kept(NamedTuple):
    """Such a process, with the files of what it says."""

    process: "subprocess.Popen[bytes]"
    said: Path
    failed: Path

    def is_ready(self) -> bool:
        return self.said.read_text() == "ready\n"

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def fault(self) -> str:
        return self.failed.read_text()


def until(is_so: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def directory() -> Iterator[Path]:
    """One that other users may look into, which those of pytest are not."""
    with tempfile.TemporaryDirectory(prefix="seawall-mesh-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def _name(letter: str) -> str:
    return f"r{letter}{os.getpid() % 100_000}"


@privileged
@pytest.mark.parametrize("after", [0.1, 0.3, 0.6, 1.0, 1.5, 2.2])
def test_a_supervisor_that_was_killed_leaves_nothing_that_down_does_not_find(
    directory: Path, after: float
) -> None:
    up = Up(directory, _name("k"), LEAVES)
    kept = up.start()
    try:
        time.sleep(after)
    finally:
        kept.process.kill()
        kept.process.wait()
        running.take_down(up.layout)
    up.assert_nothing_is_left()
    assert not running.take_down(up.layout)  # there was nothing any more


@privileged
def test_of_two_at_once_one_is_refused_and_the_other_is_whole(directory: Path) -> None:
    up = Up(directory, _name("t"), LEAVES)
    both = [up.start(), up.start()]
    try:
        assert until(lambda: any(own.is_ready() for own in both)), both[0].fault()
        loser = next(own for own in both if not own.is_ready())
        assert until(loser.has_ended)
        assert "is up already" in loser.fault()
        assert len(network.namespaces_of(up.layout.mesh)) == 3
        assert running.running(up.layout) in [own.process.pid for own in both]
        # Who could open the file could hold the lock, and have another process ended in our place.
        assert oct(os.stat(up.layout.supervisor).st_mode)[-3:] == "600"
        status = ask(up.layout.operator, "Status")
        assert status["workloads"]["web"]["standing"]["is_connected"]
    finally:
        running.take_down(up.layout)
        for own in both:
            own.process.wait()
    up.assert_nothing_is_left()


@privileged
def test_what_goes_wrong_with_one_workload_does_not_end_the_mesh(directory: Path) -> None:
    work = directory / "work"
    work.mkdir(mode=0o755)
    up = Up(directory, _name("w"), "import time; time.sleep(600)", str(work))
    kept = up.start()
    try:
        assert until(kept.is_ready), kept.fault()
        subprocess.run(["ip", "netns", "delete", f"seawall-{up.layout.mesh}.web"], check=True)
        work.rmdir()
        namespace = f"seawall-{up.layout.mesh}.orders"
        enter = ["ip", "netns", "exec", namespace]
        for pid in subprocess.run(
            ["ip", "netns", "pids", namespace], capture_output=True, text=True, check=True
        ).stdout.split():
            os.kill(int(pid), signal.SIGKILL)  # the program cannot be started again
        subprocess.run([*enter, "nft", "flush", "ruleset"], check=True)

        def rules() -> str:
            return subprocess.run(
                [*enter, "nft", "list", "ruleset"], capture_output=True, text=True, check=False
            ).stdout

        assert until(lambda: "redirect to :15001" in rules(), 20)

        def proxy_is_back() -> bool:
            try:
                own = ask(up.layout.operator, "Status")["workloads"]["orders"]["standing"]
            except OperatorError:
                return False
            return bool(own and own["is_connected"])

        assert until(proxy_is_back, 20)
        assert not kept.has_ended()
    finally:
        running.take_down(up.layout)
        kept.process.wait()
    up.assert_nothing_is_left()


@privileged
def test_a_directory_that_is_not_there_is_said_and_nothing_is_left(directory: Path) -> None:
    up = Up(directory, _name("d"), "pass", str(directory / "absent"))
    kept = up.start()
    assert kept.process.wait() == 1
    said = kept.fault()
    assert "orders cannot be started" in said
    assert "absent: No such file or directory; correct" in said
    up.assert_nothing_is_left()


@privileged
def test_nobody_is_run_who_lies_in_the_directory_that_we_start_in(directory: Path) -> None:
    """As root, that would be whoever may write there."""
    seen = directory / "seen"
    for name in ("socket", "argparse", "partial", "seawall", "probe", "json"):
        (directory / f"{name}.py").write_text(f"open({str(seen)!r}, 'a').write({name!r})\n")
    up = Up(directory, _name("c"))
    (directory / "mesh.yaml").write_text(
        f"mesh: {up.layout.mesh}\ntrustDomain: td.example.org\nworkloads: {{web: {{}}}}\n"
    )
    seawall = [sys.executable, "-P", "-m", "seawall", "mesh"]
    try:
        said = subprocess.run(
            [*seawall, "up", "mesh.yaml"],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stderr
        assert said.stdout == f"{up.layout.mesh} is up\n"
        status = [*seawall, "status", up.layout.mesh]
        assert subprocess.run(status, capture_output=True, check=False).returncode == 0
    finally:
        down = subprocess.run([*seawall, "down", up.layout.mesh], capture_output=True, check=False)
    assert down.returncode == 0, down.stderr
    assert not seen.exists(), seen.read_text()
    after = subprocess.run(status, capture_output=True, text=True, check=False)
    assert after.returncode == 3
    assert "see that the mesh is up" in after.stderr
    assert not os.path.exists(f"/run/seawall/mesh/{up.layout.mesh}.log")
    Up(directory, up.layout.mesh).assert_nothing_is_left()


@pytest.mark.parametrize("name", ["", " ", "-x", "a b", "..", "Shop", "a/b", "a\n", "x" * 60])
def test_names_that_no_mesh_has(name: str) -> None:
    with pytest.raises(UsageError, match="neither a file nor the name of a mesh: name one"):
        cli._layout_of(name)


def test_a_log_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LONGEST_LOG", 10)
    log = tmp_path / "log"
    log.write_text("0123456789")
    children.shorten(str(log))
    assert log.read_text() == "0123456789"
    log.write_text("0123456789x")
    children.shorten(str(log))
    assert log.read_text() == ""
    assert (tmp_path / "log.old").read_text() == "123456789x"  # no more than a log may have


def test_what_cannot_be_started_again_is_said(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    child = Child(Recipe("own", ("/bin/true",), str(tmp_path / "log"), {}, str(work)))
    child.start()
    assert until(lambda: child.code() is not None, 10)
    work.rmdir()
    assert until(lambda: bool(child.look_after() or child.fault), 10)
    assert "No such file or directory" in child.fault
    work.mkdir()
    assert until(child.look_after, 20)
    assert child.fault == ""
    assert until(lambda: child.code() is not None, 10)
