"""The table of a large report, written by several processes: each tells of some of the files."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from seawall import engine, reports
from seawall.core.finding import Finding
from seawall.core.portion import Piece, Portion
from seawall.engine.workers import cut, processors, spread
from seawall.reports import table

if TYPE_CHECKING:
    from seawall.core.report import Report

WORTH_SPREADING = 2_000
"""Findings from which a second process is worth its start (a few ms; a finding takes 12 us)."""


def table_of(result: engine.Result, look: reports.Options, workers: int) -> Iterator[str]:
    """The text of the table; ``workers`` is how many processes may tell, 0 any."""
    report = result.report
    if len(report.findings) < WORTH_SPREADING:
        return reports.write("table", report, result.texts, look)
    parts = _parts(report._replace(suppressed=()), workers or processors())

    def tell(some: Sequence["Report"]) -> list[Portion]:
        return [table.tell(part, result.texts, look) for part in some]

    told = spread(parts, [1] * len(parts), len(parts), tell, _sent, _received)
    rest = table.tell(report._replace(findings=()), result.texts, look)
    return table.join((*told, rest), report.summary(), look)


def _sent(_part: "Report", portion: Portion) -> list[tuple[str, ...]]:
    """A portion of the table as plain values: it has texts without holes, and nothing else."""
    return [tuple(piece.text for piece in pieces) for pieces in portion.texts]


def _received(_part: "Report", texts: list[tuple[str, ...]]) -> Portion:
    return Portion(tuple(map(Piece, each) for each in texts))


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
