"""CVSS v2.0: metrics and equations. Source: FIRST, A Complete Guide to CVSS v2.0, section 3.2."""

from collections.abc import Mapping
from math import floor

_AV = {"L": 0.395, "A": 0.646, "N": 1.0}
_AC = {"H": 0.35, "M": 0.61, "L": 0.71}
_AU = {"M": 0.45, "S": 0.56, "N": 0.704}
_IMPACT = {"N": 0.0, "P": 0.275, "C": 0.66}
_E = {"U": 0.85, "POC": 0.9, "F": 0.95, "H": 1.0, "ND": 1.0}
_RL = {"OF": 0.87, "TF": 0.9, "W": 0.95, "U": 1.0, "ND": 1.0}
_RC = {"UC": 0.9, "UR": 0.95, "C": 1.0, "ND": 1.0}
_CDP = {"N": 0.0, "L": 0.1, "LM": 0.3, "MH": 0.4, "H": 0.5, "ND": 0.0}
_TD = {"N": 0.0, "L": 0.25, "M": 0.75, "H": 1.0, "ND": 1.0}
_REQUIREMENT = {"L": 0.5, "M": 1.0, "H": 1.51, "ND": 1.0}

METRICS: Mapping[str, Mapping[str, float]] = {
    "AV": _AV, "AC": _AC, "Au": _AU, "C": _IMPACT, "I": _IMPACT, "A": _IMPACT,
    "E": _E, "RL": _RL, "RC": _RC,
    "CDP": _CDP, "TD": _TD, "CR": _REQUIREMENT, "IR": _REQUIREMENT, "AR": _REQUIREMENT,
}  # fmt: skip
MANDATORY = frozenset(("AV", "AC", "Au", "C", "I", "A"))


def scores(chosen: Mapping[str, str]) -> tuple[float, float]:
    """The base score, and that with temporal and environmental metrics."""

    def value(name: str) -> float:
        return METRICS[name][chosen.get(name, "ND")]

    def impact(*requirements: float) -> float:
        c, i, a = (
            1 - value(name) * factor for name, factor in zip("CIA", requirements, strict=True)
        )
        return 10.41 * (1 - c * i * a)

    exploitability = 20 * value("AV") * value("AC") * value("Au")
    temporal = value("E") * value("RL") * value("RC")
    base = _base(impact(1, 1, 1), exploitability)
    adjusted_impact = min(10.0, impact(value("CR"), value("IR"), value("AR")))
    adjusted = _round(_base(adjusted_impact, exploitability) * temporal)
    overall = _round((adjusted + (10 - adjusted) * value("CDP")) * value("TD"))
    if all(chosen.get(name, "ND") == "ND" for name in ("CDP", "TD", "CR", "IR", "AR")):
        overall = _round(base * temporal)
    return base, max(0.0, overall)


def _base(impact: float, exploitability: float) -> float:
    if impact <= 0:
        return 0.0
    return _round((0.6 * impact + 0.4 * exploitability - 1.5) * 1.176)


def _round(value: float) -> float:
    return floor(value * 10 + 0.5 + 1e-9) / 10
