"""The report as JSON lines, one event each; ``events.schema.json`` and docs/json-output.md.

Each line is complete by itself and made when it is written, so that neither this program nor its
reader ever holds a large report as a whole. The summary comes last: without it, the report is cut.
"""

from collections.abc import Iterator, Mapping, Sequence

from seawall.core.finding import Finding, fingerprint
from seawall.core.portion import HOLE, Marks, Piece, Portion, pieces
from seawall.core.report import Coverage, Report, Summary, Suppressed
from seawall.reports import Options, Sources
from seawall.reports.json import (
    SCHEMA_VERSION,
    advisories_fields,
    fields_before,
    fields_behind,
    image_fields,
    summary_fields,
    suppressed_fields,
    tool_fields,
)  # fmt: skip
from seawall.reports.json_text import compact, members

_ROWS = ("skipped", "not_covered", "failed")


def tell(report: Report, _sources: Sources, _options: Options) -> Portion:
    """The findings and what is suppressed, each with a hole behind its fingerprint."""
    return Portion((map(_finding, report.findings), map(_suppressed, report.suppressed)))


def join(portions: Sequence[Portion], summary: Summary, options: Options) -> Iterator[str]:
    """One event to a line."""
    first = {"schema_version": SCHEMA_VERSION, **tool_fields(summary)}
    if options.meta is not None:
        first["meta"] = options.meta
    yield _event("tool", first)
    marks = Marks()
    yield from marks.fill(pieces(portions, 0))
    yield from marks.fill(pieces(portions, 1))
    yield from _coverage(summary.coverage)
    for fault in summary.faults:
        yield _event("fault", fault._asdict())
    for image in summary.images:
        yield _event("image", image_fields(image))
    if summary.advisories is not None:
        yield _event("advisories", advisories_fields(summary.advisories))
    yield _event("summary", summary_fields(summary))


def _event(type_: str, fields: Mapping[str, object]) -> str:
    return compact({"type": type_, **fields}) + "\n"


def _finding(finding: Finding) -> Piece:
    return _told("finding", finding, {})


def _suppressed(item: Suppressed) -> Piece:
    return _told("suppressed", item.finding, suppressed_fields(item))


def _told(type_: str, finding: Finding, more: Mapping[str, object]) -> Piece:
    mark = fingerprint(finding)
    before = members({"type": type_, **fields_before(finding)})
    behind = members({**fields_behind(finding), **more})
    text = f'{{{before}, "fingerprint": "{mark}{HOLE}", {behind}}}\n'
    return Piece(text, (bytes.fromhex(mark),))


def _coverage(coverage: Coverage) -> Iterator[str]:
    for path in coverage.read:
        yield _event("coverage", {"state": "read", "path": path})
    for path in coverage.searched:
        yield _event("coverage", {"state": "searched", "path": path})
    for state in _ROWS:
        for row in getattr(coverage, state):
            yield _event("coverage", {"state": state, **row._asdict()})
