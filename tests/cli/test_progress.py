"""The progress bar: at a terminal, after a second, and gone before anything else is printed."""

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from seawall.cli.progress import Progress
from seawall.engine.progress import Step

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n"
CLEARED = "\r\x1b[K"


class Terminal(io.StringIO):
    """Text written to what says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Time as a test sets it, in seconds."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("seawall.cli.progress.time", clock)
    monkeypatch.setenv("TERM", "xterm")
    return clock


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr("seawall.cli.progress.sys", SimpleNamespace(stderr=terminal))
    return terminal


def test_nothing_is_shown_in_the_first_second(clock: Clock, terminal: Terminal) -> None:
    progress = Progress(enabled=True)
    progress("files read", 0, 4)
    clock.now += 0.99
    progress("files read", 1, 4)
    progress.clear()
    assert terminal.getvalue() == ""


def test_the_bar_grows_and_goes(clock: Clock, terminal: Terminal) -> None:
    progress = Progress(enabled=True)
    clock.now += 1
    progress("files read", 1_000, 4_000)
    assert terminal.getvalue() == f"\r[{'#' * 7}{'-' * 23}] 1,000 of 4,000 files read\x1b[K"
    clock.now += 0.05
    progress("files read", 1_001, 4_000)
    assert terminal.getvalue().count("\r") == 1, "ten times a second is enough"
    clock.now += 0.05
    progress("objects judged", 4_000, 4_000)
    assert terminal.getvalue().endswith(f"\r[{'#' * 30}] 4,000 of 4,000 objects judged\x1b[K")
    progress.clear()
    assert terminal.getvalue().endswith(CLEARED)
    progress.clear()
    assert terminal.getvalue().count(CLEARED) == 1


def test_of_nothing_nothing_is_done(clock: Clock, terminal: Terminal) -> None:
    progress = Progress(enabled=True)
    clock.now += 1
    progress("files read", 0, 0)
    assert f"[{'-' * 30}] 0 of 0" in terminal.getvalue()


@pytest.mark.usefixtures("clock")
def test_only_at_a_terminal_that_can_clear_a_line(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    assert Progress(enabled=True).enabled
    assert not Progress(enabled=False).enabled
    monkeypatch.setenv("TERM", "dumb")
    assert not Progress(enabled=True).enabled
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("seawall.cli.progress.sys", SimpleNamespace(stderr=io.StringIO()))
    assert not Progress(enabled=True).enabled
    assert terminal.getvalue() == ""


CHILD = """
import sys
from seawall.cli import progress
progress._DELAY = progress._INTERVAL = 0
from seawall.__main__ import main
sys.exit(main())
"""


def at_a_terminal(directory: Path, *arguments: str) -> tuple[str, str]:
    """Standard output and error of a scan whose standard error is a terminal, from its start."""
    controller, terminal = os.openpty()
    try:
        result = subprocess.run(
            [sys.executable, "-c", CHILD, "scan", "--exit-zero", *arguments], cwd=directory,
            stdout=subprocess.PIPE, stderr=terminal, text=True, check=True, timeout=60,
            env=os.environ | {"TERM": "xterm"},
        )  # fmt: skip
        os.write(terminal, b"|")  # so that there is something to read
        errors = b""
        while not errors.endswith(b"|"):
            errors += os.read(controller, 65536)
    finally:
        os.close(controller)
        os.close(terminal)
    return result.stdout, errors.decode().removesuffix("|")


def test_a_scan_at_a_terminal(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(POD)
    output, errors = at_a_terminal(tmp_path, "--select", "host-network")
    for step in ("1 of 2 files read", "1 of 2 files parsed", "1 of 2 objects judged"):
        assert step in errors
    assert errors.endswith(CLEARED)
    assert "2 findings" in output
    assert "\r" not in output


def test_a_quiet_scan_shows_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POD)
    output, errors = at_a_terminal(tmp_path, "--quiet", "--select", "host-network")
    assert errors == ""
    assert output.count("\n") == 1


def test_a_step_tells_of_all_by_its_own_part() -> None:
    told: list[tuple[str, int, int]] = []
    step = Step(lambda *state: told.append(state), "objects judged", 100)
    step.begin(4)
    for _ in range(4):
        step.advance()
    assert told == [("objects judged", done, 100) for done in (0, 25, 50, 75)]
    step.begin(0)
    step.advance()
    assert told[-1] == ("objects judged", 0, 100)


def test_workers_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []
    step = Step(lambda *state: told.append(state), "objects judged", 2)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    step.advance()
    assert told == []


def test_nobody_needs_to_be_told() -> None:
    Step(None, "objects judged", 2).advance()
