"""Every example of the guide is run: files are written, commands executed, output compared.

In docs/guide/*.md a fenced block that begins with ``# file: NAME`` is a file; later blocks may
replace it. In a ``console`` block each line with ``$ ...`` is run by bash in the folder of the
files so far, and each line below it must be found, in this order, in what the command really
writes: leading blanks count, the rest of a line need not be shown, ``...`` stands for anything.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.running.runners import choose
from tests.shared import ROOT

GUIDES = sorted((ROOT / "docs" / "guide").glob("*.md"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# file: (\S+)\n")
_PROMPT = re.compile(r"^\$ ", re.MULTILINE)


def blocks(guide: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a guide: language and text."""
    return [(found[1], found[2]) for found in _BLOCK.finditer(guide.read_text())]


def executed(command: str, folder: Path) -> str:
    """What a command writes, to both streams."""
    own = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "100", "XDG_CACHE_HOME": str(folder / ".cache"), "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
    }  # fmt: skip
    unset = ("SEAWALL_CACHE_DIR", "NO_COLOR", "FORCE_COLOR", "GIT_DIR", "GIT_INDEX_FILE")
    environment = {k: v for k, v in (os.environ | own).items() if k not in unset}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-o", "pipefail", "-c", command], cwd=folder,
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.stdout


def missing(shown: list[str], real: str) -> str:
    """The first line that is shown but not written, in the order of both; empty when none is."""
    lines = iter(real.splitlines())
    for line in shown:
        pattern = re.compile(".*".join(map(re.escape, line.split("..."))))
        if not any(pattern.match(candidate) for candidate in lines):
            return line
    return ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_the_examples_of_a_guide_are_true(guide: Path, tmp_path: Path) -> None:
    texts = blocks(guide)
    if any("$ git " in text for _, text in texts) and shutil.which("git") is None:
        pytest.skip("git is not installed")
    if any(" --render" in text for _, text in texts) and shutil.which("helm") is None:
        pytest.skip("helm is not installed")
    if any(" --verify" in text for _, text in texts) and choose(65532).runner is None:
        pytest.skip("no process of an image can be run here")
    commands = 0
    for language, text in texts:
        named = _FILE.match(text)
        if named is not None:
            path = tmp_path / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text[named.end() :])
        elif language == "console":
            before, *parts = _PROMPT.split(text)
            assert before == "", f"{guide.name}: a console block must begin with '$ '"
            for part in parts:
                command, *shown = part.splitlines()
                shown = [line for line in shown if line.strip() not in ("", "...")]
                real = executed(command, tmp_path)
                line = missing(shown, real)
                assert not line, f"{guide.name}: $ {command}\nlacks {line!r}:\n{real}"
                commands += 1
    assert commands or "```console" not in guide.read_text()


def test_there_are_guides() -> None:
    names = {path.stem for path in GUIDES}
    assert names >= {
        "getting-started", "ignores", "baseline", "changes", "cache", "output-formats", "ci",
        "watch", "completion", "self-check", "charts",
    }  # fmt: skip


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_links_lead_somewhere(guide: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", guide.read_text()):
        assert (guide.parent / link).exists(), link


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_it_can_be_found(guide: Path) -> None:
    assert f"docs/guide/{guide.name}" in (ROOT / "README.md").read_text()


def test_a_false_example_is_noticed() -> None:
    assert missing(["a", "c"], "a\nb\nc d\n") == ""
    assert missing(["a...d"], "x\na b c d\n") == ""
    assert missing(["c", "a"], "a\nb\nc\n") == "a"
    assert missing(["  a"], "a\n") == "  a"


def test_the_workflows_use_what_there_is() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    used: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, dict):
            if str(value.get("uses", "")).startswith("OWNER/seawall@"):
                used.update(value.get("with", {}))
            if value.get("repo") == "URL-OF-THIS-REPOSITORY":
                assert {hook["id"] for hook in value["hooks"]} <= hooks
            for item in value.values():
                walk(item)

    for language, text in blocks(ROOT / "docs" / "guide" / "ci.md"):
        if language == "yaml":
            walk(yaml.safe_load(text))
    assert used
    assert used <= action["inputs"].keys()
