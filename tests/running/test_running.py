"""What each runner gives a process and keeps from it, and that nothing is left of either."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.hardening.images.verification.asking import Answer, ask
from seawall.hardening.images.verification.checks import Http
from seawall.running.commands import CHROOT
from seawall.running.room import DOCKER_CAPABILITIES, Limits, Process, Room
from seawall.running.runners import Runner
from tests.running.processes import below
from tests.running.roots import every_runner, made_root, needs_programs, server, works

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="images are run on Linux only"),
    needs_programs,
]
PATH = (("PATH", "/bin"),)
USERS = pytest.mark.parametrize("uid", [0, 65532])
LONG = 60.0
UNIQUE = f"sleep 60.{os.getpid()}"
"""Words that no other run of these tests has."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_root(tmp_path_factory.mktemp("made") / "root")


def run(
    name: str, room: Room, script: str, uid: int = 0, limits: Limits | None = None,
    groups: tuple[int, ...] = (),
) -> tuple[int, str, str]:  # fmt: skip
    """Run a script of a shell; gives its exit status, what it wrote and what it complained of."""
    process = Process(("sh", "-c", script), (*PATH, ("A", "b c")), "/", uid, uid, groups)
    with works(name, uid).start(room, process, limits or Limits()) as running:
        ended = running.wait(LONG)
        assert ended is not None
        assert not ended.failure
        return ended.status, running.output().decode(), running.errors().decode()


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No process, no mount and no control group."""
    yield
    assert not _mounts()
    assert not _children()
    for pattern in (f"seawall-{os.getpid()}-*", f"*/seawall-{os.getpid()}-*"):
        assert not [*Path("/sys/fs/cgroup").glob(pattern)]


def _mounts() -> list[str]:
    """Mounts of the places that roots are shown at, and of roots themselves."""
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [each for each in places if each.startswith(("/mnt/root", "/mnt/0")) or "made0" in each]


def _runs(words: str) -> bool:
    """Whether something with such words runs on this machine."""
    said = subprocess.run(["ps", "ax", "-o", "args="], capture_output=True, text=True, check=True)
    return words in said.stdout.splitlines()


def _children() -> list[str]:
    listed = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True,
        check=False,
    ).stdout.splitlines()  # fmt: skip
    return [line for line in listed if "seawall.running" in line]


@every_runner
@USERS
def test_it_says_what_it_says(name: str, uid: int, root: Path) -> None:
    script = "echo out $A; echo err >&2; echo through >/dev/stdout; id -u; id -g; exit 7"
    status, out, errors = run(name, Room(str(root)), script, uid)
    assert (status, out) == (7, f"out b c\nthrough\n{uid}\n{uid}\n")
    assert errors.endswith("err\n")


@every_runner
@USERS
def test_nothing_but_the_directories_that_are_said_can_be_written_to(
    name: str, uid: int, root: Path
) -> None:
    places = ("/x", "/etc/x", "/bin/sh", "/proc/sys/kernel/hostname", "/tmp/x", "/run/x")
    script = "; ".join(f"(echo >{each}) 2>/dev/null && echo {each}" for each in places)
    assert run(name, Room(str(root)), script + "; true", uid)[1].split() == ["/tmp/x", "/run/x"]
    assert not (root / "tmp" / "x").exists()


@every_runner
def test_it_has_no_capabilities_and_cannot_regain_them(name: str, root: Path) -> None:
    lines = run(name, Room(str(root)), "cat /proc/self/status")[1].splitlines()
    status = dict(line.split(":", 1) for line in lines if ":" in line)
    assert status["NoNewPrivs"].strip() == "1"
    for sort in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert int(status[sort], 16) == 0


@every_runner
@USERS
def test_setuid_and_capabilities_of_files_do_nothing(name: str, uid: int, tmp_path: Path) -> None:
    own = made_root(tmp_path / "root")
    (own / "bin" / "id").chmod(0o4755)
    assert run(name, Room(str(own)), "id -u", uid)[1] == f"{uid}\n"


@every_runner
def test_the_original_has_what_engines_give(name: str, root: Path) -> None:
    if os.geteuid():
        pytest.skip("only root has capabilities to give")
    room = Room(str(root), read_only=False, capabilities=DOCKER_CAPABILITIES)
    status, out, errors = run(name, room, "echo >/x && ls -n /x && cat /proc/self/status")
    assert status == 0, errors
    assert "CapEff:\t00000000a80405fb" in out.replace("a80425fb", "a80405fb")
    assert not (root / "x").exists(), "what it wrote went into memory"


@every_runner
@USERS
def test_it_sees_its_own_processes_and_network_only(name: str, uid: int, root: Path) -> None:
    script = "echo $$; ls /proc | head -c 20; cat /proc/net/dev; cat /etc/hosts; ls /proc/self/fd"
    out = run(name, Room(str(root)), script, uid)[1]
    assert out.startswith("1\n1\n")
    devices = [line.split(":")[0].strip() for line in out.splitlines() if ":" in line]
    assert "lo" in devices
    assert not {"eth0", "ens3", "enp0s1"} & {*devices}
    assert "127.0.0.1\tlocalhost" in out
    assert out.endswith("0\n1\n2\n3\n"), "only its own files are open"


@every_runner
@USERS
def test_further_groups_count(name: str, uid: int, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root has groups to give")
    own = made_root(tmp_path / "root")
    (own / "srv" / "told").write_text("told")
    os.chown(own / "srv" / "told", 1, 4321)
    (own / "srv" / "told").chmod(0o040)
    script = "cat /srv/told"
    assert run(name, Room(str(own)), script, 65532, groups=(4321,))[1] == "told"
    assert run(name, Room(str(own)), script, 65532)[0] == 1


@every_runner
def test_volumes_are_copies_with_their_owners(name: str, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    own = made_root(tmp_path / "root")
    data = own / "srv" / "data"
    (data / "inner").mkdir(parents=True)
    (data / "inner" / "file").write_text("held")
    (data / "link").symlink_to("inner/file")
    for each in (data, data / "inner", data / "inner" / "file"):
        os.chown(each, 65532, 65532)
    room = Room(str(own), volumes=("srv/data", "new/volume"))
    script = "cat /srv/data/link; echo more >>/srv/data/inner/file; cat /srv/data/link; ls /new"
    assert run(name, room, script, 65532)[1] == "heldheldmore\nvolume\n"
    assert (data / "inner" / "file").read_text() == "held"
    assert run(name, room, "echo >/srv/data/x", 65533)[0] != 0


@every_runner
@USERS
def test_its_pages_can_be_asked_for(name: str, uid: int, root: Path) -> None:
    answer = 'print $c "HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello";'
    process = Process(("perl", "-e", server(80, answer)), PATH, "/", uid, uid)
    with works(name, uid).start(Room(str(root)), process) as running:
        found = running.connect(80, LONG)
        assert found is not None, running.errors()
        assert ask(found, Http(80, "/"), LONG) == Answer(200, "none", b"hello", is_cut=False)
        started = time.monotonic()
        assert running.connect(81, 0.2) is None
        assert time.monotonic() - started < LONG
        assert running.wait(0) is None
    assert running.stop().status == -1


@every_runner
def test_programs_that_cannot_be_run_never_begin(name: str, root: Path) -> None:
    for program in ("nowhere", "/etc/passwd", "/nowhere/x"):
        with works(name).start(Room(str(root)), Process((program,), PATH)) as running:
            ended = running.wait(LONG)
            assert ended is not None
            assert ended.failure
    with works(name).start(Room(str(root)), Process(("sh",), PATH, "/nowhere")) as running:
        ended = running.wait(LONG)
        assert ended is not None
        assert ended.failure


@every_runner
def test_a_status_is_that_of_the_process(name: str, root: Path) -> None:
    for status in (0, 1, 126, 255):
        assert run(name, Room(str(root)), f"exit {status}")[0] == status
    with works(name).start(
        Room(str(root)), Process(("sh", "-c", "echo up; sleep 64.5"), PATH)
    ) as running:
        while not running.output():
            assert running.wait(0.02) is None
        running.signal(signal.SIGKILL)
        ended = running.wait(LONG)
        assert ended is not None
        assert (ended.status, ended.failure) == (137, "")


# What a hostile process does ------------------------------------------------------------------


@every_runner
@USERS
def test_who_ignores_signals_is_ended(name: str, uid: int, root: Path) -> None:
    script = "trap '' TERM INT HUP; echo ready; while :; do sleep 1; done"
    with works(name, uid).start(
        Room(str(root)), Process(("sh", "-c", script), PATH, "/", uid, uid)
    ) as running:
        while not running.output():
            assert running.wait(0.05) is None
        running.signal(signal.SIGTERM)
        assert running.wait(0.3) is None
        inside = [*below(running._keeper.pid)]
        assert inside
    assert not [pid for pid in inside if os.path.exists(f"/proc/{pid}")]


@every_runner
def test_who_hides_in_the_background_is_ended(name: str, root: Path) -> None:
    sleep = f"setsid {UNIQUE}"
    script = f"setsid sh -c '{sleep} & {sleep}' & {sleep} & echo done"
    process = Process(("sh", "-c", script), PATH)
    with works(name).start(Room(str(root)), process) as running:
        ended = running.wait(LONG)
        assert ended is not None
        assert (ended.status, running.output()) == (0, b"done\n")
    assert not _runs(UNIQUE)


@every_runner
@USERS
def test_a_bomb_of_processes_is_ended(name: str, uid: int, root: Path) -> None:
    script = "f() { f | f & }; f; sleep 60"
    limits = Limits(processes=64)
    process = Process(("sh", "-c", script), PATH, "/", uid, uid)
    with works(name, uid).start(Room(str(root)), process, limits) as running:
        running.wait(1.5)
        assert len([*below(running._keeper.pid)]) < 400
    assert not _children()


@every_runner
def test_control_groups_limit_what_root_starts(name: str, root: Path) -> None:
    """The first line that a process has of them; what runc makes has its own limit."""
    process = Process(("sh", "-c", "echo up; sleep 60"), PATH)
    with works(name).start(Room(str(root)), process, Limits(processes=77)) as running:
        while not running.output():
            assert running.wait(0.02) is None
        found = Path(f"/proc/{running._keeper.pid}/cgroup").read_text()
        group = next((each for each in found.splitlines() if running._group in each), "")
        if not group:
            pytest.skip("control groups with limits cannot be made here")
        tops = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/pids"))
        limits = [top / running._group / "pids.max" for top in tops]
        assert [path.read_text() for path in limits if path.exists()] == ["154\n"]


@every_runner
def test_what_it_writes_without_end_is_cut(name: str, root: Path) -> None:
    limits = Limits(output=100_000)
    script = "cat /dev/zero & cat /dev/zero >&2 & sleep 1"
    with works(name).start(Room(str(root)), Process(("sh", "-c", script), PATH), limits) as running:
        assert running.wait(LONG) is not None
        assert len(running.output()) == len(running.errors()) == 100_000
        assert running.is_cut


@every_runner
def test_memory_that_can_be_written_to_has_an_end(name: str, root: Path) -> None:
    limits = Limits(memory=8 << 20)
    status, out, errors = run(
        name, Room(str(root)), "cat /dev/zero >/tmp/x; ls -n /tmp/x", 0, limits
    )
    assert status == 0
    assert int(out.split()[4]) <= 8 << 20
    assert "No space left" in errors


@every_runner
@pytest.mark.parametrize("place", ["proc", "dev"])
def test_a_root_whose_mounts_would_go_elsewhere_is_refused(
    name: str, place: str, tmp_path: Path
) -> None:
    own = made_root(tmp_path / "root")
    (tmp_path / "outside").mkdir()
    (own / place).symlink_to(tmp_path / "outside")
    with works(name).start(Room(str(own)), Process(("sh",), PATH)) as running:
        ended = running.wait(LONG)
        assert ended is not None
        assert f"/{place}" in ended.failure
    assert not any((tmp_path / "outside").iterdir())


@every_runner
def test_links_lead_to_places_in_the_root_only(name: str, tmp_path: Path) -> None:
    own = made_root(tmp_path / "root")
    outside = tmp_path / "outside"
    outside.mkdir()
    (own / "tmp").rmdir()
    (own / "tmp").symlink_to("../outside")
    (own / "etc" / "hosts").symlink_to("../../outside/hosts")
    (own / "run").symlink_to("srv")
    room = Room(str(own), volumes=("../../etc/volume", "proc/x", "/"))
    script = "echo >/tmp/x && echo >/run/y && echo >/etc/volume/z; ls /srv"
    if os.geteuid() == 0:
        assert run(name, room, script)[:2] == (0, "y\n")
    assert not any(outside.iterdir())


@every_runner
def test_circles_and_files_in_place_of_directories_are_refused(name: str, tmp_path: Path) -> None:
    own = made_root(tmp_path / "root")
    (own / "circle").symlink_to("circle")
    for volume in ("circle", "etc/passwd", "etc/passwd/below"):
        with works(name).start(
            Room(str(own), volumes=(volume,)), Process(("sh",), PATH)
        ) as running:
            ended = running.wait(LONG)
            assert ended is not None
            assert ended.failure


def test_an_environment_of_an_image_does_nothing_to_a_runner(root: Path) -> None:
    """A library that is loaded into bubblewrap would be loaded from this machine."""
    for name in ("bubblewrap", "runc"):
        process = Process(
            ("sh", "-c", "echo $LD_PRELOAD"),
            (*PATH, ("LD_PRELOAD", "/nowhere.so"), ("LD_DEBUG", "all")),
        )
        with works(name).start(Room(str(root)), process) as running:
            running.wait(LONG)
            assert running.output().decode().strip().endswith("/nowhere.so")
            assert b"nowhere.so' from LD_PRELOAD" in running.errors(), "of the shell"
            assert b"bwrap" not in running.errors()


# Without root ---------------------------------------------------------------------------------

_ELSEWHERE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from seawall.running.room import Process, Room
from seawall.running.runners import choose
script = "id -u; cat /etc/passwd >/dev/null && echo read; echo >/tmp/x && echo wrote; echo >/x"
for name in ("bubblewrap", "chroot"):
    for uid in (0, 65532):
        choice = choose(uid, sys.argv[2], (name,))
        if choice.runner is None:
            print(json.dumps([name, uid, choice.reason]))
            continue
        process = Process(("sh", "-c", script), (("PATH", "/bin"),), "/", uid, uid)
        with choice.runner.start(Room(sys.argv[3]), process) as running:
            ended = running.wait(60)
            print(json.dumps([name, uid, ended.status, running.output().decode()]))
"""


