"""``seawall scan --watch``, for real: in a process of its own, at a terminal and without one."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seawall.cli.main import run
from tests.secrets.rules import drawn
from tests.test_integrations import git

PATIENCE = 60.0
BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {hostNetwork: true}
"""
GOOD = BAD.replace("true", "false")
SELECT = ("--select", "host-network")


class Watch:
    """A running watch and all that it has written."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self.process = process
        self.text = ""
        self._descriptor = descriptor
        self._told = 0

    def until(self, pattern: str) -> str:
        """Read on until a pattern occurs; gives what was written since it last was asked."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.text[self._told :])):
            left = deadline - time.monotonic()
            assert left > 0, f"{pattern} is not in: {self.text[self._told :]}"
            self._read(left)
        begin, self._told = self._told, self._told + found.end()
        return self.text[begin : self._told]

    def rest(self, seconds: float) -> str:
        """What is written within some time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)
        begin, self._told = self._told, len(self.text)
        return self.text[begin:]

    def interrupt(self) -> int:
        """Press Ctrl-C; gives the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def _read(self, seconds: float) -> None:
        if select.select([self._descriptor], [], [], seconds)[0]:
            try:
                self.text += os.read(self._descriptor, 65536).decode().replace("\r\n", "\n")
            except OSError:  # Linux's way to say that the terminal's other side is closed
                time.sleep(0.01)


@contextmanager
def watching(folder: Path, *arguments: str, terminal: bool = True) -> Iterator[Watch]:
    reader, writer = pty.openpty() if terminal else os.pipe()
    environment = os.environ | {
        "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1",
        "SEAWALL_CACHE_DIR": str(folder.parent / "cache"),
    }  # fmt: skip
    command = [sys.executable, "-m", "seawall", "scan", "--watch", *SELECT, *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer
    )
    os.close(writer)
    try:
        yield Watch(process, reader)
    finally:
        process.kill()
        process.wait()
        os.close(reader)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "web.yaml").write_text(BAD)
    return folder


STATUS = r"\d\d:\d\d:\d\d, in [\d.]+ s\. Watching (\d+) files?; Ctrl-C ends\."


def test_at_a_terminal(folder: Path) -> None:
    with watching(folder) as watch:
        first = watch.until(STATUS)
        assert first.startswith("\x1b[H\x1b[2J")
        assert "web.yaml:4:21: high[host-network]" in first
        assert "1 finding: 1 high." in first
        assert "Watching 1 file;" in first
        (folder / "web.yaml").write_text(GOOD)
        second = watch.until(STATUS)
        assert "\x1b[H\x1b[2J" in second
        assert "No findings." in second
        (folder / "more").mkdir()
        (folder / "more" / "other.yaml").write_text(BAD)
        assert "more/other.yaml:4:21" in watch.until(STATUS)
        (folder / "more" / "other.yaml").unlink()
        assert "No findings." in watch.until(STATUS)
        assert watch.interrupt() == 0


def test_without_a_terminal_reports_follow_each_other(folder: Path) -> None:
    with watching(folder, "--format", "jsonl", terminal=False) as watch:
        watch.until(r'"summary", "findings": 1, .*\n')
        (folder / "web.yaml").write_text(GOOD)
        watch.until(r'"summary", "findings": 0, .*\n')
        assert watch.rest(0.1) == ""
        assert "\x1b" not in watch.text
        assert "Watching" not in watch.text
        (folder / "web.yaml").write_text(BAD)
        watch.until(r'"summary", "findings": 1, .*\n')
        watch.rest(1.0)  # without a terminal nothing tells that the scan is over
        assert watch.interrupt() == 1


def test_half_a_file_does_not_end_the_watch(folder: Path) -> None:
    with watching(folder) as watch:
        watch.until(STATUS)
        (folder / "web.yaml").write_text(BAD[:-2])
        half = watch.until(STATUS)
        assert "Could not be read: 1 input" in half
        (folder / "web.yaml").write_text("")
        assert "Nothing was checked" in watch.until(STATUS)
        (folder / "web.yaml").write_text(BAD)
        assert "1 finding" in watch.until(STATUS)
        assert watch.interrupt() == 1


