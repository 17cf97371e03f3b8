"""Rules about secrets as rules of the catalogue."""

from collections import Counter

import pytest

from seawall import catalogue
from seawall.core.documentation import documentation
from seawall.secrets.rules import all_rules, loading, quick
from seawall.secrets.rules.catalogued import SecretRule, id_of
from seawall.secrets.rules.manual import FILES
from seawall.secrets.text import Text, kind_of
from tests.secrets.rules import native

RULES = all_rules()


def test_what_is_read_line_by_line_is_what_toml_says() -> None:
    assert quick.shipped() == loading.shipped()


def test_every_id_is_that_of_one_rule() -> None:
    counts = Counter(rule.id for rule in catalogue.all_rules())
    assert not [id_ for id_, count in counts.items() if count > 1]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_bad_example_is_found_and_the_good_one_is_not(rule: SecretRule) -> None:
    manual = documentation(rule)
    name = FILES.get(rule.id, "settings.yaml")
    assert rule.id in _found(name, manual.bad)
    assert not _found(name, manual.good)


def _found(name: str, text: str) -> set[str]:
    """Every rule that says something of a text."""
    return {
        id_of(id_)
        for found in native().run([Text(name, text.encode(), kind_of(name))])
        for secret in found.secrets
        for id_ in (secret.candidate.rule, *secret.also)
    }


def test_examples_are_the_same_each_time() -> None:
    assert [rule.docstring for rule in RULES] == [rule.docstring for rule in RULES]


def test_a_remedy_names_what_to_do_first() -> None:
    (rule,) = catalogue.find("github-classic-token")
    assert rule.remedy.startswith("Revoke it at https://github.com/settings/tokens and make a new")
