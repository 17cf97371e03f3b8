"""A value that git keeps: where it is, and who brought it."""

from seawall.core.named_tuple import NamedTuple

HEAD, INDEX, PAST, UNREACHABLE = "head", "index", "past", "unreachable"
"""Where a value is still to be found: in the commit that is checked out, in the index, in commits
that refs lead to, or only in objects that nothing leads to any more."""


class Origin(NamedTuple):
    """A commit that brought a value: ``author`` and ``time`` are what it claims."""

    commit: str
    author: str
    time: str
    path: str


class Leak(NamedTuple):
    """A value and everything that is known of it but the value itself."""

    digest: bytes
    """The value under this run's key."""
    rule: str
    certainty: int
    oid: str
    """The object that is shown, of all that hold it."""
    kind: str
    """``blob``, ``commit`` or ``tag``."""
    name: str
    """The path of that object; empty where it has none."""
    place: str
    """How reports call it: a path, or ``COMMIT:PATH`` where it is not checked out."""
    state: str
    introduced: Origin | None
    """The oldest commit that brought it."""
    newest: Origin | None
    commits: int
    """How many commits brought it, each time to a path where it was not."""
    authors: tuple[str, ...]
    """Who made these commits, the oldest first."""
    paths: tuple[str, ...]
    objects: int
    """How many blobs and messages hold it."""
    also: tuple[str, ...] = ()
    """Other rules that found it."""
    oids: frozenset[str] = frozenset()
    """The objects that hold it, and the commits that brought these; where somebody asks for it."""
    bringers: tuple[str, ...] = ()
