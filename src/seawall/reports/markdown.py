"""Markdown for the comment of a pull request; nothing from the sources can become markup.

Punctuation that could be markup is written as character references, which never is (CommonMark
2.5). What is markup only at the start of a line needs none: no line starts with foreign text.
GitHub and GitLab look for mentions and references (``@name``, ``#1``, ``!2``) in the finished
text once more: these are broken by a space of no width.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from seawall.core.finding import Finding
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import HOLE, Piece, Portion, pieces
from seawall.core.report import Report, Summary, Suppressed
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


def tell(report: Report, _sources: Sources, _options: Options) -> Portion:
    """The findings by file, the worst file first, and what is suppressed.

    As much of each as may be shown, and the first that has no room. Behind each row is a hole.
    """
    return Portion((_files(report.findings), _fitting(map(_suppressed, report.suppressed))))


def _files(findings: Iterable[Finding]) -> Iterator[Piece]:
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.location.path, []).append(finding)
    for own in files.values():
        own.sort(key=lambda finding: -finding.severity)
    room = ROOM
    for path, own in sorted(files.items(), key=lambda item: -item[1][0].severity):
        head = f"\n#### {code(path)}\n\n| Severity | Rule | Subject | Message and remedy | Line |\n"
        head += "| --- | --- | --- | --- | ---: |\n"
        room -= len(head)
        rows = []
        for row in map(_row, own):
            rows.append(row)
            room -= len(row)
            if room < 0:
                break
        yield Piece("".join(f"{row}{HOLE}" for row in (head, *rows)),
                    ((int(own[0].severity), len(rows)),))  # fmt: skip
        if room < 0:
            return


def _fitting(items: Iterable[str]) -> Iterator[Piece]:
    room = COVERAGE_ROOM
    for item in items:
        yield Piece(f"{item}{HOLE}")
        room -= len(item)
        if room < 0:
            return


def join(portions: Sequence[Portion], summary: Summary, _options: Options) -> Iterator[str]:
    """Summary, findings by file (the worst file first), and what was not covered."""
    yield f"{MARKER}\n### seawall: {verdict(summary)}\n\n{extent(summary)}\n"
    if summary.findings:
        counts = [(severity, count) for severity, count in severities(summary) if count]
        yield "\n| Severity | Findings |\n| --- | ---: |\n"
        yield "".join(f"| {severity.label} | {count} |\n" for severity, count in counts)
        yield from _findings(portions, summary.findings)
    texts = (piece.text.split(HOLE)[:-1] for piece in pieces(portions, 1))
    yield from _coverage(summary, list(chain.from_iterable(texts)))


class _File(NamedTuple):
    """The rows of a file, as many as were told."""

    severity: int
    """The worst."""
    head: str
    rows: list[str]


def _findings(portions: Sequence[Portion], total: int) -> Iterator[str]:
    room, left = ROOM, total
    for _, head, rows in sorted(_unfolded(portions), key=lambda file: -file.severity):
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


def _unfolded(portions: Sequence[Portion]) -> Iterator[_File]:
    for text, files in pieces(portions, 0):
        rows = iter(text.split(HOLE))
        for severity, count in files:
            yield _File(severity, next(rows), list(islice(rows, count)))


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


def _suppressed(item: Suppressed) -> str:
    finding = item.finding
    return f"{code(finding.rule.id)} {code(place(finding.location))}: {prose(item.reason)}"


def _coverage(summary: Summary, suppressed: list[str]) -> Iterator[str]:
    coverage = summary.coverage
    failed = [
        f"{code(f'{item.path}:{item.line}:{item.column}' if item.line else item.path)}: "
        f"{prose(item.reason)}"
        for item in coverage.failed
    ]
    faults = [
        f"{code(fault.rule)} on {prose(fault.subject)} in {code(fault.path)}: {prose(fault.error)}"
        for fault in summary.faults
    ]
    missing = [
        f"{counted(gap.inputs, 'input')}: {prose(f'{gap.what}: {gap.reason}')} "
        f"({prose(gap.remedy)})"
        for gap in gaps(coverage.not_covered)
    ]
    yield from _list("Could not be read", failed, len(failed))
    yield from _list("Errors of seawall itself", faults, len(faults))
    yield from _list("Not covered", missing, len(missing))
    yield from _list("Suppressed", suppressed, summary.suppressed)
    if coverage.skipped:
        yield f"\n{counted(len(coverage.skipped), 'input')} skipped.\n"


def _list(title: str, items: list[str], total: int) -> Iterator[str]:
    """A list as far as there is room; of ``total`` items, as many are given as could fit."""
    if not items:
        return
    yield f"\n<details><summary>{title}: {total}</summary>\n\n"
    room = COVERAGE_ROOM
    for number, item in enumerate(items):
        room -= len(item)
        if room < 0:
            yield f"- and {total - number} more\n"
            break
        yield f"- {item}\n"
    yield "\n</details>\n"
