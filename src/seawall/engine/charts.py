"""Helm charts on their way through a scan: each value set is rendered and judged by itself."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from seawall.cache import digest, texts
from seawall.charts import content, helm, output
from seawall.charts.content import Files, UnusableError
from seawall.charts.value_sets import ValueSet, sets_of
from seawall.core.report import Coverage, Failed, NotCovered, Skipped
from seawall.core.rule import Rule
from seawall.engine.analysing import analyse
from seawall.engine.analysis import Analysis
from seawall.engine.candidates import NO_FORMAT
from seawall.engine.inputs import Inputs
from seawall.engine.options import Options
from seawall.engine.progress import Step
from seawall.engine.rendered import (
    Rendered,
    moved,
    shift_by,
    shifted_finding,
    shifted_ignore,
    start_of,
)
from seawall.engine.rendering import FILE, WHAT, Chart, Job, Outcome, Rendering, not_rendered
from seawall.engine.run import Run
from seawall.sources.files import SourceFile

if TYPE_CHECKING:
    from seawall.core.location import Span
    from seawall.engine.remembering import Memory

MAX_SIZE = 128 * 1024 * 1024
"""Bytes of all charts of a run."""
PATIENCE = 600.0
"""Seconds for all renderings of a run."""

Trees = Callable[[SourceFile], Files]
"""The files of a chart by its ``Chart.yaml``; raises ``UnusableError``."""


def on_disk(options: Options) -> Trees:
    """The files of charts as they stand on disk."""

    def read(file: SourceFile) -> Files:
        place = content.place_of(file.real, file.path, file.root)
        return content.read(place, options.max_file_size)

    return read


def plan(inputs: Inputs, options: Options, trees: Trees) -> "Charts | None":
    """What is to be rendered; what cannot be is noted in the coverage. ``None`` without any."""
    charts = [
        file
        for directory, file in inputs.charts.items()
        if not file.context and not _is_part(directory, inputs.charts)
    ]
    if not charts:
        return None
    left = MAX_SIZE
    found = helm.find()
    planned = Charts(found) if isinstance(found, helm.Helm) else None
    for file in charts:
        if isinstance(found, helm.Missing):
            _instead(inputs, file, NotCovered(file.path, WHAT, *found))
            continue
        try:
            files = trees(file)
        except UnusableError as error:
            _instead(inputs, file, Failed(file.path, 0, 0, f"the chart is not rendered: {error}"))
            continue
        left -= sum(map(len, files.values()))
        if left < 0:
            told = f"charts of more than {MAX_SIZE >> 20} MiB at once are not rendered"
            _instead(inputs, file, Failed(file.path, 0, 0, f"{told}; scan it by itself"))
            continue
        if output.is_library(files):
            told = "a library chart: it is rendered as a part of the charts that use it"
            _instead(inputs, file, Skipped(file.path, told))
        elif planned is not None:
            value_sets = sets_of(os.path.dirname(file.path), options.charts or ())
            planned.add(Chart(file, files, output.Sources(files), value_sets), options, inputs)
    return planned if planned and planned.jobs else None


def _is_part(directory: str, charts: Iterable[str]) -> bool:
    """Whether a chart is another one's dependency, and rendered with it."""
    above, name = os.path.split(os.path.dirname(directory))
    return name == "charts" and above in charts


def _instead(inputs: Inputs, file: SourceFile, entry: NotCovered | Failed | Skipped) -> None:
    """Say of a chart what really became of it."""
    _forget(inputs, file.path)
    if isinstance(entry, NotCovered):
        inputs.not_covered.append(entry)
    elif isinstance(entry, Failed):
        inputs.failed.append(entry)
    else:
        inputs.skipped.append(entry)


def _forget(inputs: Inputs, path: str) -> None:
    inputs.not_covered[:] = [
        item for item in inputs.not_covered if (item.path, item.what) != (path, WHAT)
    ]


