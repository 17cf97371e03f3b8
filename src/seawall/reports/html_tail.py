"""The lower part of the HTML page: suppressed findings, coverage and the rules."""

from collections.abc import Iterable, Iterator

from seawall.core.documentation import documentation
from seawall.core.report import Coverage, Summary, Suppressed
from seawall.core.rule import Rule
from seawall.reports.html_source import escape
from seawall.reports.wording import counted, place, sentence

Row = tuple[str, ...]


def tail(summary: Summary, suppressed: Iterable[str], rules: Iterable[Rule]) -> Iterator[str]:
    """All sections below the findings; ``suppressed`` are rows of a table."""
    yield from _suppressed(summary, suppressed)
    yield from _faults(summary)
    yield from _coverage(summary.coverage)
    rules = list(rules)
    if rules:
        yield '<section class="part" aria-labelledby="rules"><h2 id="rules">Rules</h2>\n'
        for number, rule in enumerate(rules):
            yield _rule(number, rule)
        yield "</section>\n"


def suppressed_row(item: Suppressed) -> str:
    """A finding that does not count, as the row of a table."""
    finding = item.finding
    return _row(
        (
            finding.severity.label,
            finding.rule.id,
            place(finding.location),
            sentence(finding),
            item.reason,
        )
    )


def _suppressed(summary: Summary, rows: Iterable[str]) -> Iterator[str]:
    if not summary.suppressed:
        return
    yield '<section class="part" aria-labelledby="suppressed"><h2 id="suppressed">Suppressed</h2>\n'
    yield "<p>These findings do not count, for the reasons given.</p>\n"
    yield from _table(("Severity", "Rule", "Place", "Finding", "Reason"), rows)
    yield "</section>\n"


def _faults(summary: Summary) -> Iterator[str]:
    if not summary.faults:
        return
    yield '<section class="part" aria-labelledby="faults"><h2 id="faults">Errors of seawall</h2>\n'
    yield "<p>These rules broke. The error is seawall's own; please report it.</p>\n"
    rows = ((f.rule, f.subject, f.path, f.error) for f in summary.faults)
    yield from _table(("Rule", "Object", "File", "Error"), map(_row, rows))
    yield "</section>\n"


def _coverage(coverage: Coverage) -> Iterator[str]:
    yield '<section class="part" aria-labelledby="coverage"><h2 id="coverage">Coverage</h2>\n'
    failed = (
        (f"{f.path}:{f.line}:{f.column}" if f.line else f.path, f.reason) for f in coverage.failed
    )
    yield from _group(
        "Could not be read", len(coverage.failed), ("Place", "Reason"), failed, urgent=True
    )
    yield from _group(
        "Not covered", len(coverage.not_covered), ("Input", "What", "Reason", "Remedy"),
        ((m.path, m.what, m.reason, m.remedy) for m in coverage.not_covered), urgent=True,
    )  # fmt: skip
    yield from _group("Skipped", len(coverage.skipped), ("Input", "Reason"), coverage.skipped)
    yield from _group("Read", len(coverage.read), ("Input",), ((path,) for path in coverage.read))
    searched = ((path,) for path in coverage.searched)
    yield from _group("Searched for secrets only", len(coverage.searched), ("Input",), searched)
    yield "</section>\n"


def _group(
    title: str, count: int, columns: Row, rows: Iterable[Row], *, urgent: bool = False
) -> Iterator[str]:
    if not count:
        yield f'<p class="without">{title}: none</p>\n'
        return
    look = ' class="urgent" open' if urgent else ""
    yield f"<details{look}><summary>{title}: {counted(count, 'input')}</summary>\n"
    yield from _table(columns, map(_row, rows))
    yield "</details>\n"


def _table(columns: Row, rows: Iterable[str]) -> Iterator[str]:
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    yield f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n'
    yield from rows
    yield "</tbody></table></div>\n"


def _row(cells: Row) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"


def _rule(number: int, rule: Rule) -> str:
    return (
        f'<details class="manual" id="rule-{number}"><summary><code>{escape(rule.id)}</code> '
        f"{_manual(rule)}</details>\n"
    )


def _manual(rule: Rule) -> str:
    try:
        manual = documentation(rule)
    except ValueError:  # a team's own rule need not be documented
        return f"</summary><pre>{_text(rule.docstring.strip() or rule.remedy)}</pre>"
    examples = (("Bad", manual.bad), ("Good", manual.good))
    links = "".join(f"<li>{_link(reference)}</li>" for reference in manual.references)
    return (
        f"{escape(manual.summary)}</summary>\n"
        f"{_paragraphs(manual.what)}<h3>Why</h3>{_paragraphs(manual.why)}"
        f"<h3>Remedy</h3>{_paragraphs(rule.remedy)}"
        + "".join(f"<h3>{name}</h3><pre>{_text(text)}</pre>" for name, text in examples)
        + (f"<h3>Not reported</h3>{_paragraphs(manual.not_reported)}" * bool(manual.not_reported))
        + (f"<h3>References</h3><ul>{links}</ul>" * bool(links))
    )


def _paragraphs(text: str) -> str:
    parts = (" ".join(part.split()) for part in text.split("\n\n"))
    return "".join(f"<p>{_inline(part)}</p>" for part in parts if part)


def _inline(text: str) -> str:
    """Text in which ``two backticks`` stand around code, as everywhere in docstrings."""
    pieces = escape(text).split("``")
    if len(pieces) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def _text(text: str) -> str:
    return "\n".join(escape(line) for line in text.rstrip().split("\n"))


def _link(reference: str) -> str:
    shown = escape(reference)
    if not reference.startswith("https://"):
        return shown
    return f'<a href="{shown}" rel="noopener noreferrer">{shown}</a>'
