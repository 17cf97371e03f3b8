"""Our verdicts against those of five other tools: every difference is declared, with its reason.

The declarations are in differences.toml. The table of agreement is printed with ``pytest -s``.
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.verdicts import Difference, Verdicts, by_file, compare, linters
from tests.shared import needs_shared

pytestmark = needs_shared

DECLARED: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "differences.toml").read_text()
).get("difference", [])

TOOLS: dict[str, Callable[[], Iterator[Verdicts]]] = {
    "linters": linters,
    "trivy": lambda: by_file("trivy", "trivy-kubernetes.jsonl.zst"),
    "checkov": lambda: by_file("checkov", "checkov-kubernetes.jsonl.zst"),
}


def declaration_of(difference: Difference) -> int | None:
    """The first declaration that covers a difference."""
    for number, item in enumerate(DECLARED):
        if (
            item["tool"] == difference.tool
            and difference.id in item["ids"]
            and item["side"] == difference.side
            and any(fnmatch(difference.file, pattern) for pattern in item.get("files", ["*"]))
            and any(fnmatch(difference.subject[0], kind) for kind in item.get("kinds", ["*"]))
        ):
            return number
    return None


@pytest.mark.parametrize("source", TOOLS)
def test_every_difference_is_declared(source: str) -> None:
    agreed: Counter[tuple[str, str]] = Counter()
    used: Counter[int] = Counter()
    undeclared: dict[tuple[str, str, str], list[Difference]] = defaultdict(list)
    tools: set[str] = set()
    for item in TOOLS[source]():
        tools.add(item.tool)
        for id_, count, differences in compare(item):
            agreed[item.tool, id_] += count
            for difference in differences:
                number = declaration_of(difference)
                if number is None:
                    undeclared[difference[:3]].append(difference)
                else:
                    used[number] += 1
    declared = {number: item for number, item in enumerate(DECLARED) if item["tool"] in tools}
    differing: Counter[tuple[str, str]] = Counter()
    for number, entry in declared.items():
        for id_ in entry["ids"]:
            differing[entry["tool"], id_] += used[number]
    for (tool, id_), count in sorted(agreed.items()):
        print(f"{tool:12} {id_:60} agree {count:5}  declared differences {differing[tool, id_]:4}")
    problems = [
        f"{len(items)} undeclared: {tool} {id_}, only {side}: "
        + "; ".join(f"{d.file} {'/'.join(d.subject)}" for d in items[:5])
        for (tool, id_, side), items in sorted(undeclared.items())
    ]
    problems += [
        f"declared {entry['count']} but found {used[number]}: {entry['tool']} {entry['ids']} "
        f"only {entry['side']}: {entry['reason']}"
        for number, entry in declared.items()
        if entry["count"] != used[number]
    ]
    assert not problems, "\n".join(problems)
