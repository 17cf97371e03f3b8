"""A report is the same text whether it is told as a whole or file by file."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.finding import Finding, Related, Subject
from seawall.core.location import Location, Span
from seawall.core.portion import Portion
from seawall.core.report import Coverage, Failed, NotCovered, Report, RuleFault, Suppressed
from seawall.core.severity import Gate, Severity
from seawall.engine.parts import Told, part_of, summary_from_plain, summary_to_plain
from seawall.reports import FORMATS, Options, form, markdown, write
from tests.reports.samples import NASTY, Texts, finding, hostile, made_rule, real_rule

PATHS = ["a/Dockerfile", "a/web.yaml", "b.yaml", f"c/{NASTY}", "d/requirements.txt"]
RULES = [
    real_rule("host-network"),
    real_rule("image-tag-mutable"),
    made_rule("team/rule", "policy"),
    made_rule("github-token", "secrets", Severity.CRITICAL),
    made_rule("vulnerable-package", "vulnerabilities"),
]
DETAILS = [
    {
        "id": name, "title": title, "aliases": ["GHSA-1"],
        "package": {"name": "x", "version": "1", "purl": f"pkg:pypi/x@{name}"},
    }
    for name in ("CVE-2000-0001", "CVE-2000-0002", "team/rule")
    for title in ("one", "another")
]  # fmt: skip
SOURCES = Texts({path: NASTY.replace("\n", " ") + "\n\tlast: line\n" for path in PATHS})


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """Few values, so that many findings are alike."""
    rule = draw(st.sampled_from(RULES))
    line = draw(st.integers(1, 3))
    where = Location(
        draw(st.sampled_from(PATHS)), draw(st.integers(0, 1)), ("spec", draw(st.integers(0, 2))),
        draw(st.sampled_from([None, Span(line, 2, line, 6)])),
    )  # fmt: skip
    subject = Subject(
        "Pod", "", draw(st.sampled_from(["", "web", NASTY])), draw(st.just("") | st.just("app"))
    )
    is_vulnerability = rule.id == "vulnerable-package"
    return finding(
        rule, draw(st.sampled_from(["is wrong", NASTY])), where, subject,
        severity=draw(st.sampled_from(list(Severity))),
        remedy=draw(st.sampled_from(["Mend it.", NASTY])),
        related=(Related(where, "here"),) * draw(st.integers(0, 1)),
        gate=draw(st.sampled_from(list(Gate))),
        details=draw(st.sampled_from(DETAILS)) if is_vulnerability else {},
    )  # fmt: skip


@st.composite
def reports(draw: st.DrawFn) -> Report:
    found = sorted(draw(st.lists(findings(), max_size=12)), key=Finding.sort_key)
    hidden = sorted(draw(st.lists(findings(), max_size=6)), key=Finding.sort_key)
    forms = st.sampled_from(["comment", "configuration", "baseline"])
    some = st.lists(st.sampled_from([*PATHS, "seawall", "z"]), max_size=4, unique=True)
    return Report(
        tuple(found),
        tuple(Suppressed(item, NASTY, draw(forms), item.location) for item in hidden),
        Coverage(
            tuple(sorted(draw(some))), (),
            tuple(NotCovered(path, "a chart", "no helm", "get it") for path in draw(some)),
            tuple(Failed(path, 1, 2, "broken") for path in draw(some)),
        ),
        "2026.1", objects=draw(st.integers(0, 1)), rules=5,
        faults=tuple(RuleFault("host-pid", "Pod/x", path, "oops") for path in draw(some)),
    )  # fmt: skip


LOOKS = [
    Options(),
    Options(verbose=True, width=80, colour=True, fail_on=Severity.HIGH),
    Options(quiet=True, verbose=True),
    Options(compact=True, fail_on=Severity.LOW),
]


def portions(name: str, report: Report, look: Options, cuts: set[int]) -> list[Portion]:
    """The report told file by file, or some files at a time."""
    edges = [0, *sorted(cuts), len(PATHS)]
    result = []
    for first, last in pairwise(edges):
        paths = sorted(PATHS)[first:last]
        part = report._replace(
            findings=tuple(item for item in report.findings if item.location.path in paths),
            suppressed=tuple(
                item for item in report.suppressed if item.finding.location.path in paths
            ),
        )
        result.append(form(name).tell(part, SOURCES, look))
    return result


@pytest.mark.parametrize("name", FORMATS)
@given(
    report=reports(),
    look=st.sampled_from(LOOKS),
    cuts=st.sets(st.integers(0, len(PATHS))),
    kept=st.booleans(),
)
@settings(max_examples=40)
def test_a_report_in_parts_is_the_report(
    name: str, report: Report, look: Options, cuts: set[int], *, kept: bool
) -> None:
    told = portions(name, report, look, cuts)
    summary = report.summary()
    if kept:
        parts = [part_of([portion], lambda _: False)[0] for portion in told]
        told = Told(parts, {rule.id: rule for rule in RULES}, summary).portions(0)
        summary = summary_from_plain(summary_to_plain(summary))
        assert summary == report.summary()
    text = "".join(form(name).join(told, summary, look))
    assert text == "".join(write(name, report, SOURCES, look))


def test_markdown_in_parts_has_no_more_room() -> None:
    """What does not fit as a whole does not fit in parts, and what fits is there."""
    wide = [
        hostile().findings[0]._replace(
            severity=Severity(number % 5), message=f"{number} {'x' * (number * 37 % 390)}",
            location=Location(PATHS[number % len(PATHS)], 0, (), Span(number, 1, number, 2)),
        )
        for number in range(300)
    ]  # fmt: skip
    found = tuple(sorted(wide, key=Finding.sort_key))
    report = hostile()._replace(
        findings=found, suppressed=tuple(Suppressed(item, "x" * 99) for item in found)
    )
    whole = "".join(write("markdown", report, SOURCES, Options()))
    assert "more: a comment has no room" in whole
    for cuts in ({1}, {2, 3}, {1, 2, 3, 4}):
        told = portions("markdown", report, Options(), cuts)
        assert "".join(markdown.join(told, report.summary(), Options())) == whole
