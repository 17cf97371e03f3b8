"""Programs run under the tracer, as anybody may start it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from seawall.tracing import record
from seawall.tracing.calls import name_of

PATIENCE = 60


def _is_permitted() -> bool:
    if sys.platform != "linux":
        return False
    words = [*command(Path("/dev/null")), "/bin/true"]
    done = subprocess.run(words, check=False, capture_output=True, timeout=PATIENCE)
    return done.returncode == 0


def command(written: Path, *options: str) -> list[str]:
    return [
        sys.executable, "-P", "-m", "seawall.tracing.tracer", "--record", str(written), *options,
        "--",
    ]  # fmt: skip


needs_tracing = pytest.mark.skipif(not _is_permitted(), reason="ptrace is not permitted here")


class Traced(NamedTuple):
    code: int
    out: str
    error: str
    seen: record.Observation

    def paths(self, what: str) -> set[str]:
        return {path for kind, path in self.seen.paths if kind == what}

    @property
    def calls(self) -> set[str]:
        return {name_of(*call) or str(call) for call in self.seen.calls}


def run(
    tmp_path: Path,
    words: Sequence[str],
    *options: str,
    cwd: Path | None = None,
    under: Sequence[str] = (),
) -> Traced:
    """A command, run; ``under`` is what the tracer itself is run by."""
    written = tmp_path / "record"
    done = subprocess.run(
        [*under, *command(written, *options), *words], check=False, capture_output=True,
        text=True, timeout=PATIENCE, cwd=cwd, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Traced(done.returncode, done.stdout, done.stderr, record.read(str(written)))


def python(tmp_path: Path, text: str, *options: str, cwd: Path | None = None) -> Traced:
    """A Python script, run."""
    script = tmp_path / "script.py"
    script.write_text(text)
    return run(tmp_path, [sys.executable, "-I", str(script)], *options, cwd=cwd)


def compiled(tmp_path: Path, text: str, *options: str) -> Path:
    """A C program, made."""
    source, program = tmp_path / "program.c", tmp_path / "program"
    source.write_text(text)
    subprocess.run(
        ["cc", "-O1", "-w", "-o", str(program), str(source), *options], check=True,
        timeout=PATIENCE,
    )  # fmt: skip
    return program
