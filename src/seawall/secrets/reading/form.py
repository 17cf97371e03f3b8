"""A way in which texts hold secrets: a pattern for its beginning, and what reads on from there."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.candidate import Candidate
from seawall.secrets.text import Kind, Text

if TYPE_CHECKING:
    import re

Read = Callable[[Text, "re.Match[bytes]"], Iterator[Candidate]]


class Form(NamedTuple):
    """The pattern is in what Hyperscan and Python read alike, and matches at most a line or so."""

    id: str
    pattern: str
    kinds: frozenset[Kind]
    """Files in which it means something."""
    read: Read
    breaks: int | None = None
    """In how many runs of blanks a match may go over to another line; ``None`` for more."""
    reach: int = 0
    """Bytes beyond a match and its lines that are read on either side."""


EVERYWHERE = frozenset(Kind) - {Kind.BINARY}
IN_BYTES = frozenset(Kind)
"""Of forms that mean something between bytes of any sort as well."""
