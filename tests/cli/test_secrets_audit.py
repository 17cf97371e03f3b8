"""``seawall secrets audit`` at a terminal, and what it refuses without one."""

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from seawall.triage.baseline_file import load
from tests.triage.support import command, json_scan, pod, write

COMMAND = [sys.executable, "-m", "seawall", "secrets", "audit"]
VALUES = [f"Bluebell-{n}xKq" for n in (27, 28, 29)]
FILE = "seawall.baseline"
PROMPT = "[q]uit "


class Person:
    """Somebody at a terminal who waits for what is shown before pressing the next key."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self.seen = ""
        self._ahead = ""

    def waits_for(self, text: str) -> str:
        """Everything that is shown up to a text."""
        until = time.monotonic() + 30
        while text not in self._ahead:
            assert time.monotonic() < until, self._ahead
            if select.select([self._terminal], [], [], 1)[0]:
                try:
                    data = os.read(self._terminal, 65536)
                except OSError:  # the other side is closed
                    data = b""
                assert data, self._ahead
                self._ahead += data.decode()
                self.seen += data.decode()
        shown, _, self._ahead = self._ahead.partition(text)
        return shown + text

    def presses(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def answers(self, keys: str) -> str:
        """Wait for a question, and press some keys."""
        shown = self.waits_for(PROMPT)
        self.presses(keys)
        return shown


@contextmanager
def audit(*arguments: str, code: int = 0) -> Iterator[Person]:
    person, terminal = pty.openpty()
    environment = {**os.environ, "USER": "ada", "COLUMNS": "100", "SEAWALL_CACHE_DIR": "/nowhere"}
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        try:
            yield Person(person)
            assert process.wait(60) == code
        finally:
            process.kill()
            os.close(person)


def with_passwords(name: str, values: Sequence[str]) -> str:
    rows = [f"{{name: DB_{n}_PASSWORD, value: {json.dumps(v)}}}" for n, v in enumerate(values)]
    return pod(name) + f"      env: [{', '.join(rows)}]\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {f"{name}.yaml": with_passwords(name, [value])
         for name, value in zip("abc", VALUES, strict=True)},
    )  # fmt: skip
    return tmp_path


def states() -> dict[str, str]:
    """The states in the file, by the name of the pod."""
    return {entry.subject.split("/")[2]: entry.state for entry in load(FILE)}


def test_a_session(tree: Path) -> None:
    with audit() as person:
        first = person.answers("f")
        assert "1 of 3  " in first
        assert "a.yaml:" in first
        assert not any(value in first for value in VALUES)
        person.waits_for("  false")
        assert states() == {"a": "false"}  # written before the next answer
        person.answers("s")
        person.answers("V")
        person.waits_for("reason: ")
        person.presses("gone\x7f\x7fne since May\r")
        person.waits_for("2 decisions in seawall.baseline: 1 false, 1 revoked. 1 secret left")
    assert states() == {"a": "false", "c": "revoked"}
    entry = next(entry for entry in load(FILE) if entry.state == "revoked")
    assert (entry.reason, entry.by) == ("gone since May", "ada")
    report = json_scan("--select", "hardcoded-secret", "--baseline", FILE)
    assert [item["subject"]["name"] for item in report["findings"]] == ["b"]
    assert {item["details"]["decision"]["state"] for item in report["suppressed"]} == {
        "false",
        "revoked",
    }
    with audit() as person:  # what was decided is not asked again
        assert "1 of 1" in person.answers("q")
        person.waits_for("1 secret left")
    with audit("--all") as person:
        assert "so far: false, ada" in person.answers("q")
        person.waits_for("left")


def test_undo(tree: Path) -> None:
    with audit() as person:
        person.answers("u")
        person.waits_for("nothing to undo")
        person.answers("a")
        person.answers("o")
        person.waits_for("3 of 3")
        assert states() == {"a": "accepted", "b": "open"}
        person.answers("u")
        assert "2 of 3" in person.waits_for("2 of 3")
        assert states() == {"a": "accepted"}
        person.answers("u")
        person.waits_for("1 of 3")
        assert load(FILE).salt() != b""
        assert states() == {}
        person.answers("r")
        person.answers("q")
        person.waits_for("1 decision in")
    assert states() == {"a": "rotated"}
    report = json_scan("--select", "hardcoded-secret", "--baseline", FILE)
    told = {item["subject"]["name"]: item["severity"] for item in report["findings"]}
    assert told["a"] == "info"
    assert told["b"] != "info"


def test_the_value_is_shown_on_a_key_alone_and_taken_off(tree: Path) -> None:
    with audit() as person:
        person.answers("h")
        shown = person.waits_for("hides it again ")
        assert VALUES[0] in shown
        person.presses("x")
        person.waits_for("\x1b[1A\x1b[J")
        person.answers("?")
        person.waits_for("u  undo the last decision")
        person.answers("\x1b[A")  # an arrow does nothing
        person.answers("q")
        person.waits_for("left to decide")
    assert not Path(FILE).exists()
    assert person.seen.count(VALUES[0]) == 1


def test_ctrl_c_loses_nothing(tree: Path) -> None:
    with audit() as person:
        person.answers("f")
        person.answers("A")
        person.waits_for("reason: ")
        person.presses("\x03")  # gives up the reason, and with it the answer
        person.answers("\x03")
        person.waits_for("1 decision in")
    assert states() == {"a": "false"}


def test_what_is_decided_of_a_value_is_decided_everywhere(tree: Path) -> None:
    write(tree, {"c.yaml": with_passwords("c", [VALUES[0]])})
    with audit() as person:
        person.answers("f")
        person.waits_for("false; so 1 more place of it")
        assert "2 of 3" in person.answers("u")  # undoes that, too
        person.answers("a")
        person.answers("s")
        assert "3 of 3" in person.answers("q")
    assert states() == {"a": "accepted"}


def test_nothing_to_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a.yaml": pod("a")})
    with audit() as person:
        person.waits_for("There is nothing to decide")


def test_another_file_is_not_overwritten(tree: Path) -> None:
    with audit("--baseline", "a.yaml", code=2) as person:
        person.waits_for("this line of the baseline is no JSON")
    assert "kind: Pod" in Path("a.yaml").read_text()


def test_without_a_terminal(tree: Path) -> None:
    ran = command("secrets", "audit")
    assert ran.code == 2
    assert "needs a terminal: run it in one" in ran.err
    piped = subprocess.run(COMMAND, input=b"f", capture_output=True, timeout=60, check=False)
    assert piped.returncode == 2
    assert not Path(FILE).exists()


def test_the_terminal_is_left_as_it_was(tree: Path) -> None:
    person, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    with subprocess.Popen(COMMAND, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        other = Person(person)
        other.waits_for(PROMPT)
        assert termios.tcgetattr(terminal) != before
        other.presses("q")
        other.waits_for("left")
        assert process.wait(60) == 0
    assert termios.tcgetattr(terminal) == before
    os.close(terminal)
    os.close(person)
