"""GitLab's Code Quality report, for the widget of a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from collections.abc import Iterator

from seawall.core.finding import Finding, fingerprints
from seawall.core.report import Report
from seawall.core.severity import Severity
from seawall.reports import Options, Sources
from seawall.reports.json_text import array, compact
from seawall.reports.wording import sentence

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def write(report: Report, _sources: Sources, _options: Options) -> Iterator[str]:
    """An issue to a line. What was suppressed is left out: the format cannot say it."""
    marks = fingerprints(list(report.findings))
    issues = (
        compact(_issue(finding, mark)) for finding, mark in zip(report.findings, marks, strict=True)
    )
    yield from array(issues, "")
    yield "\n"


def _issue(finding: Finding, fingerprint: str) -> dict[str, object]:
    span = finding.location.span
    lines = {"begin": span.line, "end": span.end_line} if span else {"begin": 1}
    return {
        "description": f"{sentence(finding)} ({finding.remedy})",
        "check_name": finding.rule.id,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": finding.location.path, "lines": lines},
    }
