"""What a finder is."""

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from array import array

SHIFT = 40
"""An event is one number, so that a hostile file's millions of them are small: ``index << SHIFT |
place``, both counted from 0."""
PLACES = (1 << SHIFT) - 1
TOO_MANY = 400_000
"""Events of one buffer after which a finder stops and says so."""

Events: TypeAlias = "array[int]"


class Finder(Protocol):
    """Finds where patterns may match."""

    ends: bool
    """Whether places are the ends of what must match, not somewhere within it.

    The byte that a place tells of is the one before it: an end is exclusive."""

    def twin(self) -> "Finder":
        """The same for another thread."""

    def find(self, data: bytes) -> tuple[Events, bool]:
        """Events in any order, and whether all are there."""
