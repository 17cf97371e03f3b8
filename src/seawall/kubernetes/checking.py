"""Runs rules over the objects of a run and turns their hits into findings."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from seawall.core.edit import Repair
from seawall.core.finding import NO_DETAILS, Finding, Related
from seawall.core.location import KeyPath, Location, Span, made
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import RuleFault
from seawall.core.rule import Hit, Rule
from seawall.core.severity import Confidence
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import CONTAINER, OBJECT, POD, Context
from seawall.kubernetes.workloads import is_patch
from seawall.text.values import at

Entity = KubernetesObject | Pod | Container


class Outcome(NamedTuple):
    """What the rules said, and which of them broke on what."""

    findings: list[Finding]
    faults: list[RuleFault]
    related: set[str]
    """Ids of rules that looked at other objects too."""


class Plan:
    """The rules of a run, sorted by what they are called with."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._container_rules = [rule for rule in self.rules if rule.scope == CONTAINER]
        self._pod_rules = [rule for rule in self.rules if rule.scope == POD]
        self._for_any = [r for r in self.rules if r.scope == OBJECT and not r.kinds]
        self._by_kind: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for kind in rule.kinds:
                self._by_kind.setdefault(kind, []).append(rule)

    def check(self, object_: KubernetesObject, context: Context, outcome: Outcome) -> None:
        """Judge one object with its pods and containers."""
        self._run(self._for_any, object_, context, outcome)
        self._run(self._by_kind.get(object_.kind, ()), object_, context, outcome)
        if not (self._container_rules or self._pod_rules):
            return
        before = len(outcome.findings)
        pods = context.pods(object_)
        for pod in pods:
            self._run(self._pod_rules, pod, context, outcome)
            for container in pod.containers:
                self._run(self._container_rules, container, context, outcome)
        if len(pods) > 1:  # what several pods take from one place is said once
            outcome.findings[before:] = {
                (item.rule.id, item.subject, item.location, item.message): item
                for item in outcome.findings[before:]
            }.values()

    @staticmethod
    def _run(rules: Sequence[Rule], entity: Entity, context: Context, outcome: Outcome) -> None:
        make: _Finder | None = None
        for rule in rules:
            context.asked_index = False
            try:
                for hit in rule.check(entity, context):
                    make = make or _Finder(entity)
                    found = make.finding(rule, hit)
                    if context.wants_fixes:
                        found = _with_repairs(found, entity, hit, context, outcome)
                    outcome.findings.append(found)
            except Exception as error:  # noqa: BLE001 - one broken rule must not hide the others
                outcome.faults.append(_fault(rule, entity, error))
            if context.asked_index:
                outcome.related.add(rule.id)


def check(rules: Iterable[Rule], context: Context) -> Outcome:
    """Judge every target object of the context's index."""
    plan = Plan(rules)
    outcome = Outcome([], [], set())
    for object_ in context.index.objects:
        if object_.target:
            plan.check(object_, context, outcome)
    return outcome


def _with_repairs(
    found: Finding, entity: Entity, hit: Hit, context: Context, outcome: Outcome
) -> Finding:
    """A finding with what mends it; a fix that breaks is a fault, and the finding stays."""
    try:
        return found._replace(repairs=repairs(found.rule, entity, hit, context))
    except Exception as error:  # noqa: BLE001 - a broken fix must not hide what it is to mend
        outcome.faults.append(_fault(found.rule, entity, error))
        return found


def repairs(rule: Rule, entity: Entity, hit: Hit, context: Context) -> tuple[Repair, ...]:
    """What mends a hit."""
    from seawall.kubernetes.fixes import menders  # noqa: PLC0415 - only where fixes are asked for

    found = menders().get(rule.id, ())
    return tuple(item for mender in found for item in mender.make(entity, hit, context))


class _Finder:
    """Makes findings from what rules say of an entity; what all of them need is looked up once."""

    __slots__ = ("_document", "_entity", "_file", "_is_patch", "_path", "_subject")

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self._subject = entity.subject
        self._file, self._document = entity.object.file, entity.object.document
        self._path = entity.path
        self._is_patch = _is_patch(entity.object)

    def finding(self, rule: Rule, hit: Hit) -> Finding:
        """A finding from a hit."""
        (
            message, at_, severity, confidence, remedy, evidence, container, related, _, secret,
            gate,
        ) = hit  # fmt: skip
        subject = self._subject
        if container:
            subject = subject._replace(container=container)
        if confidence is None:
            confidence = rule.confidence
        if self._is_patch and self._is_absent(at_):
            confidence = Confidence.LOW  # it may stand in the object that the patch changes
        if isinstance(at_, Span):
            location = Location(self._file, self._document, self._path, at_)
        else:
            location = made(Location, (self._file, self._document, (*self._path, *at_), None))
        if severity is None:
            severity = rule.severity
        if remedy is None:
            remedy = rule.remedy
        places = tuple([_related(*item) for item in related]) if related else ()
        return made(
            Finding,
            (
                rule, severity, confidence, message, remedy, subject, location, places, (),
                evidence, NO_DETAILS, (), secret, gate,
            ),
        )  # fmt: skip

    def _is_absent(self, at_: KeyPath) -> bool:
        object_ = self._entity.object
        path = (*self._path, *at_)[len(object_.path) :]
        return at(object_.value, *path) is None


def _related(entity: object, at_: KeyPath | Span, message: str) -> Related:
    if not isinstance(entity, KubernetesObject | Pod | Container):
        raise TypeError(f"{type(entity).__name__} has no place")
    object_ = entity.object
    if isinstance(at_, Span):
        return Related(Location(object_.file, object_.document, entity.path, at_), message)
    return Related(Location(object_.file, object_.document, (*entity.path, *at_)), message)


_is_patch = lru_cache(maxsize=1)(is_patch)  # the entities of an object follow each other


def _fault(rule: Rule, entity: Entity, error: Exception) -> RuleFault:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f" (line {frame.tb_lineno} of {frame.tb_frame.f_code.co_name})" if frame else ""
    text = f"{type(error).__name__}: {error}{where}"
    return RuleFault(rule.id, str(entity.subject), entity.object.file, text)
