"""Network namespaces of pods, found in a tree like /proc."""

import os
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.cluster.finding import look, pod_in

UID = "3f2a9c1e-0b7d-4e55-9a41-6f0c2d8b7e11"
UNDERSCORES = UID.replace("-", "_")
OTHER = "aaaaaaaa-0b7d-4e55-9a41-6f0c2d8b7e11"


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        (f"0::/kubepods.slice/kubepods-burstable-pod{UNDERSCORES}.slice/cri-a.scope", UID),
        (f"0::/../../kubepods-besteffort-pod{UNDERSCORES}.slice/crio-abc.scope", UID),
        (f"0::/kubepods/burstable/pod{UID}/abc", UID),
        (f"12:pids:/kubepods/pod{UID}\n0::/\n", UID),
        (f"1:name=systemd:/a\n0::/kubelet.slice/pod{UID}", UID),
        # What is below a pod's own group may be called anything.
        (f"0::/kubepods/pod{UID}/kubepods/pod{OTHER}/x", UID),
        (f"0::/kubepods-pod{UNDERSCORES}.slice/pod{OTHER}", UID),
        ("0::/", ""), ("", ""), ("nonsense", ""), (f"0::/user/xpod{UID}", ""),
        (f"0::/kubepods/pod{UID}0/abc", ""), (f"0::/kubepods/pod{'0123456789abcdef' * 2}", ""),
    ],
)  # fmt: skip
def test_groups(text: str, uid: str) -> None:
    assert pod_in(text) == uid


@given(st.text())
def test_odd_groups(text: str) -> None:
    pod_in(text)
    pod_in(f"0::/{text}")


class Proc:
    """A directory like /proc; files stand for namespaces."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "proc"
        self.path.mkdir()
        (directory / "ns").mkdir()
        self._namespaces = directory / "ns"
        self._next = 0
        self.process("self", "", self.namespace("agent"))
        self.process("1", "", self.namespace("node"))

    def namespace(self, name: str) -> Path:
        path = self._namespaces / name
        path.touch()
        return path

    def process(self, name: str, uid: str, namespace: Path, started: int = 0) -> None:
        own = self.path / name
        (own / "ns").mkdir(parents=True)
        (own / "cgroup").write_text(f"0::/kubepods/pod{uid}/x" if uid else "0::/")
        fields = ["S", *("0" for _ in range(18)), str(started), "0"]
        (own / "stat").write_text(f"{name} (a ) b) {' '.join(fields)}\n")
        (own / "ns" / "net").symlink_to(namespace)

    def found(self, held: dict[str, int] | None = None) -> dict[str, str]:
        self.last = look([UID, OTHER], held or {}, str(self.path))
        return {uid: os.readlink(f"/proc/self/fd/{fd}") for uid, fd in self.last.items()}


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def test_the_oldest_process_counts(proc: Proc) -> None:
    """One of the application's may have made a namespace of its own, where rules mean nothing."""
    sandbox, fake = proc.namespace("pod"), proc.namespace("fake")
    proc.process("90", UID, fake, started=500)
    proc.process("300", UID, sandbox, started=100)
    proc.process("301", UID, fake, started=101)
    assert proc.found() == {UID: str(sandbox)}


def test_what_is_held_stays(proc: Proc) -> None:
    sandbox, fake = proc.namespace("pod"), proc.namespace("fake")
    proc.process("300", UID, sandbox, started=100)
    proc.process("301", UID, fake, started=101)
    proc.process("302", UID, sandbox, started=102)
    proc.found()
    held = proc.last
    for name in ("cgroup", "stat"):
        (proc.path / "300" / name).unlink()  # the sandbox's process has ended
    assert proc.found(held) == {UID: str(sandbox)}
    assert proc.last[UID] == held[UID]
    (proc.path / "302" / "cgroup").write_text("0::/")
    assert proc.found(held) == {UID: str(fake)}  # a sandbox that was made anew


def test_the_nodes_own_namespace_is_no_pods(proc: Proc) -> None:
    proc.process("300", UID, proc.namespace("node"))
    proc.process("301", OTHER, proc.namespace("agent"))
    assert proc.found() == {}


def test_others_are_not_looked_at(proc: Proc) -> None:
    proc.process("300", str(uuid4()), proc.namespace("pod"))
    (proc.path / "12").mkdir()  # it has ended meanwhile
    (proc.path / "uptime").write_text("1 1")
    assert proc.found() == {}


def test_descriptors_do_not_leak(proc: Proc) -> None:
    for number in range(20):
        proc.process(str(300 + number), UID, proc.namespace("pod"), started=number)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        for descriptor in look([UID], {}, str(proc.path)).values():
            os.close(descriptor)
    assert len(os.listdir("/proc/self/fd")) == before
