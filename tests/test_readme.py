"""The README shows what the program really prints."""

import io
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall import catalogue, configuration, reports
from seawall.cli.main import run
from seawall.core.rule import PROFILES
from tests.shared import ROOT

README = (ROOT / "README.md").read_text()
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n"


def blocks(language: str) -> list[str]:
    """The blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    """Every command of ours that the README shows, without what stands before a pipe."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    shown = [line[2:].partition(" #")[0] for line in lines if line.startswith("$ ")]
    shown += re.findall(r"`(seawall [a-z]+ [^`]*)`", README)
    own = [command.rpartition("| ")[2].strip() for command in shown]
    return [command for command in own if command.startswith("seawall ")]


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


def test_commands_are_found() -> None:
    assert len(commands()) >= 8


@pytest.mark.parametrize("command", commands())
def test_every_command_works(command: str, tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "web.yaml").write_text(POD)
    (tmp_path / "changed.yaml").write_text(POD)
    name, *arguments = shlex.split(command.replace(" ID", " host-network"))
    assert name == "seawall"
    result = subprocess.run(
        [sys.executable, "-m", "seawall", *arguments], cwd=tmp_path, input=POD,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert result.returncode == (1 if arguments[0] == "scan" else 0), result.stderr
    if arguments[0] == "scan":
        assert "checked with" in result.stdout
        assert "Nothing was checked" not in result.stdout
    if "sarif" in command:
        assert (tmp_path / "seawall.sarif").exists()


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)[^`]*`", README))))
def test_every_option_exists(option: str) -> None:
    helps = io.StringIO()
    for command in ("scan", "rules", "harden"):
        with redirect_stdout(helps), pytest.raises(SystemExit):
            run([command, "--help"])
    assert re.search(rf"{option}\b", helps.getvalue())


@pytest.mark.parametrize("id_", re.findall(r"`--(?:ignore|select) ([^`]+)`", README))
def test_other_tools_names_are_known(id_: str) -> None:
    assert catalogue.find(id_)


def test_every_format_and_profile_is_named() -> None:
    assert all(f"`{name}`" in README for name in reports.FORMATS)
    assert all(re.search(rf"\b{name}\b", README) for name in PROFILES)


def test_the_configuration_is_read(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    (tmp_path / "seawall.toml").write_text(text)
    config = configuration.load(str(tmp_path / "seawall.toml"), ())
    assert config.severities.keys() == config.parameters.keys() == {"replicas-too-few"}


def test_the_action_and_the_hooks_are_used_as_they_are() -> None:
    workflow, hooks = (yaml.safe_load(block) for block in blocks("yaml"))
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    (own,) = [step for step in workflow["steps"] if step["uses"].startswith("OWNER/")]
    assert own["with"].keys() <= action["inputs"].keys()
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for hook in hooks["repos"][0]["hooks"]} <= known


def test_the_exit_codes_are_those_of_the_help() -> None:
    assert re.findall(r"^\| (\d) \|", README, re.MULTILINE) == ["0", "1", "2", "3", "4"]
