"""Fixes: what to change in the text so that a finding goes away."""

from collections.abc import Mapping, Sequence
from enum import Enum

from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple

Data = str | int | float | bool | None | Sequence["Data"] | Mapping[str, "Data"]
"""A value as YAML and JSON have it."""


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
    creates: bool = False
    """Whether the file must not be there yet: it is made of ``replacement`` alone."""


class Fix(NamedTuple):
    """A titled set of edits that belong together: all of them are made, or none."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
    effect: str = ""
    """How behaviour may change, for an unsafe fix."""
    note: str = ""
    """What is left for a person to do, such as the command that hands over a secret."""
    brings: tuple[str, ...] = ()
    """Rules that will report what is left to do."""


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
    elsewhere: tuple[Edit, ...] = ()
    """Edits of files beside that one, which the same fix makes."""
    note: str = ""
    """What is left for a person to do."""
    brings: tuple[str, ...] = ()
    """Rules that will report what is left to do."""

    def fix(self, path: str) -> Fix:
        """The fix of a file."""
        edits = (*(Edit(path, *change) for change in self.changes), *self.elsewhere)
        return Fix(self.title, self.safety, edits, self.effect, self.note, self.brings)


# In files of keys and values ------------------------------------------------------------------


class Set(NamedTuple):
    """Give a key or an item a value; mappings that are missing on the way are made."""

    path: KeyPath
    value: Data


class Remove(NamedTuple):
    """Take a key or an item away; the empty path is the whole document."""

    path: KeyPath


class Append(NamedTuple):
    """Add an item to the end of a list, which is made where it is missing."""

    path: KeyPath
    value: Data


class Prepend(NamedTuple):
    """Add an item to the start of a list, which is made where it is missing.

    Of several, the first stands first.
    """

    path: KeyPath
    value: Data


Operation = Set | Remove | Append | Prepend
"""A change of a document. Paths start at the document's root."""


class Repair(NamedTuple):
    """A fix of a document of keys and values, before anybody knows what its text looks like.

    ``document`` counts from 0 within the file. ``added`` are whole new documents for its end.
    """

    title: str
    path: str
    document: int
    operations: tuple[Operation, ...] = ()
    added: tuple[Mapping[str, Data], ...] = ()
    safety: Safety = Safety.SAFE
    effect: str = ""
    """How behaviour may change, for an unsafe repair."""
    note: str = ""
    """What is left for a person to do, such as the command that makes a Secret."""
    brings: tuple[str, ...] = ()
    """Rules that will report what is left to do."""
    risks: tuple[str, ...] = ()
    """Rules that report it, perhaps elsewhere, where the repair does not fit."""
    others: tuple["Repair", ...] = ()
    """What the same fix does to other documents: their operations alone count."""
