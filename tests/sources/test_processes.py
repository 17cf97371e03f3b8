"""What runs: made-up directories of processes, and this machine's."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.sources.processes import Opened, processes
from tests.sources.processes_made import Proc

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may look at all")


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def read(proc: Proc, own: int = 0) -> list[tuple[int, str, int, tuple[Opened, ...]]]:
    found = processes(str(proc.path), str(proc.root), own)
    assert found is not None
    return [(each.pid, each.name, each.uid, each.files) for each in found.here]


def test_program_and_libraries_are_told(proc: Proc) -> None:
    for path in ("/usr/sbin/nginx", "/usr/lib/libssl.so.3", "/usr/lib/locale/archive"):
        proc.file(path)
    maps = [
        proc.mapping("/usr/sbin/nginx"), proc.mapping("/usr/lib/libssl.so.3", "r--p"),
        proc.mapping("/usr/lib/libssl.so.3"), proc.mapping("/usr/lib/locale/archive", "r--p"),
    ]  # fmt: skip
    proc.process(812, "nginx", "/usr/sbin/nginx", maps, uid=33)
    files = (Opened("/usr/lib/libssl.so.3"), Opened("/usr/sbin/nginx"))
    assert read(proc) == [(812, "nginx", 33, files)]
    assert read(proc, own=812) == []


def test_what_was_replaced_is_marked(proc: Proc) -> None:
    for path in ("/usr/bin/a", "/usr/lib/new.so", "/usr/lib/other.so", "/usr/lib/odd (deleted)"):
        proc.file(path)
    maps = [
        proc.mapping("/usr/bin/a (deleted)"), proc.mapping("/usr/lib/new.so", inode=1),
        proc.mapping("/usr/lib/other.so"), proc.mapping("/usr/lib/odd (deleted)"),
        proc.mapping("/memfd:code (deleted)"), proc.mapping("/dev/shm/x (deleted)"),
        proc.mapping("/usr/lib/data.so (deleted)", "r--p"),
    ]  # fmt: skip
    proc.process(7, "a", "/usr/bin/a (deleted)", maps)
    assert read(proc)[0][3] == (
        Opened("/usr/bin/a", replaced=True), Opened("/usr/lib/new.so", replaced=True),
        Opened("/usr/lib/odd (deleted)"), Opened("/usr/lib/other.so"),
    )  # fmt: skip


def test_another_device_in_maps_says_nothing(proc: Proc) -> None:
    proc.file("/usr/bin/a")
    proc.process(7, "a", "/usr/bin/a", ["1-2 r-xp 0 ff:ff 1 /usr/bin/a"])
    assert read(proc)[0][3] == (Opened("/usr/bin/a"),)


def test_scripts_and_archives_are_told_and_nothing_else_of_a_command(proc: Proc) -> None:
    for path in ("/usr/bin/python3.11", "/srv/app.py", "/opt/app.jar", "/usr/bin/java"):
        proc.file(path)
    secret = secrets.token_hex(12)
    proc.process(
        5, "app", "/usr/bin/python3.11", [proc.mapping("/usr/bin/python3.11")],
        words=["-u", "app.py", f"--token={secret}", "/opt/app.jar"],
    )  # fmt: skip
    proc.process(
        6, "java", "/usr/bin/java", [proc.mapping("/usr/bin/java")], opened=["/opt/app.jar", "pipe"]
    )
    found = processes(str(proc.path), str(proc.root))
    assert secret not in repr(found)
    assert [row[3] for row in read(proc)] == [
        (Opened("/srv/app.py"), Opened("/usr/bin/python3.11")),
        (Opened("/opt/app.jar"), Opened("/usr/bin/java")),
    ]


def test_processes_of_containers_are_told_apart_from_services_with_their_own_view(
    proc: Proc, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    proc.process(3, "redis-server", "/usr/bin/redis", space="mnt:[2]", root=tmp_path / "other")
    proc.process(4, "resolved", "/usr/bin/resolved", space="mnt:[3]")
    found = processes(str(proc.path), str(proc.root))
    assert found is not None
    assert [each.name for each in found.elsewhere] == ["redis-server"]
    assert [each.name for each in found.here] == ["resolved"]


def test_ended_processes_and_threads_of_the_kernel_are_no_gap(proc: Proc) -> None:
    for pid, missing in enumerate(("maps", "exe", "status", "cmdline", "fd"), 10):
        own = proc.process(pid, "sh", "/bin/sh")
        if missing == "fd":
            (own / "fd").rmdir()
        else:
            (own / missing).unlink()
    kernel = proc.process(2, "kthreadd", "/x")
    (kernel / "status").write_text("Name:\tkthreadd\nUid:\t0\t0\t0\t0\n")
    found = processes(str(proc.path), str(proc.root))
    assert found is not None
    assert (found.here, found.elsewhere, found.forbidden) == ((), (), 0)


@NOT_ROOT
def test_what_may_not_be_looked_at_is_counted(proc: Proc) -> None:
    own = proc.process(9, "sshd", "/usr/sbin/sshd")
    (own / "maps").chmod(0)
    found = processes(str(proc.path), str(proc.root))
    assert found is not None
    assert found.forbidden == 1


def test_forbidden_is_told_from_ended(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    proc.process(9, "sshd", "/usr/sbin/sshd")

    def refuse(*_arguments: object, **_options: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.readlink", refuse)
    found = processes(str(proc.path), str(proc.root))
    assert found is not None
    assert (found.here, found.forbidden) == ((), 1)


def test_no_directory_of_processes(tmp_path: Path) -> None:
    assert processes(str(tmp_path / "none")) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=100))
def test_nothing_raises_on_odd_files(proc: Proc, maps: bytes, status: bytes, words: bytes) -> None:
    own = proc.path / "1"
    if not own.exists():
        proc.process(1, "a", "/usr/bin/python3")
    (own / "maps").write_bytes(b"1-2 r-xp 0 1:1 1 /" + maps + b"\n" + maps)
    (own / "status").write_bytes(status + b"\nVmSize:\t1\n" + status)
    (own / "cmdline").write_bytes(b"python3\0" + words)
    found = processes(str(proc.path), str(proc.root))
    assert found is not None
    assert [each.pid for each in found.here] == [1]


@LINUX
def test_a_process_of_this_machine_is_found_with_its_interpreter() -> None:
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = processes()
        child.communicate()
    assert found is not None
    own = {each.pid: each for each in found.here}[child.pid]
    program = os.path.realpath(sys.executable)
    assert own.program == program
    assert Opened(program) in own.files
    assert own.uid == os.geteuid()
