"""The one place that knows all domains: plan, read, check, triage."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seawall import catalogue
from seawall.core.finding import Finding, Related
from seawall.core.location import KeyPath, Location
from seawall.core.report import Coverage, Failed, NotCovered, Report, Skipped
from seawall.core.rule import RULESETS, SECURITY, ParameterValue, Rule
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes import kustomizations, reader
from seawall.kubernetes.checking import check
from seawall.kubernetes.index import Index
from seawall.kubernetes.rule import Context
from seawall.sources import files
from seawall.sources.files import SourceFile
from seawall.text.decoding import Undecodable, decode
from seawall.text.lines import split_lines
from seawall.text.places import locate
from seawall.text.yaml import Broken, Chunk, load, split

if TYPE_CHECKING:
    from seawall.kubernetes.objects import KubernetesObject

NEWEST_KUBERNETES = "1.36"
_KUSTOMIZATION = "kustomization"
_EXTENSIONS = (".yaml", ".yml", ".json")
Progress = Callable[[int, int], None]


class Options(NamedTuple):
    """What a scan is asked to do. The defaults are those of the command line."""

    targets: tuple[str, ...] = (".",)
    context: tuple[str, ...] = ()
    gitignore: bool = True
    max_file_size: int = files.DEFAULT_SIZE_LIMIT
    profile: str = SECURITY
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ruleset: str = RULESETS[-1]
    min_confidence: Confidence = Confidence.MEDIUM
    kubernetes_version: str = NEWEST_KUBERNETES
    pss_version: str = "latest"
    parameters: Mapping[str, Mapping[str, ParameterValue]] = {}
    severities: Mapping[str, Severity] = {}


class Texts:
    """The text of every file that has findings to show, by its path in the report."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._lines: tuple[str, list[str]] = ("", [])

    def add(self, path: str, text: str) -> None:
        """Keep the text of a file."""
        self._texts[path] = text

    def text(self, path: str) -> str | None:
        """The text of a file as it was read."""
        return self._texts.get(path)

    def line(self, path: str, number: int) -> str | None:
        """A line by its number from 1, without its end; ``None`` when it is not there."""
        if self._lines[0] != path:
            text = self._texts.get(path)
            if text is None:
                return None
            self._lines = (path, split_lines(text))
        lines = self._lines[1]
        return lines[number - 1] if 0 < number <= len(lines) else None


class Result(NamedTuple):
    """A report and the texts its places are in."""

    report: Report
    texts: Texts


class _Inputs:
    """What became of each input, while it is read."""

    def __init__(self) -> None:
        self.texts = Texts()
        self.objects: list[KubernetesObject] = []
        self.opaque: list[str] = []
        self.read: list[str] = []
        self.skipped: list[Skipped] = []
        self.not_covered: list[NotCovered] = []
        self.failed: list[Failed] = []

    def coverage(self) -> Coverage:
        return Coverage(
            tuple(sorted(self.read)),
            tuple(sorted(self.skipped)),
            tuple(sorted(set(self.not_covered))),
            tuple(sorted(self.failed)),
        )


def scan(options: Options, progress: Progress | None = None) -> Result:
    """Read the targets, run the rules and triage what they say."""
    rules = catalogue.select(
        profile=options.profile,
        select=options.select,
        ignore=options.ignore,
        ruleset=options.ruleset,
    )
    inputs = _read(options, progress)
    index = Index(inputs.objects, inputs.opaque)
    context = Context(
        index,
        kubernetes_version=options.kubernetes_version,
        pss_version=options.pss_version,
        parameters={rule: dict(values) for rule, values in options.parameters.items()},
    )
    outcome = check(rules, context)
    findings = _triage(outcome.findings, options)
    return Result(
        Report(
            findings=tuple(sorted(_place(findings, inputs.texts), key=Finding.sort_key)),
            suppressed=(),
            coverage=inputs.coverage(),
            ruleset=options.ruleset,
            objects=sum(1 for object_ in inputs.objects if object_.target),
            rules=len(rules),
            faults=tuple(outcome.faults),
        ),
        inputs.texts,
    )


# Reading --------------------------------------------------------------------------------------


def _read(options: Options, progress: Progress | None) -> _Inputs:
    inputs = _Inputs()
    found: list[SourceFile] = []
    for item in files.discover(options.targets, options.context, gitignore=options.gitignore):
        if isinstance(item, SourceFile):
            found.append(item)
        elif isinstance(item, Skipped):
            inputs.skipped.append(item)
        else:
            inputs.failed.append(item)
    found.sort(key=lambda file: (file.context, file.path))
    charts = _charts(found)
    patches = _kustomizations(found, inputs, options)
    for number, file in enumerate(found):
        if progress is not None:
            progress(number, len(found))
        _read_file(file, inputs, options, charts, patches)
    _mark_incomplete(inputs, charts)
    return inputs


def _charts(found: Iterable[SourceFile]) -> frozenset[str]:
    """Directories of Helm charts among the files."""
    return frozenset(
        os.path.dirname(file.path)
        for file in found
        if not file.named and os.path.basename(file.path) == "Chart.yaml"
    )


def _chart_of(path: str, charts: frozenset[str]) -> str | None:
    directory = os.path.dirname(path)
    while charts:
        if directory in charts:
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return None


def _kustomizations(
    found: Iterable[SourceFile], inputs: _Inputs, options: Options
) -> dict[str, str]:
    """Paths of patches, each with the kustomization that applies it."""
    patches: dict[str, str] = {}
    for file in found:
        if os.path.basename(file.path) not in kustomizations.FILE_NAMES or file.real == files.STDIN:
            continue
        text = _text_of(file, options)
        if isinstance(text, Failed):
            inputs.failed.append(text)
            continue
        inputs.opaque.append(text)
        for document in load(text):
            if isinstance(document, Broken):
                inputs.failed.append(Failed(file.path, *document.position, document.reason))
                continue
            for path in kustomizations.parts(document.value, os.path.dirname(file.path)):
                patches.setdefault(path, file.path)
    return patches


