"""What make promises, as far as it takes no time: its targets, the pages of the rules, clean."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from seawall import catalogue
from tests.shared import ROOT
from tools import build_docs

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = {
    "demo",
    "demo-mesh",
    "test",
    "test-full",
    "lint",
    "format",
    "bench",
    "docs",
    "lock",
    "snapshot",
    "clean",
}

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(directory: Path, *arguments: str) -> str:
    result = subprocess.run(
        ["make", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_target_is_phony() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == TARGETS


@needs_make
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_target_has_a_recipe(target: str) -> None:
    assert make(ROOT, "--dry-run", "--always-make", target).strip()


@needs_make
def test_clean_takes_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    kept = ["src/seawall/engine.py", "tests/a.py", "tools/b.py", "bench/c.py", "docs/page.md"]
    made = [
        ".venv/bin/python", "build/x", "dist/x", "docs/rules/host-network.md", ".mypy_cache/x",
        ".ruff_cache/x", ".pytest_cache/x", ".hypothesis/x", ".import_linter_cache/x",
        "src/seawall/__pycache__/x.pyc", "tests/__pycache__/x.pyc",
    ]  # fmt: skip
    for name in [*kept, *made]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    make(tmp_path, "clean")
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"Makefile", *kept}


def test_what_is_made_is_ignored_by_git() -> None:
    ignored = (ROOT / ".gitignore").read_text().split()
    (recipe,) = re.findall(r"^clean:\n\trm -rf (.*)$", MAKEFILE, re.MULTILINE)
    for name in recipe.replace("$(VENV)", ".venv").split():
        assert f"/{name}/" in ignored


def test_every_rule_gets_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = tmp_path / "rules"
    pages.mkdir()
    (pages / "rule-of-yesterday.md").touch()
    build_docs.main(pages)
    rules = catalogue.all_rules()
    assert capsys.readouterr().out == f"{len(rules)} rules written to {pages}\n"
    names = {rule.id for rule in rules}
    assert {path.stem for path in pages.iterdir()} == {*names, "index"}
    for rule in rules:
        page = (pages / f"{rule.id}.md").read_text()
        assert page.startswith(f"# {rule.id}\n")
        assert page.count("\n```yaml\n") == 2
        assert rule.remedy in page
        assert all(f"`{alias}`" in page for alias in rule.aliases)
        assert all(f"| `{parameter.name}` |" in page for parameter in rule.parameters)
    index = (pages / "index.md").read_text()
    assert set(re.findall(r"\]\((.*?)\.md\)", index)) == names
