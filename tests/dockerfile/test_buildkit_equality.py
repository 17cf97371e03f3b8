"""Under BuildKit's names our findings are BuildKit's warnings, in every file that it accepts."""

from collections import Counter
from collections.abc import Iterable

import pytest

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.rule import Rule
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.buildkit_ignores import CHECKS, EXPERIMENTAL
from seawall.dockerfile.checking import Plan
from seawall.dockerfile.ignore_comments import Words, read
from seawall.dockerfile.rule import Context
from seawall.dockerfile.rules import all_rules
from seawall.dockerfile.stages import Build
from seawall.text.dockerfile.parser import parse
from tests.dockerfile.corpus import recorded
from tests.dockerfile.recorded import kind

PATH = "Dockerfile"
Warned = tuple[str, int, int]


def rules_of(check: str) -> list[Rule]:
    return [rule for rule in all_rules() if check in rule.aliases]


def checks_of(rule: Rule) -> list[str]:
    return [alias for alias in rule.aliases if alias in CHECKS]


PLAN = Plan({rule for check in CHECKS for rule in rules_of(check)})
OF_IMAGES = "InvalidBaseImagePlatform"
"""It compares with the image itself; the recordings answer linux/amd64 for every name."""
COVERED = [check for check in CHECKS if rules_of(check) and check != OF_IMAGES]


def is_on(check: str, finding: Finding, words: Words) -> bool:
    if check in EXPERIMENTAL:
        return any(check in one.checks and one.scope.covers(finding) for one in words.enabled)
    return not any(_skips(one, check, finding) for one in words.ignores)


def _skips(ignore: Ignore, check: str, finding: Finding) -> bool:
    return ignore.foreign and check in ignore.rules and ignore.scope.covers(finding)


def lines_of(build: Build, check: str, finding: Finding) -> tuple[int, int]:
    """BuildKit names whole instructions; of blank lines the last line before the heredocs."""
    assert finding.location.span is not None
    line = finding.location.span.line
    for one in build.file.instructions:
        if one.line <= line <= one.end_line:
            if check == "NoEmptyContinuation":
                return one.source_end_line, one.source_end_line
            return one.line, one.end_line
    raise AssertionError(f"{finding.message} is in no instruction")


def ours(text: str) -> Counter[Warned]:
    build = evaluate(parse(text.encode("utf-8", "surrogateescape")))
    outcome = PLAN.check(build, PATH, Context(build))
    assert not outcome.faults, outcome.faults
    words = read(build, PATH, unheeded=frozenset(("checkov", "hadolint", "kics", "trivy")))
    return Counter(
        (check, *lines_of(build, check, finding))
        for finding in outcome.findings
        for check in checks_of(finding.rule)
        if check != OF_IMAGES and is_on(check, finding, words)
    )


def theirs(warnings: Iterable[tuple[str, str, int, int]]) -> Counter[Warned]:
    distinct = dict.fromkeys(warnings)  # a variable that is used twice is told of twice
    return Counter((check, first, last) for check, _, first, last in distinct if check in COVERED)


ACCEPTED = [row for row in recorded() if row.accepted]


def test_every_accepted_file_gives_the_same_warnings() -> None:
    differences = []
    for row in ACCEPTED:
        mine, other = ours(row.text), theirs(row.warnings)
        if mine != other:
            differences.append((row.number, row.text, mine - other, other - mine))
    assert not differences, f"{len(differences)}: {differences[:3]}"


def test_the_second_recording_gives_the_same_warnings() -> None:
    differences = []
    rows = [row for row in kind("build") if "config" in row]
    for row in rows:
        warnings = [
            (check, message, lines[0][0], lines[-1][1])
            for check, message, lines in row.get("warnings", ())
        ]
        mine, other = ours(row["build"]), theirs(warnings)
        if mine != other:
            differences.append((row["build"], mine - other, other - mine))
    assert not differences, f"{len(differences)}: {differences[:3]}"
    assert len(rows) > 500


def test_there_is_enough_to_compare() -> None:
    told = Counter(warning for row in ACCEPTED for warning in theirs(row.warnings).elements())
    kinds = {check for check, _, _ in told}
    assert len(ACCEPTED) > 700
    assert told.total() > 1400
    assert len(kinds) >= 16


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_has_a_rule(check: str) -> None:
    assert rules_of(check)
