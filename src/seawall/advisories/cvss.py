"""CVSS: the scores that vectors stand for, computed here and not taken from whoever gives them.

Sources: FIRST's specifications of CVSS v2.0 (section 3.2), v3.0 and v3.1 (section 7 and appendix
A), v4.0 (section 8); the words for v2.0 are NVD's.
"""

from functools import lru_cache

from seawall.advisories import cvss2, cvss3, cvss4
from seawall.core.named_tuple import NamedTuple

MAX_VECTOR = 512
"""Characters; the longest that v4.0 allows has about 220."""


class Score(NamedTuple):
    """What a vector stands for."""

    version: str
    """``2.0``, ``3.0``, ``3.1`` or ``4.0``."""
    base: float
    """The base score, 0.0 to 10.0."""
    overall: float
    """With the threat (temporal) and environmental metrics that the vector has."""
    severity: str
    """The word for ``base``: ``none``, ``low``, ``medium``, ``high`` or ``critical``."""


_VERSIONS = {
    "2.0": (cvss2.METRICS, cvss2.MANDATORY, cvss2.scores),
    "3.0": (cvss3.METRICS, cvss3.MANDATORY, cvss3.scores_3_0),
    "3.1": (cvss3.METRICS, cvss3.MANDATORY, cvss3.scores_3_1),
    "4.0": (cvss4.METRICS, cvss4.MANDATORY, cvss4.scores),
}


@lru_cache(maxsize=4096)  # of 100,000 records of a database, few thousand vectors differ
def score(vector: str) -> Score | None:
    """The scores of a vector; ``None`` when it is none.

    Every base metric must be there and none twice; their order does not matter. Brackets around
    a vector of v2.0 and a slash at an end are left out, as NVD and others write them.
    """
    if len(vector) > MAX_VECTOR:
        return None
    version, metrics = _split(vector.strip())
    if version not in _VERSIONS:
        return None
    known, mandatory, scores = _VERSIONS[version]
    chosen: dict[str, str] = {}
    for part in metrics.split("/"):
        name, colon, value = part.partition(":")
        if not colon or name in chosen or value not in known.get(name, ()):
            return None
        chosen[name] = value
    if not mandatory <= chosen.keys():
        return None
    base, overall = scores(chosen)
    return Score(version, base, overall, band(base, version))


def _split(vector: str) -> tuple[str, str]:
    if vector.startswith("CVSS:"):
        version, _, metrics = vector[5:].partition("/")
        return version, metrics.removesuffix("/")
    if vector.startswith("(") and vector.endswith(")"):
        vector = vector[1:-1]
    return "2.0", vector.removesuffix("/")


def band(value: float, version: str = "3.1") -> str:
    """The word for a score: the scale of CVSS v3 and v4, or NVD's of v2.0, which has three."""
    if version == "2.0":
        return "low" if value < 4 else "medium" if value < 7 else "high"
    if value < 0.1:
        return "none"
    if value < 7:
        return "low" if value < 4 else "medium"
    return "high" if value < 9 else "critical"
