"""CVSS v4.0: metrics, MacroVectors and the interpolation between them.

Source: FIRST, CVSS v4.0 specification, sections 2 to 4 (metrics), 8.1 and 8.2 (equivalence
classes, MacroVectors, interpolation). The scores of the 270 MacroVectors are FIRST's table, as
its calculator has it.
"""

from collections.abc import Mapping, Sequence

_LEVELS = {
    "AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA",
    "VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "SHLN", "SI": "SHLN", "SA": "SHLN",
    "CR": "HML", "IR": "HML", "AR": "HML",
}  # fmt: skip
"""The values of each metric, worst first: their places are the levels of section 8.2."""

_BASE = {
    "AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA",
    "VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "HLN", "SI": "HLN", "SA": "HLN",
}  # fmt: skip
METRICS: Mapping[str, Sequence[str]] = {
    **_BASE,
    "E": "XAPU",
    "CR": "XHML", "IR": "XHML", "AR": "XHML",
    **{f"M{name}": "X" + values for name, values in _BASE.items()},
    "MSI": "XSHLN", "MSA": "XSHLN",
    "S": "XNP", "AU": "XNY", "R": "XAUI", "V": "XDC", "RE": "XLMH",
    "U": ("X", "Clear", "Green", "Amber", "Red"),
}  # fmt: skip
MANDATORY = frozenset(_BASE)

_TABLE = """
0000 10.0 9.8 9.5 10.0 9.3 9.1 9.3 8.9 8.1
0001 9.9 9.5 9.2 9.6 8.7 8.1 9.0 8.0 6.8
0010 9.8 9.5 9.0 9.3 8.9 8.1 8.8 7.8 6.9
0011 9.5 9.2 8.4 9.2 8.1 6.5 8.0 7.0 4.8
0021 9.2 8.2 7.2 7.9 6.9 5.0 6.9 5.5 2.7
0100 9.9 9.5 9.2 9.5 9.0 8.4 9.2 8.2 7.2
0101 9.7 9.2 8.5 9.1 8.3 7.1 8.1 7.1 5.3
0110 9.5 9.2 8.5 9.2 8.0 7.0 8.4 7.1 5.0
0111 9.3 8.5 7.3 8.2 7.2 5.9 7.0 5.2 3.0
0121 8.6 7.5 5.2 7.1 5.2 2.9 6.3 2.9 1.7
1000 9.8 9.4 9.1 9.4 8.6 7.7 8.7 7.4 6.3
1001 9.5 8.7 8.1 8.9 7.4 6.4 7.5 6.3 4.9
1010 9.4 8.8 7.6 8.6 7.4 5.9 7.2 5.7 5.2
1011 8.9 7.7 6.7 7.6 5.8 5.0 5.7 5.2 2.5
1021 8.3 7.0 5.4 6.5 5.8 2.6 5.3 2.1 1.3
1100 9.5 8.8 7.6 9.0 7.5 6.1 7.7 6.8 5.2
1101 9.0 7.6 7.0 7.7 6.2 5.3 6.6 5.9 3.0
1110 8.9 7.6 6.2 7.4 5.7 4.7 6.1 5.7 2.4
1111 7.8 6.7 5.8 5.9 5.7 2.3 5.2 2.9 1.6
1121 7.1 5.9 3.0 5.8 2.6 1.5 2.3 1.3 0.6
2000 9.3 8.6 7.5 8.6 7.4 5.6 7.0 5.2 4.0
2001 8.7 7.2 5.8 7.4 6.1 3.4 5.4 4.0 2.2
2010 8.5 7.4 6.2 7.2 5.5 4.6 5.3 3.4 1.9
2011 7.5 5.5 5.1 5.7 4.1 1.9 3.6 1.9 0.8
2021 6.4 5.1 2.0 4.7 2.1 1.1 2.4 0.9 0.4
2100 8.8 7.3 6.0 7.3 5.9 4.1 5.4 4.5 2.0
2101 7.5 5.3 5.0 5.5 4.0 2.0 4.3 2.2 1.1
2110 7.5 5.8 4.0 6.1 4.8 2.0 4.6 1.7 0.8
2111 5.5 4.5 2.1 5.1 1.8 0.9 1.8 0.7 0.2
2121 5.3 2.4 1.4 2.4 1.2 0.5 1.0 0.3 0.1
"""
"""Scores of MacroVectors: a row has EQ1, EQ2, EQ3 and EQ6, then those of EQ4 and EQ5 00 to 22."""

_Equivalence = tuple[int, int, int, int, int, int]
"""The levels of EQ1 to EQ6."""


