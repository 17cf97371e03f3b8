"""What of a text's name tells on what is found in it.

Texts with the same bytes and the same bearing hold the same secrets: the history of a repository
looks at a blob once for each bearing of its names, and not once for each name.
"""

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.features import path_features
from seawall.secrets.reading.named_files import reader_of
from seawall.secrets.text import Kind, kind_of


class Bearing(NamedTuple):
    """All that a search reads in a name."""

    kind: Kind
    path: tuple[str, ...]
    """What the place says (``features.path_features``)."""
    reader: str
    """The name of a file in which passwords have a place of their own, such as ``.netrc``."""


def bearing(name: str) -> Bearing:
    """The bearing of a name."""
    base = name[name.rfind("/") + 1 :].lower()
    reader = base if reader_of(name) is not None else ""
    return Bearing(kind_of(name), path_features(name), reader)
