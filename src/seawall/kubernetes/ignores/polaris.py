"""Polaris's annotations of objects (docs/customization/exemptions.md).

metadata:
  annotations:
    polaris.fairwinds.com/exempt: "true"
    polaris.fairwinds.com/hostPIDSet-exempt: "true"
"""

from collections.abc import Iterator

from seawall.core.ignore import Ignore
from seawall.kubernetes.ignores.annotations import of_objects
from seawall.kubernetes.objects import KubernetesObject

TOOL = "polaris"
_PREFIX = "polaris.fairwinds.com/"
_ALL = "exempt"
_CHECK = "-exempt"


def read(_text: str, _path: str, objects: list[KubernetesObject]) -> Iterator[Ignore]:
    """What the annotations exempt; only the value "true", in any case, counts."""
    for found in of_objects(objects):
        for key, value in found.values.items():
            name = key.removeprefix(_PREFIX)
            if name == key or value.lower() != "true":
                continue
            check = name.removesuffix(_CHECK)
            if name == _ALL:
                yield found.ignore(key, ())._replace(tool=TOOL)
            elif check != name:
                yield found.ignore(key, (check,))._replace(tool=TOOL)
