"""Workflow commands of GitHub Actions: annotations beside the changed lines.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterator, Sequence

from seawall.core.finding import Finding
from seawall.core.portion import Piece, Portion, pieces
from seawall.core.report import Report, Summary
from seawall.core.severity import Severity
from seawall.reports import Options, Sources
from seawall.reports.visible import visible
from seawall.reports.wording import WORST_FIRST, gaps, nothing_checked, sentence

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}


def tell(report: Report, _sources: Sources, _options: Options) -> Portion:
    """The findings of each severity, worst first."""
    by_severity: dict[Severity, list[Finding]] = {severity: [] for severity in WORST_FIRST}
    for finding in report.findings:
        by_severity[finding.severity].append(finding)
    return Portion(tuple(map(_annotation, findings) for findings in by_severity.values()))


def join(portions: Sequence[Portion], summary: Summary, _options: Options) -> Iterator[str]:
    """Worst first, for GitHub shows ten annotations of a level in a step and drops the rest."""
    for number in range(len(WORST_FIRST)):
        yield from (piece.text for piece in pieces(portions, number))
    for failed in summary.coverage.failed:
        place: dict[str, object] = {"file": failed.path}
        if failed.line:
            place |= {"line": failed.line, "col": failed.column}
        yield command("error", {**place, "title": "could not be read"}, failed.reason)
    for fault in summary.faults:
        place = {"file": fault.path, "title": f"seawall: rule {fault.rule} broke"}
        yield command("error", place, f"{fault.subject}: {fault.error}")
    for gap in gaps(summary.coverage.not_covered):
        inputs = f" ({gap.inputs} inputs)" if gap.inputs > 1 else ""
        message = f"{gap.what}{inputs}: {gap.reason}\n{gap.remedy}"
        yield command("warning", {"title": "not covered"}, message)
    nothing = nothing_checked(summary)
    if nothing:
        yield command("warning", {"title": "seawall"}, nothing)


def _annotation(finding: Finding) -> Piece:
    properties: dict[str, object] = {"file": finding.location.path}
    span = finding.location.span
    if span:
        properties["line"] = span.line
        properties["endLine"] = span.end_line
        if span.line == span.end_line:  # the runner rejects columns of different lines
            properties["col"] = span.column
            properties["endColumn"] = span.end_column
    properties["title"] = f"{finding.severity.label}: {finding.rule.id}"
    message = f"{sentence(finding)}\n{finding.remedy}"
    return Piece(command(_LEVELS[finding.severity], properties, message))


def command(name: str, properties: dict[str, object], message: str) -> str:
    """One workflow command. Line feeds in the message stand; all else is made visible."""
    shown = ",".join(
        f"{key}={_property(visible(str(value)))}" for key, value in properties.items() if value
    )
    lines = (_data(visible(line)) for line in message.split("\n"))
    return f"::{name} {shown}::{'%0A'.join(lines)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25")  # line ends are escapes already


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
