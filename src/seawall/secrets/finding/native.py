"""Has Hyperscan (or Vectorscan) look for all patterns at once, at about 1 GB/s.

Databases are built in about two seconds, so they are kept (``stored``). They carry the version of
the library and the machine they were built for; the library refuses one of another.
"""

from array import array
from collections.abc import Sequence
from typing import Any

from seawall.secrets.finding.finder import SHIFT, TOO_MANY, Events
from seawall.secrets.rules.shapes import Shape


class NativeFinder:
    """Finds with a compiled database."""

    ends = True

    def __init__(self, database: Any, scratch: Any) -> None:
        self._database = database
        self._scratch = scratch

    def twin(self) -> "NativeFinder":
        """See ``Finder``: what a scan works with is for one thread."""
        from hyperscan import Scratch  # noqa: PLC0415 - loaded by whoever made this

        return NativeFinder(self._database, Scratch(self._database))

    def find(self, data: bytes) -> tuple[Events, bool]:
        """See ``Finder``."""
        from hyperscan import ScanTerminated  # noqa: PLC0415 - loaded by whoever made this

        events = array("Q")
        append = events.append

        def note(index: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            append(index << SHIFT | end)
            return len(events) > TOO_MANY

        try:
            self._database.scan(data, match_event_handler=note, scratch=self._scratch)
        except ScanTerminated:
            return events, False
        return events, True


def available() -> bool:
    """Whether the library can be loaded."""
    try:
        import hyperscan  # noqa: F401, PLC0415 - 13 ms
    except ImportError:
        return False
    return True


def library_version() -> str:
    """The version of the library's binding."""
    import hyperscan  # noqa: PLC0415 - as above

    return str(vars(hyperscan)["__version__"])


def build(shapes: Sequence[Shape]) -> bytes:
    """A database for some patterns, as bytes; an event's index is the one in the sequence."""
    import hyperscan  # noqa: PLC0415 - as above

    database = hyperscan.Database()
    database.compile(
        expressions=[shape.trigger.encode("latin-1") for shape in shapes],
        ids=list(range(len(shapes))),
        elements=len(shapes),
        flags=[0] * len(shapes),
    )
    return bytes(hyperscan.dumpb(database))


def opened(data: bytes) -> NativeFinder | None:
    """The finder of a database; ``None`` when the library does not take it."""
    import hyperscan  # noqa: PLC0415 - as above

    try:
        database = hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK)
        scratch = hyperscan.Scratch(database)
    except hyperscan.HyperscanError:
        return None
    return NativeFinder(database, scratch)
