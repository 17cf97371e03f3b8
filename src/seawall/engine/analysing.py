"""What the rules say of what was gathered: read, judged, and taken from what is remembered."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from seawall.core.rule import Rule
from seawall.engine import reading
from seawall.engine.analysis import Analysis
from seawall.engine.inputs import Inputs
from seawall.engine.judging import Judgements, judge
from seawall.engine.options import Options
from seawall.engine.progress import Progress
from seawall.engine.task import Task, Workers
from seawall.engine.workers import processors
from seawall.kubernetes.index import Index
from seawall.kubernetes.rule import Context
from seawall.kubernetes.stock import Stock

if TYPE_CHECKING:
    from seawall.engine.looks import Looks
    from seawall.engine.remembering import Memory

WORTH_SPREADING = 250_000
"""Bytes of manifests from which a second process is worth its work (measured: the first one is
done after 70 % of the time, for 20 % more processor time in all; bench/again.py)."""


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
