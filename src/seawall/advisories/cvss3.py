"""CVSS v3.0 and v3.1: metrics and equations.

Sources: FIRST, CVSS v3.0 specification, section 8; CVSS v3.1 specification, section 7 and appendix
A. The two differ in how they round and in the environmental impact of a changed scope.
"""

from collections.abc import Mapping, Sequence

_AV = {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}
_AC = {"L": 0.77, "H": 0.44}
_PR = {"N": 0.85, "L": 0.62, "H": 0.27}
_PR_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
_UI = {"N": 0.85, "R": 0.62}
_S = {"U": 0.0, "C": 1.0}
_IMPACT = {"H": 0.56, "L": 0.22, "N": 0.0}
_BASE = {
    "AV": _AV, "AC": _AC, "PR": _PR, "UI": _UI, "S": _S, "C": _IMPACT, "I": _IMPACT, "A": _IMPACT,
}  # fmt: skip
_REQUIREMENT = {"X": 1.0, "H": 1.5, "M": 1.0, "L": 0.5}

METRICS: Mapping[str, Mapping[str, float]] = {
    **_BASE,
    "E": {"X": 1.0, "H": 1.0, "F": 0.97, "P": 0.94, "U": 0.91},
    "RL": {"X": 1.0, "U": 1.0, "W": 0.97, "T": 0.96, "O": 0.95},
    "RC": {"X": 1.0, "C": 1.0, "R": 0.96, "U": 0.92},
    "CR": _REQUIREMENT, "IR": _REQUIREMENT, "AR": _REQUIREMENT,
    **{f"M{name}": {"X": 0.0, **values} for name, values in _BASE.items()},
}  # fmt: skip
MANDATORY = frozenset(_BASE)
_ENVIRONMENTAL = frozenset(("CR", "IR", "AR", *(f"M{name}" for name in _BASE)))


def scores_3_0(chosen: Mapping[str, str]) -> tuple[float, float]:
    """The base score, and that with temporal and environmental metrics, of v3.0."""
    return _scores(chosen, newer=False)


def scores_3_1(chosen: Mapping[str, str]) -> tuple[float, float]:
    """The same of v3.1."""
    return _scores(chosen, newer=True)


def _scores(chosen: Mapping[str, str], *, newer: bool) -> tuple[float, float]:
    base = _round_up(_equation({name: chosen[name] for name in _BASE}, (1, 1, 1), newer=None))
    temporal = 1.0
    for name in ("E", "RL", "RC"):
        temporal *= METRICS[name][chosen.get(name, "X")]
    if not any(chosen.get(name, "X") != "X" for name in _ENVIRONMENTAL):
        return base, _round_up(base * temporal)
    modified = {}
    for name in _BASE:
        changed = chosen.get(f"M{name}", "X")
        modified[name] = chosen[name] if changed == "X" else changed
    requirements = [_REQUIREMENT[chosen.get(name, "X")] for name in ("CR", "IR", "AR")]
    environmental = _round_up(_equation(modified, requirements, newer=newer))
    return base, _round_up(environmental * temporal)


def _equation(
    metrics: Mapping[str, str], requirements: Sequence[float], *, newer: bool | None
) -> float:
    """The unrounded score; ``newer`` is ``None`` for the base score, which the versions share."""
    c, i, a = (
        1 - _IMPACT[metrics[name]] * factor
        for name, factor in zip("CIA", requirements, strict=True)
    )
    loss = 1 - c * i * a
    if newer is not None:
        loss = min(loss, 0.915)
    changed = metrics["S"] == "C"
    if not changed:
        impact = 6.42 * loss
    elif newer:
        impact = 7.52 * (loss - 0.029) - 3.25 * (loss * 0.9731 - 0.02) ** 13
    else:
        impact = 7.52 * (loss - 0.029) - 3.25 * (loss - 0.02) ** 15
    if impact <= 0:
        return 0.0
    privileges = (_PR_CHANGED if changed else _PR)[metrics["PR"]]
    exploitability = (
        8.22 * _AV[metrics["AV"]] * _AC[metrics["AC"]] * privileges * _UI[metrics["UI"]]
    )
    return min((1.08 if changed else 1.0) * (impact + exploitability), 10.0)


def _round_up(value: float) -> float:
    """Up to one decimal; v3.1's way, which v3.0 had in mind: 4.000000001 is 4.0 (appendix A)."""
    hundred_thousandths = round(value * 100_000)
    return -(-hundred_thousandths // 10_000) / 10
