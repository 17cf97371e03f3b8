"""``seawall secrets mask`` as a process: what comes slowly comes out at once."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seawall.secrets.rules.examples import example
from tests.secrets.rules import RULES

COMMAND = [sys.executable, "-m", "seawall", "secrets", "mask"]
TOKEN = example(RULES["github-classic-token"], random.Random(1)).encode()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**os.environ, "SEAWALL_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}


def masked(
    data: bytes, environment: dict[str, str], *more: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *more], input=data, env=environment, capture_output=True, timeout=60, check=False
    )


def test_a_filter(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "values").write_text("Bluebell\n")
    data = b"\xff\x00 one\ntoken " + TOKEN + b" end\nBluebell no line end"
    ran = masked(data, environment, "--values", str(tmp_path / "values"))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == (
        b"\xff\x00 one\ntoken [redacted:github-classic-token] end\n[redacted:value] no line end"
    )
    assert ran.stderr == b""
    assert masked(b"", environment).stdout == b""


def test_lines_come_out_while_more_is_to_come(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in (b"one\n", b"two " + TOKEN + b"\n"):
            process.stdin.write(line)
            assert select.select([process.stdout], [], [], 30)[0]
            shown = line.replace(TOKEN, b"[redacted:github-classic-token]")
            assert process.stdout.read(4096) == shown
        process.send_signal(signal.SIGINT)  # the first one is for who writes the log
        process.stdin.write(b"last words\n")
        process.stdin.close()
        assert process.stdout.read(4096) == b"last words\n"
    assert process.returncode == 0


def test_the_second_interrupt_ends_it(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):  # the first one has to be taken before the second comes
            process.stdin.write(b"line\n")
            assert process.stdout.read(4096) == b"line\n"
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        assert process.wait(30) == 130


def test_the_reader_leaves(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.close()
        _, errors = process.communicate(b"line\n" * 100_000, timeout=60)
    assert process.returncode == 141
    assert errors == b""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--min-confidence", "much"), b"invalid choice"),
        (("--values", "absent"), b"one value a line"),
    ],
)
def test_what_is_refused(environment: dict[str, str], more: tuple[str, ...], said: bytes) -> None:
    ran = masked(b"", environment, *more)
    assert ran.returncode == 2
    assert said in ran.stderr
