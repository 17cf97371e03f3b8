"""What may be a secret, before and after it is judged."""

from enum import IntEnum

from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted


class Proof(IntEnum):
    """What a look at the value alone says, without asking anybody."""

    REFUTED = 0
    """It cannot be what it looks like: its checksum is wrong, or nothing in it varies."""
    PLAUSIBLE = 1
    """Nothing speaks against it."""
    PROVEN = 2
    """A checksum in it is right, or it is a key that can be read: no accident makes that."""


class Certainty(IntEnum):
    """How sure we are that a value is a secret."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CERTAIN = 3


class Part(NamedTuple):
    """A stretch of a text, in bytes; the end is exclusive."""

    start: int
    end: int


NOWHERE = Part(0, 0)


class Candidate(NamedTuple):
    """A stretch of a text that may be a secret.

    ``start`` and ``end`` are bytes of the text. Where ``decoded`` is not empty they are those of
    the outermost encoded value.
    """

    rule: str
    """A rule's id, or a reader's for what no provider's pattern tells."""
    start: int
    end: int
    value: Redacted
    name: str = ""
    """What it stands under: a variable, key, option or header."""
    form: str = ""
    """How it stands there: ``quoted``, ``bare``, ``call``, ``url`` and so on."""
    proof: Proof = Proof.PLAUSIBLE
    about: str = ""
    """What the value tells about itself without giving anything away: the account of a key, say."""
    beside: Part = NOWHERE
    """The user, key id or host that belongs to it."""
    decoded: tuple[str, ...] = ()
    """How the value was unpacked, outermost first: ``base64``, ``gzip``."""
    inner: Part = NOWHERE
    """Where it stands in what was unpacked."""


class Secret(NamedTuple):
    """A candidate that was judged to be one."""

    candidate: Candidate
    certainty: Certainty
    score: int
    """The sum of the weights: tenths of the natural logarithm of the odds."""
    occurrences: tuple[Part, ...]
    """Everywhere the same value stands in the text, in order, the candidate's place first."""
    also: tuple[str, ...] = ()
    """Other rules that say the same of this place."""
    allowed: str = ""
    """What of a user's configuration lets it pass, as ``.gitleaks.toml:12: test data``."""
