"""Whole scans of the inputs made to exhaust time or memory: every rule, two reports."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reports.schemas import valid_report
from tests.text.test_bombs import BOMBS, LARGE, MAX_MEMORY

MAX_SECONDS = 120
"""Of processor time; a hundred thousand objects under every rule take a quarter of it."""
LIMIT = 10 * 1024**2

CHILD = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3, 2 * 1024**3))
from seawall.__main__ import main
sys.argv[1:] = ["scan", "--no-cache", "--profile", "all", "--min-confidence", "low", "--exit-zero",
                "--format", "json=out.json", "--format", "table=out.txt", "bomb.yaml"]
code = main()
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(code, peak, int(time.process_time()))
"""


@pytest.mark.full
@pytest.mark.parametrize("name", BOMBS)
def test_large(name: str, tmp_path: Path) -> None:
    bomb = BOMBS[name]
    path = tmp_path / "bomb.yaml"
    path.write_text(bomb.make(LARGE), encoding="utf-8", newline="")
    output = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=tmp_path, capture_output=True, text=True, check=True,
        timeout=600,
    ).stdout  # fmt: skip
    code, peak, seconds = map(int, output.split())
    assert peak < MAX_MEMORY
    assert seconds < MAX_SECONDS
    text = (tmp_path / "out.json").read_text(encoding="utf-8")
    report = valid_report(text) if len(text) < 1_000_000 else json.loads(text)
    assert not report["faults"]
    failed = report["coverage"]["failed"]
    assert code == (3 if failed else 0)
    known = [bomb.reason, "objects in one file"]
    if path.stat().st_size > LIMIT:  # some characters take four bytes
        known, failed[0]["line"], failed[0]["column"] = ["larger than 10 MiB"], 1, 1
    for item in failed:
        assert item["line"] >= 1
        assert item["column"] >= 1
        assert re.search("|".join(filter(None, known)), item["reason"])