def test_half_a_configuration_does_not_end_the_watch(folder: Path) -> None:
    with watching(folder) as watch:
        watch.until(STATUS)
        (folder / "seawall.toml").write_text("fail-on = ")
        assert "seawall: seawall.toml:1:" in watch.until(STATUS)
        (folder / "seawall.toml").write_text('fail-on = "critical"\n')
        assert "1 finding: 1 high." in watch.until(STATUS)
        assert watch.interrupt() == 0


def test_the_baseline_is_watched(folder: Path) -> None:
    assert run(["scan", str(folder), *SELECT, "--no-cache", "--write-baseline",
                str(folder / "seawall.baseline")]) == 0  # fmt: skip
    with watching(folder, "--baseline", "seawall.baseline") as watch:
        assert "No findings." in watch.until(STATUS)
        lines = (folder / "seawall.baseline").read_text().splitlines(keepends=True)
        (folder / "seawall.baseline").write_text(lines[0])
        assert "1 finding" in watch.until(STATUS)


def test_a_commit_is_noticed(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "begin")
    with watching(folder, "--since", "HEAD") as watch:
        assert "1 finding" in watch.until(STATUS)
        git(folder, "add", "web.yaml")
        git(folder, "commit", "--quiet", "-m", "web")
        while "No findings." not in watch.until(STATUS):
            pass  # between the steps of the commit


def test_what_a_scan_writes_is_no_change(folder: Path) -> None:
    with watching(folder, "--format", "json=out.json", "--format", "table") as watch:
        watch.until(STATUS)
        assert watch.rest(2.0).strip() == ""
        assert (folder / "out.json").exists()


def test_a_target_that_goes_and_comes(folder: Path) -> None:
    with watching(folder, "web.yaml") as watch:
        watch.until(STATUS)
        (folder / "web.yaml").unlink()
        assert "no such file or directory" in watch.until(STATUS)
        (folder / "web.yaml").write_text(BAD)
        assert "1 finding" in watch.until(STATUS)


def test_a_large_tree_costs_little_after_a_change(folder: Path) -> None:
    for number in range(400):
        (folder / f"{number}.yaml").write_text(GOOD.replace("web", f"web-{number}") + "#" * 600)
    with watching(folder, "--format", "json=" + str(folder.parent / "out.json")) as watch:
        time.sleep(1)
        deadline = time.monotonic() + PATIENCE
        while not (folder.parent / "out.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert list((folder.parent / "cache").iterdir())
        assert watch.process.poll() is None


@pytest.mark.parametrize("options", [(), ("-v",)])
def test_the_full_table_when_asked_for(folder: Path, options: tuple[str, ...]) -> None:
    with watching(folder, *options) as watch:
        text = watch.until(STATUS)
    assert ("remedy: " in text.lower()) == bool(options)


def test_an_error_of_the_first_scan_is_the_command_lines(folder: Path) -> None:
    with watching(folder, "--fail-on", "bad") as watch:
        watch.until("'bad' is no severity")
        assert watch.process.wait(PATIENCE) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-"], "standard input cannot be watched; name files or directories"),
        (["--write-baseline"], "write the baseline without it"),
    ],
)
def test_what_cannot_be_watched(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "--watch", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_secrets_are_searched_for_at_each_look(folder: Path) -> None:
    first, second = drawn(14, 1), drawn(14, 2)
    (folder / "app.py").write_text(f'password = "{first}"\n')
    with watching(folder, "--select", "assigned-secret") as watch:
        told = watch.until(STATUS)
        assert "app.py:1:13: high[assigned-secret]" in told
        (folder / "app.py").write_text("import os\npassword = os.environ['PASSWORD']\n")
        assert "assigned-secret" not in watch.until(STATUS)
        (folder / "settings.ini").write_text(f"password = {second}\n")
        told = watch.until(STATUS)
        assert "settings.ini:1:12: high[assigned-secret]" in told
        assert "app.py" not in told
        (folder / "settings.ini").unlink()
        assert "assigned-secret" not in watch.until(STATUS)
        assert watch.interrupt() == 1
        for value in (first, second):
            assert value not in watch.text
