"""The table of a large report, written by several processes: each tells of some of the files."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from seawall import engine, reports
from seawall.core.finding import Finding
from seawall.engine.workers import cut, processors, spread
from seawall.reports import table

if TYPE_CHECKING:
    from seawall.core.report import Report

WORTH_SPREADING = 2_000
"""Findings from which a second process is worth its start (a few ms; a finding takes 12 us)."""


def table_of(result: engine.Result, look: reports.Options, workers: int) -> Iterator[str]:
    """What ``reports.table.write`` gives; ``workers`` is how many processes may tell, 0 any."""
    report = result.report
    if len(report.findings) < WORTH_SPREADING:
        yield from table.write(report, result.texts, look)
        return
    parts = _parts(report, workers or processors())

    def tell(some: Sequence["Report"]) -> list[str]:
        return ["".join(table.findings(part, result.texts, look)) for part in some]

    yield from spread(parts, [1] * len(parts), len(parts), tell, _as_it_is, _as_it_is)
    yield from table.ending(report.summary(), look, report.suppressed)


def _parts(report: "Report", most: int) -> list["Report"]:
    """A report in parts with about as many findings; those of a file stay together."""
    files = [tuple(found) for _, found in groupby(report.findings, _file)]
    slices = cut([len(found) for found in files], most)
    return [
        report._replace(findings=tuple(item for found in files[start:end] for item in found))
        for start, end in slices
    ]


def _file(finding: Finding) -> str:
    return finding.location.path


def _as_it_is(_part: "Report", text: str) -> str:
    return text
