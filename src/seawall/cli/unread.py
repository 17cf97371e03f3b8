"""What a quiet scan says of inputs that it did not read: a line each, for findings are a line each.

Who asks for findings only must still learn why the exit code is 3: nothing found in what nobody
looked at is no result.
"""

from collections.abc import Iterator

from seawall.core.report import Coverage
from seawall.reports.visible import visible
from seawall.reports.wording import counted

MOST = 10
"""Lines of each sort, beyond which only the number is told."""


def unread(coverage: Coverage, *, strict: bool) -> Iterator[str]:
    """The lines for a report's coverage; with ``strict`` also of what is not covered."""
    failed = [
        f"{item.path}{f':{item.line}:{item.column}' if item.line else ''} could not be read: "
        f"{item.reason}"
        for item in coverage.failed
    ]
    yield from _some(failed)
    if strict:
        yield from _some(
            [
                f"{item.path} is not covered: {item.what}: {item.reason}; remedy: {item.remedy}"
                for item in coverage.not_covered
            ]
        )


def _some(lines: list[str]) -> Iterator[str]:
    yield from map(visible, lines[:MOST])
    if len(lines) > MOST:
        yield f"and {counted(len(lines) - MOST, 'more input')}; leave out -q to see them all"