def _read_file(
    file: SourceFile,
    inputs: _Inputs,
    options: Options,
    charts: frozenset[str],
    patches: Mapping[str, str],
) -> None:
    name = os.path.basename(file.path)
    if name in kustomizations.FILE_NAMES:
        inputs.not_covered.append(
            NotCovered(
                file.path, _KUSTOMIZATION, "kustomizations are not built by this version",
                "build it and scan the result, for example: kustomize build . | seawall scan -",
            )
        )  # fmt: skip
        return
    if not file.named:
        if not name.endswith(_EXTENSIONS):
            inputs.skipped.append(Skipped(file.path, "no format that seawall reads"))
            return
        if file.path in patches:
            inputs.skipped.append(Skipped(file.path, f"a part of {patches[file.path]}"))
            return
    text = _text_of(file, options)
    if isinstance(text, Failed):
        inputs.failed.append(text)
    elif not text.strip():
        inputs.skipped.append(Skipped(file.path, "empty"))
    elif name == "Chart.yaml" and not file.named:
        inputs.not_covered.append(_chart_not_covered(file.path))
    elif not file.named and not reader.mentions_objects(text):
        inputs.skipped.append(Skipped(file.path, "holds no Kubernetes object"))
    else:
        _read_manifest(file, text, inputs, options, _chart_of(file.path, charts))


def _text_of(file: SourceFile, options: Options) -> str | Failed:
    data = files.read(file, options.max_file_size)
    text = decode(data) if isinstance(data, bytes) else data
    return Failed(file.path, *text) if isinstance(text, Undecodable) else text


def _chart_not_covered(path: str) -> NotCovered:
    return NotCovered(
        path, "Helm chart", "charts are not rendered by this version",
        "render it and scan the result, for example: helm template . | seawall scan -",
    )  # fmt: skip


def _is_below(path: str, directories: Iterable[str]) -> bool:
    """Whether a file lies in a directory whose objects are all known."""
    real = os.path.realpath(path)
    return any(real.startswith(os.path.join(os.path.realpath(d), "")) for d in directories)


def _read_manifest(
    file: SourceFile, text: str, inputs: _Inputs, options: Options, chart: str | None
) -> None:
    contents = reader.read(
        text,
        file.path,
        target=not file.context,
        complete=not file.named or _is_below(file.real, (*options.targets, *options.context)),
        template=chart is not None and file.path.startswith(os.path.join(chart, "templates", "")),
    )
    inputs.failed.extend(contents.failed)
    inputs.not_covered.extend(contents.not_covered)
    inputs.opaque.extend(contents.opaque)
    if contents.objects:
        inputs.objects.extend(contents.objects)
        inputs.texts.add(file.path, text)
    if contents.objects or contents.failed:
        inputs.read.append(file.path)
    elif not contents.not_covered:
        inputs.skipped.append(Skipped(file.path, "holds no Kubernetes object"))


def _mark_incomplete(inputs: _Inputs, charts: frozenset[str]) -> None:
    """Beside a file that could not be read, nothing can be said to be missing."""
    unread = {os.path.dirname(item.path) for item in inputs.failed}
    unread |= {
        os.path.dirname(item.path)
        for item in inputs.not_covered
        if item.what != _KUSTOMIZATION  # the names it generates are unresolved one by one
    }
    for object_ in inputs.objects:
        if object_.complete and (
            os.path.dirname(object_.file) in unread or _chart_of(object_.file, charts) is not None
        ):
            object_.complete = False


# Triage ---------------------------------------------------------------------------------------


def _triage(findings: list[Finding], options: Options) -> list[Finding]:
    result = []
    for finding in findings:
        if finding.confidence < options.min_confidence:
            continue
        severity = _severity(finding, options)
        result.append(
            finding if severity == finding.severity else finding._replace(severity=severity)
        )
    return result


def _severity(finding: Finding, options: Options) -> Severity:
    """What the team set, else what the pinned rule set had, else what the rule said."""
    rule: Rule = finding.rule
    configured = options.severities.get(rule.id)
    if configured is not None:
        return configured
    if finding.severity == rule.severity:
        return rule.severity_in(options.ruleset)
    return finding.severity


# Positions ------------------------------------------------------------------------------------


def _place(findings: list[Finding], texts: Texts) -> list[Finding]:
    """Make every location concrete, document by document."""
    wanted: dict[str, dict[int, set[KeyPath]]] = {}
    for finding in findings:
        for location in (finding.location, *(related.location for related in finding.related)):
            if location.span is None:
                documents = wanted.setdefault(location.path, {})
                documents.setdefault(location.document, set()).add(location.key_path)
    spans: dict[Location, Location] = {}
    for path, documents in wanted.items():
        text = texts.text(path)
        if text is None:
            continue
        chunks: Sequence[Chunk] = tuple(split(text))
        for document, paths in documents.items():
            for key_path, place in locate(chunks[document], paths).items():
                location = Location(path, document, key_path)
                spans[location] = location._replace(span=place.span)
    return [_placed(finding, spans) for finding in findings]


def _placed(finding: Finding, spans: Mapping[Location, Location]) -> Finding:
    location = spans.get(finding.location, finding.location)
    if not finding.related:
        return finding._replace(location=location)
    related = tuple(
        Related(spans.get(item.location, item.location), item.message) for item in finding.related
    )
    return finding._replace(location=location, related=related)
