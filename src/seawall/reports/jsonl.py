"""The report as JSON lines, one event each; ``events.schema.json`` and docs/json-output.md.

Each line is complete by itself and made when it is written, so that neither this program nor its
reader ever holds a large report as a whole. The summary comes last: without it, the report is cut.
"""

from collections.abc import Iterator, Mapping

from seawall.core.finding import fingerprints
from seawall.core.report import Coverage, Report
from seawall.reports import Options, Sources
from seawall.reports.json import (
    SCHEMA_VERSION,
    advisories_fields,
    finding_fields,
    summary_fields,
    suppressed_fields,
    tool_fields,
)  # fmt: skip
from seawall.reports.json_text import compact

_ROWS = ("skipped", "not_covered", "failed")


def write(report: Report, _sources: Sources, options: Options) -> Iterator[str]:
    """One event to a line."""
    first = {"schema_version": SCHEMA_VERSION, **tool_fields(report)}
    if options.meta is not None:
        first["meta"] = options.meta
    yield _event("tool", first)
    marks = iter(fingerprints([*report.findings, *(item.finding for item in report.suppressed)]))
    for finding in report.findings:
        yield _event("finding", finding_fields(finding, next(marks)))
    for item in report.suppressed:
        yield _event("suppressed", suppressed_fields(item, next(marks)))
    yield from _coverage(report.coverage)
    for fault in report.faults:
        yield _event("fault", fault._asdict())
    if report.advisories is not None:
        yield _event("advisories", advisories_fields(report.advisories))
    yield _event("summary", summary_fields(report))


def _event(type_: str, fields: Mapping[str, object]) -> str:
    return compact({"type": type_, **fields}) + "\n"


def _coverage(coverage: Coverage) -> Iterator[str]:
    for path in coverage.read:
        yield _event("coverage", {"state": "read", "path": path})
    for state in _ROWS:
        for row in getattr(coverage, state):
            yield _event("coverage", {"state": state, **row._asdict()})
