"""Fingerprints, order, key paths, exit codes."""

import pytest

from seawall.core.finding import Finding, Subject, fingerprint
from seawall.core.location import Location, Span, render_key_path
from seawall.core.portion import HOLE, Marks, Piece
from seawall.core.report import Coverage, Failed, NotCovered, Report, RuleFault
from seawall.core.rule import RULESETS, SECURITY, Change, Hits, Rule
from seawall.core.severity import Confidence, Severity, choices


def nothing() -> Hits:
    return ()


def make_rule(id_: str = "some-rule", **metadata: object) -> Rule:
    values: dict[str, object] = {
        "domain": "kubernetes",
        "scope": "object",
        "severity": Severity.HIGH,
        "profile": SECURITY,
        "remedy": "Mend it.",
    }
    return Rule(nothing, id=id_, **(values | metadata))  # type: ignore[arg-type]


def make_finding(**changes: object) -> Finding:
    finding = Finding(
        rule=make_rule(),
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message="is wrong",
        remedy="Mend it.",
        subject=Subject("Pod", "shop", "web", "app"),
        location=Location("a.yaml", 0, ("spec", "containers", 0, "image"), Span(3, 5, 3, 9)),
    )
    return finding._replace(**changes)  # type: ignore[arg-type]


def same(first: Finding, second: Finding) -> bool:
    return fingerprint(first) == fingerprint(second)


def test_fingerprint_survives_moves() -> None:
    finding = make_finding()
    moved = Location("b.yaml", 4, ("spec", "containers", 7, "image"), Span(99, 1, 99, 2))
    assert same(finding, finding._replace(location=moved))
    assert same(finding, finding._replace(message="is wrong, in other words"))


@pytest.mark.parametrize(
    "change",
    [
        {"rule": make_rule("other-rule")},
        {"subject": Subject("Pod", "shop", "web", "other")},
        {"subject": Subject("Pod", "prod", "web", "app")},
        {"evidence": "nginx:latest"},
        {"location": Location("a.yaml", 0, ("spec", "containers", 0, "name"))},
    ],
)
def test_fingerprint_tells_findings_apart(change: dict[str, object]) -> None:
    assert not same(make_finding(), make_finding(**change))


def test_fingerprint_of_a_nameless_object_rests_on_its_file() -> None:
    nameless = make_finding(subject=Subject("Pod", "default", ""))
    assert not same(nameless, nameless._replace(location=Location("b.yaml")))


def test_fingerprints_of_one_report_are_unique() -> None:
    marks, mark = Marks(), bytes(16)
    assert [marks.ending(mark) for _ in range(3)] == ["", "-2", "-3"]
    text = Piece(f"a{HOLE} b{HOLE} a{HOLE}", (b"a", b"b", b"a"))
    filled = "".join(marks.fill([Piece(f"a{HOLE} ", (b"a",)), Piece(""), text]))
    assert filled == "a a-2 b a-3"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec", "containers", 0, "image"), "spec.containers[0].image"),
        (("metadata", "annotations", "a.b/c"), 'metadata.annotations["a.b/c"]'),
        (("data", 'odd "key"\\', "x"), 'data["odd \\"key\\"\\\\"].x'),
        (("", 1), '[""][1]'),
    ],
)
def test_key_paths_are_written_unambiguously(path: tuple[str | int, ...], text: str) -> None:
    assert render_key_path(path) == text


def make_report(**changes: object) -> Report:
    report = Report((), (), Coverage(), RULESETS[-1])
    return report._replace(**changes)  # type: ignore[arg-type]


FAILED = Coverage(failed=(Failed("a", 1, 1, "broken"),))
NOT_COVERED = Coverage(not_covered=(NotCovered("a", "chart", "no helm", "render it"),))


@pytest.mark.parametrize(
    ("report", "strict", "code"),
    [
        (make_report(), False, 0),
        (make_report(findings=(make_finding(),)), False, 1),
        (make_report(findings=(make_finding(severity=Severity.MEDIUM),)), False, 0),
        (make_report(coverage=FAILED), False, 3),
        (make_report(findings=(make_finding(),), coverage=FAILED), False, 1),
        (make_report(coverage=NOT_COVERED), False, 0),
        (make_report(coverage=NOT_COVERED), True, 3),
        (make_report(faults=(RuleFault("r", "s", "p", "e"),)), False, 4),
    ],
)
def test_exit_codes(report: Report, strict: bool, code: int) -> None:
    assert report.exit_code(Severity.HIGH, strict=strict) == code


def test_no_threshold_means_findings_do_not_fail() -> None:
    assert make_report(findings=(make_finding(),)).exit_code(None, strict=False) == 0


def test_scales_are_ordered_and_read_back() -> None:
    assert Severity.CRITICAL > Severity.HIGH > Severity.MEDIUM > Severity.LOW > Severity.INFO
    for member in Severity:
        assert Severity.parse(member.label) is member
    assert choices(Confidence) == "high, medium, low"
    with pytest.raises(ValueError, match="critical, high, medium, low, info"):
        Severity.parse("bad")


def test_pinned_rule_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.core.rule.RULESETS", ("2026.1", "2026.2", "2027.1"))
    rule = make_rule(
        since="2026.1",
        severity=Severity.HIGH,
        changes=(Change("2026.2", Severity.LOW), Change("2027.1", Severity.MEDIUM)),
    )
    severities = [rule.severity_in(name) for name in ("2026.1", "2026.2", "2027.1")]
    assert severities == [Severity.LOW, Severity.MEDIUM, Severity.HIGH]
    new = make_rule(since="2026.2")
    assert not new.exists_in("2026.1")
    assert new.exists_in("2027.1")
