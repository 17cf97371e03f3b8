"""The profile: what it lets through and why, and that programs run under it and no further."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from seawall.hardening.images.seccomp import profile
from seawall.hardening.images.seccomp_margin import ALWAYS, DANGEROUS, FAMILIES, UNKNOWN
from seawall.hardening.images.seccomp_wiring import manifest, name_for
from seawall.tracing import calls, record
from seawall.tracing.record import Observation
from tests.cli.support import command
from tests.tracing import roots
from tests.tracing.traced import compiled, needs_tracing, run

EVERY = frozenset().union(*(calls.numbers(each) for each in calls.SECCOMP_NAMES))
ALLOW, REFUSE = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"


def seen(*names: str, machine: str = calls.X86_64, **more: Any) -> Observation:
    known = calls.numbers(machine)
    return Observation(calls=frozenset((machine, known[name]) for name in names), **more)


def allowed(document: dict[str, Any]) -> set[str]:
    return {
        name for rule in document["syscalls"] if rule["action"] == ALLOW and "args" not in rule
        for name in rule["names"]
    }  # fmt: skip


def rule_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (rule for rule in document["syscalls"] if name in rule["names"])
    return dict(found)


# What it says ---------------------------------------------------------------------------------


def test_what_was_seen_is_let_through_and_all_else_fails() -> None:
    document = profile(seen("openat", "mount"), "x86_64").document
    assert document["defaultAction"] == REFUSE
    assert document["defaultErrnoRet"] == 1
    assert document["architectures"] == ["SCMP_ARCH_X86_64"]
    assert {"openat", "mount"} <= allowed(document)
    assert not allowed(document) & {"ptrace", "keyctl", "bpf", "unshare", "socket"}


def test_each_name_stands_once_and_each_rule_has_a_reason() -> None:
    for machine in (calls.X86_64, calls.AARCH64):
        document = profile(seen("openat", "clone3", machine=machine), machine).document
        names = [name for rule in document["syscalls"] for name in rule["names"]]
        assert len(names) == len(set(names))
        assert set(names) <= set(calls.numbers(machine))
        assert all(rule["comment"] and rule["names"] for rule in document["syscalls"])


def test_relatives_of_what_was_seen_are_let_through() -> None:
    assert {"preadv2", "readv", "pread64"} <= allowed(profile(seen("read"), "x86_64").document)
    assert "accept" in allowed(profile(seen("accept4"), "x86_64").document)
    assert "accept" not in allowed(profile(seen("read"), "x86_64").document)
    assert "stat" not in allowed(profile(seen("openat", machine="aarch64"), "aarch64").document)


def test_new_threads_and_processes_make_no_namespaces() -> None:
    none = rule_of(profile(seen("read"), "x86_64").document, "clone")
    assert none["args"] == [
        {"index": 0, "value": 0x10000, "valueTwo": 0x10000, "op": "SCMP_CMP_MASKED_EQ"}
    ]
    for name in ("clone", "clone3", "fork", "vfork"):
        document = profile(seen(name), "x86_64").document
        assert rule_of(document, "clone")["args"] == [
            {"index": 0, "value": 0x7E020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
        ]
        assert rule_of(document, "clone3")["errnoRet"] == 38
    document = profile(seen("clone", "clone3", namespaces=True), "x86_64").document
    assert {"clone", "clone3"} <= allowed(document)


def test_calls_that_are_tried_first_are_said_not_to_exist() -> None:
    document = profile(seen("read"), "x86_64").document
    rule = rule_of(document, "copy_file_range")
    assert (rule["action"], rule["errnoRet"]) == (REFUSE, 38)
    assert "copy_file_range" in allowed(profile(seen("copy_file_range"), "x86_64").document)


def test_calls_of_other_architectures_and_without_a_name() -> None:
    made = profile(
        Observation(calls=frozenset({("i386", 20), ("x32", 39), ("x86_64", 9999)})), "x86_64"
    )
    assert made.document["architectures"] == [
        "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"
    ]  # fmt: skip
    assert made.unnamed == ("x86_64 9999",)
    assert made.seen == {"getpid"}


def test_dangerous_calls_are_told() -> None:
    assert profile(seen("read", "mount", "bpf"), "x86_64").dangerous == ("bpf", "mount")


def test_all_names_are_those_of_calls() -> None:
    unknown = {"send", "recv"}  # of other architectures, behind socketcall on i386
    for group in ALWAYS:
        assert group.names <= EVERY
    for family in FAMILIES:
        assert family - unknown <= EVERY
    assert UNKNOWN <= EVERY
    assert DANGEROUS <= EVERY
    margin = frozenset().union(*(group.names for group in ALWAYS))
    assert not margin & DANGEROUS


# That it works --------------------------------------------------------------------------------

PROBE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void *work(void *none) {
    char *more = malloc(1 << 20);
    memset(more, 1, 1 << 20);
    free(more);
    return none;
}
static void told(int number) { (void)number; }
static void work_all(void) {
    pthread_t threads[4];
    for (int each = 0; each < 4; each++) pthread_create(&threads[each], NULL, work, NULL);
    for (int each = 0; each < 4; each++) pthread_join(threads[each], NULL);
    int status;
    pid_t child = fork();
    if (!child) { execl("/usr/bin/probe", "probe", "child", NULL); _exit(9); }
    waitpid(child, &status, 0);
    signal(SIGUSR1, told);
    raise(SIGUSR1);
    FILE *file = fopen("/etc/motd", "r");
    char line[80] = "";
    if (file) { if (!fgets(line, sizeof line, file)) line[0] = 0; fclose(file); }
    printf("worked %d %s\n", WEXITSTATUS(status), line);
}
static void tried(const char *name, long given) {
    printf("%s %s\n", name, given < 0 ? strerrorname_np(errno) : "done");
}
int main(int count, char **words) {
    if (count > 1 && !strcmp(words[1], "child")) return 7;
    work_all();
    if (count > 1 && !strcmp(words[1], "wait")) { fflush(stdout); pause(); }
    if (count < 2) return 0;
    tried("mount", mount("none", "/tmp", "tmpfs", 0, ""));
    tried("ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0));
    tried("keyctl", syscall(SYS_keyctl, 0, 0, 0));
    tried("bpf", syscall(SYS_bpf, 0, 0, 0));
    tried("unshare", unshare(CLONE_NEWUSER));
    tried("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    tried("clone3", syscall(SYS_clone3, 0, 0));
    tried("socket", syscall(SYS_socket, 1, 1, 0));
    tried("perf", syscall(SYS_perf_event_open, 0, 0, 0, 0, 0));
    fflush(stdout);
    int status;
    pid_t child = fork();
    if (!child) abort();
    waitpid(child, &status, 0);
    printf("aborted by %d\n", WTERMSIG(status));
    return 0;
}
"""
FORBIDDEN = """\
mount EPERM
ptrace EPERM
keyctl EPERM
bpf EPERM
unshare EPERM
clone EPERM
clone3 ENOSYS
socket EPERM
perf EPERM
aborted by 6
"""
WORKED = "worked 7 message\n\n"


