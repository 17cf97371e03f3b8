"""Each rule's bad example is found, its good one is not: its manual is its test."""

import tomllib

import pytest

from seawall.core.documentation import documentation
from seawall.core.rule import ParameterValue, Rule
from seawall.dockerfile.rules import all_rules
from tests.dockerfile.support import judge

RULES = all_rules()


def example_parameters(rule: Rule) -> dict[str, dict[str, ParameterValue]]:
    values: dict[str, ParameterValue] = {}
    for name, value in tomllib.loads(documentation(rule).parameters).items():
        values[name] = tuple(value) if isinstance(value, list) else value
    known = {parameter.name for parameter in rule.parameters}
    assert values.keys() <= known, "the example sets a parameter the rule does not have"
    return {rule.id: values}


def judged(rule: Rule, example: str) -> list[str]:
    """Messages about an example; lines before it tell what is around it.

    ``# context: a b/c`` the context's files, ``# ignore: p q`` the ignore file's patterns,
    ``# lock: NAME sha256:dd...`` a row of the lock file.
    """
    files: list[str] | None = None
    ignore: str | None = None
    pins: dict[str, str] = {}
    lines = example.splitlines(keepends=True)
    while lines and lines[0].startswith(("# context:", "# ignore:", "# lock:")):
        kind, _, names = lines.pop(0).partition(":")
        if kind == "# context":
            files = names.split()
        elif kind == "# lock":
            name, digest = names.split()
            pins[name] = digest.removesuffix("...").ljust(len("sha256:") + 64, digest[7])
        else:
            ignore = "\n".join(names.split())
    parameters = example_parameters(rule)
    found = judge(
        rule, "".join(lines), files=files, ignore_file=ignore, pins=pins, parameters=parameters
    )
    return [finding.message for finding in found]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_bad_example_is_found(rule: Rule) -> None:
    assert judged(rule, documentation(rule).bad), "the bad example yields no finding"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_good_example_is_clean(rule: Rule) -> None:
    assert not judged(rule, documentation(rule).good)


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
