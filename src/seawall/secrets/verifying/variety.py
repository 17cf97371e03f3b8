"""Whether a value varies as much as a drawn one does: what can be said without a checksum."""

from seawall.secrets.randomness import distinct_enough, has_run
from seawall.secrets.verifying.verdict import PLAUSIBLE, REFUTED, Verdict

_FEWEST = 5
_HEAD = 12
"""A prefix says nothing: what follows it is looked at."""


def check_spread(value: str) -> Verdict:
    """Refuted where hardly anything varies: ``xxxx``, ``1234567890`` again and again."""
    tail = _tail(value)
    if len(set(tail)) < min(_FEWEST, max(len(tail) // 2, 1)) or has_run(tail):
        return REFUTED
    return PLAUSIBLE


def check_random(value: str) -> Verdict:
    """Refuted where so few characters differ that it was not drawn."""
    tail = _tail(value).replace("-", "").replace("_", "")
    if has_run(tail) or not distinct_enough(tail):
        return REFUTED
    return PLAUSIBLE


def _tail(value: str) -> str:
    return value[min(_HEAD, len(value) // 4) :]


def check_any(_value: str) -> Verdict:
    """Nothing is known of such a value but its form."""
    return PLAUSIBLE
