"""``make demo-mesh``: what it says where it cannot run, and that it leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seawall.mesh.hosting import network
from tools import demo_mesh

ROOT = Path(__file__).resolve().parents[2]
needs_all = pytest.mark.skipif(bool(demo_mesh.missing()), reason="; ".join(demo_mesh.missing()))


def test_what_is_missing_is_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert demo_mesh.main() == 2
    said = capsys.readouterr().err
    assert "root: it makes network namespaces and rules; say sudo make demo-mesh" in said
    for name, package in demo_mesh.PACKAGES.items():
        assert f"  - {name}: install {package}\n" in said


def test_another_system_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert demo_mesh.missing() == [
        "Linux: the mesh is made of network namespaces; use a Linux machine"
    ]


@needs_all
@pytest.mark.full
def test_the_demo_shows_all_and_leaves_nothing() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tools.demo_mesh"], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    assert "0 with 'velvet-lamp'" in said.stdout
    assert said.stdout.rstrip().endswith("All as it should be.")
    assert network.namespaces_of(demo_mesh.MESH) == []


@needs_all
@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_it_finds_nothing_left(number: signal.Signals) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "tools.demo_mesh"], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("Bringing it up"):
            break
    time.sleep(0.7)  # in the midst of it
    os.killpg(running.pid, number)
    said, _ = running.communicate(timeout=60)
    assert "All as it should be" not in said
    assert "no namespace, rule or process is left" in said
    assert running.returncode == (130 if number is signal.SIGINT else 143)
    assert network.namespaces_of(demo_mesh.MESH) == []
