"""What the scan path may not import, because of what it costs at each start."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources.images.tars import END, Layout, member

HEAVY = {
    "asyncio", "concurrent.futures", "dataclasses", "email", "hashlib", "http",
    "importlib.metadata", "importlib.resources", "inspect", "json", "logging",
    "multiprocessing", "pathlib", "pathspec",
    "shutil", "socket", "ssl", "subprocess", "tempfile", "textwrap", "tomllib", "urllib",
    "xml", "zipfile", "zlib",
    "hyperscan", "isal", "random", "re2", "seawall.secrets.rules.manual", "seawall.sources.images",
    "seawall.sources.decompression",
}  # fmt: skip

READS_IMAGES = (
    "seawall.engine.containers.looking", "seawall.engine.containers.whole",
    "seawall.kubernetes.rules", "seawall.dockerfile.rules", "seawall.packages.image_formats",
    "seawall.sources.http", "seawall.sources.images.engines", "seawall.sources.images.registry",
    "seawall.sources.images.walking", "seawall.sources.images.pax",
    "seawall.sources.images.archive", "seawall.sources.images.storage",
)  # fmt: skip

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

PYYAML = """
from yaml.reader import Reader
sys.stderr.write(f"MADE OF {list(vars(Reader.NON_PRINTABLE))}")
"""

NAMED_TUPLES = """
import typing
made = typing.NamedTupleMeta.__new__
def noted(cls, name, bases, body):
    sys.stderr.write(f"DEAR {body['__module__']}.{name}\\n")
    return made(cls, name, bases, body)
typing.NamedTupleMeta.__new__ = noted
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a command loads, without those the bare interpreter has."""
    return set(_run(SCRIPT, *arguments).rpartition("LOADED ")[2].split())


def _run(script: str, *arguments: str) -> str:
    """What a script in a bare interpreter says on standard error."""
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{script}",
         *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return result.stderr


def test_scan_loads_nothing_heavy(tmp_path: Path) -> None:
    manifest = tmp_path / "pod.yaml"
    manifest.write_text(POD)
    modules = loaded("scan", "--profile", "all", "--exit-zero", str(manifest))
    assert "seawall.kubernetes.rules.host" in modules
    assert not modules & HEAVY
    assert not any(
        name.startswith(("seawall.sources.http", "seawall.sources.images")) for name in modules
    )


def test_a_few_texts_are_searched_with_what_is_quick_to_load(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("x = 1\n")
    modules = loaded("scan", str(file))
    assert "seawall.secrets.search" in modules
    assert not modules & HEAVY
    without = loaded("scan", "--no-secrets", str(file))
    assert not [name for name in without if name.startswith("seawall.secrets")]


def test_charts_cost_nothing_unless_they_are_rendered(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: a\nversion: 1.0.0\n")
    (tmp_path / "templates" / "pod.yaml").write_text(POD)
    modules = loaded("scan", "--exit-zero", str(tmp_path))
    assert not modules & {*HEAVY, "seawall.charts", "seawall.engine.charts", "seawall.cache"}


def test_no_pattern_of_pyyaml_is_compiled(tmp_path: Path) -> None:
    """PyYAML compiles patterns while it is imported, and nobody here asks them anything."""
    manifest = tmp_path / "pod.yaml"
    manifest.write_text(POD)
    result = _run(SCRIPT + PYYAML, "scan", "--profile", "all", "--exit-zero", str(manifest))
    assert result.endswith("MADE OF ['_made_of']"), "import PyYAML by seawall.text.pyyaml"


def test_named_tuples_of_the_scan_path_are_cheap(tmp_path: Path) -> None:
    manifest = tmp_path / "pod.yaml"
    manifest.write_text(POD)
    if sys.version_info >= (3, 14):
        pytest.skip("there they are the standard library's")
    result = _run(NAMED_TUPLES + SCRIPT, "scan", "--profile", "all", "--exit-zero", str(manifest))
    dear = [line for line in result.splitlines() if line.startswith("DEAR seawall")]
    assert not dear, "take NamedTuple from seawall.core.named_tuple there"


def test_scan_of_a_dockerfile_loads_nothing_heavy(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM alpine:3.22\nRUN apk add curl && curl -f https://example.com\n")
    modules = loaded("scan", "--profile", "all", "--exit-zero", str(file))
    assert "tree_sitter" in modules
    assert not modules & HEAVY


def test_an_image_that_is_known_loads_nothing_that_reads_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    files = Layout()
    layer = member(b"etc/os-release", b"ID=debian\nVERSION_ID=12\n") + END
    image = files.index(files.image([layer])).write(tmp_path / "image")
    first = loaded("scan", "--exit-zero", image)
    assert "seawall.sources.images.walking" in first
    again = loaded("scan", "--exit-zero", image)
    assert "seawall.sources.images.target" in again
    heavy = HEAVY - {"json", "zlib", "seawall.sources.images", "seawall.sources.decompression"}
    assert not again & {*heavy, "yaml"}
    assert not [name for name in again if name.startswith(READS_IMAGES)]


@pytest.mark.parametrize("arguments", [("--version",), ("--help",)])
def test_small_commands_load_next_to_nothing(arguments: tuple[str, ...]) -> None:
    modules = loaded(*arguments)
    assert not modules & (HEAVY | {"yaml", "argparse", "seawall.engine"})
