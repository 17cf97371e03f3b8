"""Only what is executed below a root counts, and not what puts it there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seawall.tracing import calls
from seawall.tracing.file_events import FileEvents
from seawall.tracing.record import CALLS_SEEN, FILES_SEEN, Record
from tests.tracing import roots
from tests.tracing.traced import compiled, needs_tracing, run

pytestmark = [
    needs_tracing,
    pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="takes root"),
]
JOB = "cat /etc/link > /dev/null; cd /etc; cat real; mkdir /tmp/made"
OF_SET_UP = {"mount", "umount2", "pivot_root", "unshare", "chroot"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = roots.make(tmp_path / "root", ["/bin/sh", "/bin/cat", "/bin/mkdir"])
    (made / "etc/real").write_text("read\n")
    (made / "etc/link").symlink_to("real")
    return made


SANDBOXES = {
    "bwrap": "bwrap --bind ROOT / --proc /proc --dev /dev --tmpfs /tmp --unshare-all",
    "bwrap as a user": "bwrap --bind ROOT / --dev /dev --tmpfs /tmp --unshare-all --uid 1000",
    "chroot": "chroot --userspec 1000:1000 ROOT",
    "unshare": "unshare -m -p -f --root=ROOT",
}


def sandboxed(root: Path, name: str) -> list[str]:
    words = SANDBOXES[name].replace("ROOT", str(root)).split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    root.chmod(0o755)
    (root / "tmp").chmod(0o777)
    for directory in root.parents:
        if directory.stat().st_uid == os.getuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o111)
    (root / "dev/null").touch()
    (root / "dev/null").chmod(0o666)
    return words


@pytest.mark.parametrize("name", SANDBOXES)
def test_paths_are_those_of_the_root(tmp_path: Path, root: Path, name: str) -> None:
    words = [*sandboxed(root, name), "/bin/sh", "-c", JOB]
    done = run(tmp_path, words, "--root", str(root))
    assert (done.code, done.out) == (0, "read\n"), done.error
    assert done.seen.began
    assert CALLS_SEEN in done.seen.means
    assert {"/etc/link", "/etc/real"} <= done.paths("opened")
    assert {"/bin/sh", "/bin/cat"} <= done.paths("executed")
    assert "/tmp/made" in done.paths("made")
    for _, path in done.seen.paths:
        assert not path.startswith(str(tmp_path))
    assert not done.calls & OF_SET_UP
    assert not any("bwrap" in path or "chroot" in path for _, path in done.seen.paths)


def test_a_program_that_is_not_below_the_root_does_not_count(tmp_path: Path, root: Path) -> None:
    done = run(tmp_path, ["/bin/echo", "outside"], "--root", str(root))
    assert (done.code, done.out) == (0, "outside\n")
    assert not done.seen.began
    assert not done.seen.calls
    assert not done.seen.paths


def test_what_changes_its_root_is_followed(tmp_path: Path, root: Path) -> None:
    jail = roots.make(root / "srv/jail", ["/bin/cat"])
    (jail / "etc/inside").write_text("jailed\n")
    roots.add(root, shutil.which("chroot") or "/usr/sbin/chroot", "/bin/chroot")
    words = ["chroot", str(root), "/bin/chroot", "/srv/jail", "/bin/cat", "/etc/inside"]
    done = run(tmp_path, words, "--root", str(root))
    assert (done.code, done.out) == (0, "jailed\n"), done.error
    assert "/srv/jail/etc/inside" in done.paths("opened")
    assert "/srv/jail/bin/cat" in done.paths("executed")


def test_files_alone_are_seen_where_calls_cannot_be(tmp_path: Path, root: Path) -> None:
    if FileEvents.of(Record.at(str(tmp_path / "probe")), str(root)) is None:
        pytest.skip("fanotify is not permitted here")
    words = [*sandboxed(root, "chroot"), "/bin/sh", "-c", JOB]
    done = run(tmp_path, words, "--root", str(root), "--no-calls")
    assert done.seen.means == {FILES_SEEN}
    assert not done.seen.calls
    assert "/etc/real" in done.paths("opened")
    assert {"/bin/sh", "/bin/cat"} <= done.paths("executed")


def test_nothing_is_run_that_cannot_be_seen(tmp_path: Path, root: Path) -> None:
    there = tmp_path / "there"
    done = run(
        tmp_path, ["/bin/sh", "-c", f": > {there}"], "--root", str(root), "--no-calls",
        "--no-files",
    )  # fmt: skip
    assert done.code == 125
    assert not there.exists()


def forbidden(*names: str) -> list[str]:
    """The start of a command that may not make some system calls."""
    known = calls.numbers(os.uname().machine)
    script = Path(__file__).with_name("forbidding.py")
    return [sys.executable, "-I", str(script), ",".join(str(known[name]) for name in names)]


def test_without_a_right_to_ptrace_files_are_seen_and_the_rest_is_told(
    tmp_path: Path, root: Path
) -> None:
    if FileEvents.of(Record.at(str(tmp_path / "probe")), str(root)) is None:
        pytest.skip("fanotify is not permitted here")
    words = [*sandboxed(root, "chroot"), "/bin/sh", "-c", JOB]
    done = run(tmp_path, words, "--root", str(root), under=forbidden("ptrace"))
    assert (done.code, done.out) == (0, "read\n"), done.error
    assert done.seen.means == {FILES_SEEN}
    assert done.seen.notes == ("ptrace is not permitted: Operation not permitted",)
    assert "/etc/real" in done.paths("opened")


def test_without_any_right_nothing_is_run_and_the_reasons_are_told(
    tmp_path: Path, root: Path
) -> None:
    there = tmp_path / "there"
    done = run(
        tmp_path, ["/bin/sh", "-c", f": > {there}"], "--root", str(root),
        under=forbidden("ptrace", "fanotify_init"),
    )  # fmt: skip
    assert done.code == 125
    assert done.seen.notes == (
        "fanotify is not permitted: Operation not permitted",
        "ptrace is not permitted: Operation not permitted",
    )
    assert not done.seen.began
    assert not there.exists()


URING = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {  /* opens a file by io_uring: no system call names it */
    struct io_uring_params made;
    memset(&made, 0, sizeof made);
    int ring = syscall(__NR_io_uring_setup, 4, &made);
    if (ring < 0) return 77;
    char *queue = mmap(0, made.sq_off.array + made.sq_entries * 4, PROT_READ | PROT_WRITE,
                       MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entries = mmap(0, made.sq_entries * sizeof *entries,
                                        PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    if (queue == MAP_FAILED || entries == MAP_FAILED) return 3;
    memset(entries, 0, sizeof *entries);
    entries->opcode = IORING_OP_OPENAT;
    entries->fd = AT_FDCWD;
    entries->addr = (unsigned long)"/etc/hidden";
    entries->open_flags = O_RDONLY;
    ((unsigned *)(queue + made.sq_off.array))[0] = 0;
    __atomic_store_n((unsigned *)(queue + made.sq_off.tail), 1, __ATOMIC_RELEASE);
    if (syscall(__NR_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) != 1) return 4;
    return 0;
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_files_that_the_kernel_opens_for_a_program_are_seen(tmp_path: Path, root: Path) -> None:
    if FileEvents.of(Record.at(str(tmp_path / "probe")), str(root)) is None:
        pytest.skip("fanotify is not permitted here")
    program = compiled(tmp_path, URING)
    roots.add(root, str(program), "/bin/uring")
    (root / "etc/hidden").write_text("x")
    done = run(tmp_path, ["chroot", str(root), "/bin/uring"], "--root", str(root))
    if done.code == 77:
        pytest.skip("io_uring is not there")
    assert done.code == 0
    assert "/etc/hidden" in done.paths("opened")
    alone = run(tmp_path, ["chroot", str(root), "/bin/uring"], "--root", str(root), "--no-files")
    assert "/etc/hidden" not in alone.paths("opened")


def test_somebody_who_is_not_root_can_be_watched(tmp_path: Path) -> None:
    """The tracer itself runs as a user without rights, in a place that this user can read."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    source = Path(__file__).resolve().parents[2] / "src" / "seawall" / "tracing"
    place = tmp_path / "code" / "seawall" / "tracing"
    shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
    (place.parent / "__init__.py").touch()
    python = next(
        (each for each in ("/usr/bin/python3", shutil.which("python3") or "") if _is_new(each)), ""
    )
    if not python:
        pytest.skip("there is no Python 3.11 that everybody may run")
    for directory in (tmp_path, *tmp_path.parents):
        if directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o111)
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o777)
    words = [
        "setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--inh-caps=-all",
        "--bounding-set=-all", python, "-m", "seawall.tracing.tracer", "--record",
        str(out / "record"), "--", "/bin/sh", "-c", "cat /etc/passwd | wc -l",
    ]  # fmt: skip
    done = subprocess.run(
        words, check=False, capture_output=True, text=True, timeout=60, cwd=tmp_path / "code",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "code"), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "/etc/passwd" in (out / "record").read_text()


def _is_new(python: str) -> bool:
    if not python or not os.path.exists(python) or os.path.realpath(python).startswith("/root"):
        return False
    done = subprocess.run(
        [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False, timeout=60
    )
    return done.returncode == 0
