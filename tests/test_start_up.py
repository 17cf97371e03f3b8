"""What the scan path may not import, because of what it costs at each start."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "asyncio", "concurrent.futures", "dataclasses", "email", "hashlib", "http",
    "importlib.metadata", "importlib.resources", "inspect", "json", "logging",
    "multiprocessing", "pathlib", "pathspec",
    "shutil", "socket", "ssl", "subprocess", "tempfile", "textwrap", "tomllib", "urllib",
    "xml", "zipfile", "zlib",
}  # fmt: skip

POD = """
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: web
"""

SCRIPT = """
import sys
from seawall.cli.main import run
code = run(sys.argv[1:])
sys.stderr.write("LOADED " + " ".join(sys.modules) + "\\n")
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a command loads, without those the bare interpreter has."""
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{SCRIPT}",
         *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(result.stderr.rpartition("LOADED ")[2].split())


def test_scan_loads_nothing_heavy(tmp_path: Path) -> None:
    manifest = tmp_path / "pod.yaml"
    manifest.write_text(POD)
    modules = loaded("scan", "--profile", "all", "--exit-zero", str(manifest))
    assert "seawall.kubernetes.rules.host" in modules
    assert not modules & HEAVY
    assert not any(
        name.startswith(("seawall.sources.http", "seawall.sources.images")) for name in modules
    )


def test_charts_cost_nothing_unless_they_are_rendered(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: a\nversion: 1.0.0\n")
    (tmp_path / "templates" / "pod.yaml").write_text(POD)
    modules = loaded("scan", "--exit-zero", str(tmp_path))
    assert not modules & {*HEAVY, "seawall.charts", "seawall.engine.charts", "seawall.cache"}


def test_scan_of_a_dockerfile_loads_nothing_heavy(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM alpine:3.22\nRUN apk add curl && curl -f https://example.com\n")
    modules = loaded("scan", "--profile", "all", "--exit-zero", str(file))
    assert "tree_sitter" in modules
    assert not modules & HEAVY


@pytest.mark.parametrize("arguments", [("--version",), ("--help",)])
def test_small_commands_load_next_to_nothing(arguments: tuple[str, ...]) -> None:
    modules = loaded(*arguments)
    assert not modules & (HEAVY | {"yaml", "argparse", "seawall.engine"})
