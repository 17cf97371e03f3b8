"""The pre-commit hooks and the GitHub action, run for real as far as a machine allows."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.shared import ROOT

BAD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  hostNetwork: true
  containers:
    - name: web
      image: registry.example.org/web:1.4.2
"""
GOOD = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  colour: blue
"""


def run(command: list[str], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def git(cwd: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    result = run(["git", *identity, *arguments], cwd)
    assert result.returncode == 0, result.stderr


def index_is_reachable() -> bool:
    probe = [sys.executable, "-m", "pip", "index", "versions", "hatchling"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def package_index() -> None:
    if not index_is_reachable():
        pytest.skip("no package index can be reached, and pip needs one to build the package")


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    """A repository that holds this checkout as it is now, for pre-commit to clone."""
    source = tmp_path / "seawall"
    ignored = shutil.ignore_patterns(
        ".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "tests", "examples", "docs"
    )
    shutil.copytree(ROOT, source, ignore=ignored)
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "-m", "as it is")
    return source


def test_the_hook_definitions_are_what_pre_commit_takes() -> None:
    manifest = str(ROOT / ".pre-commit-hooks.yaml")
    result = run([sys.executable, "-m", "pre_commit", "validate-manifest", manifest], ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("id_", ["seawall", "seawall-all"])
def test_the_commands_of_the_hooks_work(id_: str, tmp_path: Path) -> None:
    definitions = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = [item for item in definitions if item["id"] == id_]
    command, *arguments = hook["entry"].split()
    assert command == "seawall"
    (tmp_path / "web.yaml").write_text(BAD)
    (tmp_path / "settings.yaml").write_text(GOOD)
    for changed, code in (["web.yaml"], 1), (["settings.yaml"], 0):
        files = changed if hook.get("pass_filenames", True) else []
        result = run([sys.executable, "-m", "seawall", *arguments, *files], tmp_path)
        assert result.returncode == (code if files else 1), result.stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.usefixtures("package_index")
def test_pre_commit_hook(hooks: Path, tmp_path: Path) -> None:
    repository = tmp_path / "team"
    repository.mkdir()
    git(repository, "init", "--quiet")
    revision = run(["git", "rev-parse", "HEAD"], hooks).stdout.strip()
    (repository / ".pre-commit-config.yaml").write_text(
        yaml.safe_dump(
            {"repos": [{"repo": str(hooks), "rev": revision, "hooks": [{"id": "seawall"}]}]}
        )
    )
    (repository / "settings.yaml").write_text(GOOD)
    git(repository, "add", "--all")
    pre_commit = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"]
    home = str(tmp_path / "home")
    clean = run(pre_commit, repository, PRE_COMMIT_HOME=home)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    (repository / "web.yaml").write_text(BAD)
    git(repository, "add", "--all")
    result = run(pre_commit, repository, PRE_COMMIT_HOME=home)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "host-network" in result.stdout
    assert "web.yaml:6:" in result.stdout


def action_step(name: str) -> dict[str, Any]:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return next(step for step in action["runs"]["steps"] if step.get("name") == name)


def scan_step(cwd: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the action's scan step with the shell and the environment a runner gives it."""
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    values = {name: str(item["default"]) for name, item in action["inputs"].items()} | inputs
    step = action_step("Scan")
    environment = {
        name: template.replace("${{ runner.temp }}/seawall/bin", str(Path(sys.executable).parent))
        for name, template in step["env"].items()
    }
    for name, value in values.items():
        environment = {
            key: text.replace("${{ inputs." + name + " }}", value)
            for key, text in environment.items()
        }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return run(command, cwd, **environment)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_action_scans_and_annotates(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(BAD)
    result = scan_step(tmp_path, **{"sarif-file": "out.sarif"})
    assert result.returncode == 1, result.stderr
    assert "::error file=web.yaml,line=6," in result.stdout
    assert (tmp_path / "out.sarif").exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_action_takes_arguments_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(BAD)
    ignored = scan_step(tmp_path, arguments="--ignore\nhost-network", targets="web.yaml")
    assert ignored.returncode == 0, ignored.stdout + ignored.stderr
    hostile = scan_step(tmp_path, targets='$(touch pwned)\n"; touch pwned; "')
    assert hostile.returncode == 3
    assert not (tmp_path / "pwned").exists()


@pytest.mark.usefixtures("package_index")
def test_action_installs(tmp_path: Path) -> None:
    step = action_step("Install seawall")
    result = run(
        ["bash", "-eo", "pipefail", "-c", step["run"]], tmp_path,
        RUNNER_TEMP=str(tmp_path), ACTION_PATH=str(ROOT),
        PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    version = run([str(tmp_path / "seawall" / "bin" / "seawall"), "--version"], tmp_path)
    assert version.stdout.startswith("seawall ")


def test_action_pins_what_it_uses() -> None:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        if "uses" in step:
            assert len(step["uses"].partition("@")[2]) == 40
        assert "${{" not in step.get("run", ""), "an input in a script is code"


def test_the_workflow_runs_what_developers_run_with_few_rights() -> None:
    workflow: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert workflow[True].keys() == {"push", "pull_request"}  # YAML 1.1 reads "on" as true
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    assert job["timeout-minutes"] > 0
    uses = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in uses)
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    prefix = "Programming Language :: Python :: 3."
    supported = [item for item in project["classifiers"] if item.startswith(prefix)]
    assert [
        f"{prefix}{version[2:]}" for version in job["strategy"]["matrix"]["python"]
    ] == supported
    assert project["requires-python"] == f">={job['strategy']['matrix']['python'][0]}"


def test_continuous_integration_calls_lint_and_test() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert script.splitlines()[-2:] == ["make lint", "make test"]
    assert run(["bash", "-n", str(ROOT / ".ci" / "run")], ROOT).returncode == 0
