"""Sources in which secrets that were found are blacked out.

An excerpt of the line a secret stands on would publish it in every CI log and report.
"""

from seawall.core.finding import Finding
from seawall.core.report import Report
from seawall.reports import Sources

BLACK = "*"

_NO_SPANS: list[tuple[int, int]] = []


def is_sensitive(finding: Finding) -> bool:
    """Whether the marked text must not be shown."""
    return (
        finding.rule.domain == "secrets"
        or finding.rule.sensitive
        or finding.details.get("sensitive") is True
    )


class RedactedSources:
    """The same lines, with the spots of sensitive findings replaced by stars of equal length.

    What a key marks in a tree may be only where its value begins (``data:``, ``key: |``): there
    the lines below that are indented further are blacked out too.
    """

    def __init__(self, sources: Sources, report: Report) -> None:
        self._sources = sources
        self._whole: set[tuple[str, int]] = set()
        self._spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self._starts: dict[str, list[int]] = {}
        for finding in report.findings:
            self._note(finding)
        for suppressed in report.suppressed:
            self._note(suppressed.finding)

    def _note(self, finding: Finding) -> None:
        span = finding.location.span
        if span is None or not is_sensitive(finding):
            return
        path = finding.location.path
        if finding.location.key_path:
            self._starts.setdefault(path, []).append(span.end_line)
        if span.line == span.end_line and span.end_column > span.column:
            place = (max(0, span.column - 1), span.end_column - 1)
            self._spans.setdefault((path, span.line), []).append(place)
        else:  # a key of many lines, or a place without an extent: all of them
            self._whole.update((path, n) for n in range(span.line, span.end_line + 1))

    def line(self, path: str, number: int) -> str | None:
        """A line by its number (from 1), without its end; ``None`` when it cannot be had."""
        text = self._sources.line(path, number)
        if text is None:
            return None
        for start in self._starts.pop(path, ()):
            self._note_below(path, start)
        if (path, number) in self._whole:
            indent = _indent(text)
            return text[:indent] + BLACK * (len(text) - indent)
        for start, end in self._spans.get((path, number), _NO_SPANS):
            text = text[:start] + BLACK * (min(end, len(text)) - start) + text[end:]
        return text

    def _note_below(self, path: str, number: int) -> None:
        text = self._sources.line(path, number)
        indent = 0 if text is None else _indent(text)
        while text is not None:
            number += 1
            text = self._sources.line(path, number)
            if text is None or (text.strip() and _indent(text) <= indent):
                return
            self._whole.add((path, number))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def redacted(sources: Sources, report: Report) -> Sources:
    """Sources fit to be shown beside a report."""
    return RedactedSources(sources, report)
