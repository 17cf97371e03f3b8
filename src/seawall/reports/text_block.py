"""A block of findings as plain text, for terminals and for formats that hold text."""

from collections.abc import Callable
from functools import lru_cache

from seawall.core.finding import Subject
from seawall.core.location import Location, Span
from seawall.reports import Options, Sources
from seawall.reports.blocks import Block, Statement
from seawall.reports.visible import cut, excerpt, visible, wrap
from seawall.reports.wording import decision_of, in_use_of, layer_of, place, statement, subject_of

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
    role = block.severity.label
    remedies, statements, mixed = block.remedies, block.statements(), block.is_mixed
    rules = block.rules if len(remedies) == 1 else ()
    lines = [_heading(block.subject, role, rules, style)]
    shown: set[Span | None] = set()
    for number, said in enumerate(statements, 1):
        telling = _telling(said, with_severity=mixed, with_rule=len(remedies) > 1)
        lines += _indented(telling, options.width)
        if number < len(statements) and _spots(said) == _spots(statements[number]):
            continue  # the next is said of the same places, so they stand below it
        for location, containers in said.places:
            where = style(visible(place(location)), "path")
            if len(said.places) > 1:
                where += visible(f"  {', '.join(containers)}")
            lines.append(f"    {where}")
            lines += _layer(block, location, options, style)
            if location.span not in shown:
                shown.add(location.span)
                lines += _source(location, sources, options, style, role)
                lines += _values(block, location) if options.show_secrets else ()
    related = [item for finding in block.findings for item in finding.related]
    for item in dict.fromkeys(related):
        lines += _indented(f"see {place(item.location)}: {item.message}", options.width)
    for remedy in remedies:
        lines += _indented(f"remedy: {visible(remedy)}", options.width)
    return lines


def _heading(subject: Subject, label: str, rules: tuple[str, ...], style: Style) -> str:
    """Severity, rules and subject; with several remedies each statement says its own rule."""
    heading = f"  {style(label, label)}"
    if rules:
        heading += f" {style(visible(', '.join(rules)), 'rule')} "
    named = _visible_subject(subject)
    return f"{heading} {style(named, 'bold')}" if named else heading.rstrip()


@lru_cache(maxsize=256)  # what is found in an object comes together
def _visible_subject(subject: Subject) -> str:
    return visible(subject_of(subject))


def _telling(said: Statement, *, with_severity: bool, with_rule: bool) -> str:
    """A statement with what the heading does not say of it: its own severity and its rule."""
    severity = said.severity.label if with_severity else ""
    which = f"{severity} {said.rule if with_rule else ''}".strip()
    text = statement(said.message, said.containers)
    return f"{which}: {text}" if which else text


def _layer(block: Block, location: Location, options: Options, style: Style) -> list[str]:
    """The layer of an image that brought what is at a place, who uses it, and what was decided.

    A line each, cut.
    """
    here = next((each for each in block.findings if each.location == location), None)
    texts: tuple[str, ...] = ()
    if here is not None and here.details:
        texts = (layer_of(here), in_use_of(here), decision_of(here))
    room = max(options.width or UNWRAPPED, NARROWEST) - len("      ")
    return [f"      {style(cut(visible(text), room), 'dim')}" for text in texts if text]


def _values(block: Block, location: Location) -> list[str]:
    """The secrets at a place, for a person who asked for them at a terminal."""
    found = dict.fromkeys(each.secret for each in block.findings if each.location == location)
    return [
        f"      value: {visible(line)}" for secret in found if secret
        for line in secret.reveal().splitlines()
    ]  # fmt: skip


def _spots(said: Statement) -> list[tuple[Span | None, tuple[str, ...]]]:
    return [(location.span, containers) for location, containers in said.places]


def _indented(text: str, columns: int) -> tuple[str, ...]:
    """A text in visible lines. Remedies and messages come again and again: short ones are kept."""
    return (_kept_lines if len(text) <= _KEPT else _lines)(text, columns)


_KEPT = 500
"""Characters of a text whose lines are kept: a long one is somebody's file, not a message."""


def _lines(text: str, columns: int) -> tuple[str, ...]:
    room = max(columns, NARROWEST) - len("      ") if columns > 0 else 0
    first, *rest = wrap(visible(text), room)
    return (f"    {first}", *[f"      {line}" for line in rest])


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
