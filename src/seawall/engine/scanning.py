"""A scan from targets to report."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from seawall import catalogue
from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import revealing
from seawall.core.report import HISTORY, Coverage, Report
from seawall.core.rule import Rule
from seawall.engine import gathering, reading
from seawall.engine.advised import Advised, Library
from seawall.engine.analysis import Analysis
from seawall.engine.containers.asked import Asked
from seawall.engine.credentials.ahead import Ahead
from seawall.engine.credentials.asked import DOMAIN as SECRETS
from seawall.engine.credentials.asked import Credentials
from seawall.engine.day import today
from seawall.engine.inputs import Inputs
from seawall.engine.judging import Judgements, judge
from seawall.engine.options import Options
from seawall.engine.past import Past
from seawall.engine.progress import Progress
from seawall.engine.run import Replay, Run
from seawall.engine.source import FileSystem, Source
from seawall.engine.texts import Texts
from seawall.engine.units import Task, Workers
from seawall.engine.workers import processors
from seawall.kubernetes.index import Index
from seawall.kubernetes.rule import Context
from seawall.kubernetes.stock import Stock
from seawall.triage.verdicts import Policy, Verdict, Why, known_before, triage, unused_note

if TYPE_CHECKING:
    from seawall.core.redacted import Redacted
    from seawall.engine.charts import Charts, Trees
    from seawall.engine.looks import Looks
    from seawall.engine.parts import Told
    from seawall.engine.remembering import Memory

WORTH_REMEMBERING = 50_000
"""Bytes of manifests from which one later look saves more than the first one costs (measured:
the cache takes 35 ms to open and fill, and what it saves grows by 1.5 ms a kilobyte)."""
WORTH_SPREADING = 250_000
"""Bytes of manifests from which a second process is worth its work (measured: the first one is
done after 70 % of the time, for 20 % more processor time in all; bench/again.py)."""


class Result(NamedTuple):
    """A report, the texts its places are in, and what decided on what counts."""

    report: Report
    texts: Texts
    policy: Policy


def scan(
    options: Options, progress: Progress | None = None, source: Source | None = None
) -> Result:
    """Read the targets, run the rules and triage what they say.

    ``source`` stands for the file system, for those who want to know what would be.
    """
    with Run(progress, cached=options.cache) as run:
        result = scan_or_replay(options, run, source)
    if not isinstance(result, Result):
        raise TypeError("a run without a signature replays nothing")
    return result


def scan_or_replay(
    options: Options, run: Run, source: Source | None = None
) -> "Result | Told | Replay":
    """Scan, or give the outputs of an equal run where they are known and may be used.

    Where the report can be told in parts (``Run.teller``), parts of earlier reports may be used.
    """
    if options.past is not None and options.past.is_alone:
        from seawall.engine.git_history import alone  # noqa: PLC0415 - asked for seldom

        return alone.scan(options, run)
    if options.since is not None:
        run.remember_within()
    return _of_files(options, run, source)


def _of_files(options: Options, run: Run, source: Source | None) -> "Result | Told | Replay":
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

            reading.read_units(inputs, memory.units(), workers_for(options), run.progress)
            told = telling.told(
                inputs, options, rules, domains, memory, run, advised, found, credentials
            )
            if told is not None:
                return told
        analysis = analyse(inputs, options, rules, memory, key, run.progress, run.looks)
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


def report_of(
    verdict: Verdict,
    options: Options,
    texts: Texts,
    *,
    coverage: Coverage,
    private: Mapping[str, tuple[Span, ...]],
    shows: Callable[[bytes], bool],
) -> Report:
    """What a verdict says, in order, with edits where they are asked for.

    ``shows`` tells whether some bytes show a secret: a fix that writes one down anew is for
    ``seawall harden`` alone, for a report would publish it.
    """
    findings = sorted(verdict.findings, key=Finding.sort_key)
    suppressed = sorted(verdict.suppressed, key=lambda item: item.finding.sort_key())
    if options.edits:
        from seawall.engine.fixing import with_fixes, without_private  # noqa: PLC0415 - few formats

        findings = [without_private(each, shows) for each in with_fixes(findings, texts)]
        suppressed = [
            item._replace(finding=without_private(item.finding, shows)) for item in suppressed
        ]
    return Report(tuple(findings), tuple(suppressed), coverage, options.ruleset, private=private)


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


def _cost(task: Task) -> int:
    """A Dockerfile costs as much as a manifest of three times its length (measured)."""
    return 1 if task.around is None else 3


def workers_for(options: Options) -> Workers:
    """How many processes are worth their work for some files."""

    def number(tasks: Iterable[Task]) -> int:
        size = sum(len(task.data) * _cost(task) for task in tasks)
        return (options.workers or processors()) if size >= WORTH_SPREADING else 1

    return number


def analyse(
    inputs: Inputs,
    options: Options,
    rules: Sequence[Rule],
    memory: "Memory | None",
    key: bytes | None,
    progress: Progress | None = None,
    looks: "Looks | None" = None,
) -> Analysis:
    """Everything the rules find in what was gathered, with concrete places.

    What files hold and what is said of them is taken from the ``memory``, or from earlier
    ``looks`` of this run.
    """
    known = None if memory is None else memory.run(key)
    if known is not None:
        for task in inputs.tasks:
            inputs.texts.add(task.file.path, task.text)
        return known
    workers = workers_for(options)
    if inputs.tasks:  # else they have been read
        reading.read_units(inputs, memory.units() if memory else looks, workers, progress)
    shelf = None
    judgements: Judgements | None = None
    if memory is not None:
        shelf = memory.shelf(inputs)
        judgements = memory.judgements(shelf)
    elif looks is not None:
        shelf = looks.shelf(inputs)
        judgements = looks.judgements(shelf)
    context = context_of(inputs, options, shelf)
    said = judge(inputs, rules, context, judgements, workers, progress, places=options.places)
    findings, faults = said.findings, said.faults
    if any(unit.words.enables for unit in inputs.units):
        from seawall.engine.enabling import enabled  # noqa: PLC0415 - seldom of use

        more, broken = enabled(inputs, options, rules, context)
        findings, faults = [*findings, *more], [*faults, *broken]
    words = [unit.words for unit in inputs.units if not unit.task.file.context]
    analysis = Analysis(
        findings,
        [ignore for said_there in words for ignore in said_there.ignores],
        inputs.coverage(),
        inputs.judged,
        faults,
        said.private,
        said.unsure,
        builds=said.builds,
    )
    if memory is not None:
        memory.keep_run(key, analysis)
    return analysis


def context_of(inputs: Inputs, options: Options, stock: Stock | None) -> Context:
    """What rules may ask about besides what they judge."""
    objects = inputs.objects if stock is None else ()
    return Context(
        Index(objects, inputs.opaque, stock=stock),
        kubernetes_version=options.kubernetes_version,
        pss_version=options.pss_version,
        parameters={rule: dict(values) for rule, values in options.parameters.items()},
        wants_fixes=options.fixes,
        pins=options.pins,
        known_secrets=options.known_secrets,
    )


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
        analysis = analyse(inputs, options, rules, memory, key)
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


def policy_of(
    options: Options, rules: Sequence[Rule], analysis: Analysis, domains: tuple[str, ...]
) -> Policy:
    """The part of the options that decides what counts."""
    return Policy(
        find=lambda pattern: catalogue.look_up(pattern, options.custom),
        rules={rule.id: rule for rule in rules},
        domains=(*domains, "input"),
        min_confidence=options.min_confidence,
        ruleset=options.ruleset,
        severities=options.severities,
        overrides=options.overrides,
        require_reason=options.require_reason,
        locked=options.locked,
        whole=options.whole and not analysis.coverage.failed,
        unsure={path: frozenset(ids) for path, ids in analysis.unsure.items()},
        today=options.today or today(),
        stands_for=_stands_for,
    )


def judged(
    analysis: Analysis,
    options: Options,
    policy: Policy,
    vex: Sequence[Ignore] = (),
    run: Run | None = None,
) -> Verdict:
    """What counts of an analysis; the run is told of entries of the baseline without a use."""
    ignores = [*heeded(analysis.ignores, options), *options.ignores, *vex]
    verdict = triage(analysis.findings, ignores, policy)
    if analysis.rendered:
        from seawall.engine.rendered import located  # noqa: PLC0415 - only with charts

        verdict = located(verdict, analysis.rendered)
    if options.baseline is not None:
        from seawall.triage.baseline_file import load  # noqa: PLC0415 - json costs 2 ms

        tally = load(options.baseline).tally(policy.today)
        verdict = known_before(verdict, tally, policy)
        if run is not None:
            run.note_for_good(unused_note(tally, policy))
    return verdict


def _stands_for(tool: str, check: str, finding: Finding) -> bool:
    from seawall import equivalents  # noqa: PLC0415 - only where another tool is spoken of

    return equivalents.stands_for(tool, check, finding)


def heeded(written: Iterable[Ignore], options: Options) -> list[Ignore]:
    """What counts of the ignores that stand in files: our own, other tools' as configured."""
    return [
        ignore
        for ignore in (written if options.honour_comments else ())
        if not ignore.tool
        or (ignore.tool in options.foreign and f"{ignore.tool}:ignore" not in options.unheeded)
    ]
