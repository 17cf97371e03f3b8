"""The examples in the manuals of the rules: the bad one is found, the good one is not."""

from pathlib import Path

import pytest

from seawall import engine
from seawall.advisories.rules import all_rules
from seawall.core.documentation import documentation
from seawall.core.rule import Rule
from seawall.core.severity import Confidence

FILES = {"unmaintained-package": "Cargo.lock", "end-of-life-runtime": ".python-version"}


def found(rule: Rule, text: str, database: str, folder: Path) -> list[str]:
    (folder / FILES.get(rule.id, "requirements.txt")).write_text(text)
    options = engine.Options(
        (str(folder),), select=(rule.id,), database=database, today="2026-11-26",
        min_confidence=Confidence.LOW,
    )  # fmt: skip
    report = engine.scan(options).report
    assert not report.coverage.failed
    assert not report.faults
    assert report.packages
    return [finding.rule.id for finding in report.findings]


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_the_bad_example_is_found(rule: Rule, database: str, tmp_path: Path) -> None:
    assert set(found(rule, documentation(rule).bad, database, tmp_path)) == {rule.id}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_the_good_example_is_not(rule: Rule, database: str, tmp_path: Path) -> None:
    assert found(rule, documentation(rule).good, database, tmp_path) == []
