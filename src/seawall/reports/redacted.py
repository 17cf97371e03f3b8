"""Sources in which secrets that were found are blacked out.

An excerpt of the line a secret stands on would publish it in every CI log and report.
"""

from seawall.core.finding import Finding
from seawall.core.lazy import pattern
from seawall.core.location import Span
from seawall.core.report import Report
from seawall.reports import Sources

BLACK = "*"
_KIND = "Secret"
"""A kind of Kubernetes whose values are all secret."""

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
    the lines below that are indented further, or that belong to the same brackets, are blacked
    out too. So is what stands behind the key on its line, and the whole line where it is one of
    a Secret in brackets: in JSON all of its values may stand there.
    """

    def __init__(self, sources: Sources, report: Report) -> None:
        self._sources = sources
        self._whole: set[tuple[str, int]] = set()
        self._spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self._starts: dict[str, list[int]] = {}
        self._secrets: set[tuple[str, int]] = set()
        self._private = report.private
        self._noted: set[str] = set()
        """The files whose private places are noted: a part of a report needs few of them."""
        for finding in report.findings:
            self._note(finding)
        for suppressed in report.suppressed:
            self._note(suppressed.finding)

    def _note(self, finding: Finding) -> None:
        span = finding.location.span
        if span is None:
            return
        path = finding.location.path
        if finding.subject.kind == _KIND:
            self._secrets.add((path, span.line))
        if not is_sensitive(finding):
            return
        if finding.location.key_path:
            self._starts.setdefault(path, []).append(span.end_line)
        if span.line == span.end_line and span.end_column > span.column:
            self._note_span(path, span)
        else:  # a key of many lines, or a place without an extent: all of them
            self._whole.update((path, n) for n in range(span.line, span.end_line + 1))

    def _note_span(self, path: str, span: Span) -> None:
        place = (max(0, span.column - 1), span.end_column - 1)
        self._spans.setdefault((path, span.line), []).append(place)

    def line(self, path: str, number: int) -> str | None:
        """A line by its number (from 1), without its end; ``None`` when it cannot be had."""
        text = self._sources.line(path, number)
        if text is None:
            return None
        if path not in self._noted:
            self._noted.add(path)
            for span in self._private.get(path, ()):
                self._note_span(path, span)
        for start in self._starts.pop(path, ()):
            self._note_below(path, start)
        in_brackets = (path, number) in self._secrets and ("{" in text or "[" in text)
        if in_brackets or (path, number) in self._whole:
            indent = _indent(text)
            return text[:indent] + BLACK * (len(text) - indent)
        for start, end in self._spans.get((path, number), _NO_SPANS):
            text = text[:start] + BLACK * (min(end, len(text)) - start) + text[end:]
        return text

    def _note_below(self, path: str, number: int) -> None:
        """Note what belongs to the value that begins on a line."""
        text = self._sources.line(path, number)
        if text is None:
            return
        indent = _indent(text)
        open_ = 0
        for start, end in self._spans.get((path, number), [])[:]:
            if _KEY_END.match(text, end):
                self._spans[path, number].append((start, len(text)))
                open_ = _brackets(text[end:])
        while text is not None:
            number += 1
            text = self._sources.line(path, number)
            if text is None or (open_ <= 0 and text.strip() and _indent(text) <= indent):
                return
            open_ += _brackets(text)
            self._whole.add((path, number))


_KEY_END = pattern(r"[\"']?[ \t]*:")


def _brackets(text: str) -> int:
    """How many brackets a text leaves open; those within texts count too, at worst for more."""
    return sum(text.count(mark) for mark in "[{") - sum(text.count(mark) for mark in "]}")


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def redacted(sources: Sources, report: Report) -> Sources:
    """Sources fit to be shown beside a report."""
    return RedactedSources(sources, report)
