"""What a check says."""

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.candidate import Proof


class Verdict(NamedTuple):
    """Whether a value is what it looks like, and what it tells that is not secret."""

    proof: Proof
    about: str = ""


REFUTED = Verdict(Proof.REFUTED)
PLAUSIBLE = Verdict(Proof.PLAUSIBLE)
PROVEN = Verdict(Proof.PROVEN)
