"""A scan from targets to report."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from seawall import catalogue
from seawall.core.finding import Finding
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import revealing
from seawall.core.report import HISTORY
from seawall.core.rule import Rule
from seawall.engine import gathering
from seawall.engine.advised import Advised, Library
from seawall.engine.analysis import Analysis
from seawall.engine.concluding import Result, judged, policy_of, report_of
from seawall.engine.containers.asked import Asked
from seawall.engine.credentials.ahead import Ahead
from seawall.engine.credentials.asked import DOMAIN as SECRETS
from seawall.engine.credentials.asked import Credentials
from seawall.engine.inputs import Inputs
from seawall.engine.options import Options
from seawall.engine.past import Past
from seawall.engine.run import Replay, Run
from seawall.engine.source import FileSystem, Source
from seawall.triage.verdicts import Verdict, Why, known_before

if TYPE_CHECKING:
    from seawall.core.redacted import Redacted
    from seawall.engine.charts import Charts, Trees
    from seawall.engine.parts import Told
    from seawall.engine.remembering import Memory

WORTH_REMEMBERING = 50_000
"""Bytes of manifests from which one later look saves more than the first one costs (measured:
the cache takes 35 ms to open and fill, and what it saves grows by 1.5 ms a kilobyte)."""


def of_files(options: Options, run: Run, source: Source | None) -> "Result | Told | Replay":
    """Scan the files of the targets, and whatever else is asked for besides."""
    past = Past(options)
    images = Asked(options._replace(images=options.images and source is None, targets=past.others))
    options = options._replace(targets=images.others)
    ahead = Ahead(options, run) if source is None else None
    source = source or FileSystem(options)
    inputs = gathering.gather(source, options, run.progress, ahead.met if ahead else None)
    images.hint(inputs)
    charts = _charts(inputs, options)
    domains = inputs.domains if charts is None else charts.domains(inputs)
    if options.secrets and inputs.files and not inputs.tasks and charts is None:
        domains = tuple(name for name in domains if name != "kubernetes")  # 25 ms to load
    domains = images.domains(domains, inputs)
    if options.secrets and (inputs.files or past):
        domains = (*domains, SECRETS)
    rules = catalogue.select(
        profile=options.profile,
        select=options.select,
        enable=options.enable,
        ignore=options.ignore,
        ruleset=options.ruleset,
        custom=options.custom,
        domains=(*domains, "input"),
    )
    inputs.unable = options.not_covered
    advised = Advised(inputs, options, rules, source, Library(options, run), run)
    credentials = Credentials(inputs, options, rules, source, run, ahead)
    memory, key = _memory(inputs, options, rules, run, charts, images, credentials)
    credentials.look(memory)
    output_key = images.key(advised.key(key), advised.library, rules, memory)
    output_key = credentials.key(output_key)
    replay = run.recall(output_key, rules, advised.holds())
    if replay is not None:
        return replay
    present = _present(inputs, credentials) if options.since else Present({}, None)
    found = advised.of_files()
    if charts is None:
        if memory and key is not None and not images and run.tells_parts_of(options):
            from seawall.engine import telling  # noqa: PLC0415 - only where results are kept

            told = telling.told(
                inputs, options, rules, domains, memory, run, advised, found, credentials
            )
            if told is not None:
                return told
        analysis = _analysed(inputs, options, rules, memory, key, run)
    else:
        analysis = charts.analysed(inputs, options, rules, memory, key, run)
    analysis = advised.added(analysis, found)
    analysis = images.added(analysis, inputs, rules, advised.library, memory, run)
    analysis = credentials.added(analysis)
    analysis = past.added(analysis, rules, run)
    run.knows(analysis.secrets | credentials.secrets, analysis.private.keys() | credentials.files)
    if analysis.faults:
        run.forget_outputs()
    policy = policy_of(options, rules, analysis, domains)
    knowledge = advised.knowledge
    vex = () if knowledge is None else knowledge.ignores
    verdict = judged(analysis, options, policy, vex, run)
    if options.since is not None:
        verdict = _since(options.since, verdict, present, options, rules, run, advised.library)
    report = report_of(
        verdict,
        options,
        inputs.texts,
        coverage=analysis.coverage,
        private=analysis.private,
        shows=revealing(analysis.secrets),
    )._replace(
        objects=analysis.objects,
        packages=inputs.packages,
        advisories=None if knowledge is None else knowledge.described(),
        rules=len(rules),
        faults=tuple(analysis.faults),
        images=analysis.images,
        searched=credentials.searched,
        git_objects=past.objects,
    )
    return Result(report, inputs.texts, policy)


def _analysed(
    inputs: Inputs,
    options: Options,
    rules: Sequence[Rule],
    memory: "Memory | None",
    key: bytes | None,
    run: Run | None = None,
) -> Analysis:
    """What the rules say of files that hold objects or are Dockerfiles; few trees have none."""
    looks = None if run is None else run.looks
    if not (inputs.tasks or inputs.units) and looks is None:
        return Analysis([], [], inputs.coverage(), 0, [], {}, {})
    from seawall.engine import analysing  # noqa: PLC0415 - 30 ms, where there are any

    progress = None if run is None else run.progress
    return analysing.analyse(inputs, options, rules, memory, key, progress, looks)


class Present(NamedTuple):
    """The files as they are now: the bytes of those that were read, by path."""

    data: Mapping[str, bytes]
    paths: frozenset[str] | None
    """The paths of all, where a secret in one may have been in another one before."""


def _present(inputs: Inputs, credentials: Credentials) -> Present:
    data = {item.file.path: item.data for item in inputs.package_files}
    data |= {task.file.path: task.text for task in inputs.tasks}
    if not credentials.findings:
        return Present(data, None)
    paths = frozenset(file.path for file in inputs.files)
    return Present(data | credentials.present(), paths)


def _charts(inputs: Inputs, options: Options, trees: "Trees | None" = None) -> "Charts | None":
    """The charts to render, where that is asked for and there are any."""
    if options.charts is None or not inputs.charts:
        return None
    from seawall.engine import charts  # noqa: PLC0415 - subprocess, tempfile

    return charts.plan(inputs, options, trees or charts.on_disk(options))


def _memory(
    inputs: Inputs,
    options: Options,
    rules: Sequence[Rule],
    run: Run,
    charts: "Charts | None",
    images: Asked | None = None,
    credentials: Credentials | None = None,
) -> tuple["Memory | None", bytes | None]:
    """What is remembered, where the inputs are large enough, and the key of this run."""
    if run.looks is not None:
        run.looks.begin(options, rules)
        return None, None
    size = sum(len(task.data) for task in inputs.tasks)
    worthwhile = size >= WORTH_REMEMBERING or run.looks_again or bool(charts or images)
    worthwhile = worthwhile or (credentials is not None and credentials.worth_remembering)
    memory = run.memory(options, rules) if worthwhile else None
    key = memory.run_key(inputs) if memory else None
    return memory, key if key is None or charts is None else charts.key_with(key)


def _since(
    revision: str,
    verdict: Verdict,
    present: Present,
    options: Options,
    rules: Sequence[Rule],
    run: Run,
    library: Library,
) -> Verdict:
    """Set aside what counted at a revision already, judged by the same policy."""
    from seawall.engine import history  # noqa: PLC0415 - git, subprocess
    from seawall.triage.baseline import remembered  # noqa: PLC0415 - only with --since

    with history.repository_of(options) as repository:
        if revision in ("HEAD", "@") and repository.is_unborn():
            run.notes.append(f"{revision} has no commit yet: everything is new")
            return verdict
        commit = repository.resolve(revision)
        roots = history.roots_of(options, repository)
        source = history.Commit(repository, commit, roots, options, *present)
        inputs = gathering.gather(source, options, None)
        charts = _charts(inputs, options, source.chart)
        domains = inputs.domains if charts is None else charts.domains(inputs)
        if source.missing:
            run.notes.append(
                f"{source.missing} files of {revision} are not in this repository (a shallow or "
                "partial clone): what is found in them counts as new; fetch them to tell"
            )
    memory, key = _memory(inputs, options, rules, run, charts)
    if charts is None:
        analysis = _analysed(inputs, options, rules, memory, key)
    else:
        analysis = charts.analysed(inputs, options, rules, memory, key, run)
        if charts.failed:
            run.notes.append(
                f"a chart could not be rendered as it was at {revision}: what is found in it "
                "counts as new"
            )
    credentials = Credentials(inputs, options, rules, source)
    credentials.look(None)
    run.knows(analysis.secrets | credentials.secrets, analysis.private.keys() | credentials.files)
    advised = Advised(inputs, options, rules, source, library)
    analysis = credentials.added(advised.added(analysis, advised.of_files()))
    knowledge = library.opened
    policy = policy_of(options, rules, analysis, domains)
    before = judged(analysis, options, policy, () if knowledge is None else knowledge.ignores)
    run.forget_outputs()
    why = Why(HISTORY, f"was there at {revision}")
    known = remembered(_moved(before.findings, verdict.findings, present))
    return known_before(verdict, known.tally(policy.today), policy, why)


def _moved(
    before: Sequence[Finding], now: Sequence[Finding], present: Present
) -> Iterator[Finding]:
    """What was found before; secrets in files that are gone, where the same are found now."""
    gone: set[tuple[Rule, Redacted]] = set()
    for finding in before:
        is_gone = present.paths is not None and finding.location.path not in present.paths
        if is_gone and finding.rule.domain == SECRETS:
            gone.add((finding.rule, finding.secret))
        else:
            yield finding
    for finding in now:
        if finding.rule.domain == SECRETS and (finding.rule, finding.secret) in gone:
            yield finding
