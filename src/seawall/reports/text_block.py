"""A block of findings as plain text, for terminals and for formats that hold text."""

from collections.abc import Callable, Iterator

from seawall.core.location import Location, Span
from seawall.reports import Options, Sources
from seawall.reports.blocks import Block, Statement
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
    yield _heading(block, style)
    role = block.severity.label  # once: it looks at every finding
    shown: set[_Spot] = set()
    statements = list(block.statements())
    for said, after in zip(statements, [*statements[1:], None], strict=True):
        yield from _indented(_telling(block, said), "    ", options.width)
        if after is not None and _spots(after) == _spots(said):
            continue  # the next is said of the same places, so they stand below it
        for where in said.places:
            containers = f"  {', '.join(where.containers)}" if len(said.places) > 1 else ""
            yield f"    {style(visible(place(where.location)), 'path')}{visible(containers)}"
            if _spot(where.location) not in shown:
                shown.add(_spot(where.location))
                yield from _source(where.location, sources, options, style, role)
    for related in dict.fromkeys(r for finding in block.findings for r in finding.related):
        text = visible(f"see {place(related.location)}: {related.message}")
        yield from _indented(text, "    ", options.width)
    for remedy in block.remedies:
        yield from _indented(f"remedy: {visible(remedy)}", "    ", options.width)


def _heading(block: Block, style: Style) -> str:
    """Severity, rules and subject; with several remedies each statement says its own rule."""
    label = block.severity.label
    subject = visible(subject_of(block.subject))
    heading = f"  {style(label, label)}"
    if len(block.remedies) == 1:
        heading += f" {style(', '.join(visible(rule) for rule in block.rules), 'rule')} "
    return f"{heading} {style(subject, 'bold')}" if subject else heading.rstrip()


def _telling(block: Block, said: Statement) -> str:
    """A statement with what the heading does not say of it: its own severity and its rule."""
    severity = said.severity.label if block.is_mixed else ""
    rule = said.rule if len(block.remedies) > 1 else ""
    which = f"{severity} {rule}".strip()
    text = statement(said.message, said.containers)
    return visible(f"{which}: {text}" if which else text)


_Spot = tuple[str, Span | None]


def _spot(location: Location) -> _Spot:
    return location.path, location.span


def _spots(said: Statement) -> list[tuple[_Spot, tuple[str, ...]]]:
    return [(_spot(where.location), where.containers) for where in said.places]


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
