"""Which objects of a run belong together, where their namespaces do not say so.

One run may hold many applications: the examples of a repository, the folders of a monorepo. A
namespace that two objects both name is one namespace of one cluster. One that is not named is
whatever the person who applies the files chooses, another for each application; that both are
read as ``default`` says nothing. There it counts where the files are:

- files of one directory, or one below the other's, belong together;
- so do files of two branches of the tree of which one has no pods (``deploy`` and ``rbac``);
- two branches with pods each are two applications.
"""

import os
from collections.abc import Iterable
from itertools import takewhile

from seawall.kubernetes.objects import KubernetesObject
from seawall.text.values import text


class Applications:
    """Tells applications apart by the directories with pods."""

    def __init__(self, files_with_pods: Iterable[str]) -> None:
        directories = {os.path.dirname(file) for file in files_with_pods}
        self._with_pods = {
            parts[:depth]
            for parts in map(_parts, directories)
            for depth in range(1, len(parts) + 1)
        }
        self._shared: dict[tuple[str, str], bool] = {}

    def share(self, one: str, other: str) -> bool:
        """Whether two directories may belong to one application."""
        if one == other:
            return True
        known = self._shared.get((one, other))
        if known is None:
            known = self._shared[one, other] = self._share(one, other)
        return known

    def _share(self, one: str, other: str) -> bool:
        first, second = _parts(one), _parts(other)
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
        depth = sum(1 for _ in pairs)
        if depth in (len(first), len(second)):
            return True
        return not self._with_pods.issuperset((first[: depth + 1], second[: depth + 1]))

    def share_namespace(self, one: KubernetesObject, other: KubernetesObject) -> bool:
        """Whether two objects whose namespaces read the same are in one namespace."""
        if names_namespace(one) and names_namespace(other):
            return True
        return self.share(os.path.dirname(one.file), os.path.dirname(other.file))


def names_namespace(object_: KubernetesObject) -> bool:
    """Whether an object says itself which namespace it is in."""
    return bool(text(object_.metadata, "namespace"))


def _parts(directory: str) -> tuple[str, ...]:
    return tuple(directory.split(os.sep)) if directory else ()
