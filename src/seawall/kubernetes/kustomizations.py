"""What a kustomization says of the files beside it: which are patches, which are whole objects."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seawall.text.scalars import Value

FILE_NAMES = frozenset(("kustomization.yaml", "kustomization.yml", "Kustomization"))

_PATH_LISTS = ("patchesStrategicMerge", "configurations", "transformers", "generators", "crds")
_PATH_ENTRIES = ("patches", "patchesJson6902", "replacements")


def parts(value: "Value", directory: str) -> Iterator[str]:
    """Normalised paths of files that are patches or settings of a kustomization in a directory."""
    from seawall.text.values import mappings, text, texts  # noqa: PLC0415 - where there are any

    for key in _PATH_LISTS:
        for entry in texts(value, key):
            if "\n" not in entry:  # patchesStrategicMerge may hold the patch itself
                yield os.path.normpath(os.path.join(directory, entry))
    for key in _PATH_ENTRIES:
        for _, item in mappings(value, key):
            path = text(item, "path")
            if path:
                yield os.path.normpath(os.path.join(directory, path))


def resources(value: "Value", directory: str) -> Iterator[str]:
    """Normalised paths of the files that a kustomization in a directory takes as whole objects."""
    from seawall.text.values import texts  # noqa: PLC0415 - as above

    for entry in texts(value, "resources"):
        yield os.path.normpath(os.path.join(directory, entry))
