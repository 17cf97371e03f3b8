"""How templates judge: one function over objects, made of functions over pods and containers."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from seawall.core.location import KeyPath
from seawall.core.rule import Hit, Hits, ParameterValue, Rule
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import OBJECT, POD, Context

Judge = Callable[[KubernetesObject, Context], Hits]
"""What a check says of an object; hits are relative to the object."""
Keep = Callable[[Hit], bool]


def each_pod(check: Callable[[Pod, Context], Hits]) -> Judge:
    """Judge the pods of an object."""

    def judge(object_: KubernetesObject, context: Context) -> Hits:
        for pod in context.pods(object_):
            for hit in check(pod, context):
                yield _moved(hit, pod.path, object_)

    return judge


def each_container(check: Callable[[Container, Context], Hits]) -> Judge:
    """Judge the containers of an object, init and ephemeral ones too."""

    def judge(object_: KubernetesObject, context: Context) -> Hits:
        for pod in context.pods(object_):
            for container in pod.containers:
                for hit in check(container, context):
                    moved = _moved(hit, container.path, object_)
                    yield moved._replace(container=hit.container or container.name)

    return judge


def _moved(hit: Hit, path: KeyPath, object_: KubernetesObject) -> Hit:
    """A hit relative to a part of an object, relative to the object."""
    return hit._replace(at=(*path[len(object_.path) :], *hit.at))


def of_kinds(kinds: tuple[str, ...], judge: Judge) -> Judge:
    """Judge objects of some kinds only."""
    wanted = frozenset(kinds)
    return lambda object_, context: judge(object_, context) if object_.kind in wanted else ()


class Ours(NamedTuple):
    """A rule of the catalogue, with its parameters and which of its hits count."""

    rule: Rule
    parameters: Mapping[str, ParameterValue] | None = None
    keep: Keep = lambda _: True


def ours(*parts: Rule | Ours) -> Judge:
    """Judge as rules of the catalogue do. Severity and remedy are the check's own."""
    pairs = []
    for part in parts:
        own = Ours(part) if isinstance(part, Rule) else part
        pairs.append((own, _as_judge(own.rule)))

    def judge(object_: KubernetesObject, context: Context) -> Hits:
        for own, check in pairs:
            given = context
            if own.parameters is not None:
                given = context.with_parameters(own.rule, dict(own.parameters))
            for hit in check(object_, given):
                if own.keep(hit):
                    yield hit._replace(severity=None, remedy=None)

    return judge


def _as_judge(rule: Rule) -> Judge:
    if rule.scope == OBJECT:
        return of_kinds(rule.kinds, rule.check) if rule.kinds else rule.check
    return each_pod(rule.check) if rule.scope == POD else each_container(rule.check)
