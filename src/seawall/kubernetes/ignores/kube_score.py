"""kube-score's annotations (scorecard/enabled.go of v1.20.0), of objects and pod templates.

    metadata:
      annotations:
        kube-score/ignore: pod-networkpolicy,container-image-tag
        kube-score/enable: container-seccomp-profile

Of a pod template they count for checks of pods only. The first that names a check decides:
template ignore, template enable, object ignore, object enable.
"""

from collections.abc import Iterator

from seawall.core.ignore import Enable, Ignore, Part
from seawall.kubernetes.ignores.annotations import Annotations, of_object, of_templates
from seawall.kubernetes.objects import KubernetesObject

TOOL = "kube-score"
IGNORE = "kube-score/ignore"
ENABLE = "kube-score/enable"
_IMPLIED = {"container-resources": "container-ephemeral-storage-request-and-limit"}

POD_CHECKS = frozenset(
    """
    container-cpu-requests-equal-limits container-ephemeral-storage-request-and-limit
    container-ephemeral-storage-request-equals-limit container-image-pull-policy
    container-image-tag container-memory-requests-equal-limits container-ports-check
    container-resource-requests-equal-limits container-resources container-seccomp-profile
    container-security-context-privileged container-security-context-readonlyrootfilesystem
    container-security-context-user-group-id environment-variable-key-duplication
    pod-networkpolicy pod-probes pod-probes-identical pod-topology-spread-constraints
    """.split()
)
"""The checks that look at pods and pod templates."""


def read(_text: str, _path: str, objects: list[KubernetesObject]) -> Iterator[Ignore | Enable]:
    """What the annotations of each object and its templates ignore and enable."""
    for object_ in objects:
        own = of_object(object_)
        templates = [item for item in of_templates(object_) if _says(item)]
        if templates or _says(own):
            yield from _judged(own, templates)


def _says(found: Annotations) -> bool:
    return IGNORE in found.values or ENABLE in found.values


def _judged(own: Annotations, templates: list[Annotations]) -> Iterator[Ignore | Enable]:
    decided: set[str] = set()
    for template in templates:
        # One template speaks for all of the object; several speak each for itself.
        place = own if len(templates) == 1 else template
        for key in (IGNORE, ENABLE):
            checks = [c for c in _checks(template, key) if c in POD_CHECKS and c not in decided]
            if len(templates) == 1:
                decided.update(checks)
            yield from _words(template, place, key, checks)
    for key in (IGNORE, ENABLE):
        checks = [c for c in _checks(own, key) if c not in decided]
        decided.update(checks)
        yield from _words(own, own, key, checks)


def _checks(found: Annotations, key: str) -> list[str]:
    names = [item.strip() for item in found.values.get(key, "").split(",")]
    implied = [_IMPLIED[name] for name in names if name in _IMPLIED]
    return list(dict.fromkeys(name for name in (*names, *implied) if name))


def _words(
    found: Annotations, place: Annotations, key: str, checks: list[str]
) -> Iterator[Ignore | Enable]:
    if not checks:
        return
    scope = Part(found.object.file, found.object.document, place.path)
    if key == IGNORE:
        yield found.ignore(key, tuple(checks))._replace(scope=scope, tool=TOOL)
    else:
        yield Enable(TOOL, tuple(checks), scope)
