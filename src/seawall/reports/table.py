"""The report for a person at a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from seawall.core.portion import Piece, Portion, pieces
from seawall.core.report import Report, Summary, Suppressed
from seawall.reports import Options, Sources
from seawall.reports.blocks import by_file
from seawall.reports.redacted import redacted
from seawall.reports.text_block import Style, block_lines, plain
from seawall.reports.visible import visible, wrap
from seawall.reports.wording import bases, counted, extent, gaps, place, searched, sentence, verdict

MANY = 10
"""From how many inputs on a list is summed up, unless the person asks for all."""

CODES = {
    "critical": "1;35",
    "high": "1;31",
    "medium": "33",
    "low": "36",
    "info": "34",
    "rule": "1",
    "path": "36",
    "file": "1;4",
    "good": "32",
    "dim": "2",
    "bold": "1",
}
"""What each role looks like on a terminal: the parameters of SGR, ECMA-48 section 8.3.117."""


def tell(report: Report, sources: Sources, options: Options) -> Portion:
    """The findings by file; who asks for all wants to see what is suppressed as well."""
    if options.quiet or options.compact:
        findings = _quiet(report)
    else:
        shown = sources if options.show_secrets else redacted(sources, report)
        findings = _blocks(report, shown, options, _style(options))
    aside = report.suppressed if options.verbose and not options.quiet else ()
    suppressed = _suppressed(aside, _style(options))
    return Portion((map(Piece, findings), map(Piece, suppressed)))


def join(portions: Sequence[Portion], summary: Summary, options: Options) -> Iterator[str]:
    """The findings by file, then what was and was not looked at, then the result."""
    yield from (piece.text for piece in pieces(portions, 0))
    if options.quiet:
        return
    if options.compact and summary.findings:
        yield "\n"
    style = _style(options)
    for part in (_failed, _faults, _not_covered, _skipped):
        text = "\n".join(part(summary, options, style))
        if text:
            yield f"{text}\n\n"
    if options.verbose and summary.suppressed:
        yield style(f"Suppressed: {counted(summary.suppressed, 'finding')}", "bold") + "\n"
        yield from (piece.text for piece in pieces(portions, 1))
        yield "\n"
    yield "\n".join(_summary(summary, options, style)) + "\n"


def _style(options: Options) -> Style:
    return _coloured if options.colour else plain


def _blocks(report: Report, sources: Sources, options: Options, style: Style) -> Iterator[str]:
    for path, blocks in by_file(report.findings, joined=True).items():
        yield f"{style(visible(path), 'file')}\n\n"
        for block in blocks:
            yield "\n".join(block_lines(block, sources, options, style)) + "\n\n"


def _coloured(text: str, role: str) -> str:
    return f"\x1b[{CODES[role]}m{text}\x1b[0m"


def _quiet(report: Report) -> Iterator[str]:
    for finding in report.findings:
        location = finding.location
        where = place(location) if location.span else f"{location.path}:0:0"
        label = f"{finding.severity.label}[{finding.rule.id}]"
        yield visible(f"{where}: {label} {sentence(finding)}") + "\n"


def _failed(summary: Summary, _options: Options, style: Style) -> Iterator[str]:
    failed = summary.coverage.failed
    if failed:
        yield style(f"Could not be read: {counted(len(failed), 'input')}", "high")
    for input_ in failed:
        line = f":{input_.line}:{input_.column}" if input_.line else ""
        yield f"  {style(visible(input_.path + line), 'path')}  {visible(input_.reason)}"


def _faults(summary: Summary, _options: Options, style: Style) -> Iterator[str]:
    if summary.faults:
        count = counted(len(summary.faults), "rule")
        yield style(f"Errors of seawall itself, please report them: {count} broke", "critical")
    for fault in summary.faults:
        yield "  " + visible(f"{fault.rule} on {fault.subject} in {fault.path}: {fault.error}")


def _not_covered(summary: Summary, options: Options, style: Style) -> Iterator[str]:
    not_covered = summary.coverage.not_covered
    if not_covered:
        yield style(f"Not covered: {counted(len(not_covered), 'input')}", "medium")
    if len(not_covered) <= MANY or options.verbose:
        for input_ in not_covered:
            what = visible(f"{input_.what}: {input_.reason}")
            yield f"  {style(visible(input_.path), 'path')}  {what}"
            yield f"    remedy: {visible(input_.remedy)}"
        return
    causes = gaps(not_covered)
    for gap in causes[:MANY]:
        yield f"  {counted(gap.inputs, 'input')}: {visible(f'{gap.what}: {gap.reason}')}"
        yield f"    remedy: {visible(gap.remedy)}"
    more = f"and {counted(len(causes) - MANY, 'other cause')}; " if len(causes) > MANY else ""
    yield style(f"  {more}-v lists every input", "dim")


def _skipped(summary: Summary, options: Options, style: Style) -> Iterator[str]:
    if not (options.verbose and summary.coverage.skipped):
        return
    yield style(f"Skipped: {counted(len(summary.coverage.skipped), 'input')}", "bold")
    for input_ in summary.coverage.skipped:
        yield f"  {style(visible(input_.path), 'path')}  {visible(input_.reason)}"


def _suppressed(suppressed: Iterable[Suppressed], style: Style) -> Iterator[str]:
    for finding, reason, *_ in suppressed:
        where = style(visible(place(finding.location)), "path")
        label = f"{finding.severity.label}[{finding.rule.id}]"
        yield f"  {where}  {visible(f'{label} {sentence(finding)}')}\n"
        yield f"    reason: {visible(reason)}\n"


def _summary(summary: Summary, options: Options, style: Style) -> Iterator[str]:
    failing = summary.failing(options.fail_on)
    role = "good" if _is_clean(summary) else "bold"
    line = style(verdict(summary), role)
    if failing and options.fail_on is not None:
        line += f" {failing} at or above {options.fail_on.label}, the threshold."
    yield line
    yield extent(summary)
    for sentence_ in bases(summary):
        yield from wrap(visible(sentence_), options.width)
    aside = [
        counted(number, singular, plural)
        for number, singular, plural in (
            (summary.suppressed, "finding suppressed", "findings suppressed"),
            (len(summary.coverage.skipped), "input skipped", "inputs skipped"),
        )
        if number
    ]
    if aside:
        yield f"{', '.join(aside)}{'' if options.verbose else ' (-v lists them)'}."


def _is_clean(summary: Summary) -> bool:
    coverage = summary.coverage
    return bool(summary.objects or summary.packages or searched(summary)) and not (
        summary.findings or coverage.failed or coverage.not_covered or summary.faults
    )
