"""A block of findings as plain text, for terminals and for formats that hold text."""

from collections.abc import Callable
from functools import lru_cache

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
) -> list[str]:
    """The lines of a block, without their ends."""
    role = block.severity.label  # once: it looks at every finding
    rules, remedies = block.rules, block.remedies
    lines = [_heading(block, role, rules if len(remedies) == 1 else (), style)]
    shown: set[_Spot] = set()
    statements = block.statements()
    spots = [_spots(said) for said in statements]
    mixed = block.is_mixed
    for number, said in enumerate(statements):
        telling = _telling(said, with_severity=mixed, with_rule=len(remedies) > 1)
        lines += _indented(telling, "    ", options.width)
        if spots[number : number + 1] == spots[number + 1 : number + 2]:
            continue  # the next is said of the same places, so they stand below it
        for where, (spot, _) in zip(said.places, spots[number], strict=True):
            containers = f"  {', '.join(where.containers)}" if len(said.places) > 1 else ""
            lines.append(
                f"    {style(visible(place(where.location)), 'path')}{visible(containers)}"
            )
            if spot not in shown:
                shown.add(spot)
                lines += _source(where.location, sources, options, style, role)
    for related in dict.fromkeys(r for finding in block.findings for r in finding.related):
        text = visible(f"see {place(related.location)}: {related.message}")
        lines += _indented(text, "    ", options.width)
    for remedy in remedies:
        lines += _indented(f"remedy: {visible(remedy)}", "    ", options.width)
    return lines


def _heading(block: Block, label: str, rules: tuple[str, ...], style: Style) -> str:
    """Severity, rules and subject; with several remedies each statement says its own rule."""
    subject = visible(subject_of(block.subject))
    heading = f"  {style(label, label)}"
    if rules:
        heading += f" {style(visible(', '.join(rules)), 'rule')} "
    return f"{heading} {style(subject, 'bold')}" if subject else heading.rstrip()


def _telling(said: Statement, *, with_severity: bool, with_rule: bool) -> str:
    """A statement with what the heading does not say of it: its own severity and its rule."""
    severity = said.severity.label if with_severity else ""
    which = f"{severity} {said.rule if with_rule else ''}".strip()
    text = statement(said.message, said.containers)
    return visible(f"{which}: {text}" if which else text)


_Spot = tuple[str, Span | None]


def _spots(said: Statement) -> list[tuple[_Spot, tuple[str, ...]]]:
    return [((location.path, location.span), containers) for location, containers in said.places]


def _indented(text: str, indent: str, columns: int) -> tuple[str, ...]:
    """A text in lines. Remedies and messages come again and again, so short ones are kept."""
    return (_kept_lines if len(text) <= _KEPT else _lines)(text, indent, columns)


_KEPT = 500
"""Characters of a text whose lines are kept: a long one is somebody's file, not a message."""


def _lines(text: str, indent: str, columns: int) -> tuple[str, ...]:
    room = max(columns, NARROWEST) - len(indent) - 2 if columns > 0 else 0
    first, *rest = wrap(text, room)
    return (indent + first, *[f"{indent}  {line}" for line in rest])


_kept_lines = lru_cache(maxsize=4096)(_lines)


def _source(
    location: Location, sources: Sources, options: Options, style: Style, role: str
) -> list[str]:
    span = location.span
    line = sources.line(location.path, span.line) if span else None
    if span is None or line is None:
        return []
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    number = str(span.line).rjust(6)
    room = max(options.width or UNWRAPPED, NARROWEST) - len(number) - len("   ")
    part = excerpt(line, span.column - 1, end, room)
    carets = part.marks.lstrip(" ")
    blanks = " " * (len(part.marks) - len(carets))
    return [
        f"{style(f'{number} |', 'dim')} {part.text}".rstrip(),
        f"{style(' ' * len(number) + ' |', 'dim')} {blanks}{style(carets, role)}",
    ]
