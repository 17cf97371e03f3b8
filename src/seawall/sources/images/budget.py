"""What the walk over an image may take, and whether anybody still waits for it."""

from seawall.sources.images.entry import Entry
from seawall.sources.images.problems import NO_IMAGE, ArchiveError
from seawall.sources.images.unpacking import Stream

_ENTRY = 400
"""Bytes of memory for each entry beside its names, of which an image's walk counts up."""
_HELD = 400 << 20
"""Bytes of memory for all entries of an image."""


class Budget:
    """What the entries of all layers may take of memory; whoever takes the last of it is no matter.

    It is counted in steps, without a lock: the sum is what decides, and it is far above them.
    """

    def __init__(self) -> None:
        self.left = _HELD
        self.is_over = False
        """Whether nobody waits for the layers any more."""

    def take(self, name: str, entries: list[Entry], start: int) -> None:
        """Count entries from a number on. Raises ``ArchiveError`` when there is nothing left."""
        if self.is_over:
            raise Stopped
        new = entries[start:]
        names = sum([len(entry.path) + len(entry.link) for entry in new])
        self.left -= len(new) * _ENTRY + names
        if self.left < 0:
            raise ArchiveError(
                name, -1, f"the files of all layers need more than {_HELD >> 20} MB to be listed",
                NO_IMAGE,
            )  # fmt: skip


class Stopped(BaseException):
    """The walk has ended in another thread, with an error or Ctrl-C."""


class Watched:
    """The stream of a layer, for as long as somebody waits for it."""

    def __init__(self, stream: Stream, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget
        self.close = stream.close

    def read(self, size: int, /) -> bytes:
        """What the stream has; raises ``Stopped`` where nobody waits for it."""
        if self._budget.is_over:
            raise Stopped
        return self._stream.read(size)