class Charts:
    """The renderings of one run."""

    def __init__(self, program: helm.Helm) -> None:
        self._helm = program
        self.jobs: list[Job] = []
        self.failed = False
        """Whether one of them could not be rendered: that is tried anew each time."""

    def key_with(self, key: bytes) -> bytes:
        """What a run rests on whose files have a key."""
        return digest(key, *(job.key for job in self.jobs))

    @staticmethod
    def domains(inputs: Inputs) -> tuple[str, ...]:
        """The domains whose rules may have something to say."""
        return tuple(dict.fromkeys(("kubernetes", *inputs.domains)))

    def add(self, chart: Chart, options: Options, inputs: Inputs) -> None:
        """A chart with all its value sets."""
        own = content.digest(chart.files)
        for value_set in chart.value_sets:
            try:
                values = tuple(_values(chart, value_set, options))
            except UnusableError as error:
                _instead(inputs, chart.file, Failed(chart.file.path, 0, 0, str(error)))
                self.failed = True
                continue
            settings = value_set._replace(directory="", origin="")
            key = digest(
                own, *values, self._helm.version.encode(), options.kubernetes_version.encode(),
                *texts(chart.file.path, settings),
            )  # fmt: skip
            self.jobs.append(Job(chart, value_set, values, key))

    def analysed(
        self, inputs: Inputs, options: Options, rules: Sequence[Rule], memory: "Memory | None",
        key: bytes | None, run: Run,
    ) -> Analysis:  # fmt: skip
        """Everything the rules find in files and renderings."""
        known = None if memory is None else memory.run(key)
        if known is not None:
            for task in inputs.tasks:
                inputs.texts.add(task.file.path, task.text)
            self._add_texts(inputs)
            return known
        outcomes = self._outcomes(inputs, options, rules, memory, run)
        for each in outcomes.values():
            _cover(inputs, each[0][0].chart, [outcome for _, outcome in each])
        joined = _Joined(analyse(inputs, options, rules, memory, None, run.progress), rules)
        for each in outcomes.values():
            joined.add(each)
        self._add_texts(inputs)
        analysis = joined.analysis()
        if self.failed:
            run.forget_outputs()
        elif memory is not None:
            memory.keep_run(key, analysis)
        return analysis

    def _add_texts(self, inputs: Inputs) -> None:
        """Keep the templates' text for the reports."""
        for job in self.jobs:
            for path in (FILE, *job.chart.sources.templates):
                inputs.texts.add(job.chart.path(path), job.chart.files[path])

    def _outcomes(
        self, inputs: Inputs, options: Options, rules: Sequence[Rule], memory: "Memory | None",
        run: Run,
    ) -> dict[str, list[tuple[Job, Outcome]]]:  # fmt: skip
        """What came of each job, by chart."""
        step = Step(run.progress, "charts rendered", len(self.jobs))
        excluded = _Excluded(inputs)
        memories: dict[str, Memory | None] = {}
        result: dict[str, list[tuple[Job, Outcome]]] = {}
        end = time.monotonic() + PATIENCE
        for job in self.jobs:
            step.advance()
            if time.monotonic() > end:
                told = f"not rendered within {PATIENCE:g} seconds with the charts before it"
                failed = Failed(job.chart.file.path, 0, 0, f"{told}; scan it by itself")
                result.setdefault(job.chart.file.path, []).append((job, not_rendered(failed)))
                self.failed = True
                continue
            version = job.value_set.kubernetes_version or options.kubernetes_version
            own = options._replace(fixes=False, edits=False, kubernetes_version=version)
            if version not in memories:
                memories[version] = memory if own == options else run.memory(own, rules)
            outcome = self._outcome(job, own, rules, memories[version], excluded)
            self.failed |= not outcome.rendered
            result.setdefault(job.chart.file.path, []).append((job, outcome))
        return result

    def _outcome(
        self, job: Job, options: Options, rules: Sequence[Rule], memory: "Memory | None",
        excluded: "_Excluded",
    ) -> Outcome:  # fmt: skip
        key = known = None
        if memory is not None:
            paths = map(job.chart.path, job.chart.sources.templates)
            key = memory.key_of_rendering(job.key, [path for path in paths if path in excluded])
            known = memory.run(key)
        if known is not None:
            return Outcome(known, rendered=True)
        with helm.Workshop() as workshop:
            rendering = Rendering(job, self._helm, options, workshop)
            outcome = rendering.judged(
                lambda inputs, own: analyse(inputs, own, rules, None, None), excluded
            )
        # Of secrets only the places would be known the next time, and then nothing could be kept.
        if memory is not None and outcome.rendered and not outcome.analysis.secrets:
            memory.keep_run(key, outcome.analysis)
        return outcome


_LOOKED_AT = (NO_FORMAT, "empty")
"""Why files are skipped that nobody left out."""


class _Excluded:
    """Tells templates that somebody left out: they count for relations only."""

    def __init__(self, inputs: Inputs) -> None:
        self._read = {task.file.path for task in inputs.tasks}
        self._read |= {item.path for item in inputs.skipped if item.reason in _LOOKED_AT}
        self._read |= {item.path for item in inputs.not_covered}

    def __contains__(self, path: object) -> bool:
        return path not in self._read


