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

from seawall.cli.scan import parse
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


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Team:
    """A repository that uses the hooks."""

    def __init__(self, folder: Path, hooks: Path, *configured: dict[str, Any]) -> None:
        self.folder = folder / "team"
        self.folder.mkdir()
        self.environment = {
            "PRE_COMMIT_HOME": str(folder / "home"),
            "SEAWALL_CACHE_DIR": str(folder / "cache"),
        }
        git(self.folder, "init", "--quiet")
        git(self.folder, "config", "user.name", "test")
        git(self.folder, "config", "user.email", "test@example.org")
        revision = run(["git", "rev-parse", "HEAD"], hooks).stdout.strip()
        repo = {"repo": str(hooks), "rev": revision, "hooks": list(configured)}
        self.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [repo]}))
        assert self.pre_commit("install").returncode == 0

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        git(self.folder, "add", name)

    def pre_commit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", *arguments, "--color", "never"]
        return run(command, self.folder, **self.environment)

    def commit(self) -> tuple[int, str]:
        """Commit what is staged, as a person does; the hooks run in it."""
        done = run(["git", "commit", "-m", "change"], self.folder, **self.environment)
        return done.returncode, done.stdout + done.stderr


@needs_git
@pytest.mark.usefixtures("package_index")
def test_pre_commit_hooks(hooks: Path, tmp_path: Path) -> None:
    """All in one test, for each pre-commit home costs an installation."""
    team = Team(
        tmp_path, hooks,
        {"id": "seawall", "args": ["--baseline", "seawall.baseline"]},
        {"id": "seawall-since"},
    )  # fmt: skip
    old = BAD.replace("web", "old")
    scan = [sys.executable, "-m", "seawall", "scan", "--write-baseline", "--no-cache"]
    (team.folder / "old.yaml").write_text(old)
    assert run(scan, team.folder).returncode == 0
    git(team.folder, "add", "seawall.baseline", ".gitattributes")
    (team.folder / "old.yaml").unlink()
    team.write("settings.yaml", GOOD)
    code, text = team.commit()  # the first of all: nothing was there before
    assert code == 0, text
    assert "seawall scan (what the commit brings)" in text
    team.write("old.yaml", old)
    code, text = team.commit()
    assert code == 1, text
    assert text.count("host-network") == 1, "the baseline knows it, the history does not"
    done = run(["git", "commit", "--no-verify", "-m", "old"], team.folder)
    assert done.returncode == 0
    team.write("settings.yaml", GOOD.replace("blue", "green"))
    code, text = team.commit()  # what is old is left alone
    assert code == 0, text
    team.write("web.yaml", BAD)
    code, text = team.commit()
    assert code == 1, text
    assert text.count("web.yaml:6:") == 2
    assert "old.yaml" not in text
    everything = team.pre_commit("run", "seawall", "--all-files")
    assert everything.returncode == 1
    assert "web.yaml:6:" in everything.stdout
    assert "old.yaml" not in everything.stdout


def test_the_hooks_are_commands() -> None:
    """Each entry is a command that the program takes; runs without an index too."""
    entries: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [entry["id"] for entry in entries] == [
        "seawall", "seawall-since", "seawall-all", "seawall-staged",
    ]  # fmt: skip
    for entry in entries:
        program, command, *arguments = entry["entry"].split()
        assert (program, command) == ("seawall", "scan")
        parse([*arguments, *(["a.yaml"] if entry.get("pass_filenames", True) else [])])


def action_step(name: str) -> dict[str, Any]:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return next(step for step in action["runs"]["steps"] if step.get("name") == name)


def scan_step(cwd: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the action's scan step with the shell and the environment a runner gives it."""
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    values = {name: str(item["default"]) for name, item in action["inputs"].items()} | inputs
    step = action_step("Scan")
    places = {
        "${{ runner.temp }}/seawall/bin": str(Path(sys.executable).parent),
        "${{ runner.temp }}": str(cwd.parent / "runner"),
    }
    environment: dict[str, str] = dict(step["env"])
    for place, path in places.items():
        environment = {name: text.replace(place, path) for name, text in environment.items()}
    for name, value in values.items():
        environment = {
            key: text.replace("${{ inputs." + name + " }}", value)
            for key, text in environment.items()
        }
    assert not [text for text in environment.values() if "${{" in text]
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return run(command, cwd, **environment)


@needs_bash
def test_action_scans_and_annotates(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(BAD)
    result = scan_step(tmp_path, **{"sarif-file": "out.sarif"})
    assert result.returncode == 1, result.stderr
    assert "::error file=web.yaml,line=6," in result.stdout
    assert (tmp_path / "out.sarif").exists()


@needs_bash
def test_action_takes_arguments_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(BAD)
    ignored = scan_step(tmp_path, arguments="--ignore\nhost-network", targets="web.yaml")
    assert ignored.returncode == 0, ignored.stdout + ignored.stderr
    hostile = scan_step(tmp_path, targets='$(touch pwned)\n"; touch pwned; "')
    assert hostile.returncode == 3
    assert not (tmp_path / "pwned").exists()


@needs_git
@needs_bash
def test_action_reports_what_a_pull_request_brings(tmp_path: Path) -> None:
    """In a checkout of one commit, as runners have it: the base is fetched."""
    origin, checkout = tmp_path / "origin", tmp_path / "checkout"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch", "main")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    (origin / "old.yaml").write_text(BAD)
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "-m", "base")
    base = run(["git", "rev-parse", "HEAD"], origin).stdout.strip()
    git(origin, "checkout", "--quiet", "-b", "change")
    (origin / "web.yaml").write_text(BAD.replace("name: web", "name: new"))
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "-m", "change")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{origin}", str(checkout))
    for since in (base, "main", "HEAD~1"):
        result = scan_step(checkout, since=since)
        if since == "HEAD~1":  # of which a shallow clone knows nothing, nor does the origin
            assert result.returncode not in (0, 1)
            continue
        assert result.returncode == 1, result.stderr
        assert "file=web.yaml" in result.stdout
        assert "file=old.yaml" not in result.stdout
    everything = scan_step(checkout)
    assert "file=old.yaml" in everything.stdout
    hostile = scan_step(checkout, since="--upload-pack=touch pwned")
    assert hostile.returncode not in (0, 1)
    assert not list(tmp_path.rglob("pwned"))


@needs_bash
def test_action_takes_baseline_configuration_and_cache(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "web.yaml").write_text(BAD + "#" * 100_000)
    (tree / "ours.toml").write_text('fail-on = "low"\n')
    scan = [sys.executable, "-m", "seawall", "scan", "--write-baseline", "--no-cache"]
    assert run(scan, tree).returncode == 0
    known = scan_step(tree, baseline="seawall.baseline", cache="false")
    assert known.returncode == 0, known.stdout + known.stderr
    assert not (tmp_path / "runner").exists()
    (tree / "seawall.baseline").unlink()
    threshold = {"fail-on": "critical", "config": "ours.toml"}
    assert scan_step(tree, **threshold).returncode == 0  # the action's own threshold
    assert list((tmp_path / "runner" / "seawall-cache").iterdir())
    broken = scan_step(tree, config="none.toml")
    assert broken.returncode == 2


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
