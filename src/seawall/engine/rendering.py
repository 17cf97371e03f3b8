"""One rendering of a chart: helm runs, the rules judge what comes out, places are led back."""

import os
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from seawall.charts import content, helm, marks, output, schemas
from seawall.charts.content import Files
from seawall.charts.value_sets import ValueSet
from seawall.core.location import Span
from seawall.core.report import Coverage, Failed, NotCovered
from seawall.engine.analysis import Analysis
from seawall.engine.inputs import Inputs
from seawall.engine.options import Options
from seawall.engine.rendered import Rendered
from seawall.engine.task import Task
from seawall.sources.files import SourceFile, reason_of, shown
from seawall.text.decoding import decode
from seawall.text.lines import split_lines

WHAT = "Helm chart"
FILE = "Chart.yaml"
_SHORTEST_SECRET = 4
_MANY = 2
"""All that a chart renders to may be so many times as large as the largest file."""
_ATTEMPTS = 5
"""Renderings with marks: each time without the template that did not bear them."""

Judge = Callable[[Inputs, Options], Analysis]


class Chart(NamedTuple):
    """A chart of a target, and the files that helm needs of it."""

    file: SourceFile
    files: Files
    sources: output.Sources
    value_sets: tuple[ValueSet, ...]

    @property
    def directory(self) -> str:
        """Its directory in reports, empty for the current one."""
        return os.path.dirname(self.file.path)

    def path(self, inner: str) -> str:
        """One of its files in reports."""
        return os.path.join(self.directory, shown(inner))


class Job(NamedTuple):
    """A chart with one of its value sets, and the key of what comes out of it."""

    chart: Chart
    value_set: ValueSet
    values: tuple[bytes, ...]
    key: bytes


class Outcome(NamedTuple):
    """What the rules say of one rendering, in terms of its own text; or why there is none."""

    analysis: Analysis
    rendered: bool


def not_rendered(why: NotCovered | Failed) -> Outcome:
    """The outcome where there is nothing to judge."""
    if isinstance(why, NotCovered):
        coverage = Coverage(not_covered=(why,))
    else:
        coverage = Coverage(failed=(why,))
    return Outcome(Analysis([], [], coverage, 0, [], {}, {}), rendered=False)


