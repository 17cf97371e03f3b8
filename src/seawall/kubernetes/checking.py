"""Runs rules over the objects of a run and turns their hits into findings."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from seawall.core.edit import Repair
from seawall.core.finding import Finding, Related
from seawall.core.location import KeyPath, Location, Span
from seawall.core.report import RuleFault
from seawall.core.rule import Hit, Rule
from seawall.core.severity import Confidence
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import CONTAINER, OBJECT, POD, Context
from seawall.kubernetes.values import at
from seawall.kubernetes.workloads import is_patch

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
        for rule in rules:
            context.asked_index = False
            try:
                for hit in rule.check(entity, context):
                    found = finding(rule, entity, hit)
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


def finding(rule: Rule, entity: Entity, hit: Hit) -> Finding:
    """A finding from what a rule said of an entity."""
    subject = entity.subject
    if hit.container:
        subject = subject._replace(container=hit.container)
    return Finding(
        rule=rule,
        severity=rule.severity if hit.severity is None else hit.severity,
        confidence=_confidence(rule, entity, hit),
        message=hit.message,
        remedy=rule.remedy if hit.remedy is None else hit.remedy,
        subject=subject,
        location=_location(entity, hit.at),
        related=tuple(
            Related(_location(other, at), message)
            for other, at, message in hit.related
            if isinstance(other, KubernetesObject | Pod | Container)
        ),
        evidence=hit.evidence,
        secret=hit.secret,
    )


def _confidence(rule: Rule, entity: Entity, hit: Hit) -> Confidence:
    """What is missing in a patch may stand in the object it changes."""
    object_ = entity.object
    if _is_patch(object_):
        path = (*entity.path, *hit.at)[len(object_.path) :]
        if at(object_.value, *path) is None:
            return Confidence.LOW
    return rule.confidence if hit.confidence is None else hit.confidence


_is_patch = lru_cache(maxsize=1)(is_patch)  # the findings of an object follow each other


def _location(entity: Entity, at: KeyPath | Span) -> Location:
    object_ = entity.object
    if isinstance(at, Span):
        return Location(object_.file, object_.document, entity.path, at)
    return Location(object_.file, object_.document, (*entity.path, *at))


def _fault(rule: Rule, entity: Entity, error: Exception) -> RuleFault:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f" (line {frame.tb_lineno} of {frame.tb_frame.f_code.co_name})" if frame else ""
    text = f"{type(error).__name__}: {error}{where}"
    return RuleFault(rule.id, str(entity.subject), entity.object.file, text)
