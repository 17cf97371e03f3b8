"""What a run remembers from look to look changes nothing of what it says."""

import random
from pathlib import Path
from typing import Any

import pytest

from seawall import engine
from seawall.core.finding import Finding
from seawall.engine import parsing
from seawall.engine.run import Run
from seawall.engine.task import Task
from seawall.kubernetes.checking import Plan
from seawall.kubernetes.objects import KubernetesObject
from tests.engine.support import edit, manifest
from tests.triage.support import pod

PROFILES = ("security+reliability", "all")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def looked(options: engine.Options, run: Run) -> engine.Result:
    result = engine.scan_or_replay(options, run)
    assert isinstance(result, engine.Result)
    return result


def said(result: engine.Result) -> list[tuple[object, ...]]:
    """All that a report says, repairs too."""
    report = result.report
    rows: list[tuple[object, ...]] = [(item.rule.id, *item[1:]) for item in report.findings]
    rows += [(item.finding.rule.id, *item.finding[1:]) for item in report.suppressed]
    return [*sorted(rows, key=repr), (report.coverage, report.objects, report.faults)]


@pytest.mark.parametrize("seed", range(6))
def test_each_look_says_what_a_first_one_says(tree: Path, seed: int) -> None:
    chance = random.Random(seed)
    for name in ("d0/f0.yaml", "d0/f1.yaml", "d1/f0.yaml", "d1/f1.yaml", "d2/f0.yaml"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(manifest(chance))
    options = engine.Options(
        profile=PROFILES[seed % 2], fixes=True, places=False, packages=False, workers=1
    )
    with Run() as run:
        run.look_repeatedly()
        for _ in range(12):
            with Run() as fresh:
                right = looked(options, fresh)
            assert said(looked(options, run)) == said(right)
            edit(tree, chance)


def test_only_what_has_changed_is_parsed_and_judged(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (tree / f"{number}.yaml").write_text("---\n".join(pod(f"p{number}{n}") for n in "abc"))
    parsed: list[str] = []
    judged: list[str] = []
    parse, plan = parsing.parse, Plan.check

    def reading_one(task: Task, *rest: Any) -> object:
        parsed.append(task.file.path)
        return parse(task, *rest)

    def check(self: Plan, object_: KubernetesObject, *rest: Any) -> None:
        if len(self.rules) > 20:
            judged.append(object_.name)
        plan(self, object_, *rest)

    monkeypatch.setattr(parsing, "parse", reading_one)
    monkeypatch.setattr(Plan, "check", check)
    options = engine.Options(profile="all", fixes=True, places=False, packages=False, workers=1)
    with Run() as run:
        run.look_repeatedly()
        looked(options, run)
        assert len(judged) == 12
        parsed.clear()
        judged.clear()
        file = tree / "2.yaml"
        file.write_text(file.read_text().replace("p2b", "other"))
        looked(options, run)
    assert parsed == ["2.yaml"]
    assert judged == ["other"]


def test_a_file_with_ignores_is_judged_as_a_whole(tree: Path) -> None:
    """Their places are lines, which move."""
    file = tree / "a.yaml"
    file.write_text("---\n".join(pod(name) for name in "abc"))
    options = engine.Options(profile="all", fixes=True, places=False, packages=False, workers=1)
    with Run() as run:
        run.look_repeatedly()
        looked(options, run)
        for head in ("# seawall:ignore host-network because it must be\n", "# one\n# two\n", ""):
            file.write_text(head + file.read_text())
            with Run() as fresh:
                right = looked(options, fresh)
            assert said(looked(options, run)) == said(right)


def test_other_options_are_other_looks(tree: Path) -> None:
    (tree / "a.yaml").write_text(pod("a"))
    with Run() as run:
        run.look_repeatedly()
        for profile in ("all", "security", "all"):
            options = engine.Options(profile=profile, packages=False, workers=1)
            with Run() as fresh:
                right = looked(options, fresh)
            found: list[Finding] = list(right.report.findings)
            assert list(looked(options, run).report.findings) == found
