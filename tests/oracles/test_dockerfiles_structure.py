"""Our rules about structure against hadolint 2.15 on the recorded Dockerfiles.

Each difference is declared in dockerfiles_structure.toml with its number and its reason. Both sides
are compared by rule code and by the first line of the instruction. Files that hadolint cannot parse
(its DL1000) tell nothing of its other rules.
"""

import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from seawall.dockerfile.build import evaluate
from seawall.dockerfile.rules import all_rules
from seawall.text.dockerfile.parser import parse
from tests.dockerfile.corpus import Recorded, recorded
from tests.dockerfile.support import judge

_DECLARED = Path(__file__).parent / "dockerfiles_structure.toml"
CODES = frozenset(
    "DL3000 DL3011 DL3012 DL3020 DL3021 DL3022 DL3023 DL3024 DL3025 DL3029 DL3043 DL3044 DL3045 "
    "DL3048 DL3061 DL3063 DL3065 DL3067 DL4000 DL4003 DL4004".split()
)
RULES = [rule for rule in all_rules() if CODES.intersection(rule.aliases)]
Verdict = tuple[str, int]


class Differences(NamedTuple):
    """How often both sides agree, and each side's own verdicts by code."""

    agreed: Counter[str]
    alone: Counter[tuple[str, str]]
    examples: dict[tuple[str, str], list[str]]


def _ours(row: Recorded) -> set[Verdict]:
    build = evaluate(parse(row.text.encode("utf-8", "surrogateescape")))
    verdicts = set()
    for finding in judge(RULES, row.text):
        assert finding.location.span is not None
        line = finding.location.span.line
        for one in build.file.instructions:
            line = one.line if one.line <= line <= one.end_line else line
        verdicts |= {(alias, line) for alias in finding.rule.aliases if alias in CODES}
    return verdicts


def _compare() -> Differences:
    result = Differences(Counter(), Counter(), {})
    for row in recorded():
        if any(code == "DL1000" for code, _, _ in row.hadolint):
            continue
        ours = _ours(row)
        theirs = {(code, line) for code, _, line in row.hadolint if code in CODES}
        result.agreed.update(code for code, _ in ours & theirs)
        for side, verdicts in (("ours", ours - theirs), ("theirs", theirs - ours)):
            for code, line in verdicts:
                result.alone[code, side] += 1
                shown = f"file {row.number} line {line}: {row.text!r}"
                result.examples.setdefault((code, side), []).append(shown)
    return result


def test_every_difference_is_declared() -> None:
    items = tomllib.loads(_DECLARED.read_text(encoding="utf-8"))["difference"]
    declared = {(item["code"], item["side"]): item["count"] for item in items}
    assert len(declared) == len(items), "a difference is declared twice"
    assert all(item["reason"].strip() for item in items)
    found = _compare()
    wrong = [
        f"{code}, only {side}: found {found.alone[code, side]}, declared "
        f"{declared.get((code, side), 0)}; {found.examples.get((code, side), [''])[0]}"
        for code, side in sorted({*found.alone, *declared})
        if found.alone[code, side] != declared.get((code, side), 0)
    ]
    assert not wrong, "\n".join(wrong)
    assert found.agreed.total() > 550
    assert len(found.agreed) >= 14
