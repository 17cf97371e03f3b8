"""What hostile and broken Dockerfiles do to the command: an exit code, a clear line, no more.

Each run is a process of its own with little memory allowed; a hang fails by its time limit.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

LIMIT_MIB = 500
SECONDS = 120  # on a machine that does much else besides; alone each takes a few


class Ended(NamedTuple):
    """How a run ended; ``text`` is both outputs."""

    code: int
    text: str
    mebibytes: int


LAUNCHER = """
import os, signal, sys
process = os.posix_spawn(sys.argv[3], sys.argv[3:], os.environ)
signal.signal(signal.SIGALRM, lambda *_: os.kill(process, signal.SIGKILL))
signal.alarm(int(sys.argv[1]))
_, status, usage = os.wait4(process, 0)
with open(sys.argv[2], "w") as stream:
    print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=stream)
"""
"""Runs and measures a command: what a process is said to have used at its peak includes what its
parent held before exec, so its parent is this small one and not that of all the tests."""


def seawall(folder: Path, *arguments: str) -> Ended:
    output, used = folder.parent / f"{folder.name}.out", folder.parent / f"{folder.name}.used"
    with output.open("wb") as stream:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", LAUNCHER, str(SECONDS), str(used),
             sys.executable, "-m", "seawall", *arguments],
            cwd=folder, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, check=True,
            env={**os.environ, "SEAWALL_CACHE_DIR": str(folder.parent / "cache")},
        )  # fmt: skip
    code, kibibytes = used.read_text("ascii").split()
    return Ended(int(code), output.read_text("utf-8", "replace"), int(kibibytes) // 1024)


def scanned(folder: Path, data: bytes, *arguments: str) -> Ended:
    (folder / "Dockerfile").write_bytes(data)
    return seawall(folder, "scan", "--no-cache", *arguments, ".")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    result = tmp_path / "project"
    result.mkdir()
    return result


REFUSED = {
    "a heredoc without its end": (b"FROM a:1\nRUN <<EOF\necho\n", 2, "unterminated heredoc"),
    "ONBUILD in ONBUILD": (b"FROM a:1\nONBUILD ONBUILD RUN b\n", 2, "Chaining ONBUILD"),
    "ONBUILD without end": (b"FROM a:1\n" + b"ONBUILD " * 8000, 2, "Chaining ONBUILD"),
    "a list of numbers": (b"FROM a:1\nCMD [1]\n", 2, "arrays must be comprised of strings"),
    "a list with null": (b'FROM a:1\nCMD ["a", null]\n', 2, "arrays must be comprised of strings"),
    "a list in a list": (b"FROM a:1\nCMD [[]]\n", 2, "arrays must be comprised of strings"),
    "SHELL without JSON": (b"FROM a:1\nSHELL ['a']\n", 2, "JSON form"),
    "a line of a megabyte": (b"FROM a:1\nRUN " + b"x" * 1_000_000, 2, "max allowed size of 65535"),
    "nothing": (b"", 1, "the Dockerfile cannot be empty"),
    "nothing but blanks": (b"\n \n", 1, "file with no instructions"),
    "nothing but a comment": (b"# FROM a:1\n", 1, "file with no instructions"),
    "bytes that are no text": (b"\xff\xfd" * 1000 + b"\n", 1, "unknown instruction"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_docker_refuses_is_told_with_its_line_and_a_remedy(folder: Path, name: str) -> None:
    data, line, reason = REFUSED[name]
    ended = scanned(folder, data)
    assert ended.code == 1
    assert f"Dockerfile:{line}:" in ended.text
    assert reason in ended.text
    assert "remedy: " in ended.text
    assert ended.mebibytes < LIMIT_MIB


FOR_THE_SHELL = [b'["a",]', b'["a"', b"['a']", b'["a"] b', b'{"a": 1}', b'["\\x"]', b"[" * 30_000]


@pytest.mark.parametrize("text", FOR_THE_SHELL)
def test_json_that_is_none_is_for_the_shell_as_with_docker(folder: Path, text: bytes) -> None:
    ended = scanned(folder, b"FROM a:1\nUSER 1\nCMD " + text + b"\n", "--select", "cmd-exec-form")
    assert ended.code == 0
    assert "Dockerfile:3:" in ended.text


UNREADABLE = {
    "a zero byte": (b"FROM a:1\nRUN a\0b\n", "Dockerfile:2:6"),
    "zero bytes": (b"\0" * 100_000, "Dockerfile:1:1"),
    "UTF-16": ("FROM a:1\n".encode("utf-16"), "Dockerfile:1:1"),
    "UTF-16 without a mark": ("FROM a:1\n".encode("utf-16-be"), "Dockerfile:1:1"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_text_is_told(folder: Path, name: str) -> None:
    data, place = UNREADABLE[name]
    ended = scanned(folder, data)
    assert ended.code == 3
    assert place in ended.text
    assert "UTF-8; save it so" in ended.text
    assert re.search("[Nn]othing (?:else )?was checked", ended.text)


def filled(head: bytes, piece: bytes, size: int = 9_900_000) -> bytes:
    return head + piece * (size // len(piece))


FROM = b"FROM alpine:3.22\n"
LARGE = {
    "10 MB of RUN": (filled(FROM, b"RUN apt-get install -y a && b $A\n"), "2,000 instructions"),
    "10 MB of comments": (filled(FROM, b"# a comment of no use to any\n"), "20,000 lines of comm"),
    "one RUN of 10 MB": (filled(FROM + b"RUN a", b" \\\n && apt-get install b"), "250,000 charac"),
    "one ENV of 10 MB": (filled(FROM + b"ENV ", b"A=b \\\n"), "250,000 characters"),
    "one COPY of 10 MB": (filled(FROM + b"COPY ", b"a b c d \\\n"), "250,000 characters"),
    "one list of 10 MB": (filled(FROM + b"CMD [", b'"a", "b", \\\n'), "250,000 characters"),
    "one RUN of flags": (filled(FROM + b"RUN ", b"--mount=target=/x \\\n"), "250,000 characters"),
    "a heredoc of 10 MB": (filled(FROM + b"RUN <<E\n", b"a $(b) '$c'\n") + b"E\n", "131,072 byte"),
    "100,000 instructions": (FROM + b"RUN a\n" * 100_000, "2,000 instructions"),
    "100,000 ENV": (FROM + b"ENV A=$A$B\n" * 100_000, "2,000 instructions"),
    "100,000 stages": (FROM * 100_000, "200 stages"),
    "100,000 ONBUILD": (FROM + b"ONBUILD RUN a\n" * 100_000, "2,000 instructions"),
    "heredocs without end": (FROM + b"RUN <<E\n" * 100_000, "unterminated heredoc"),
    "pipes": (FROM + b"RUN a" + b" | b \\\n" * 2000, "1,000 times |"),
    "parentheses": (FROM + b"RUN " + b"$(a \\\n" * 5000, "4,000 times $("),
    "ignores": (FROM + b"# hadolint ignore=DL3008\nRUN a\n" * 60_000, "2,000 instructions"),
}  # fmt: skip


FEW = frozenset(("10 MB of RUN", "one ENV of 10 MB", "100,000 instructions", "pipes", "ignores"))
"""Those of each change; the others run in make test-full."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in FEW else pytest.mark.full) for name in LARGE],
)
def test_what_is_too_large_is_told(folder: Path, name: str) -> None:
    data, reason = LARGE[name]
    ended = scanned(folder, data, "--fail-on", "medium")
    assert ended.code == 1
    assert "Dockerfile:" in ended.text
    assert reason in ended.text
    assert ended.mebibytes < LIMIT_MIB


