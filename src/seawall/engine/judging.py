"""Runs the rules over what was read, file by file, on several processors where it pays."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from seawall.core.compact import finding_from_plain, finding_to_plain
from seawall.core.finding import Finding
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted, parts_of
from seawall.core.report import RuleFault
from seawall.core.rule import Rule
from seawall.engine import dockerfiles
from seawall.engine.inputs import Inputs
from seawall.engine.placing import NOTHING, Noted, Places, placed, places_of, unplaced
from seawall.engine.progress import Progress, Step
from seawall.engine.task import Task, Workers
from seawall.engine.texts import Texts
from seawall.engine.units import Unit
from seawall.engine.workers import spread
from seawall.kubernetes import topics
from seawall.kubernetes.checking import Outcome, Plan
from seawall.kubernetes.rule import Context
from seawall.kubernetes.topics import Topic
from seawall.text.lines import split_lines

if TYPE_CHECKING:
    from seawall.dockerfile.contents import BuildContents
    from seawall.dockerfile.domain import Judge
    from seawall.dockerfile.rule import Surroundings

DOCKERFILE = "dockerfile"
VULNERABILITIES = "vulnerabilities"
Plain = Any


class Judgement(NamedTuple):
    """What the rules say of one file.

    ``own`` rests on the file alone; ``relations`` rest on other files as well, and are what the
    rules say that ``related`` names for each object.
    """

    own: list[Finding]
    relations: list[Finding]
    faults: list[RuleFault]
    related: list[tuple[str, ...]]
    places: Places
    private: tuple[Span, ...]
    """Where the secret values that were found stand in the text of the file."""
    asked: tuple[Topic, ...] | None = None
    """What ``relations`` rest on; ``None`` where they are to be worked out in each run."""
    contents: Plain = ()
    """What a Dockerfile names, where rules ask for packages: a ``BuildContents`` as plain tuples,
    empty where it is nothing."""

    @property
    def secrets(self) -> set[Redacted]:
        """The secret values that findings are about."""
        return {item.secret for item in (*self.own, *self.relations) if item.secret}


class OfObject(NamedTuple):
    """What the rules say of one object that rests on it alone, and which rules look further."""

    own: list[Finding]
    related: tuple[str, ...]


NOTHING_OF_OBJECTS: Sequence[OfObject | None] = ()


class Work(NamedTuple):
    """A file to be judged, and what is known: of the file, or of some of its objects."""

    unit: Unit
    old: Judgement | None
    objects: Sequence[OfObject | None] = NOTHING_OF_OBJECTS
    """In the order of the file; empty where nothing is known of them."""

    @property
    def unknown(self) -> int:
        """How many objects every rule is to look at."""
        return self.objects.count(None) if self.objects else self.unit.count


class Judged(NamedTuple):
    """What the rules say of all files."""

    findings: list[Finding]
    faults: list[RuleFault]
    private: dict[str, tuple[Span, ...]]
    unsure: dict[str, tuple[str, ...]]
    """By file, the rules that may find more once all of it, and what is around it, is read."""
    builds: "list[tuple[str, Plain]]"
    """By file, what Dockerfiles name."""


class Judgements(Protocol):
    """Remembers what rules said of a file that rests on that file alone."""

    def known(self, units: Sequence[Unit]) -> list[Judgement | None]:
        """What is known of each file."""

    def of_objects(self, unit: Unit) -> Sequence[OfObject | None]:
        """What is known of each object of a file that has changed; nothing, where of none."""

    def learn(self, unit: Unit, judgement: Judgement) -> None:
        """Remember what the rules said."""


def judge(
    inputs: Inputs,
    rules: Sequence[Rule],
    context: Context,
    known: Judgements | None,
    workers: Workers,
    progress: Progress | None = None,
    *,
    places: bool = True,
) -> Judged:
    """Every finding of the targets, in no particular order.

    They have concrete places; without ``places``, only those of files with ignores in them have.
    """
    units = [unit for unit in inputs.units if not unit.task.file.context]
    results = judge_each(
        units, inputs.texts, rules, context, known, workers, progress, places=places
    )
    return joined(units, results, {rule.id: rule for rule in rules})


def judge_each(
    units: Sequence[Unit],
    texts: Texts,
    rules: Sequence[Rule],
    context: Context,
    known: Judgements | None,
    workers: Workers,
    progress: Progress | None = None,
    *,
    places: bool = True,
) -> list[Judgement]:
    """What the rules say of each of some files; what is remembered and still true is taken over."""
    before = [None] * len(units) if known is None else known.known(units)
    waiting = [
        Work(unit, old, NOTHING_OF_OBJECTS if known is None or old else known.of_objects(unit))
        for unit, old in zip(units, before, strict=True)
        if not _is_current(old)
    ]
    processes = workers(work.unit.task for work in waiting if work.old is None and _is_new(work))
    step = Step(progress, "objects judged", _objects_of(waiting))
    bench = _Bench(rules, context, texts, step, units, places=places)

    def judge_some(part: Sequence[Work]) -> list[Judgement]:
        step.begin(_objects_of(part))
        return [bench.judge(work) for work in part]

    if processes > 1:
        context.unasked_index.open_all()  # what others share is not to be read by each
        weights = [_weight(work) for work in waiting]
        fresh = spread(
            waiting, weights, processes, judge_some, _news,
            lambda work, sent: _received(sent, work, bench),
        )  # fmt: skip
    else:
        fresh = [bench.judge(work) for work in waiting]
    if known is not None:
        for (unit, old, _), result in zip(waiting, fresh, strict=True):
            if old is None or result.asked is not None or len(result.places) > len(old.places):
                known.learn(unit, result)
    rest = iter(fresh)
    return [old if old is not None and _is_current(old) else next(rest) for old in before]


def _is_new(work: Work) -> bool:
    """Whether most of a file is yet to be judged."""
    return not work.objects or work.unknown * 2 > work.unit.count


def _is_current(old: Judgement | None) -> bool:
    """Whether all that is remembered of a file is still true."""
    return old is not None and old.asked is not None


def joined(
    units: Iterable[Unit], results: Iterable[Judgement], rules: Mapping[str, Rule]
) -> Judged:
    """What the rules say of some files as one."""
    judged = Judged([], [], {}, {}, [])
    for unit, result in zip(units, results, strict=True):
        judged.findings.extend(result.own)
        judged.findings.extend(result.relations)
        judged.faults.extend(result.faults)
        if result.contents:
            judged.builds.append((unit.task.file.path, result.contents))
        if result.private:
            judged.private[unit.task.file.path] = result.private
        unsure = _unsure(unit, result, rules)
        if unsure:
            judged.unsure[unit.task.file.path] = unsure
    return judged


def _unsure(unit: Unit, judgement: Judgement, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    if not unit.whole:
        return tuple(sorted(rules))
    if unit.complete or not unit.count:
        return ()
    return tuple(sorted({rule for names in judgement.related for rule in names}))


def _weight(work: Work) -> int:
    """What judging a file costs, in objects: their number tells more than its length does.

    The file itself costs about as much as one (measured).
    """
    if work.unit.count:
        return 1 + work.unknown
    return 1 + len(work.unit.task.data) // _BYTES_OF_AN_OBJECT


_BYTES_OF_AN_OBJECT = 300  # of a Dockerfile, which has none (measured)


def _objects_of(works: Iterable[Work]) -> int:
    return sum(work.unit.count for work in works)


def judge_units(
    units: Sequence[Unit], rules: Sequence[Rule], context: Context, texts: Texts
) -> tuple[list[Finding], list[RuleFault]]:
    """Every finding of some rules in some files, with concrete places."""
    bench = _Bench(rules, context, texts, Step(None, "", 0), units)
    results = [bench.judge(Work(unit, None)) for unit in units]
    findings = [item for result in results for item in (*result.own, *result.relations)]
    return findings, [fault for result in results for fault in result.faults]


class _Bench:
    """Judges files one at a time."""

    def __init__(
        self,
        rules: Sequence[Rule],
        context: Context,
        texts: Texts,
        step: Step,
        units: Iterable[Unit],
        *,
        places: bool = True,
    ) -> None:
        self._places = places
        self._units = {unit.task.file.path: unit for unit in units}
        self.by_id = {rule.id: rule for rule in rules}
        self._context = context
        self._asked = context.unasked_index.asked
        self._texts = texts
        self._step = step
        self._plan = Plan(rule for rule in rules if rule.domain != DOCKERFILE)
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._judges: dict[tuple[str, ...], Judge] = {}
        self._lists = any(rule.domain == VULNERABILITIES for rule in rules)

    def judge(self, work: Work) -> Judgement:
        """All findings of a file; what is known of the file or an object alone is taken over."""
        unit, old, known = work
        if unit.task.around is not None:
            return self._judge_dockerfile(unit.task, unit.task.around, old)
        own: list[Finding] = [] if old is None else old.own
        relations: list[Finding] = []
        faults: list[RuleFault] = []
        related: list[tuple[str, ...]] = []
        self._asked.clear()
        for number, object_ in enumerate(unit.objects):
            self._step.advance()
            outcome = Outcome([], [], set())
            before = known[number] if known else None
            if before is not None:
                own += before.own
                names = before.related
                self._plan_of(names).check(object_, self._context, outcome)
            elif old is None:
                self._plan.check(object_, self._context, outcome)
                names = tuple(sorted(outcome.related))
            else:
                names = old.related[number]
                self._plan_of(names).check(object_, self._context, outcome)
            related.append(names)
            faults += outcome.faults
            for finding in outcome.findings:
                (relations if finding.rule.id in names else own).append(finding)
        places = {} if old is None else dict(old.places)
        if self._places or unit.words.ignores:
            everywhere = self._look_up(own if old is None else (), relations, unit, places)
            own = own if old is not None else [placed(item, everywhere) for item in own]
            relations = [placed(item, everywhere) for item in relations]
        secrets = {item.secret for item in (*own, *relations) if item.secret}
        private = self._private(unit, secrets) if old is None else old.private
        others = {item.location.path for found in relations for item in found.related}
        others.discard(unit.task.file.path)
        asked = tuple(sorted({*self._asked, *map(topics.text, others)}))
        return Judgement(own, relations, faults, related, places, private, asked)

    def _private(self, unit: Unit, secrets: Collection[Redacted]) -> tuple[Span, ...]:
        """Where secret values stand in the text of a file, each on one line."""
        text = self._texts.text(unit.task.file.path) if secrets else None
        if text is None:
            return ()
        found: set[Span] = set()
        parts = {part for secret in secrets for part in parts_of(secret) if len(part) > 3}
        for number, line in enumerate(split_lines(text), 1):
            for part in parts:
                at = line.find(part)
                while at >= 0:
                    found.add(Span(number, at + 1, number, at + len(part) + 1))
                    at = line.find(part, at + len(part))
        return tuple(sorted(found))

    def _judge_dockerfile(
        self, task: Task, around: "Surroundings", old: Judgement | None
    ) -> Judgement:
        from seawall.dockerfile import domain  # noqa: PLC0415 - if there are any

        names = () if old is None else old.related[0]
        if old is not None and not names:
            return old
        judge = self._judges.get(names)
        if judge is None:
            rules = self.by_id.values() if old is None else [self.by_id[name] for name in names]
            plan = domain.Plan(rule for rule in rules if rule.domain == DOCKERFILE)
            judge = self._judges[names] = domain.Judge(
                plan,
                self._context.all_parameters,
                self._context.pins,
                self._context.known_secrets,
            )
        lists = self._lists and old is None
        outcome = judge.judge(task.data, task.file.path, around, lists=lists)
        findings = dockerfiles.moved(outcome.findings, around)
        names = tuple(sorted(outcome.related)) if old is None else names
        own = [] if old is None else old.own
        relations = [found for found in findings if found.rule.id in names]
        own = own or [found for found in findings if found.rule.id not in names]
        private = old.private if old is not None else ()
        named = _plain_contents(outcome.contents) if old is None else old.contents
        return Judgement(own, relations, outcome.faults, [names], {}, private, contents=named)

    def _plan_of(self, names: tuple[str, ...]) -> Plan:
        plan = self._plans.get(names)
        if plan is None:
            plan = self._plans[names] = Plan(self.by_id[name] for name in names)
        return plan

    def _look_up(
        self, own: Iterable[Finding], relations: Iterable[Finding], unit: Unit, places: Places
    ) -> dict[str, Places]:
        """The places that findings name, by file; those of the file itself are added to its own."""
        path = unit.task.file.path
        everywhere: dict[str, Places] = {path: places}
        for file, wanted in unplaced(chain(own, relations)).items():
            missing = wanted - places.keys() if file == path else wanted
            if missing and (text := self._texts.text(file)) is not None:
                noted = _noted(self._units[file]) if file in self._units else NOTHING
                everywhere.setdefault(file, {}).update(places_of(text, missing, noted))
        return everywhere


def _plain_contents(contents: "BuildContents | None") -> Plain:
    if contents is None or not any(contents):
        return ()
    return tuple(tuple(map(tuple, rows)) for rows in contents)


def _noted(unit: Unit) -> dict[int, Noted]:
    """The documents of a file of which it is known where their values stand."""
    offsets = unit.offsets
    if not offsets:
        return {}
    return {
        object_.document: Noted(object_.value, offsets[object_.document])
        for object_ in unit.objects
        if object_.document in offsets
    }


# As plain values ------------------------------------------------------------------------------


def _to_plain(judgement: Judgement) -> Plain:
    return (
        [finding_to_plain(finding) for finding in judgement.own],
        [finding_to_plain(finding) for finding in judgement.relations],
        [tuple(fault) for fault in judgement.faults],
        judgement.related,
        [(document, path, tuple(span)) for (document, path), span in judgement.places.items()],
        [tuple(span) for span in judgement.private],
        judgement.contents,
        judgement.asked,
    )


def _from_plain(plain: Plain, rules: dict[str, Rule]) -> Judgement:
    own, relations, faults, related, places, private, contents, asked = plain
    return Judgement(
        [finding_from_plain(item, rules) for item in own],
        [finding_from_plain(item, rules) for item in relations],
        [RuleFault(*item) for item in faults],
        related,
        {(document, path): Span(*span) for document, path, span in places},
        tuple(Span(*span) for span in private),
        asked,
        contents,
    )


def _news(work: Work, judgement: Judgement) -> Plain:
    """What another process does not know yet of a judgement."""
    return _to_plain(judgement if work.old is None else judgement._replace(own=[]))


def _received(plain: Plain, work: Work, bench: _Bench) -> Judgement:
    old = work.old
    judgement = _from_plain(plain, bench.by_id)
    return judgement if old is None else judgement._replace(own=old.own)


def to_keep(judgement: Judgement) -> Plain:
    """What is said of a file, for a cache."""
    plain = _to_plain(judgement._replace(own=[], relations=[], faults=[]))
    findings = (judgement.own, () if judgement.asked is None else judgement.relations)
    kept = [[finding_to_plain(item) for item in part] for part in findings]
    return (*kept, *plain[2:])


def kept(plain: Plain, rules: dict[str, Rule], *, is_current: bool) -> Judgement:
    """What is said of a file, without what rests on other files if that ``is_current`` no more.

    Raises KeyError, TypeError or ValueError for other values.
    """
    own, relations, faults, related, places, private, contents, asked = plain
    if not is_current:
        relations, asked = (), None
    rest = (faults, related, places, private, contents, asked)
    return _from_plain((own, relations, *rest), rules)
