"""YAML for readers of packages: the first document of a file as a mapping."""

from typing import cast

from seawall.packages.package import Unreadable
from seawall.packages.reading import Table, kind, text_of
from seawall.text.yaml import Broken, load


def yaml_of(data: bytes) -> Table:
    """The mapping that a file's first document is, empty for an empty one. Raises Unreadable."""
    document = next(load(text_of(data)), None)
    if document is None:
        return {}
    if isinstance(document, Broken):
        raise Unreadable(document.reason, *document.position)
    if document.value is None:
        return {}
    if not isinstance(document.value, dict):
        raise Unreadable(f"a mapping is expected, not {kind(document.value)}", 1, 1)
    return cast("Table", document.value)
