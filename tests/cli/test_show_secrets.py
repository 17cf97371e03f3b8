"""``--show-secrets``: on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.triage.support import command, pod, write

VALUE = "Bluebell-27xKq"
COMMAND = [sys.executable, "-m", "seawall", "scan", "--select", "hardcoded-secret", "--exit-zero"]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    env = f"      env: [{{name: DB_PASSWORD, value: {VALUE}}}]\n"
    write(tmp_path, {"a.yaml": pod("a") + env})
    return tmp_path


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    person, terminal = pty.openpty()
    environment = {**os.environ, "SEAWALL_CACHE_DIR": str(Path("cache").absolute())}
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
        env=environment,
    ) as process:  # fmt: skip
        os.close(terminal)
        shown = b""
        try:
            while data := os.read(person, 65536):
                shown += data
        except OSError:  # the other side is closed
            pass
        code = process.wait(60)
    os.close(person)
    return code, shown.decode()


def test_a_terminal_shows_them_when_asked(tree: Path) -> None:
    code, shown = on_a_terminal("--show-secrets")
    assert code == 0, shown
    assert f"value: {VALUE}" in shown
    code, shown = on_a_terminal()
    assert VALUE not in shown
    kept = [path.read_bytes() for path in (tree / "cache").rglob("*") if path.is_file()]
    assert not any(VALUE.encode() in data for data in kept)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "needs a terminal, for whatever is written to a file or a pipe is kept; run it in"),
        (["--format", "json"], "leave out --format and --output"),
        (["--format", "table=out"], "leave out --format and --output"),
        (["--format", "table", "--format", "sarif=out"], "leave out --format and --output"),
        (["--output", "out"], "leave out --format and --output"),
    ],
)
def test_nothing_else_does(tree: Path, arguments: list[str], said: str) -> None:
    ran = command("scan", "--show-secrets", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert not Path("out").exists()
    if arguments:
        code, shown = on_a_terminal("--show-secrets", *arguments)
        assert code == 2
        assert VALUE not in shown
