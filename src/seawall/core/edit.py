"""Fixes: what to change in the text so that a finding goes away."""

from enum import Enum
from typing import NamedTuple


class Safety(Enum):
    """What somebody has to agree to before an edit is made."""

    SAFE = "safe"
    """Behaviour stays equal, or an evident intention is completed."""
    LOCK = "lock"
    """Behaviour stays equal; a version or digest from a lock file is written down."""
    UNSAFE = "unsafe"
    """Behaviour may change: somebody has to agree."""


class Edit(NamedTuple):
    """Replace the bytes ``start`` to ``end`` (exclusive) of a file by ``replacement``."""

    path: str
    start: int
    end: int
    replacement: str


class Fix(NamedTuple):
    """A titled set of edits that belong together: all of them are made, or none."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
    effect: str = ""
    """How behaviour may change, for an unsafe fix."""


class Change(NamedTuple):
    """An edit of the file that a rule looks at: bytes ``start`` to ``end`` become a text."""

    start: int
    end: int
    replacement: str


class Proposal(NamedTuple):
    """A fix as a rule yields it, before it is known which file the rule looks at."""

    title: str
    changes: tuple[Change, ...]
    safety: Safety = Safety.SAFE
    effect: str = ""

    def fix(self, path: str) -> Fix:
        """The fix of a file."""
        edits = tuple(Edit(path, *change) for change in self.changes)
        return Fix(self.title, self.safety, edits, self.effect)
