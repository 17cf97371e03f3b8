"""How much comes out of an archive before it is called a bomb (CWE-400, CWE-409)."""

from seawall.core.named_tuple import NamedTuple


class Limits(NamedTuple):
    """What one file may unpack to, with all that is nested in it."""

    depth: int = 4
    """Archives within each other; a tar that is compressed counts once."""
    member: int = 256 << 20
    """Bytes of one member."""
    held: int = 64 << 20
    """Bytes of an archive within another one that can only be read as a whole (zip)."""
    total: int = 4 << 30
    """Bytes of all members."""
    entries: int = 200_000
    """Members."""
    ratio: int = 200
    """How often larger than its packed form anything may be, once ``free`` bytes came out."""
    free: int = 10 << 20
    """Bytes that may come out before the ratio is looked at."""
    notes: int = 50
    """Notes on what was not read."""


DEFAULT = Limits()
