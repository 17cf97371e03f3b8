"""Markdown for the comment of a pull request; nothing from the sources can become markup.

Punctuation that could be markup is written as character references, which never is (CommonMark
2.5). What is markup only at the start of a line needs none: no line starts with foreign text.
GitHub and GitLab look for mentions and references (``@name``, ``#1``, ``!2``) in the finished
text once more: these are broken by a space of no width.
"""

import re
from collections.abc import Iterator

from seawall.core.finding import Finding
from seawall.core.lazy import pattern
from seawall.core.report import Report
from seawall.reports import Options, Sources
from seawall.reports.visible import visible
from seawall.reports.wording import (
    counted,
    extent,
    gaps,
    place,
    severities,
    statement,
    subject_of,
    verdict,
)

MARKER = "<!-- seawall report -->"
"""By this a bot finds its own comment again."""
ROOM = 54_000
"""Characters of findings: GitHub takes comments of up to 65,536."""
COVERAGE_ROOM = 2_500
"""Characters of each coverage list."""
LONGEST = 400
"""Characters of one text in a table."""

_REFERENCE = pattern(r"[@#!~%$&*^:](?=\w)|//|(?<=www)\.|(?<=GH)-", re.IGNORECASE)
_WWW = pattern(r"(?<=www)\.", re.IGNORECASE)
_PUNCTUATION = {ord(mark): f"&#{ord(mark)};" for mark in "!#$&*:<>@[\\]^_`{|}~"}
_NO_WIDTH = "&#8203;"


def prose(text: str) -> str:
    """Hostile text as plain text in one table cell."""
    text = _cut(visible(text))
    parts = []
    last = 0
    for match in _REFERENCE.finditer(text):
        parts.append(text[last : match.end()].translate(_PUNCTUATION))
        last = match.end()
    parts.append(text[last:].translate(_PUNCTUATION))
    return _NO_WIDTH.join(parts)


def code(text: str) -> str:
    """Hostile text in the type of code; nothing is looked for in it."""
    references = _WWW.sub("&#46;", _cut(visible(text)).translate(_PUNCTUATION))
    return f"<code>{references}</code>" if text else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def write(report: Report, _sources: Sources, _options: Options) -> Iterator[str]:
    """Summary, findings by file (the worst file first), and what was not covered."""
    summary = report.summary()
    yield f"{MARKER}\n### seawall: {verdict(summary)}\n\n{extent(summary)}\n"
    if report.findings:
        counts = [(severity, count) for severity, count in severities(summary) if count]
        yield "\n| Severity | Findings |\n| --- | ---: |\n"
        yield "".join(f"| {severity.label} | {count} |\n" for severity, count in counts)
        yield from _files(report)
    yield from _coverage(report)


def _files(report: Report) -> Iterator[str]:
    files: dict[str, list[Finding]] = {}
    for finding in report.findings:
        files.setdefault(finding.location.path, []).append(finding)
    for findings in files.values():
        findings.sort(key=lambda finding: -finding.severity)
    room, left = ROOM, len(report.findings)
    for path, findings in sorted(files.items(), key=lambda item: -item[1][0].severity):
        rows = [_row(finding) for finding in findings]
        head = f"\n#### {code(path)}\n\n| Severity | Rule | Subject | Message and remedy | Line |\n"
        head += "| --- | --- | --- | --- | ---: |\n"
        room -= len(head)
        fitting = 0
        while fitting < len(rows) and len(rows[fitting]) <= room:
            room -= len(rows[fitting])
            fitting += 1
        if fitting:
            yield head + "".join(rows[:fitting])
        left -= fitting
        if fitting < len(rows):
            break
    if left:
        yield f"\n{counted(left, 'finding')} more: a comment has no room for them.\n"


def _row(finding: Finding) -> str:
    containers = (finding.subject.container,) if finding.subject.container else ()
    message = prose(statement(finding.message, containers))
    line = str(finding.location.span.line) if finding.location.span else ""
    subject = prose(subject_of(finding.subject))
    remedy = f"<br>{prose(finding.remedy)}" if finding.remedy else ""
    return (
        f"| {finding.severity.label} | {code(finding.rule.id)} | {subject} "
        f"| {message}{remedy} | {line} |\n"
    )


def _coverage(report: Report) -> Iterator[str]:
    coverage = report.coverage
    failed = [
        f"{code(f'{item.path}:{item.line}:{item.column}' if item.line else item.path)}: "
        f"{prose(item.reason)}"
        for item in coverage.failed
    ]
    faults = [
        f"{code(fault.rule)} on {prose(fault.subject)} in {code(fault.path)}: {prose(fault.error)}"
        for fault in report.faults
    ]
    missing = [
        f"{counted(gap.inputs, 'input')}: {prose(f'{gap.what}: {gap.reason}')} "
        f"({prose(gap.remedy)})"
        for gap in gaps(coverage.not_covered)
    ]
    suppressed = [
        f"{code(item.finding.rule.id)} {code(place(item.finding.location))}: {prose(item.reason)}"
        for item in report.suppressed
    ]
    yield from _list("Could not be read", failed)
    yield from _list("Errors of seawall itself", faults)
    yield from _list("Not covered", missing)
    yield from _list("Suppressed", suppressed)
    if coverage.skipped:
        yield f"\n{counted(len(coverage.skipped), 'input')} skipped.\n"


def _list(title: str, items: list[str]) -> Iterator[str]:
    if not items:
        return
    yield f"\n<details><summary>{title}: {len(items)}</summary>\n\n"
    room = COVERAGE_ROOM
    for number, item in enumerate(items):
        room -= len(item)
        if room < 0:
            yield f"- and {len(items) - number} more\n"
            break
        yield f"- {item}\n"
    yield "\n</details>\n"