def test_without_root_there_is_one_user(root: Path) -> None:
    """Some other user of this machine, if it has a Python that this one may run."""
    python = "/usr/bin/python3"
    if os.geteuid() or not os.access(python, os.X_OK):
        pytest.skip("only root can be somebody else, and it takes a Python in /usr/bin")
    old = "import sys; sys.exit(sys.version_info < (3, 11))"
    if subprocess.run([python, "-c", old], check=False).returncode:
        pytest.skip("the Python in /usr/bin is older than 3.11")
    import seawall

    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        shutil.copytree(Path(seawall.__file__).parent / "running", place / "seawall" / "running")
        (place / "seawall" / "__init__.py").touch()
        shutil.copytree(root, place / "root", symlinks=True)
        for each in (place / "seawall", place / "root", *(place / "root").rglob("*")):
            os.chown(each, 12345, 12345, follow_symlinks=False)
        (place / "temporary").mkdir()
        (place / "temporary").chmod(0o777)
        done = subprocess.run(
            [python, "-c", _ELSEWHERE, str(place), str(place / "temporary"), str(place / "root")],
            capture_output=True, text=True, check=False, user=12345, group=12345, extra_groups=[],
            env={"PATH": os.environ["PATH"], "TMPDIR": str(place / "temporary")}, cwd="/",
        )  # fmt: skip
        assert not done.returncode, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        if all(len(row) == 3 for row in rows):
            pytest.skip(f"users may not make namespaces here: {rows}")
        for row in rows:
            assert row[2:] == [2, f"{row[1]}\nread\nwrote\n"], row
        assert not any((place / "temporary").iterdir())


