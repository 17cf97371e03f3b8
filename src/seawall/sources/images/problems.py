"""What is wrong with an image: errors that end the reading of a part, and what is only told."""

from seawall.core.errors import InputError
from seawall.core.named_tuple import NamedTuple
from seawall.sources.files import shown

AGAIN = "fetch or build it again"
NO_IMAGE = "see whether it is an image at all"
FORBIDDEN = "see whether you may read it"
DISTRUST = "do not trust it: fetch it again from where it was made"
"""Remedies that errors end in."""
_MAX_TOLD = 100


class ArchiveError(InputError):
    """A layer, an archive or a description of an image that cannot be read any further.

    ``path`` names what was read (an archive, a layer by its digest), ``offset`` the byte of it
    (of the unpacked tar where it is packed; -1 where there is none), ``reason`` what is wrong
    there and ``remedy`` what to do.
    """

    def __init__(self, path: str, offset: int, reason: str, remedy: str) -> None:
        where = f"{path}: at byte {offset}: " if offset >= 0 else f"{path}: "
        super().__init__(f"{where}{reason}; {remedy}")
        self.path = path
        self.offset = offset
        self.reason = reason
        self.remedy = remedy


class Problem(NamedTuple):
    """Something odd that reading went past: ``path`` of the member, ``offset`` of its header."""

    path: str
    offset: int
    reason: str


class Problems:
    """A list that a hostile archive cannot make grow without end."""

    __slots__ = ("more", "told")

    def __init__(self) -> None:
        self.told: list[Problem] = []
        self.more = 0
        """How many are not in the list."""

    def add(self, path: str, offset: int, reason: str) -> None:
        """Tell of a problem."""
        if len(self.told) < _MAX_TOLD:
            self.told.append(Problem(shown(path), offset, reason))
        else:
            self.more += 1
