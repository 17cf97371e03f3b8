"""What other tools leave out, seawall leaves out: at least thirty cases, recorded from the tools.

tools/record_foreign.py records the answers anew.
"""

from pathlib import Path

import pytest

from seawall.cli import scan
from seawall.cli.settings import effective, load, parameters
from seawall.core.finding import Finding
from seawall.equivalents import checks_of, covers, stands_for
from tests.foreign.cases import Case, Found, answers, build, cases
from tests.foreign.running import report

CASES = cases()
ANSWERS = answers()


def test_every_case_has_an_answer() -> None:
    assert len(CASES) >= 30
    assert {*(case.name for case in CASES), *(case.bare for case in CASES)} == set(ANSWERS)
    assert {case.tool for case in CASES} == {"kube-linter", "kube-score", "trivy", "checkov"}


def shown(
    folder: Path, case: Case | None, monkeypatch: pytest.MonkeyPatch, profile: str
) -> list[Finding]:
    folder.mkdir()
    build(folder, case)
    flags = ("--kube-score", case.flags) if case and case.flags else ()
    return list(report(folder, monkeypatch, "--profile", profile, *flags).findings)


def pairs(findings: list[Finding]) -> set[Found]:
    """Rules and files, without what is about the ignores themselves."""
    return {(f.rule.id, f.location.path) for f in findings if not f.rule.id.startswith("ignore-")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_is_left_out(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = "security" if case.narrow else "all"
    before = shown(tmp_path / "bare", None, monkeypatch, profile)
    after = shown(tmp_path / "case", case, monkeypatch, profile)
    answer = ANSWERS[case.name]
    left = set(map(key, before)) - set(map(key, after))
    if case.whole:
        gone = {path for _, path in answer.left_out}
        assert {path for _, path, _ in left} == gone
        assert not {f.location.path for f in after} & gone
    else:
        expected = {
            key(finding)
            for finding in before
            for check, path in answer.left_out
            if finding.location.path == path and stands_for(case.tool, check, finding)
        }
        hidden = [finding for finding in before if key(finding) in left - expected]
        beyond = {key(finding)[:2] for finding in hidden if not may_go(finding, case)}
        short = {row[:2] for row in expected - left}
        assert (beyond, short) == (set(case.hides), set(case.keeps))
        assert bool(case.differs) == bool(beyond or short or case.lacks)
    lacks = {
        (check, path)
        for check, path in answer.added
        if not any(f.location.path == path and covers(case.tool, check, f.rule) for f in after)
    }
    assert lacks == set(case.lacks)


def may_go(finding: Finding, case: Case) -> bool:
    """Whether a finding may be hidden although the tool leaves nothing out there: where it has
    nothing to say by the checks that the case names."""
    answer = ANSWERS[case.name]
    still = {*ANSWERS[case.bare].added, *answer.added} - {*answer.left_out}
    reported = any(
        path == finding.location.path and stands_for(case.tool, check, finding)
        for check, path in still
    )
    named = any(
        (check.partition(":")[2] or check.upper()) in repr(case)
        for check in checks_of(finding.rule, case.tool)
    )
    return named and not reported


def key(finding: Finding) -> tuple[str, str, str]:
    """What tells findings apart, the lines that a case shifts left aside."""
    return (finding.rule.id, finding.location.path, f"{finding.subject} {finding.message}")


@pytest.mark.parametrize(
    "case", [c for c in CASES if ANSWERS[c.name].left_out], ids=lambda case: case.name
)
def test_nothing_is_left_out_in_silence(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every finding that is gone is among the suppressed, its file is among the skipped, or its
    rule does not run by a word that ``seawall config show`` shows."""
    before = shown(tmp_path / "bare", None, monkeypatch, "all")
    folder = tmp_path / "case"
    folder.mkdir()
    build(folder, case)
    flags = ("--kube-score", case.flags) if case.flags else ()
    result = report(folder, monkeypatch, "--profile", "all", *flags)
    options = scan.parse([*flags, "."])
    config = load(options)
    off = {*effective(options, config)["ignore"].value, *parameters(config)}
    told = {key(item.finding) for item in result.suppressed}
    assert all(case.tool in item.reason for item in result.suppressed)
    skipped = {item.path for item in result.coverage.skipped}
    for finding in before:
        if key(finding) not in {key(f) for f in result.findings}:
            assert (
                key(finding) in told
                or finding.rule.id in off
                or finding.location.path in skipped
                or finding.related
            )
