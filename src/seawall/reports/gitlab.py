"""GitLab's Code Quality report, for the widget of a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from collections.abc import Iterator, Sequence

from seawall.core.finding import Finding, fingerprint
from seawall.core.portion import HOLE, Marks, Piece, Portion, pieces
from seawall.core.report import Report, Summary
from seawall.core.severity import Severity
from seawall.reports import Options, Sources
from seawall.reports.json_text import bracketed, entry, members
from seawall.reports.wording import sentence

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def tell(report: Report, _sources: Sources, _options: Options) -> Portion:
    """The findings. What was suppressed is left out: the format cannot say it."""
    return Portion((map(_issue, report.findings),))


def join(portions: Sequence[Portion], _summary: Summary, _options: Options) -> Iterator[str]:
    """An issue to a line."""
    yield from bracketed(Marks().fill(pieces(portions, 0)), "")
    yield "\n"


def _issue(finding: Finding) -> Piece:
    span, mark = finding.location.span, fingerprint(finding)
    before = {
        "description": f"{sentence(finding)} ({finding.remedy})",
        "check_name": finding.rule.id,
    }
    behind = {
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": finding.location.path,
            "lines": {"begin": span.line, "end": span.end_line} if span else {"begin": 1},
        },
    }
    issue = f'{{{members(before)}, "fingerprint": "{mark}{HOLE}", {members(behind)}}}'
    return Piece(entry(issue, ""), (bytes.fromhex(mark),))