needs_runc = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0 or shutil.which("runc") is None
    or shutil.which("cc") is None,
    reason="takes root, runc and a C compiler",
)  # fmt: skip


class Bundle:
    """A root and a profile that runc runs something with."""

    def __init__(self, place: Path, document: dict[str, Any]) -> None:
        self.place = place
        self._document = document

    def write(self, *words: str, uid: int, limited: bool) -> None:
        capabilities = ["CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"]
        sets = ("bounding", "effective", "permitted")
        config = {
            "ociVersion": "1.0.2",
            "process": {
                "terminal": False, "args": ["/usr/bin/probe", *words], "cwd": "/",
                "user": {"uid": uid, "gid": uid, "additionalGids": [5]}, "env": ["PATH=/usr/bin"],
                "noNewPrivileges": limited,
                "capabilities": dict.fromkeys(sets, capabilities),
            },
            "root": {"path": "root", "readonly": True},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
            "linux": {
                "namespaces": [{"type": each} for each in ("pid", "ipc", "uts", "mount")],
                "seccomp": self._document,
            },
        }  # fmt: skip
        (self.place / "config.json").write_text(json.dumps(config))

    def run(self, *words: str, uid: int, limited: bool) -> subprocess.CompletedProcess[str]:
        self.write(*words, uid=uid, limited=limited)
        return subprocess.run(
            ["runc", "--root", str(self.place / "state"), "run", "-b", str(self.place), "probe"],
            check=False, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A program that was observed while it did what it should, with its profile."""
    place = tmp_path_factory.mktemp("bundle")
    root = roots.make(place / "root", [])
    roots.add(root, str(compiled(place, PROBE, "-pthread")), "/usr/bin/probe")
    (root / "etc/motd").write_text("message\n")
    observed = run(place, ["chroot", str(root), "/usr/bin/probe"], "--root", str(root))
    assert observed.out == WORKED, observed.error
    made = profile(record.read(str(place / "record")), os.uname().machine)
    return Bundle(place, made.document)


@needs_runc
@needs_tracing
@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("limited", [True, False], ids=["no new privileges", "filter first"])
def test_it_runs_under_its_profile(bundle: Bundle, uid: int, limited: bool) -> None:
    done = bundle.run(uid=uid, limited=limited)
    assert (done.returncode, done.stdout) == (0, WORKED), done.stderr


@needs_runc
@needs_tracing
def test_what_was_not_observed_fails(bundle: Bundle) -> None:
    done = bundle.run("misbehave", uid=0, limited=True)
    assert done.stdout == WORKED + FORBIDDEN, done.stderr


@needs_runc
@needs_tracing
def test_probes_are_executed_under_its_profile(bundle: Bundle) -> None:
    bundle.write("wait", uid=1000, limited=True)
    runc = ["runc", "--root", str(bundle.place / "state")]
    try:
        with (bundle.place / "out").open("wb") as out:
            subprocess.run(
                [*runc, "run", "-d", "-b", str(bundle.place), "waits"], check=True, timeout=60,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        for _ in range(500):
            if (bundle.place / "out").read_text() == WORKED:
                break
            time.sleep(0.02)
        done = subprocess.run(
            [*runc, "exec", "waits", "/usr/bin/probe", "child"], check=False, timeout=60,
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 7, done.stderr
    finally:
        subprocess.run([*runc, "delete", "-f", "waits"], check=True, timeout=60)


# How Kubernetes is told -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("registry.example.org/shop/App:1.2", "app-1-2"),
        ("out/hardened", "hardened"),
        ("registry.example.org/app@sha256:00", "app"),
        ("...", "image"),
        ("x" * 99, "x" * 50),
    ],
)
def test_names_are_such_that_kubernetes_takes_them(place: str, name: str) -> None:
    assert name_for(place) == name


def test_the_wiring_is_a_pod_in_which_nothing_of_security_is_missing(tmp_path: Path) -> None:
    text = manifest("app", "registry.example.org/app:1.2", (65532, 65532))
    (tmp_path / "app.yaml").write_text(text)
    done = command("scan", str(tmp_path / "app.yaml"), "--format", "json", "--exit-zero")
    report = json.loads(done.output)
    assert report["summary"]
    rules = {finding["rule"] for finding in report["findings"]}
    assert not {each for each in rules if "seccomp" in each or "privile" in each or "root" in each}
    assert "localhostProfile: seawall/app.json" in text
    assert "/var/lib/kubelet/seccomp/seawall/app.json" in text
