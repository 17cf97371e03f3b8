"""A form of token, as the data files describe it."""

from seawall.core.named_tuple import NamedTuple
from seawall.core.severity import Severity


class Rule(NamedTuple):
    """A pattern with what is known about what it finds."""

    id: str
    title: str
    """What it finds, as a noun without an article: ``GitHub token``."""
    provider: str
    severity: Severity
    pattern: str
    """Regular expression in what RE2, Hyperscan and Python read alike.

    It matches the whole token, or has a group ``secret``.
    """
    after: tuple[str, ...]
    """Patterns of names (any case): the token counts only as a value assigned to such a name."""
    verify: str
    """The check of its value: a name in ``seawall.secrets.verifying``."""
    revoke: str
    """Where its owner makes it worthless."""
    pairs: str = ""
    """The rule of the public half (a key id) that belongs to it."""
    identifier: bool = False
    """Whether it only names something: such a finding is never more than of low certainty."""
