"""``seawall self-check``: it tells what is there, and each gap with a remedy."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seawall import __version__, catalogue
from seawall.cache import FORMAT, Cache, state
from seawall.cli.installed import Distribution, distributions, program
from seawall.cli.main import run


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))


def check(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = run(["self-check", "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def gap_of(facts: dict[str, Any], what: str) -> dict[str, Any]:
    (gap,) = [gap for gap in facts["gaps"] if gap["what"] == what]
    assert gap["consequence"]
    assert gap["remedy"]
    return dict(gap)


def test_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, facts = check(capsys)
    assert code == 0
    assert facts["program"]["version"] == __version__
    assert facts["rules"]["count"] == len(catalogue.all_rules())
    assert {item["name"].lower() for item in facts["dependencies"]} >= {"pyyaml", "pathspec"}
    assert all(item["version"] and not item["problem"] for item in facts["dependencies"])
    assert not [gap for gap in facts["gaps"] if gap["needed"]]
    assert facts["configuration"] == {"path": "", "problem": ""}
    assert facts["advisories"]["origin"] == "shipped"
    assert facts["advisories"]["records"] > 100_000


def test_advisories_that_cannot_be_read_are_a_gap(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "advisories.db").write_text("no database")
    monkeypatch.setenv("SEAWALL_DATA_DIR", str(tmp_path / "data"))
    code, facts = check(capsys)
    assert code == 0
    assert "no database" in facts["advisories"]["problem"]
    assert "db update" in gap_of(facts, "the advisories")["remedy"]


def test_the_table_tells_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    _, facts = check(capsys)
    assert run(["self-check"]) == 0
    text = capsys.readouterr().out
    for item in facts["dependencies"]:
        assert f"dependency     {item['name']} {item['version']}" in text
    for gap in facts["gaps"]:
        assert f"  {gap['what']}: {gap['consequence']}" in text
        assert f"    remedy: {gap['remedy']}" in text


def test_without_any_tool(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, facts = check(capsys)
    assert code == 0
    assert {item["path"] for item in facts["tools"]} == {""}
    assert "--since" in gap_of(facts, "git")["consequence"]
    assert "helm template . | seawall scan -" in gap_of(facts, "helm")["remedy"]
    assert "kustomize build . | seawall scan -" in gap_of(facts, "kustomize")["remedy"]


def test_with_all_tools(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("git", "helm", "kubectl", "bwrap", "gpgv"):
        tool(tmp_path / name, f"echo {name} version v3.2.1+abc")
    monkeypatch.setenv("PATH", str(tmp_path))
    _, facts = check(capsys)
    missing = [item["name"] for item in facts["tools"] if item["version"] != "3.2.1"]
    assert missing == ["kustomize", "runc"]
    assert not facts["gaps"]  # kubectl builds kustomizations as well, and bubblewrap runs images
    assert run(["self-check"]) == 0
    assert capsys.readouterr().out.endswith("\nEverything is there.\n")


def tool(path: Path, code: str) -> None:
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)


def test_programs_that_misbehave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.cli.installed._PATIENCE", 0.2)
    tool(tmp_path / "slow", "exec sleep 60")
    tool(tmp_path / "wrong", "echo 1.2.3; exit 1")
    tool(tmp_path / "mute", "true")
    (tmp_path / "broken").write_bytes(b"\0\1\2")
    (tmp_path / "broken").chmod(0o755)
    for name in ("slow", "wrong", "mute", "broken"):
        path = str(tmp_path / name)
        assert program(name, (), {"PATH": str(tmp_path)}) == (name, path, "")
    monkeypatch.chdir(tmp_path)
    assert program("mute", (), {"PATH": f".:{os.curdir}:"}) == ("mute", "", "")


def test_dependencies() -> None:
    rows = distributions(
        [
            "PyYAML>=6.0.2", "pathspec (>=9999.1)", "no-such-distribution>=1",
            'no-such-extra>=0.1; extra == "cel"', "hypothesis", "!?",
        ]
    )  # fmt: skip
    assert [(row.name, row.problem, row.extra) for row in rows] == [
        ("PyYAML", "", ""),
        ("pathspec", "is older than 9999.1", ""),
        ("no-such-distribution", "is not installed", ""),
        ("no-such-extra", "is not installed", "cel"),
        ("hypothesis", "", ""),
    ]


@pytest.mark.parametrize(("extra", "code"), [("", 3), ("cel", 0)])
def test_a_missing_dependency_is_broken_a_missing_extra_is_a_gap(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, extra: str, code: int
) -> None:
    row = Distribution("thing", ">=2", "", extra)
    monkeypatch.setattr("seawall.cli.self_check.distributions", lambda _: [row])
    found, facts = check(capsys)
    assert found == code
    gap = gap_of(facts, "extra cel" if extra else "thing")
    assert gap["needed"] is not bool(extra)
    assert gap["remedy"].startswith("pip install '")


@pytest.mark.parametrize("missing", ["yaml", "yaml._yaml"])
def test_it_answers_when_yaml_is_broken(missing: str, tmp_path: Path) -> None:
    """Run for real, with a module that cannot be imported."""
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from seawall.cli.main import run; sys.exit(run(['self-check', '--format', 'json']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not done.stderr
    facts = json.loads(done.stdout)
    assert "fifty times slower" in gap_of(facts, "libyaml")["consequence"]
    if missing == "yaml":
        assert done.returncode == 3
        assert gap_of(facts, "the rules")["needed"]
    else:
        assert done.returncode == 0


def test_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    Path("seawall.toml").write_text("strict = true\n")
    code, facts = check(capsys)
    assert (code, facts["configuration"]) == (0, {"path": "seawall.toml", "problem": ""})
    Path("seawall.toml").write_text("strikt = true\n")
    code, facts = check(capsys)
    assert code == 3
    assert "did you mean 'strict'" in gap_of(facts, "the configuration")["consequence"]


def test_the_cache(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "cache"
    assert state(str(directory)) == (0, 0, "")
    assert not directory.exists()
    with Cache(str(directory)) as cache:
        cache.put(b"0" * 16, (1, 2))
    _, facts = check(capsys)
    assert facts["cache"]["entries"] == 1
    assert facts["cache"]["bytes"] > 0
    (directory / f"results-{FORMAT}.sqlite3").write_bytes(b"no database" * 500)
    code, facts = check(capsys)
    assert code == 0
    assert "built anew by the next scan" in gap_of(facts, "the cache")["remedy"]
    directory.chmod(0o777)
    assert "others may write" in gap_of(check(capsys)[1], "the cache")["consequence"]
    monkeypatch.setenv("SEAWALL_CACHE_DIR", "/dev/null/cache")
    assert "/dev/null" in gap_of(check(capsys)[1], "the cache")["consequence"]
    for name in ("SEAWALL_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    assert "no home directory" in gap_of(check(capsys)[1], "the cache")["consequence"]
