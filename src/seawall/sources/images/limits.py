"""How much of an image is read before it is called a bomb (CWE-400, CWE-409)."""

from seawall.core.named_tuple import NamedTuple


class Limits(NamedTuple):
    """What one layer may hold; of an image, all its layers together for ``entries``."""

    entries: int = 800_000
    """Members; they are held in memory, at some 400 bytes each. A large image has 300,000."""
    payload: int = 64 << 30
    """Bytes of one member."""
    header: int = 1 << 20
    """Bytes of one extended header (PAX records, a long name, a map of holes); as Go has it."""
    total: int = 256 << 30
    """Bytes of the unpacked tar."""
    ratio: int = 200
    """How often larger than its packed form a layer may be, once ``free`` bytes came out."""
    free: int = 1 << 30
    """Bytes that may come out before the ratio is looked at: files of zeros pack 1,000 times."""
    name: int = 4096
    """Bytes of a path: PATH_MAX of Linux."""
    depth: int = 256
    """Directories above a path."""
    names: int = 96 << 20
    """Bytes of all names and links of a layer together."""
    document: int = 16 << 20
    """Bytes of a JSON document: an index, a manifest, a configuration."""


DEFAULT = Limits()
