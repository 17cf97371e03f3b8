"""When certificates are renewed: at half of their life, spread out, and again after failures."""

import random

from seawall.mesh.agents.link import Pair

JITTER = 0.1
"""The share of half a life by which renewals are spread, to both sides."""
FIRST_RETRY, LONGEST_RETRY = 1.0, 150.0


def due_at(pair: Pair, random_: random.Random) -> float:
    """The time at which a certificate is to be renewed."""
    return pair.validity.share(random_.uniform(1 - JITTER, 1 + JITTER) / 2)


def retry_after(failures: int, now: float, end: float) -> float:
    """Seconds until the next try after some failures: twice as long each time, with a limit.

    It is never later than half of what is left until the certificate ends, at ``end``.
    """
    wait = min(FIRST_RETRY * 2.0 ** min(failures - 1, 10), LONGEST_RETRY)
    left = end - now
    return max(0.2, min(wait, left / 2)) if left > 0 else min(wait, 5.0)