NEARLY = {
    "RUN": FROM + b"RUN apt-get update && apt-get install -y a && cd /x && curl b | sh\n" * 1_900,
    "ENV": FROM + b"".join(b"ENV A%d=$A%d\n" % (n, n - 1) for n in range(1_900)),
    "pairs": FROM + b"ENV " + b"".join(b"A%d=$A%d \\\n" % (n, n + 1) for n in range(9_000)),
    "stages": b"FROM a AS s0\n"
    + b"".join(b"FROM s%d AS s%d\nRUN apk add a\nCOPY a b\n" % (n, n + 1) for n in range(198)),
    "a script": FROM + b"RUN set -e" + b" && apk add a && cd /b" * 2_500 + b"\n",
    "triggers": b"FROM a AS a\n" + b"ONBUILD RUN b\n" * 1_500 + b"FROM a\n" * 190,
    "ignores": FROM + b"# hadolint ignore=DL3008\nRUN a\n" * 1_900,
}


@pytest.mark.full
@pytest.mark.parametrize("name", NEARLY)
@pytest.mark.parametrize("command", ["scan", "harden"])
def test_what_is_nearly_too_large_ends_soon(folder: Path, name: str, command: str) -> None:
    (folder / "Dockerfile").write_bytes(NEARLY[name])
    how = ("--profile", "all", "--exit-zero") if command == "scan" else ("--unsafe",)
    ended = seawall(folder, command, *how, ".")
    assert ended.code == 0
    assert ended.mebibytes < LIMIT_MIB


