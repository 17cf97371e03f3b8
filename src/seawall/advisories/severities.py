"""How bad a vulnerability is, out of what several parties say of it.

A distribution's word for its own release counts first, then the record's own, then that of the
advisory of GitHub, of the CNA, of NVD, of CISA; what NVD has from others comes last. Versions of
CVSS are not mixed: 3 is what policies are written for, 4 counts where there is no 3, 2 where there
is nothing else. Scores are computed from vectors, never taken from a bare number.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from seawall.advisories.advisory import Score
from seawall.advisories.schema import SEVERITIES

_WORDS = {
    "unimportant": "negligible",
    "negligible": "negligible",
    "none": "negligible",
    "low": "low",
    "minor": "low",
    "moderate": "medium",
    "medium": "medium",
    "important": "high",
    "high": "high",
    "critical": "critical",
}
_RANKS = {"ghsa": 0, "cna": 2, "nvd": 3, "cisa-adp": 4}
ADVISORY = 1
"""The rank of other advisories: of a language's own database, of a vendor."""
_SECONDARY = 5
NOBODY = 9


class Verdict(NamedTuple):
    """How bad somebody says it is."""

    severity: int
    """Its place in ``schema.SEVERITIES``; 0 for nothing known."""
    score: int | None
    """Ten times the CVSS base score, where there is a vector."""
    scorer: str
    """Who says so."""
    rank: int


UNKNOWN = Verdict(0, None, "", NOBODY)


def number_of(word: str) -> int:
    """The number of a word, in any of the vocabularies of sources; 0 where it is no opinion.

    Debian's urgency may carry stars: ``medium**``.
    """
    return SEVERITIES.index(_WORDS.get(word.strip().rstrip("*").lower(), ""))


def number_of_score(score: int) -> int:
    """The number of ten times a CVSS score, in the bands of CVSS 3."""
    if score <= 0:
        return 1
    if score < 40:
        return 2
    if score < 70:
        return 3
    return 4 if score < 90 else 5


def verdict(scores: Sequence[Score]) -> Verdict:
    """The verdict that counts among those of one record."""
    best = UNKNOWN
    for source in dict.fromkeys((score.source, score.secondary) for score in scores):
        own = [score for score in scores if (score.source, score.secondary) == source]
        found = _of_one(own)
        if found.severity and found.rank < best.rank:
            best = found
    return best


def _of_one(scores: Sequence[Score]) -> Verdict:
    """The verdict of one party: of its vectors the one that counts, else its word."""
    first = scores[0]
    rank = _SECONDARY if first.secondary else _RANKS.get(first.source, ADVISORY)
    for number in of_vectors(score.vector for score in scores if score.vector):
        return Verdict(number_of_score(number), number, first.source, rank)
    for score in scores:
        number = number_of(score.word)
        if number:
            return Verdict(number, None, first.source, rank)
    return UNKNOWN


def of_vectors(vectors: Iterable[str]) -> list[int]:
    """Ten times the score of the vector that counts, in a list; none where none can be read."""
    from seawall.advisories import cvss  # noqa: PLC0415 - its tables, for a build only

    for vector in sorted(vectors, key=_order):
        score = cvss.score(vector)
        if score is not None:
            return [round(score.base * 10)]
    return []


def _order(vector: str) -> tuple[int, str]:
    for place, prefix in enumerate(("CVSS:3.1/", "CVSS:3.0/", "CVSS:4.")):
        if vector.startswith(prefix):
            return place, vector
    return 3, vector
