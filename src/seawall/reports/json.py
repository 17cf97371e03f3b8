"""The whole report for programs; ``report.schema.json`` and docs/json-output.md describe it."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from seawall import __version__
from seawall.core.edit import Edit, Fix
from seawall.core.finding import Finding, fingerprints
from seawall.core.location import Location, render_key_path
from seawall.core.report import Advisories, Report, Suppressed
from seawall.reports import Options, Sources
from seawall.reports.json_text import array, compact, harmless, quoted
from seawall.reports.wording import nothing_checked, severities

if TYPE_CHECKING:
    from seawall.core.rule import Rule

SCHEMA_VERSION = 1
"""Grows when a reader of the version before would misread or miss something."""


def write(report: Report, _sources: Sources, options: Options) -> Iterator[str]:
    """One key of a finding to a line, so that two reports can be compared line by line."""
    suppressed = [item.finding for item in report.suppressed]
    marks = iter(fingerprints([*report.findings, *suppressed]))
    tool = compact(tool_fields(report))
    yield f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "tool": {tool},\n'
    yield '  "findings": '
    writer = _Writer()
    yield from array((writer.finding(item, next(marks)) for item in report.findings), "  ")
    yield ',\n  "suppressed": '
    yield from array((writer.suppressed(item, next(marks)) for item in report.suppressed), "  ")
    yield ',\n  "coverage": {'
    yield from _coverage(report)
    yield '\n  },\n  "faults": '
    yield from _rows(report.faults, "  ")
    if report.advisories is not None:
        yield f',\n  "advisories": {compact(advisories_fields(report.advisories))}'
    yield f',\n  "summary": {compact(summary_fields(report))}'
    if options.meta is not None:
        yield f',\n  "meta": {compact(options.meta)}'
    yield "\n}\n"


class _Writer:
    """Writes findings as JSON: put together by hand, for one object holds some fifty values.

    What a rule says of itself is written once and kept.
    """

    def __init__(self) -> None:
        self._heads: dict[Rule, str] = {}

    def finding(self, finding: Finding, mark: str, by: str = "") -> str:
        """One finding; ``by`` is what a suppressed one has besides."""
        rule = finding.rule
        head = self._heads.get(rule)
        if head is None:
            head = self._heads[rule] = (
                f'      "rule": {quoted(rule.id)},\n      "domain": {quoted(rule.domain)},\n'
                f'      "aliases": {compact(rule.aliases)},\n'
            )
        related = ", ".join(
            f'{{"location": {_location(item.location)}, "message": {quoted(item.message)}}}'
            for item in finding.related
        )
        fixes = ", ".join(compact(_fix(fix)) for fix in finding.fixes)
        kind, namespace, name, container = map(quoted, finding.subject)
        return harmless(
            f'{{\n{head}      "severity": "{finding.severity.label}",\n'
            f'      "confidence": "{finding.confidence.label}",\n'
            f'      "message": {quoted(finding.message)},\n'
            f'      "remedy": {quoted(finding.remedy)},\n'
            f'      "subject": {{"kind": {kind}, "namespace": {namespace}, "name": {name}, '
            f'"container": {container}}},\n'
            f'      "location": {_location(finding.location)},\n'
            f'      "related": [{related}],\n      "fingerprint": "{mark}",\n'
            f'      "fixes": [{fixes}],\n'
            f'      "details": {compact(finding.details) if finding.details else "{}"}{by}\n    }}'
        )

    def suppressed(self, item: Suppressed, mark: str) -> str:
        """A finding that does not count, with the reason and what hides it."""
        more = f',\n      "reason": {quoted(item.reason)},\n      "by": {compact(_by(item))}'
        return self.finding(item.finding, mark, more)


def _by(item: Suppressed) -> dict[str, object]:
    """What hides a finding, and where that is written."""
    by: dict[str, object] = {"form": item.form}
    if item.origin is not None and item.origin.path:
        by["path"] = item.origin.path
        by["line"] = item.origin.span.line if item.origin.span else 0
    return by


def tool_fields(report: Report) -> dict[str, object]:
    """Who judged, by which rules."""
    return {"name": "seawall", "version": __version__, "ruleset": report.ruleset}


def suppressed_fields(item: Suppressed, fingerprint: str) -> dict[str, object]:
    """A finding that does not count, and why."""
    return {
        **finding_fields(item.finding, fingerprint), "reason": item.reason, "by": _by(item),
    }  # fmt: skip


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
        "location": location_fields(finding.location),
        "related": [
            {"location": location_fields(related.location), "message": related.message}
            for related in finding.related
        ],
        "fingerprint": fingerprint,
        "fixes": [_fix(fix) for fix in finding.fixes],
        "details": finding.details,
    }


def location_fields(location: Location) -> dict[str, object]:
    """A place; 0 and empty where it has no such part."""
    line, column, end_line, end_column = location.span or (0, 0, 0, 0)
    return {
        "path": location.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "key_path": render_key_path(location.key_path),
    }


def _location(location: Location) -> str:
    line, column, end_line, end_column = location.span or (0, 0, 0, 0)
    return (
        f'{{"path": {quoted(location.path)}, "line": {line}, "column": {column}, '
        f'"end_line": {end_line}, "end_column": {end_column}, '
        f'"key_path": {quoted(render_key_path(location.key_path))}}}'
    )


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "title": fix.title,
        "safety": fix.safety.value,
        **({"effect": fix.effect} if fix.effect else {}),
        **({"note": fix.note} if fix.note else {}),
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, object]:
    fields = edit._asdict()
    if not edit.creates:
        del fields["creates"]
    return fields


def _coverage(report: Report) -> Iterator[str]:
    coverage = report.coverage
    yield '\n    "read": '
    yield from array((compact(path) for path in coverage.read), "    ")
    for name in ("skipped", "not_covered", "failed"):
        yield f',\n    "{name}": '
        yield from _rows(getattr(coverage, name), "    ")


def _rows(rows: Iterable[NamedTuple], indent: str) -> Iterator[str]:
    return array((compact(row._asdict()) for row in rows), indent)


def advisories_fields(advisories: Advisories) -> dict[str, object]:
    """What packages were held against, and of which day it is."""
    return {
        "built": advisories.built,
        "vulnerabilities": advisories.vulnerabilities,
        "sources": [feed._asdict() for feed in advisories.feeds],
    }


def summary_fields(report: Report) -> dict[str, object]:
    """The counts."""
    summary = report.summary()
    return {
        "findings": summary.findings,
        "by_severity": {severity.label: count for severity, count in severities(summary)},
        "suppressed": summary.suppressed,
        "objects": report.objects,
        "packages": report.packages,
        "files_read": len(report.coverage.read),
        "rules": report.rules,
        "checked": not nothing_checked(summary),
    }