def _macro_scores() -> dict[_Equivalence, float]:
    found: dict[_Equivalence, float] = {}
    for row in _TABLE.split("\n"):
        levels, _, values = row.partition(" ")
        for place, value in enumerate(values.split()):
            eq1, eq2, eq3, eq6 = map(int, levels)
            found[eq1, eq2, eq3, place // 3, place % 3, eq6] = float(value)
    return found


_SCORES = _macro_scores()

# Of each class: the metrics it is about, its highest vectors (levels of those metrics) and its
# depth, the greatest distance within it (tables 24 to 29 and the text after them).
_EQ1 = ("AV", "PR", "UI")
_EQ1_HIGHEST = (("NNN",), ("ANN", "NLN", "NNP"), ("PNN", "ALP"))
_EQ1_DEPTH = (1, 4, 5)
_EQ2 = ("AC", "AT")
_EQ2_HIGHEST = (("LN",), ("HN", "LP"))
_EQ2_DEPTH = (1, 2)
_EQ36 = ("VC", "VI", "VA", "CR", "IR", "AR")
_EQ36_HIGHEST = {
    (0, 0): ("HHHHHH",),
    (0, 1): ("HHLMMH", "HHHMMM"),
    (1, 0): ("LHHHHH", "HLHHHH"),
    (1, 1): ("LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"),
    (2, 1): ("LLLHHH",),
}
_EQ36_DEPTH = {(0, 0): 7, (0, 1): 6, (1, 0): 8, (1, 1): 8, (2, 1): 10}
_EQ4 = ("SC", "SI", "SA")
_EQ4_HIGHEST = (("HSS",), ("HHH",), ("LLL",))
_EQ4_DEPTH = (6, 5, 4)


def scores(chosen: Mapping[str, str]) -> tuple[float, float]:
    """The base score (CVSS-B), and that with threat and environmental metrics (CVSS-BTE)."""
    base = _score({name: chosen[name] for name in _BASE} | {"E": "A", **_WORST_REQUIREMENTS})
    effective = {name: _effective(chosen, name) for name in _LEVELS}
    exploited = chosen.get("E", "X")
    return base, _score(effective | {"E": "A" if exploited == "X" else exploited})


_WORST_REQUIREMENTS = {"CR": "H", "IR": "H", "AR": "H"}


def _effective(chosen: Mapping[str, str], name: str) -> str:
    modified = chosen.get(f"M{name}", "X")
    if modified != "X":
        return modified
    value = chosen.get(name, "X")
    return _WORST_REQUIREMENTS[name] if value == "X" else value


def _score(metrics: Mapping[str, str]) -> float:
    if all(metrics[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0.0
    levels = _equivalence(metrics)
    score = _SCORES[levels]
    parts = [
        _share(score - lower, distance, depth)
        for lower, distance, depth in _steps(metrics, levels)
        if lower is not None
    ]
    if parts:
        score -= sum(parts) / len(parts)
    return int(min(max(score, 0.0), 10.0) * 10 + 0.5 + 1e-5) / 10


def _share(available: float, distance: int, depth: int) -> float:
    return available * (distance / depth)


def _steps(metrics: Mapping[str, str], levels: _Equivalence) -> list[tuple[float | None, int, int]]:
    """Of each class: the next lower MacroVector's score, the distance from the top, the depth."""
    eq1, eq2, eq3, eq4, eq5, eq6 = levels
    get = _SCORES.get
    if (eq3, eq6) == (0, 0):
        below = max(_SCORES[eq1, eq2, 0, eq4, eq5, 1], _SCORES[eq1, eq2, 1, eq4, eq5, 0])
        lower_eq36: float | None = below
    elif eq6 == 1:
        lower_eq36 = get((eq1, eq2, eq3 + 1, eq4, eq5, 1))
    else:
        lower_eq36 = get((eq1, eq2, eq3, eq4, eq5, 1))
    eq36 = (eq3, eq6)
    return [
        (get((eq1 + 1, eq2, eq3, eq4, eq5, eq6)),
         _distance(metrics, _EQ1, _EQ1_HIGHEST[eq1]), _EQ1_DEPTH[eq1]),
        (get((eq1, eq2 + 1, eq3, eq4, eq5, eq6)),
         _distance(metrics, _EQ2, _EQ2_HIGHEST[eq2]), _EQ2_DEPTH[eq2]),
        (lower_eq36,
         _distance(metrics, _EQ36, _EQ36_HIGHEST[eq36]), _EQ36_DEPTH[eq36]),
        (get((eq1, eq2, eq3, eq4 + 1, eq5, eq6)),
         _distance(metrics, _EQ4, _EQ4_HIGHEST[eq4]), _EQ4_DEPTH[eq4]),
        (get((eq1, eq2, eq3, eq4, eq5 + 1, eq6)), 0, 1),
    ]  # fmt: skip


def _distance(metrics: Mapping[str, str], names: Sequence[str], highest: Sequence[str]) -> int:
    """How far a vector is below the first of the highest ones that it is not above of."""
    for vector in highest:
        steps = [
            _LEVELS[name].index(metrics[name]) - _LEVELS[name].index(top)
            for name, top in zip(names, vector, strict=True)
        ]
        if min(steps) >= 0:
            return sum(steps)
    raise AssertionError(f"no highest vector of {names} is above this one")


def _equivalence(metrics: Mapping[str, str]) -> _Equivalence:
    """The MacroVector (tables 24 to 29)."""
    easy = [metrics[name] == "N" for name in _EQ1]
    eq1 = 0 if all(easy) else 1 if any(easy) and metrics["AV"] != "P" else 2
    eq2 = 0 if metrics["AC"] == "L" and metrics["AT"] == "N" else 1
    high = [metrics[name] == "H" for name in ("VC", "VI", "VA")]
    eq3 = 0 if high[0] and high[1] else 1 if any(high) else 2
    if "S" in (metrics["SI"], metrics["SA"]):
        eq4 = 0
    else:
        eq4 = 1 if "H" in (metrics["SC"], metrics["SI"], metrics["SA"]) else 2
    eq5 = "APU".index(metrics["E"])
    needed = [metrics[name] == "H" for name in ("CR", "IR", "AR")]
    eq6 = 0 if any(a and b for a, b in zip(high, needed, strict=True)) else 1
    return eq1, eq2, eq3, eq4, eq5, eq6
