"""Each bad input gives the right exit code and a clear line."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.reports.schemas import valid_report

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n"


def scan(*arguments: str, cwd: Path, data: bytes | None = None) -> tuple[int, str]:
    result = subprocess.run(
        [sys.executable, "-m", "seawall", "scan", *arguments], cwd=cwd, input=data,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    return result.returncode, (result.stdout + result.stderr).decode()


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"\x00\x01\x02apiVersion", 3, "a.yaml  binary file"),
        (b"kind: Pod\napiVersion: \xff\xfe", 3, "a.yaml:2:13  not UTF-8 text at byte 22"),
        (b"", 0, "Nothing was checked"),
        (b"a: [\n", 3, "a.yaml:2:1"),
        (b"kind: Pod\napiVersion: v1\nspec: {" + b"a: {" * 300 + b"}" * 301, 3, "a.yaml:3:"),
        (b"--- # only a comment\n", 0, "No secrets found; nothing else was checked."),
        (b"a: &a [*a]\n", 3, "a.yaml:1:8"),
    ],
)
def test_odd_files(tmp_path: Path, content: bytes, code: int, line: str) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    found, text = scan("a.yaml", cwd=tmp_path)
    assert (found, line in text) == (code, True), text


def test_missing_path(tmp_path: Path) -> None:
    code, text = scan("none.yaml", cwd=tmp_path)
    assert code == 3
    assert "none.yaml  no such file or directory" in text


def test_large_file(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    code, text = scan(cwd=tmp_path)
    assert code == 3
    assert "larger than 10 MiB; raise the limit with --max-file-size" in text


def test_quiet_tells_what_was_not_read(tmp_path: Path) -> None:
    """Also when the same run is answered out of the cache, and whatever else was read."""
    (tmp_path / "big.txt").write_bytes(b"a line of text\n" * (11 << 16))
    (tmp_path / "a.md").write_text("words\n")
    for targets in (["big.txt"], ["big.txt"], ["big.txt", "a.md"]):
        result = subprocess.run(
            [sys.executable, "-m", "seawall", "scan", "-q", *targets], cwd=tmp_path,
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        told = "seawall: big.txt could not be read: is larger than 10 MiB; raise the limit with --m"
        assert (result.returncode, result.stdout) == (3, b"")
        assert result.stderr.decode().startswith(told)
        assert len(result.stderr.splitlines()) == 1


def test_quiet_and_strict_tell_what_is_not_covered(tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_bytes(b"a line of text\n" * (11 << 16))
    assert scan("-q", ".", cwd=tmp_path) == (0, "")
    code, text = scan("-q", "--strict", ".", cwd=tmp_path)
    assert code == 3
    assert "big.txt is not covered" in text
    assert "remedy" in text


@pytest.mark.parametrize(
    ("head", "kind"), [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07\x01\x00", "RAR")]
)
def test_archives_that_nobody_reads_are_told(tmp_path: Path, head: bytes, kind: str) -> None:
    (tmp_path / "backup.bin").write_bytes(head + bytes(range(256)))
    for target in (".", "backup.bin"):
        code, text = scan(target, cwd=tmp_path)
        assert code == 0
        assert f"{kind} archives are not read" in text
        assert "unpack it and scan that" in text


def test_quiet_tells_ten_inputs_and_how_many_more(tmp_path: Path) -> None:
    code, text = scan("-q", *(f"none{number}.yaml" for number in range(25)), cwd=tmp_path)
    assert code == 3
    assert text.count("no such file") == 10
    assert "and 15 more inputs; leave out -q" in text


def test_ten_thousand_documents(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("---\n".join([POD] * 10_000))
    code, text = scan("-q", "--select", "host-network", cwd=tmp_path)
    assert code == 1
    assert text.count("host-network") == 10_000
    assert "a.yaml:49999:" in text


def test_tree_with_odd_things(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POD)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self.yaml").symlink_to(tmp_path / "self.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    code, text = scan("-v", "--select", "host-network", cwd=tmp_path)
    assert code == 1
    assert "1 finding" in text
    for name in ("loop", "self.yaml", "pipe.yaml"):
        assert name in text


def test_a_fifo_without_a_writer_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    code, text = scan("pipe", cwd=tmp_path)
    assert (code, "Nothing was checked" in text) == (3, True)
    code, text = scan("/dev/zero", cwd=tmp_path)
    assert (code, "is a device, not a file" in text) == (3, True)


UNPRIVILEGED = """
import contextlib, io, os, sys
from seawall.cli.main import run
arguments = ["scan", "--exit-zero", "--select", "host-network", *sys.argv[1:]]
if os.geteuid() == 0:  # root may read everything, so it gives up being root
    with contextlib.redirect_stdout(io.StringIO()):
        run(arguments)  # loads what only root may be able to load
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.exit(run(arguments))
"""


@pytest.mark.parametrize("targets", [["."], ["locked.yaml", "folder", "open.yaml"]])
def test_unreadable_file_and_folder(targets: list[str]) -> None:
    # Not in tmp_path, which only its owner may enter.
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "folder").mkdir()
        for file in ("open.yaml", "locked.yaml", "folder/hidden.yaml"):
            (directory / file).write_text(POD)
        (directory / "open.yaml").chmod(0o644)
        (directory / "locked.yaml").chmod(0)
        (directory / "folder").chmod(0)
        try:
            result = subprocess.run(
                [sys.executable, "-c", UNPRIVILEGED, *targets], cwd=directory,
                capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
        finally:
            (directory / "folder").chmod(0o700)
    assert result.returncode == 3, result.stdout + result.stderr
    assert "locked.yaml  permission denied" in result.stdout
    assert "folder  permission denied" in result.stdout
    assert "hidden.yaml" not in result.stdout
    assert "open.yaml:4:21" in result.stdout
    assert "1 finding: 1 high" in result.stdout


def test_standard_input(tmp_path: Path) -> None:
    code, text = scan("-", "-q", "--select", "KSV009", cwd=tmp_path, data=POD.encode())
    assert code == 1
    assert text.startswith("<stdin>:4:21: high[host-network]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frmat", "json"], "unknown option --frmat"),
        (["--format", "jsn"], "there is no format 'jsn'"),
        (["--fail-on", "bad"], "'bad' is no severity"),
        (["--select", "host-pod"], "did you mean 'host-p"),
        (["--format", "json", "--format", "sarif"], "only one format can go to standard output"),
        (["--kubernetes-version", "two"], "is no version"),
        (["--config", "none.toml"], "cannot read none.toml"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], message: str) -> None:
    code, text = scan(*arguments, cwd=tmp_path)
    assert (code, message in text) == (2, True), text


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POD)
    code, text = scan("--format", "json", "--output", "no/such/folder.json", cwd=tmp_path)
    assert (code, "cannot write no/such/folder.json" in text) == (3, True)
    target = tmp_path / "out.json"
    target.write_text("old")
    target.chmod(0o640)
    code, _ = scan("--format", "json", "--output", "out.json", "--exit-zero", cwd=tmp_path)
    assert code == 0
    assert valid_report(target.read_text())["summary"]["findings"] > 0
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "out.json"]
