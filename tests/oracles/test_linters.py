"""Our verdicts against those of five other tools: every difference is declared, with its reason.

The declarations are in differences.toml, their numbers are explained in docs/disagreements.md.
The table of agreement is printed with ``pytest -s``.
"""

import re
from collections import Counter, defaultdict

import pytest

from seawall.catalogue import canonical
from seawall.unmatched import UNMATCHED
from tests.oracles.declarations import declaration_of, declarations, faults
from tests.oracles.peers import PEERS, SETTINGS, by_line
from tests.oracles.verdicts import Difference, aliases, compare, subjects
from tests.shared import ROOT, needs_shared


def test_every_declaration_is_sound() -> None:
    assert not faults(), "\n".join(faults())


def test_every_number_is_explained() -> None:
    text = (ROOT / "docs" / "disagreements.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^### (D\d+)\b", text, re.MULTILINE))
    assert {f"D{number}" for number in range(1, 21)} <= explained
    assert {item.number for item in declarations()} <= explained


@needs_shared
@pytest.mark.parametrize("tool", PEERS)
def test_every_difference_is_declared(tool: str) -> None:
    agreed: dict[str, Counter[str]] = defaultdict(Counter)
    used: Counter[int] = Counter()
    declared: dict[str, Counter[str]] = defaultdict(Counter)
    undeclared: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    for item in PEERS[tool]():
        for id_, both, neither, differences in compare(item, SETTINGS[tool]):
            agreed[id_].update(both=both, neither=neither)
            for difference in differences:
                number = declaration_of(difference)
                if number is None:
                    undeclared[id_, difference.side].append(difference)
                else:
                    used[number] += 1
                    declared[id_][declarations()[number].number] += 1
    print(_table(tool, agreed, declared))
    problems = [
        f"{len(items)} undeclared: {id_}, only {side}: {'; '.join(map(str, items[:5]))}"
        for (id_, side), items in sorted(undeclared.items())
    ]
    problems += [
        f"declared {item.times} but found {used[number]}: {item}"
        for number, item in enumerate(declarations())
        if item.tool == tool and item.times != used[number]
    ]
    assert not problems, "\n".join(problems)


_Counts = dict[str, Counter[str]]


def _table(tool: str, agreed: _Counts, declared: _Counts) -> str:
    """For each of our rules and the id of the tool it stands for: agreement and differences."""
    rows = [
        (
            ", ".join(aliases()[id_]),
            id_.removeprefix(f"{tool}:"),
            str(counts["both"]),
            str(counts["neither"]),
            ", ".join(f"{number} {count}" for number, count in declared[id_].most_common()),
        )
        for id_, counts in agreed.items()
    ]
    rows = [("rule", tool, "both", "neither", "declared differences"), *sorted(rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:>{widths[2]}}  "
        f"{row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
    both, neither = (sum(counts[key] for counts in agreed.values()) for key in ("both", "neither"))
    differing = sum(counts.total() for counts in declared.values())
    lines.append(f"{both} reported by both, {neither} by neither, {differing} declared differences")
    return "\n".join(["", *lines])


@needs_shared
@pytest.mark.parametrize("tool", PEERS)
def test_what_they_report_on_we_have_seen(tool: str) -> None:
    unseen = {
        (item.file, about)
        for item in PEERS[tool]()
        for reported in item.against.values()
        for about in reported - subjects(item.file).keys()
    }
    # No object of Kubernetes, or a template that we name in the report as not covered.
    assert not {
        (file, about)
        for file, about in unseen
        if about.kind != "Unknown" and "{{" not in about.name
    }


@pytest.mark.parametrize("tool", ["trivy", "checkov"])
def test_what_is_listed_as_not_ours_is_no_alias(tool: str) -> None:
    ours = {canonical(alias) for alias in aliases()}
    assert not {id_ for id_ in UNMATCHED[tool] if canonical(id_) in ours}


@needs_shared
@pytest.mark.parametrize("tool", ["trivy", "checkov"])
def test_every_id_is_ours_or_listed(tool: str) -> None:
    known = {canonical(id_) for id_ in (*aliases(), *UNMATCHED[tool])}
    occurring = {id_ for row in by_line(tool) for id_, *_ in row["failed"]}
    assert not {id_ for id_ in occurring if canonical(id_) not in known}, "no rule and no reason"
