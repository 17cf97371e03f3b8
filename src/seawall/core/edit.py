"""Fixes: what to change in the text so that a finding goes away."""

from enum import Enum
from typing import NamedTuple


class Safety(Enum):
    """Whether an edit can change what the workload does."""

    SAFE = "safe"
    """Behaviour stays equal, or an evident intention is completed."""
    UNSAFE = "unsafe"
    """Behaviour may change: somebody has to agree."""


class Edit(NamedTuple):
    """Replace the bytes ``start`` to ``end`` (exclusive) of a file by ``replacement``."""

    path: str
    start: int
    end: int
    replacement: str


class Fix(NamedTuple):
    """A titled set of edits that belong together."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
