"""From tasks to objects: what is remembered of files is taken over, the rest is parsed."""

import os
from collections.abc import Iterator, Sequence

from seawall.core.compact import enable_from_plain, ignore_from_plain
from seawall.core.report import Failed
from seawall.engine import dockerfiles, parsing
from seawall.engine.inputs import Inputs
from seawall.engine.kustomized import KUSTOMIZATION
from seawall.engine.parsing import Plain, Units
from seawall.engine.progress import Progress, Step
from seawall.engine.task import Task, Workers
from seawall.engine.units import Leaf, Unit
from seawall.engine.workers import spread
from seawall.kubernetes import ignores, reader


def read_units(
    inputs: Inputs, units: Units | None, workers: Workers, progress: Progress | None = None
) -> None:
    """Read the objects of the files that were gathered.

    Of a file that is remembered an outline is read, and its objects when somebody asks for them.
    """
    tasks = inputs.tasks
    if units is None:
        plains = [plain for _, plain in _parsed(tasks, None, workers, progress)]
    else:
        plains = _outlined(tasks, units, workers, progress)
    opener = None if units is None else _Opener(units)
    for task, plain in zip(tasks, plains, strict=True):
        _add(inputs, task, plain, opener)
    inputs.tasks.clear()  # only what has objects is needed from here on
    if inputs.namespace:
        for object_ in inputs.objects:
            object_.settle_in(inputs.namespace)
    _mark_incomplete(inputs)


def _outlined(
    tasks: Sequence[Task], units: Units, workers: Workers, progress: Progress | None
) -> list[Plain]:
    """An outline of what each file holds, or all of it where that had to be found out."""
    before = units.outlines(tasks)
    missing = [task for task, plain in zip(tasks, before, strict=True) if plain is None]
    fresh = iter(_parsed(missing, units, workers, progress))
    plains, now = [], []
    for known in before:
        private, plain = (False, known) if known is not None else next(fresh)
        plains.append(plain)
        now.append(None if private else parsing.outline(plain))
    units.learn_outlines(tasks, before, now)
    return plains


def _parsed(
    tasks: Sequence[Task], units: Units | None, workers: Workers, progress: Progress | None
) -> list[tuple[bool, Plain]]:
    """What each file holds, remembered or read now; first, whether that may not be remembered."""
    plains: list[Plain | None] = [None] * len(tasks) if units is None else units.known(tasks)
    missing = [task for task, plain in zip(tasks, plains, strict=True) if plain is None]
    step = Step(progress, "files parsed", len(missing))
    documents = None if units is None else units.documents

    def parsed(part: Sequence[Task]) -> Iterator[tuple[bool, Plain]]:
        step.begin(len(part))
        for task in part:
            step.advance()
            yield parsing.parse(task, units)

    # Where most documents are known, sending them around costs more than the rest of the work.
    processes = 1 if documents else workers(missing)
    if processes > 1:
        weights = [_work_of(task) for task in missing]
        fresh = iter(
            spread(
                missing, weights, processes, lambda part: list(parsed(part)), _as_it_is, _as_it_is
            )
        )
    else:
        fresh = parsed(missing)
    result = []
    for task, known in zip(tasks, plains, strict=True):
        private, plain = next(fresh) if known is None else (False, known)
        if known is None and units is not None and not private:
            units.learn(task, plain)
        result.append((private, plain))
    return result


def _work_of(task: Task) -> int:
    """What reading a file costs, in bytes: a Dockerfile without ignores is not gone through."""
    if task.around is None or dockerfiles.may_hold_ignores(task.data):
        return len(task.data)
    return 1


class _Opener:
    """Makes the objects of files of which outlines are known."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._rows: dict[Unit, Plain] = {}

    def keep(self, unit: Unit, rows: Plain) -> None:
        """Keep what is at hand of a file until somebody asks for its objects."""
        self._rows[unit] = rows

    def open(self, *units: Unit) -> None:
        """Make the objects of some files."""
        closed = [unit for unit in units if not unit.is_open]
        elsewhere = [unit for unit in closed if unit not in self._rows]
        found = self._units.known([unit.task for unit in elsewhere])
        for unit, plain in zip(elsewhere, found, strict=True):
            _, content, *_ = parsing.parse(unit.task, None)[1] if plain is None else plain
            self._rows[unit] = content[0]
        for unit in closed:
            unit.fill(self._rows.pop(unit))


def _as_it_is(_task: Task, plain: tuple[bool, Plain]) -> tuple[bool, Plain]:
    """What a file holds is worked out as plain values: they are sent and received as they are."""
    return plain


def _add(inputs: Inputs, task: Task, plain: Plain, opener: _Opener | None) -> None:
    file = task.file
    kind, content, *rest = plain
    if kind == parsing.FAILED:
        inputs.failed.append(Failed(file.path, *content))
        return
    if kind == parsing.SKIPPED:
        inputs.skip(file, content)
        return
    if kind == parsing.DOCKERFILE:
        found = [ignore_from_plain(item) for item in rest[0]]
        inputs.units.append(Unit(task, ignores.Words(found, [])))
        inputs.texts.add(file.path, task.text)
        inputs.read.append(file.path)
        return
    rows, *others = content
    contents = reader.from_plain(
        ((), *others), file.path, target=not file.context, complete=task.complete
    )
    inputs.failed.extend(contents.failed)
    inputs.not_covered.extend(contents.not_covered)
    inputs.opaque.extend(contents.opaque)
    if not contents.opaque:
        inputs.whole.add(file.path)
    if rows:
        unit = _unit(task, rows, rest, opener)
        unit.whole = not (contents.failed or contents.not_covered)
        inputs.units.append(unit)
        inputs.texts.add(file.path, task.data)
    if rows or contents.failed:
        inputs.read.append(file.path)
    elif not contents.not_covered:
        inputs.skip(file, parsing.NO_OBJECT)


def _unit(task: Task, rows: Plain, rest: Sequence[Plain], opener: _Opener | None) -> Unit:
    found, enables, leaves, *more = rest
    words = ignores.Words(
        [ignore_from_plain(item) for item in found], [enable_from_plain(item) for item in enables]
    )
    if isinstance(rows, int):
        unit = Unit(task, words, rows, leaves=[Leaf(*leaf) for leaf in leaves])
    else:
        unit = Unit(task, words, len(rows), leaves=[Leaf(*leaf) for leaf in leaves])
        if opener is None:
            unit.fill(rows)
        else:
            opener.keep(unit, rows)
    if opener is not None:
        unit.open = opener.open
    if more:
        unit.offsets = more[0]
    return unit


def _mark_incomplete(inputs: Inputs) -> None:
    """Beside a file that could not be read, nothing can be said to be missing."""
    unread = {os.path.dirname(item.path) for item in inputs.failed}
    unread |= {
        os.path.dirname(item.path)
        for item in inputs.not_covered
        # The names a kustomization generates are unresolved one by one.
        if item.what != KUSTOMIZATION and item.path not in inputs.whole
    }
    for unit in inputs.units:
        path = unit.task.file.path
        if unit.complete and (os.path.dirname(path) in unread or inputs.chart_of(path) is not None):
            unit.mark_incomplete()
