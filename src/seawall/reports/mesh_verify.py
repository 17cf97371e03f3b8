"""What ``seawall mesh verify`` found, for people and for programs."""

import json
from typing import Any

from seawall.mesh.verifying.lines import Line, Verdict
from seawall.reports.visible import visible

_WORDS = {True: "ok", False: "NOT OK", None: "-"}


def text(verdict: Verdict) -> str:
    """A line for each attack; what did not come out as it should stands at the end again."""
    rows = [("", "ATTACK", "ON", "EXPECTED", "SEEN"), *map(_row, verdict.lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join((*(part.ljust(width) for part, width in zip(row, widths, strict=False)), row[4]))
        for row in rows
    ]
    return "\n".join([*(line.rstrip() for line in lines), "", summary(verdict), ""])


def summary(verdict: Verdict) -> str:
    """How many of each."""
    tried = len(verdict.lines) - len(verdict.not_tried)
    good = tried - len(verdict.failed)
    parts = [f"{good} of {tried} attacks came out as they should"]
    if verdict.not_tried:
        parts.append(f"{len(verdict.not_tried)} not tried")
    failed = [f"NOT OK: {line.attack} on {line.target}: {line.seen}" for line in verdict.failed]
    return "\n".join(map(visible, [*failed, "; ".join(parts)]))


def plain(verdict: Verdict) -> dict[str, Any]:
    """The same for programs: ``ok`` is null for what was not tried."""
    return {
        "mesh": verdict.mesh,
        "trust_domain": verdict.trust_domain,
        "ok": not verdict.failed,
        "lines": [line._asdict() for line in verdict.lines],
    }


def as_json(verdict: Verdict) -> str:
    """The same as text."""
    return json.dumps(plain(verdict), indent=2) + "\n"


def _row(line: Line) -> tuple[str, str, str, str, str]:
    parts = (line.attack, line.target, line.expected, line.seen)
    attack, target, expected, seen = map(visible, parts)
    return _WORDS[line.ok], attack, target, expected, seen
