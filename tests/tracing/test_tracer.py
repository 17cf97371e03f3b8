"""The tracer sees what programs do, and they do what they would do without it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from seawall.tracing.named_paths import ASKED, EXECUTED, MADE, OPENED
from tests.tracing.traced import PATIENCE, command, compiled, needs_tracing, python, run

pytestmark = needs_tracing
needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
on_x86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="is about x86-64")

THREADS = """
import os, subprocess, threading
def work(number):
    with open(f"file{number}") as stream:
        print(stream.read(), end="")
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
FORKS = """
import os, subprocess
if not os.fork():
    open("of-child").close()
    os.execv("/bin/sh", ["sh", "-c", "cat of-shell; exit 3"])
print(os.waitstatus_to_exitcode(os.wait()[1]))
print(subprocess.run(["cat", "of-cat"], capture_output=True, text=True).stdout, end="")
"""
LOADS = """
import ctypes, ctypes.util, sys
name = "".join(["lib", "m", ".so.6"])
ctypes.CDLL(name).cos
name = "_" + "json"
__import__(name)
"""
SIGNALS = r"""
import os, signal, sys
def told(number, frame):
    os.write(1, f"told {signal.Signals(number).name}\n".encode())
    if number == signal.SIGTERM: sys.exit(7)
for each in (signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD): signal.signal(each, told)
os.kill(os.getpid(), signal.SIGUSR1)
print("ready", flush=True)
while True: signal.pause()
"""
STOPS = """
import os, signal, time
child = os.fork()
if not child:
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(5)
done, status = os.waitpid(child, os.WUNTRACED)
print("stopped", os.WIFSTOPPED(status), flush=True)
time.sleep(0.2)
print("still", os.waitpid(child, os.WNOHANG | os.WUNTRACED), flush=True)
os.kill(child, signal.SIGCONT)
print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
EXEC_OF_THREAD = """
#include <pthread.h>
#include <unistd.h>
static void *other(void *none) { execl("/bin/echo", "echo", "from a thread", NULL); return none; }
static void *third(void *none) { pause(); return none; }
int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, third, NULL);
    pthread_create(&thread, NULL, other, NULL);
    pthread_join(thread, NULL);
    pause();
}
"""
VFORK = """
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    int status;
    for (int number = 0; number < 20; number++) {
        if (!vfork()) { execl("/bin/true", "true", NULL); _exit(9); }
        wait(&status);
        if (status) return 1;
    }
    puts("all");
    return 0;
}
"""
FOREIGN = """
#include <unistd.h>
int main(void) {
    long given;
    __asm__ volatile("int $0x80" : "=a"(given) : "a"(20) : "memory");  /* getpid of i386 */
    if (given != getpid()) return 2;
    syscall(0x40000000 + 39);                                          /* getpid of x32 */
    return 0;
}
"""


def test_threads_are_followed(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"file{number}").write_text(f"{number}\n")
    done = python(tmp_path, THREADS, cwd=tmp_path)
    assert sorted(done.out.split()) == [str(number) for number in range(8)]
    assert {str(tmp_path / f"file{number}") for number in range(8)} <= done.paths(OPENED)
    assert done.calls & {"clone", "clone3"}


def test_processes_and_programs_are_followed(tmp_path: Path) -> None:
    for name in ("of-child", "of-shell", "of-cat"):
        (tmp_path / name).write_text(f"{name}\n")
    done = python(tmp_path, FORKS, cwd=tmp_path)
    assert (done.code, done.out) == (0, "of-shell\n3\nof-cat\n")
    assert {str(tmp_path / name) for name in ("of-child", "of-shell", "of-cat")} <= done.paths(
        OPENED
    )
    assert {"/bin/sh", os.path.realpath("/bin/sh")} <= done.paths(EXECUTED)
    assert os.path.realpath(shutil.which("cat") or "") in done.paths(EXECUTED)


def test_libraries_and_modules_loaded_by_made_up_names_are_seen(tmp_path: Path) -> None:
    done = python(tmp_path, LOADS)
    assert done.code == 0
    names = {path.rpartition("/")[2] for path in done.paths(OPENED)}
    assert "libm.so.6" in names
    assert any(name.startswith("_json.") for name in names)


def test_links_and_what_they_lead_to_are_both_seen(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "script").write_text("#!/bin/sh\n: < link\nmkdir made; mv real made/other\n")
    (tmp_path / "script").chmod(0o755)
    done = run(tmp_path, ["./script"], cwd=tmp_path)
    assert done.code == 0
    assert {str(tmp_path / "link"), str(tmp_path / "real")} <= done.paths(OPENED)
    assert {str(tmp_path / "script"), "/bin/sh"} & done.paths(EXECUTED)
    assert str(tmp_path / "script") in done.paths(EXECUTED)
    assert str(tmp_path / "real") in done.paths(ASKED)
    assert {str(tmp_path / "made"), str(tmp_path / "made/other")} <= done.paths(MADE)


def test_what_failed_is_no_path_that_is_needed(tmp_path: Path) -> None:
    done = run(tmp_path, ["/bin/sh", "-c", ": < /not/there"])
    assert done.code != 0
    assert "/not/there" not in {path for _, path in done.seen.paths}


def test_the_exit_code_and_the_signal_are_those_of_the_command(tmp_path: Path) -> None:
    assert run(tmp_path, ["/bin/sh", "-c", "exit 42"]).code == 42
    assert run(tmp_path, ["/bin/sh", "-c", "kill -USR2 $$"]).code == -signal.SIGUSR2
    missing = run(tmp_path, ["/not/there"])
    assert missing.code == 127
    assert "/not/there" in missing.error
    assert not missing.seen.began


def test_signals_reach_the_command(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SIGNALS)
    words = [*command(tmp_path / "record"), sys.executable, "-I", str(script)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "told SIGUSR1\n"
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == "told SIGUSR1\n"
        process.terminate()
        assert process.stdout.readline() == "told SIGTERM\n"
        assert process.wait(PATIENCE) == 7


def test_stopped_processes_stay_stopped(tmp_path: Path) -> None:
    done = python(tmp_path, STOPS)
    assert done.out == "stopped True\nstill (0, 0)\nended 5\n"


@needs_compiler
def test_a_thread_may_execute_a_program(tmp_path: Path) -> None:
    done = run(tmp_path, [str(compiled(tmp_path, EXEC_OF_THREAD, "-pthread"))])
    assert (done.code, done.out) == (0, "from a thread\n")
    assert os.path.realpath("/bin/echo") in done.paths(EXECUTED)


@needs_compiler
def test_vfork_works(tmp_path: Path) -> None:
    done = run(tmp_path, [str(compiled(tmp_path, VFORK))])
    assert (done.code, done.out) == (0, "all\n")
    assert "vfork" in done.calls or "clone" in done.calls


@needs_compiler
@on_x86
def test_calls_of_other_architectures_are_told_apart(tmp_path: Path) -> None:
    done = run(tmp_path, [str(compiled(tmp_path, FOREIGN))])
    assert done.code == 0
    assert ("i386", 20) in done.seen.calls
    assert ("x32", 39) in done.seen.calls


def test_time_is_limited(tmp_path: Path) -> None:
    script = "trap '' TERM; while :; do :; done"
    done = run(tmp_path, ["/bin/sh", "-c", script], "--seconds", "0.5")
    assert done.code == -signal.SIGKILL


def test_what_a_command_leaves_running_is_killed(tmp_path: Path) -> None:
    script = (
        "import os,time\nif os.fork(): os._exit(0)\nos.setsid()\nprint(os.getpid(), flush=True)\n"
        "time.sleep(600)"
    )
    words = f"setsid {sys.executable} -I -c '{script}' | head -1"
    done = run(tmp_path, ["/bin/sh", "-c", words])
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.out), 0)


def test_all_die_with_the_tracer(tmp_path: Path) -> None:
    words = [*command(tmp_path / "record"), "/bin/sh", "-c", "sleep 600 & echo $!; wait"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        below = int(process.stdout.readline())
        process.kill()
        process.wait(PATIENCE)
    for _ in range(200):
        if not _is_alive(below):
            return
        time.sleep(0.02)
    raise AssertionError(f"{below} is still there")


def _is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_server_is_seen_to_serve(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "page.html").write_text("served")
    words = [sys.executable, "-I", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    written = tmp_path / "record"
    with subprocess.Popen(
        [*command(written), *words, "--directory", str(site)], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        port = int(re.findall(r"port (\d+)", process.stdout.readline())[0])
        answers: list[bytes] = []

        def ask() -> None:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/page.html") as answer:
                answers.append(answer.read())

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join(PATIENCE)
        process.terminate()
        assert process.wait(PATIENCE) == -signal.SIGTERM
    assert answers == [b"served"] * 4
    assert str(site / "page.html") in written.read_text()


STRACED = {
    "a shell": ["/bin/sh", "-c", "ls / > /dev/null; (cat /etc/passwd | wc -l) && true"],
    "threads": [
        sys.executable, "-I", "-c", "import threading as t; t.Thread(target=print).start()",
    ],
    "processes": [
        sys.executable, "-I", "-c",
        "import subprocess as s; s.run(['true']); s.run('echo x', shell=True)",
    ],
    "sockets": [
        sys.executable, "-I", "-c",
        "import socket as s; a, b = s.socketpair(); a.send(b'1'); b.recv(1); s.socket().close()",
    ],
}  # fmt: skip


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("case", STRACED)
def test_system_calls_are_those_that_strace_sees(tmp_path: Path, case: str) -> None:
    words = STRACED[case]
    run(tmp_path, words)  # whatever is written at first, it is there now
    theirs = tmp_path / "strace"
    subprocess.run(
        ["strace", "-f", "-qq", "-o", str(theirs), *words], check=True, timeout=PATIENCE,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    named = re.findall(r"^\d+ +(?:<\.\.\. )?(\w+)[ (]", theirs.read_text(), re.MULTILINE)
    # What a race leads to is in one run and not in the other.
    racing = {"futex", "restart_syscall", "rt_sigreturn", "madvise", "exit", "poll"}
    assert run(tmp_path, words).calls - racing == set(named) - racing
