"""The README shows what the program really prints."""

import io
import re
from contextlib import redirect_stdout

import pytest

from seawall import catalogue
from seawall.cli.main import run
from tests.shared import ROOT

README = (ROOT / "README.md").read_text()


def test_the_quick_start_shows_real_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    output = io.StringIO()
    with redirect_stdout(output):
        assert run(["scan", "examples/shop", "--exit-zero"]) == 0
    real = set(output.getvalue().splitlines())
    (block,) = re.findall(r"```console\n(\.\.\.\n.*?)```", README, re.DOTALL)
    shown = [line for line in block.splitlines() if line != "..." and "Try next" not in line]
    assert len(shown) > 5
    assert not [line for line in shown if line not in real]


def test_the_number_of_rules_is_right() -> None:
    (count,) = re.findall(r"\| rules \| (\d+) \|", README)
    assert int(count) == len(catalogue.all_rules())


def test_make_demo_prints_the_last_line_of_the_readme() -> None:
    (line,) = re.findall(r"^Try next: .*$", README, re.MULTILINE)
    recipe = (ROOT / "Makefile").read_text().replace("$(BIN)", ".venv/bin")
    assert line in recipe


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
