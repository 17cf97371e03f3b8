"""kube-linter's annotations (pkg/ignore of 35de568): of the object itself, never of its template.

metadata:
  annotations:
    ignore-check.kube-linter.io/host-pid: the node agent needs it
    kube-linter.io/ignore-all: a relic that goes soon
"""

from collections.abc import Iterator

from seawall.core.ignore import Ignore
from seawall.kubernetes.ignores.annotations import of_objects
from seawall.kubernetes.objects import KubernetesObject

TOOL = "kube-linter"
_CHECK = "ignore-check.kube-linter.io/"
_ALL = "kube-linter.io/ignore-all"


def read(_text: str, _path: str, objects: list[KubernetesObject]) -> Iterator[Ignore]:
    """What the annotations ignore; their values are the reasons, whatever they are."""
    for found in of_objects(objects):
        for key, value in found.values.items():
            check = key.removeprefix(_CHECK)
            if key == _ALL:
                yield found.ignore(key, (), reason=value)._replace(tool=TOOL)
            elif check != key and check:
                yield found.ignore(key, (check,), reason=value)._replace(tool=TOOL)
