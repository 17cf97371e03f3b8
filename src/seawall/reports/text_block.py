"""A block of findings as plain text, for terminals and for formats that hold text."""

from collections.abc import Callable, Iterator

from seawall.core.location import Location
from seawall.reports import Options, Sources
from seawall.reports.blocks import Block
from seawall.reports.visible import excerpt, visible, wrap
from seawall.reports.wording import place, statement, subject_of

UNWRAPPED = 120
"""Columns of a source line where no terminal sets the width."""
NARROWEST = 40

Style = Callable[[str, str], str]
"""Gives a text the look of a role: a severity, ``rule``, ``dim``, ``path``, ``bold``."""


def plain(text: str, _role: str) -> str:
    """The style without any."""
    return text


def block_lines(
    block: Block, sources: Sources, options: Options, style: Style = plain
) -> Iterator[str]:
    """The lines of a block, without their ends."""
    label = block.severity.label
    subject = visible(subject_of(block.subject))
    rules = ", ".join(visible(rule) for rule in block.rules)
    heading = f"  {style(label, label)} {style(rules, 'rule')}"
    yield f"{heading}  {style(subject, 'bold')}" if subject else heading
    shown: set[Location] = set()
    for said in block.statements():
        text = visible(statement(said.message, said.containers))
        yield from _indented(text, "    ", options.width)
        for where in said.places:
            containers = f"  {', '.join(where.containers)}" if len(said.places) > 1 else ""
            yield f"    {style(visible(place(where.location)), 'path')}{visible(containers)}"
            if where.location not in shown:
                shown.add(where.location)
                yield from _source(where.location, sources, options, style, label)
    for related in dict.fromkeys(r for finding in block.findings for r in finding.related):
        text = visible(f"see {place(related.location)}: {related.message}")
        yield from _indented(text, "    ", options.width)
    yield from _indented(f"remedy: {visible(block.remedy)}", "    ", options.width)


def _indented(text: str, indent: str, columns: int) -> Iterator[str]:
    room = max(columns, NARROWEST) - len(indent) - 2 if columns > 0 else 0
    first, *rest = wrap(text, room)
    yield indent + first
    for line in rest:
        yield f"{indent}  {line}"


def _source(
    location: Location, sources: Sources, options: Options, style: Style, role: str
) -> Iterator[str]:
    span = location.span
    line = sources.line(location.path, span.line) if span else None
    if span is None or line is None:
        return
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    number = str(span.line).rjust(6)
    room = max(options.width or UNWRAPPED, NARROWEST) - len(number) - len("   ")
    part = excerpt(line, span.column - 1, end, room)
    yield f"{style(f'{number} |', 'dim')} {part.text}".rstrip()
    carets = part.marks.lstrip(" ")
    blanks = " " * (len(part.marks) - len(carets))
    yield f"{style(' ' * len(number) + ' |', 'dim')} {blanks}{style(carets, role)}"
