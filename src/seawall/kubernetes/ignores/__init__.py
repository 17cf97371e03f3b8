"""Ignores in manifests: comments and annotations, our own and other tools'.

Each module reads one tool's form; one that is not written in a file is never loaded. All of them
make ``Ignore`` (and ``Enable``) values, triage alone applies them.
"""

from collections.abc import Iterable
from importlib import import_module

from seawall.core.ignore import Enable, Ignore
from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.objects import KubernetesObject

READERS = {
    # What a text must have in it, and the module that reads it.
    "seawall": ("seawall:", "seawall/ignore"),
    "kube_linter": ("kube-linter.io/",),
    "kube_score": ("kube-score/",),
    "checkov": ("checkov.io/skip", "bridgecrew.io/skip", "cortex.io/skip", "checkov:skip="),
    "polaris": ("polaris.fairwinds.com/",),
    "trivy": ("trivy:ignore:", "tfsec:ignore:"),
}


class Words(NamedTuple):
    """What a file says of the rules that look at it."""

    ignores: list[Ignore]
    enables: list[Enable]


NOTHING = Words([], [])


def read(text: str, path: str, objects: Iterable[KubernetesObject]) -> Words:
    """What comments and annotations of a file say."""
    names = [name for name, marks in READERS.items() if any(mark in text for mark in marks)]
    if not names:
        return NOTHING
    result = Words([], [])
    objects = list(objects)
    for name in names:
        module = import_module(f"seawall.kubernetes.ignores.{name}")
        for word in module.read(text, path, objects):
            (result.enables if isinstance(word, Enable) else result.ignores).append(word)
    return result
