"""The whole report for programs; ``report.schema.json`` and docs/json-output.md describe it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from seawall import __version__
from seawall.core.edit import Fix
from seawall.core.finding import Finding, fingerprints
from seawall.core.location import Location, render_key_path
from seawall.core.report import Report, Suppressed
from seawall.reports import Options, Sources
from seawall.reports.json_text import array, compact
from seawall.reports.wording import nothing_checked, severities

SCHEMA_VERSION = 1
"""Grows when a reader of the version before would misread or miss something."""


def write(report: Report, _sources: Sources, options: Options) -> Iterator[str]:
    """One key of a finding to a line, so that two reports can be compared line by line."""
    suppressed = [item.finding for item in report.suppressed]
    marks = iter(fingerprints([*report.findings, *suppressed]))
    tool = compact(tool_fields(report))
    yield f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "tool": {tool},\n'
    yield '  "findings": '
    yield from array(
        (_lines(finding_fields(finding, next(marks))) for finding in report.findings), "  "
    )  # fmt: skip
    yield ',\n  "suppressed": '
    yield from array(
        (_lines(suppressed_fields(item, next(marks))) for item in report.suppressed), "  "
    )
    yield ',\n  "coverage": {'
    yield from _coverage(report)
    yield '\n  },\n  "faults": '
    yield from _rows(report.faults, "  ")
    yield f',\n  "summary": {compact(summary_fields(report))}'
    if options.meta is not None:
        yield f',\n  "meta": {compact(options.meta)}'
    yield "\n}\n"


def _lines(fields: Mapping[str, object]) -> str:
    lines = (f"      {compact(key)}: {compact(value)}" for key, value in fields.items())
    return "{\n" + ",\n".join(lines) + "\n    }"


def tool_fields(report: Report) -> dict[str, object]:
    """Who judged, by which rules."""
    return {"name": "seawall", "version": __version__, "ruleset": report.ruleset}


def suppressed_fields(item: Suppressed, fingerprint: str) -> dict[str, object]:
    """A finding that does not count, and why."""
    return {**finding_fields(item.finding, fingerprint), "reason": item.reason}


def finding_fields(finding: Finding, fingerprint: str) -> dict[str, object]:
    """A finding as every form of JSON tells it."""
    rule = finding.rule
    return {
        "rule": rule.id,
        "domain": rule.domain,
        "aliases": rule.aliases,
        "severity": finding.severity.label,
        "confidence": finding.confidence.label,
        "message": finding.message,
        "remedy": finding.remedy,
        "subject": finding.subject._asdict(),
        "location": _location(finding.location),
        "related": [
            {"location": _location(related.location), "message": related.message}
            for related in finding.related
        ],
        "fingerprint": fingerprint,
        "fixes": [_fix(fix) for fix in finding.fixes],
        "details": finding.details,
    }


def _location(location: Location) -> dict[str, object]:
    line, column, end_line, end_column = location.span or (0, 0, 0, 0)
    return {
        "path": location.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "key_path": render_key_path(location.key_path),
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "title": fix.title,
        "safety": fix.safety.value,
        "edits": [edit._asdict() for edit in fix.edits],
    }


def _coverage(report: Report) -> Iterator[str]:
    coverage = report.coverage
    yield '\n    "read": '
    yield from array((compact(path) for path in coverage.read), "    ")
    for name in ("skipped", "not_covered", "failed"):
        yield f',\n    "{name}": '
        yield from _rows(getattr(coverage, name), "    ")


def _rows(rows: Iterable[NamedTuple], indent: str) -> Iterator[str]:
    return array((compact(row._asdict()) for row in rows), indent)


def summary_fields(report: Report) -> dict[str, object]:
    """The counts."""
    return {
        "findings": len(report.findings),
        "by_severity": {severity.label: count for severity, count in severities(report)},
        "suppressed": len(report.suppressed),
        "objects": report.objects,
        "files_read": len(report.coverage.read),
        "rules": report.rules,
        "checked": not nothing_checked(report),
    }