def _values(chart: Chart, value_set: ValueSet, options: Options) -> Iterator[bytes]:
    """The files of values of a set; raises ``UnusableError``."""
    for name in value_set.values:
        told = f"{value_set.origin}: value set {value_set.name}: {name}"
        if not name.startswith("/"):
            inner = os.path.normpath(name)
            if inner in chart.files:
                yield chart.files[inner]
                continue
            directory = os.path.dirname(chart.file.real) or os.curdir
        else:
            directory = value_set.directory or os.curdir
        real = os.path.realpath(directory)
        path = os.path.join(real, name.lstrip("/"))
        try:
            yield content.read_values(path, real, options.max_file_size)
        except UnusableError as error:
            raise UnusableError(
                f"{told}: {error}; correct the name, or name with charts those that have the file"
            ) from None


# All of them ----------------------------------------------------------------------------------


def _cover(inputs: Inputs, chart: Chart, outcomes: Sequence[Outcome]) -> None:
    """Take out of the inputs what the renderings stand for, and note what they do not."""
    good = [outcome for outcome in outcomes if outcome.rendered]
    for directory in chart.sources.directories:
        _forget(inputs, chart.path(f"{directory}{FILE}"))
    if not good:
        return
    inputs.read.append(chart.file.path)
    templates = {chart.path(inner) for inner in chart.sources.templates}
    seen = {path for outcome in good for path in outcome.analysis.rendered}
    inputs.tasks[:] = [task for task in inputs.tasks if task.file.path not in templates]
    inputs.skipped[:] = [
        item
        for item in inputs.skipped
        if item.path not in templates or item.reason not in _LOOKED_AT
    ]
    told = "renders to nothing with the values it is given"
    empty = templates - seen - {item.path for item in inputs.skipped}
    inputs.skipped += [Skipped(path, told) for path in sorted(empty)]


class _Joined:
    """The analyses of the files and of all renderings as one."""

    def __init__(self, files: Analysis, rules: Sequence[Rule]) -> None:
        self._whole = files
        self._rules = tuple(sorted(rule.id for rule in rules))
        self._findings = list(files.findings)
        self._ignores = list(files.ignores)
        self._faults = list(files.faults)
        self._private = dict(files.private)
        self._unsure = dict(files.unsure)
        self._objects = files.objects
        self._read = set(files.coverage.read)
        self._skipped: list[Skipped] = list(files.coverage.skipped)
        self._not_covered = list(files.coverage.not_covered)
        self._failed = list(files.coverage.failed)
        self._rendered: dict[str, Rendered] = {}

    def add(self, outcomes: Sequence[tuple[Job, Outcome]]) -> None:
        """What came of one chart."""
        chart = outcomes[0][0].chart
        names = tuple(job.value_set.name for job, _ in outcomes)
        spans: dict[str, dict[Span, Span]] = {}
        for index, (_, (own, _)) in enumerate(outcomes):
            shift = shift_by(index)
            self._findings += (shifted_finding(item, shift) for item in own.findings)
            self._ignores += (shifted_ignore(item, shift, index) for item in own.ignores)
            self._faults += own.faults
            self._objects += own.objects
            self._cover(own.coverage)
            for path, rendered in own.rendered.items():
                spans.setdefault(path, {}).update(
                    (moved(old, start_of(index)), new) for old, new in rendered.spans.items()
                )
            for path, private in own.private.items():
                self._private[path] = tuple(sorted({*self._private.get(path, ()), *private}))
            for path, unsure in own.unsure.items():
                self._unsure[path] = tuple(sorted({*self._unsure.get(path, ()), *unsure}))
        for path, found in spans.items():
            several = len(chart.value_sets) > 1
            self._rendered[path] = Rendered(chart.directory, names, found, several)
            if several:  # an ignore may be for one of them only
                self._unsure[path] = self._rules

    def _cover(self, coverage: Coverage) -> None:
        self._read.update(coverage.read)
        self._skipped += coverage.skipped
        self._not_covered += coverage.not_covered
        self._failed += coverage.failed

    def analysis(self) -> Analysis:
        """All of it."""
        skipped = {item for item in self._skipped if item.path not in self._read}
        coverage = Coverage(
            tuple(sorted(self._read)),
            tuple(sorted(skipped)),
            tuple(sorted(set(self._not_covered))),
            tuple(sorted(set(self._failed))),
        )
        return self._whole._replace(
            findings=self._findings, ignores=self._ignores, coverage=coverage,
            objects=self._objects, faults=self._faults, private=self._private,
            unsure=self._unsure, rendered=self._rendered,
        )  # fmt: skip