def test_a_build_context_that_is_not_there(folder: Path) -> None:
    """COPY is judged without its files; nothing is made up, nothing raises."""
    text = b"FROM alpine:3.22.1\nUSER 1\nCOPY missing/ /a/\nCOPY --from=x /a /b\n"
    ended = scanned(folder, text, "--profile", "all")
    assert ended.code in {0, 1}
    assert "Traceback" not in ended.text
    lone = seawall(folder, "scan", "--no-cache", "no-such-directory")
    assert lone.code == 3
    assert "no-such-directory  no such file or directory" in lone.text


# Writing --------------------------------------------------------------------------------------

MENDABLE = b"FROM debian:12\nMAINTAINER a\nRUN apt-get install -y curl\nUSER 10001\n"


def test_read_only_files_are_left_alone(folder: Path) -> None:
    file = folder / "Dockerfile"
    file.write_bytes(MENDABLE)
    file.chmod(0o444)
    ended = seawall(folder, "harden", "--write", ".")
    assert ended.code == 3
    assert "Dockerfile is read-only and was left as it is: make it writable" in ended.text
    assert file.read_bytes() == MENDABLE


def test_links_are_not_followed_for_writing(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "Dockerfile").write_bytes(MENDABLE)
    (folder / "Dockerfile").symlink_to(outside / "Dockerfile")
    (folder / "sub").symlink_to(outside)
    found = seawall(folder, "harden", "--write", ".")
    named = seawall(folder, "harden", "--write", "Dockerfile")
    assert (outside / "Dockerfile").read_bytes() == MENDABLE
    assert found.code in {0, 3}
    assert named.code == 3
    assert "is a symbolic link: give the file that it leads to" in named.text


CHANGED = """
import sys
from seawall.cli import harden
shown = harden._shown
def changing(*arguments):
    with open("Dockerfile", "ab") as stream:
        stream.write(b"# mine\\n")
    return shown(*arguments)
harden._shown = changing
sys.argv = ["seawall", "harden", "--write", "."]
from seawall.__main__ import main
sys.exit(main())
"""
"""harden, with somebody who writes to the file between the scan and the writing."""


def test_a_file_that_changes_meanwhile_is_not_overwritten(folder: Path) -> None:
    file = folder / "Dockerfile"
    file.write_bytes(MENDABLE)
    command = [sys.executable, "-c", CHANGED]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    text = ended.stdout + ended.stderr
    assert ended.returncode == 3, text
    assert "Dockerfile has changed meanwhile and was left as it is: run harden again" in text
    assert file.read_bytes() == MENDABLE + b"# mine\n"
