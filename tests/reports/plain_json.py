"""The findings of a JSON report written the plain way: what the fast writer must equal."""

from collections.abc import Iterator

from seawall.core.edit import Fix
from seawall.core.finding import Finding
from seawall.core.location import Location, render_key_path
from seawall.core.report import Report, Suppressed
from seawall.reports.json_text import compact
from tests.reports.samples import fingerprints


def findings(report: Report) -> Iterator[str]:
    """Each finding, then each suppressed one, as it stands in the report."""
    hidden = [item.finding for item in report.suppressed]
    marks = iter(fingerprints([*report.findings, *hidden]))
    for finding in report.findings:
        yield _lines(_finding(finding, next(marks)))
    for item in report.suppressed:
        yield _lines({**_finding(item.finding, next(marks)), **_why(item)})


def _why(item: Suppressed) -> dict[str, object]:
    by: dict[str, object] = {"form": item.form}
    if item.origin is not None and item.origin.path:
        by |= {"path": item.origin.path, "line": item.origin.span.line if item.origin.span else 0}
    return {"reason": item.reason, "by": by}


def _lines(fields: dict[str, object]) -> str:
    lines = (f"      {compact(key)}: {compact(value)}" for key, value in fields.items())
    return "{\n" + ",\n".join(lines) + "\n    }"


def _finding(finding: Finding, fingerprint: str) -> dict[str, object]:
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
        **({"note": fix.note} if fix.note else {}),
        "edits": [
            {
                key: value
                for key, value in edit._asdict().items()
                if key != "creates" or edit.creates
            }
            for edit in fix.edits
        ],
    }