# Keeping --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nothing_outlives_who_started_it(how: signal.Signals, root: Path, tmp_path: Path) -> None:
    works(CHROOT)
    code = f"""
import sys, time
from seawall.running.runners import Runner
from seawall.running.room import Room, Process
process = Process(("sh", "-c", "echo up; {UNIQUE}"), (("PATH", "/bin"),))
with Runner({CHROOT!r}, "").start(Room({str(root)!r}), process) as running:
    while not running.output():
        time.sleep(0.01)
    print("up", flush=True)
    time.sleep(60)
"""
    started = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert started.stdout is not None
    with started.stdout:
        assert started.stdout.readline() == b"up\n"
    started.send_signal(how)
    started.wait(LONG)
    for _ in range(100):
        if not _runs(UNIQUE):
            break
        time.sleep(0.05)
    else:
        pytest.fail("it still runs")


def test_a_keeper_that_is_ended_takes_all_with_it(root: Path) -> None:
    process = Process(("sh", "-c", "echo up; sleep 62.5"), PATH)
    with Runner(works(CHROOT).name, "").start(Room(str(root)), process) as running:
        while not running.output():
            assert running.wait(0.02) is None
        inside = [*below(running._keeper.pid)]
        running._keeper.kill()
        ended = running.wait(LONG)
        assert ended is not None
        assert ended.failure
    for pid in inside:
        until = time.monotonic() + LONG
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
            time.sleep(0.01)
        assert not os.path.exists(f"/proc/{pid}")
