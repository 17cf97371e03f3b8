"""The examples in the manuals of the rules: the bad one is found, the good one is not."""

import tomllib

import pytest

from seawall.core.documentation import documentation
from seawall.core.rule import Rule
from seawall.images.notable import is_notable, wants_text
from seawall.images.rule import Context
from seawall.images.rules import all_rules
from tests.images.described import image_of


def said(rule: Rule, text: str) -> list[str]:
    parameters = tomllib.loads(documentation(rule).parameters)
    typed = {key: tuple(v) if isinstance(v, list) else v for key, v in parameters.items()}
    context = Context({rule.id: typed}, today="2026-11-26")
    return [hit.message for hit in rule.check(image_of(text), context)]


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_the_bad_example_is_found(rule: Rule) -> None:
    assert said(rule, documentation(rule).bad)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_the_good_example_is_not(rule: Rule) -> None:
    assert said(rule, documentation(rule).good) == []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_the_scanner_shows_rules_the_files_of_their_examples(rule: Rule) -> None:
    """A rule about files that are never shown to it would find nothing in any real image."""
    bad = image_of(documentation(rule).bad)
    shown = [
        file
        for file in bad.files.notable()
        if is_notable(file.path, file.mode, capabilities=bool(file.capabilities))
    ]
    for text_file in (file for file in bad.files.notable() if bad.files.text(file.path)):
        assert wants_text(text_file.path)
    looked_up = ("image-writable-entrypoint", "image-writable-path", "image-missing-program")
    if rule.id not in looked_up and any(True for _ in bad.files.notable()):
        assert shown
