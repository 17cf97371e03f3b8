"""Several meshes on one host: users of their own, and nothing of one is open to another."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.hosting import numbers
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.layout import AGENT_USER, CONTROLLER_USER, Layout, directory
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.reading import FIRST_MOVED_USER, FIRST_PROXY_USER, LAST_USER, plan_of
from seawall.mesh.proxies import program
from tests.mesh.hosting.keeping import kept_up

OWN = st.integers(FIRST_PROXY_USER - 10, LAST_USER)


@given(OWN, OWN, st.integers(0, numbers.PLACES - 1), st.integers(0, numbers.PLACES - 1))
def test_no_user_of_one_place_is_one_of_another(a: int, b: int, one: int, other: int) -> None:
    assert (numbers.moved(one, a) == numbers.moved(other, b)) == ((one, a) == (other, b))
    assert numbers.moved(one, a) < 2**31 - 1
    assert numbers.moved(one, 0) == 0


def test_a_place_belongs_to_one_mesh_until_nothing_of_it_is_left(tmp_path: Path) -> None:
    places, runs = str(tmp_path / "places"), [tmp_path / name for name in "abc"]
    for run in runs:
        run.mkdir()
    first = numbers.take(str(runs[0]), places)
    second = numbers.take(str(runs[1]), places)
    assert (first.number, second.number) == (0, 1)
    os.close(first._descriptor)  # as if it had been killed: its processes may go on
    assert numbers.take(str(runs[2]), places).number == 2
    again = numbers.take(str(runs[0]), places)
    assert again.number == 0
    second.leave()
    os.close(again._descriptor)
    runs[0].rmdir()  # it was taken down
    assert numbers.take(str(runs[1]), places).number == 0
    numbers.leave_all(str(runs[2]), places)  # somebody holds it still
    assert sorted(os.listdir(places)) == ["0", "2"]


def test_a_mesh_that_is_taken_down_leaves_no_file(tmp_path: Path) -> None:
    run, places = str(tmp_path), str(tmp_path / "places")
    killed = numbers.take(run, places)
    os.close(killed._descriptor)
    numbers.leave_all("/other", places)
    assert os.listdir(places) == ["0"]
    numbers.leave_all(run, places)
    assert os.listdir(places) == []


def test_there_is_an_end_to_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "PLACES", 1)
    kept = numbers.take(str(tmp_path), str(tmp_path / "places"))
    with pytest.raises(HostError, match="1 meshes are up on this host: take one down first"):
        numbers.take("/other", str(tmp_path / "places"))
    kept.leave()


@pytest.mark.parametrize("user", [FIRST_MOVED_USER, FIRST_MOVED_USER + 100_000 + CONTROLLER_USER])
def test_programs_are_none_of_these_users(user: int) -> None:
    text = f"mesh: m\ntrustDomain: td\nworkloads: {{web: {{command: [x], user: {user}}}}}\n"
    with pytest.raises(PlanError, match="is kept for a proxy and the mesh itself"):
        plan_of("m.yaml", text.encode())


privileged = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@privileged
def test_files_come_with_their_directory_and_links_do_not(tmp_path: Path) -> None:
    own, secret = tmp_path / "state", tmp_path / "secret"
    directory(str(own), 61_000, 0o700)
    (own / "store.db").write_text("x")
    secret.write_text("root's")
    for path in (own / "store.db", secret):
        os.chown(path, 61_000, 61_000)
    os.link(secret, own / "linked")
    (own / "led").symlink_to(secret)
    (own / "roots").write_text("x")
    directory(str(own), 62_000, 0o700)
    owners = {path.name: path.lstat().st_uid for path in own.iterdir()}
    assert owners == {"store.db": 62_000, "linked": 61_000, "led": 0, "roots": 0}
    assert secret.stat().st_uid == 61_000


def _reason() -> str:
    if os.geteuid() != 0 or any(which(name) is None for name in ("ip", "nft", "setpriv", "curl")):
        return "needs root, ip, nft, setpriv and curl"
    try:
        program.find()
    except program.EnvoyError:
        return "needs Envoy (the extra mesh)"
    return ""


@pytest.fixture
def apart() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="seawall-mesh-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


TEXT = """\
mesh: NAME
trustDomain: NAME.example.org
workloads:
  web: {}
  orders:
    command: [/usr/bin/python3, -m, http.server, "8080", --bind, "::"]
    user: 1001
    ports: {8080: http}
policy:
  - allow: {from: web, to: orders}
"""


def _users(layout: Layout) -> set[int]:
    """Every owner of a file or a process of a mesh, root left out."""
    found = set()
    for above, names, files in os.walk(layout.run):
        for name in (*names, *files):
            found.add(os.lstat(os.path.join(above, name)).st_uid)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if layout.mesh.encode() in (entry / "cmdline").read_bytes():
                    found.add(entry.stat().st_uid)
            except OSError:
                continue
    return found - {0, 1001}


@pytest.mark.skipif(bool(_reason()), reason=_reason() or "can be run")
def test_two_meshes_side_by_side(apart: Path) -> None:
    """They have the same addresses, each behind a bridge of its own: nobody meets the other."""
    names = [f"rn{letter}{os.getpid() % 100_000}" for letter in "ab"]
    with (
        kept_up(apart, names[0], TEXT.replace("NAME", names[0])) as one,
        kept_up(apart, names[1], TEXT.replace("NAME", names[1])) as other,
    ):
        assert _users(one)
        assert _users(one).isdisjoint(_users(other))
        for layout in (one, other):
            assert stat.S_IMODE(os.stat(layout.admin("web")).st_mode) == 0o600
            command = ["ip", "netns", "exec", f"seawall-{layout.mesh}.web", "setpriv",
                       "--reuid=1000", "--regid=1000", "--clear-groups", "curl", "-sS", "-m", "5",
                       "--retry", "20", "--retry-all-errors", "--retry-delay", "1",
                       "-w", "%{http_code}", "http://orders:8080/"]  # fmt: skip
            said = subprocess.run(command, capture_output=True, text=True, check=False)
            assert said.stdout.endswith("200"), said
        # The agent of one does not come to the sockets of the other.
        agents = {os.stat(own.sockets).st_uid: own for own in (one, other)}
        for agent in agents:
            for own in (one, other):
                tried = subprocess.run(
                    ["setpriv", f"--reuid={agent}", f"--regid={agent}", "--clear-groups", "ls",
                     own.doors], capture_output=True, check=False,
                )  # fmt: skip
                assert (tried.returncode == 0) == (agents[agent] is own)
    assert AGENT_USER != CONTROLLER_USER