class Rendering:
    """Renders a chart with one value set; used once."""

    def __init__(
        self, job: Job, program: helm.Helm, options: Options, workshop: helm.Workshop
    ) -> None:
        self._job = job
        self._chart = job.chart
        self._helm = program
        self._options = options
        self._workshop = workshop
        self._inner: dict[str, str] = {}
        """Templates that gave documents: their path in the chart by that in reports."""

    def judged(self, judge: Judge, excluded: Container[str]) -> Outcome:
        """Render, and have the rules judge what comes out."""
        names = []
        for number, data in enumerate(self._job.values):
            names.append(f"values-{number}.yaml")
            with open(self._workshop.path(names[-1]), "xb") as stream:
                stream.write(data)
        self._arguments = helm.arguments(
            self._job.value_set, names, self._options.kubernetes_version,
            check_schema=schemas.are_harmless(self._chart.files),
        )  # fmt: skip
        done = self._render(self._chart.files)
        text = None if done.failed else decode(done.output)
        if done.failed:
            return self._failure(done)
        if not isinstance(text, str):
            return self._failure(helm.Done(b"", "it renders to bytes that are no text"))
        documents = output.documents(text)
        by_path = self._by_path(documents)
        inputs = Inputs()
        inputs.namespace = self._job.value_set.namespace
        for path, own in by_path.items():
            data = "".join(item.text for item in own).encode("utf-8", "surrogatepass")
            file = self._chart.file._replace(path=path, context=path in excluded)
            inputs.tasks.append(Task(file, data, is_template=False, complete=True))
        analysis = judge(inputs, self._options)
        return Outcome(self._in_templates(analysis, by_path, excluded), rendered=True)

    def _render(self, files: Files, *, with_marks: bool = False) -> helm.Done:
        limit = _MANY * self._options.max_file_size * (2 if with_marks else 1)
        directory = self._workshop.path("chart")
        try:
            content.write(files, directory)
            return self._workshop.run(self._helm.path, self._arguments, limit=limit)
        except OSError as error:
            return helm.Done(b"", f"it cannot be copied: {reason_of(error)}")
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _by_path(self, documents: Iterable[output.Rendered]) -> dict[str, list[output.Rendered]]:
        """Documents by the file of the chart they are from; its Chart.yaml for what is packed."""
        result: dict[str, list[output.Rendered]] = {}
        for document in documents:
            inner = self._chart.sources.path(document.source) or FILE
            path = self._chart.path(inner)
            self._inner[path] = inner
            result.setdefault(path, []).append(document)
        return result

    def _failure(self, done: helm.Done) -> Outcome:
        chart, value_set = self._chart, self._job.value_set
        said = output.complaint(done.complaint, self._workshop.directory, chart.directory)
        where = f" with value set {value_set.name}" if value_set.origin else ""
        if said.missing:
            return not_rendered(
                NotCovered(
                    chart.file.path, WHAT, f"dependencies are missing: {said.missing}",
                    f"fetch them and scan again: helm dependency build {chart.directory or '.'}",
                )
            )  # fmt: skip
        if said.of_values and not value_set.origin:
            return not_rendered(
                NotCovered(
                    chart.file.path, WHAT, f"its own values do not suffice: {said.text}",
                    "give what it needs in a value set: [value-sets.NAME] of seawall.toml",
                )
            )  # fmt: skip
        inner = chart.sources.path(said.source) or FILE
        line, column = (said.line, said.column) if inner != FILE else (0, 0)
        reason = f"helm could not render the chart{where}: {said.text}"
        return not_rendered(Failed(chart.path(inner), line, column, reason))

    # Back to the templates --------------------------------------------------------------------

    def _in_templates(
        self, analysis: Analysis, by_path: Mapping[str, list[output.Rendered]],
        excluded: Container[str],
    ) -> Analysis:  # fmt: skip
        """The analysis with what is known of its places in the templates."""
        wanted = _wanted(analysis)
        again = self._with_marks(wanted)
        spans: dict[str, dict[Span, Span]] = {}
        for path, places in wanted.items():
            own = by_path[path]
            inner = self._inner[path]
            if inner == FILE:
                spans[path] = self._packed(places, own)
                continue
            number, marked = again.get(path, (0, []))
            template = _text(self._chart.files[inner])
            lines = marks.lines_of(own, marked, number, marks.only_writer(template))
            spans[path] = marks.table(places, lines, split_lines(template))
        coverage = analysis.coverage
        failed = tuple(_led_back(item, spans.get(item.path, {})) for item in coverage.failed)
        chart = self._chart.directory
        return analysis._replace(
            coverage=coverage._replace(
                read=tuple(path for path in coverage.read if path not in excluded), failed=failed
            ),
            private=dict(self._private(analysis, by_path)),
            rendered={path: Rendered(chart, (), spans.get(path, {})) for path in by_path},
        )

    def _with_marks(self, wanted: Iterable[str]) -> dict[str, tuple[int, list[output.Rendered]]]:
        """The same documents with marks in their lines, with the number in these marks."""
        files, sources = self._chart.files, self._chart.sources
        templates = sorted({self._inner[path] for path in wanted} - {FILE})
        if not templates or not marks.are_possible(files):
            return {}
        for _ in range(_ATTEMPTS):
            done = self._render(marks.marked(files, templates), with_marks=True)
            text = decode(done.output)
            if not done.failed and isinstance(text, str):
                found = self._by_path(output.documents(text))
                return {
                    self._chart.path(inner): (number, found.get(self._chart.path(inner), []))
                    for number, inner in enumerate(templates)
                }
            said = output.complaint(done.complaint, self._workshop.directory, "")
            guilty = sources.path(said.source)
            if guilty not in templates:
                break
            templates.remove(guilty)
        return {}

    def _packed(self, places: Iterable[Span], own: list[output.Rendered]) -> dict[Span, Span]:
        """What comes out of a packed dependency is placed at its entry in ``Chart.yaml``."""
        entries = output.dependency_lines(self._chart.files)
        lines = split_lines(_text(self._chart.files[FILE]))
        starts: list[int] = []
        for document in own:
            names = document.source.split("/charts/")[1:2]
            line = entries.get(names[0].partition("/")[0], 0) if names else 0
            starts += [line] * len(split_lines(document.text.removesuffix("\n")))
        result = {}
        for span in places:
            number = starts[span.line - 1] if 0 < span.line <= len(starts) else 0
            if number:
                result[span] = marks.span_in(lines, number, Span(1, 1, 1, 1), "")
        return result

    def _private(
        self, analysis: Analysis, by_path: Mapping[str, list[output.Rendered]]
    ) -> Iterator[tuple[str, tuple[Span, ...]]]:
        """Where secrets that were found in a rendered text stand in its template."""
        for path, private in analysis.private.items():
            rendered = split_lines("".join(item.text for item in by_path.get(path, [])))
            parts = {rendered[s.line - 1][s.column - 1 : s.end_column - 1] for s in private}
            inner = self._inner[path]
            found: set[Span] = set()
            for number, line in enumerate(split_lines(_text(self._chart.files[inner])), 1):
                for part in parts:
                    at = line.find(part) if len(part) >= _SHORTEST_SECRET else -1
                    while at >= 0:
                        found.add(Span(number, at + 1, number, at + len(part) + 1))
                        at = line.find(part, at + len(part))
            if found:
                yield path, tuple(sorted(found))


def _text(data: bytes) -> str:
    text = decode(data)
    return text if isinstance(text, str) else ""


def _wanted(analysis: Analysis) -> dict[str, set[Span]]:
    """The places of an analysis, by file."""
    result: dict[str, set[Span]] = {}
    places = [
        location
        for finding in analysis.findings
        for location in (finding.location, *(item.location for item in finding.related))
    ]
    places += [ignore.origin for ignore in analysis.ignores]
    for place in places:
        if place.span is not None:
            result.setdefault(place.path, set()).add(place.span)
    for item in analysis.coverage.failed:
        if item.line:
            result.setdefault(item.path, set()).add(_span_of(item))
    return result


def _span_of(item: Failed) -> Span:
    return Span(item.line, item.column, item.line, item.column)


def _led_back(item: Failed, spans: Mapping[Span, Span]) -> Failed:
    span = spans.get(_span_of(item))
    line, column = (span.line, span.column) if span else (0, 0)
    return Failed(item.path, line, column, f"as rendered: {item.reason}")
