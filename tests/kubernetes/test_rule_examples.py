"""Each rule's bad example is found, its good one is not: its manual is its test."""

import tomllib

import pytest

from seawall.core.documentation import documentation
from seawall.core.rule import ParameterValue, Rule
from seawall.kubernetes.rules import all_rules
from tests.kubernetes.support import judge

RULES = all_rules()


def example_parameters(rule: Rule) -> dict[str, dict[str, ParameterValue]]:
    values: dict[str, ParameterValue] = {}
    for name, value in tomllib.loads(documentation(rule).parameters).items():
        values[name] = tuple(value) if isinstance(value, list) else value
    known = {parameter.name for parameter in rule.parameters}
    assert values.keys() <= known, "the example sets a parameter the rule does not have"
    return {rule.id: values}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_bad_example_is_found(rule: Rule) -> None:
    found = judge(rule, documentation(rule).bad, parameters=example_parameters(rule))
    assert [finding.rule.id for finding in found], "the bad example yields no finding"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_good_example_is_clean(rule: Rule) -> None:
    found = judge(rule, documentation(rule).good, parameters=example_parameters(rule))
    assert not [finding.message for finding in found]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_metadata_is_complete(rule: Rule) -> None:
    manual = documentation(rule)
    assert len(manual.summary) <= 100
    assert manual.summary.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.id == rule.id.lower().replace("_", "-")


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
