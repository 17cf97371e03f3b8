"""Every example of the guide is run: files are written, commands executed, output compared.

In docs/guide/*.md a fenced block that begins with ``# file: NAME`` is a file; later blocks may
replace it. In a ``console`` block each line with ``$ seawall ...`` is run in the folder of the
files so far, and each line below it must be found, in this order, in what the command really
writes (leading blanks count, the rest of a line need not be shown).
"""

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from seawall.cli.main import run
from tests.shared import ROOT

GUIDES = sorted((ROOT / "docs" / "guide").glob("*.md"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# file: (\S+)\n")
_COMMAND = "$ seawall "


def blocks(guide: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a guide: language and text."""
    return [(found[1], found[2]) for found in _BLOCK.finditer(guide.read_text())]


def executed(command: str) -> str:
    """What a command writes, to both streams."""
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        run(shlex.split(command))
    return output.getvalue()


def missing(shown: list[str], real: str) -> list[str]:
    """The first line that is shown but not written, in the order of both."""
    lines = iter(real.splitlines())
    for line in shown:
        if not any(candidate.startswith(line) for candidate in lines):
            return [line]
    return []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_the_examples_of_a_guide_are_true(
    guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    commands = 0
    for language, text in blocks(guide):
        named = _FILE.match(text)
        if named is not None:
            path = tmp_path / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text[named.end() :])
        elif language == "console":
            parts = text.split(_COMMAND)
            assert parts[0] == "", f"{guide.name}: a console block must begin with {_COMMAND!r}"
            for part in parts[1:]:
                command, *shown = part.splitlines()
                real = executed(command)
                assert not missing(shown, real), f"{guide.name}: $ seawall {command}\n{real}"
                commands += 1
    assert commands or _COMMAND not in guide.read_text()


def test_there_are_guides() -> None:
    assert GUIDES


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_links_lead_somewhere(guide: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", guide.read_text()):
        assert (guide.parent / link).exists(), link


def test_a_false_example_is_noticed() -> None:
    assert missing(["a", "c"], "a\nb\nc d\n") == []
    assert missing(["c", "a"], "a\nb\nc\n") == ["a"]
