"""The shipped rules: each finds what it is for, under both finders."""

import random
import re

import pytest

from seawall.core.errors import UsageError
from seawall.secrets.candidate import Proof
from seawall.secrets.rules.examples import drawn, example
from seawall.secrets.rules.loading import fault_of, read
from seawall.secrets.rules.shapes import SHORTEST_LITERAL, shape, shape_of
from seawall.secrets.text import Kind, Text
from seawall.secrets.verifying import checker
from tests.secrets.rules import RULES, native, plain

TABLE = """[[rule]]
id = "a-token"
title = "Token of A"
provider = "A"
severity = "high"
pattern = 'aaa_[0-9a-f]{32}'
verify = "spread"
revoke = "https://example.org/"
"""


@pytest.mark.parametrize("name", sorted(RULES))
def test_examples_are_found(name: str) -> None:
    rule = RULES[name]
    texts = [
        Text(f"{index}.txt", f"\n{example(rule, random.Random(index))}\n".encode(), Kind.PROSE)
        for index in range(3)
    ]
    for search in (native(), plain()):
        results = list(search.run(texts))
        assert len(results) == 3
        for result in results:
            told = {
                name for secret in result.secrets for name in (secret.candidate.rule, *secret.also)
            }
            assert name in told


@pytest.mark.parametrize("name", sorted(RULES))
def test_literals_stand_in_all_matches(name: str) -> None:
    rule = RULES[name]
    known = shape_of(rule)
    for index in range(8):
        text = example(rule, random.Random(index))
        assert re.search(known.source, text), text
        if known.literals:
            assert any(literal in text.lower() for literal in known.literals)
        assert len(text) <= known.width + len("() = '") + 40


@pytest.mark.parametrize("name", sorted(RULES))
def test_drawn_values_are_not_refuted(name: str) -> None:
    rule = RULES[name]
    known = shape_of(rule)
    verdicts = set()
    for index in range(8):
        match = re.search(known.source, example(rule, random.Random(index)))
        assert match is not None
        value = match["secret"] if "secret" in match.re.groupindex else match[0]
        verdicts.add(checker(rule.verify)(value).proof)
    assert Proof.REFUTED not in verdicts


def test_most_rules_have_a_literal() -> None:
    """Without one the plain finder matches the pattern at every byte."""
    weak = [
        rule.id
        for rule in RULES.values()
        if min(map(len, shape_of(rule).literals), default=0) < SHORTEST_LITERAL
    ]
    assert len(weak) < 12, weak


def test_pairs_name_rules() -> None:
    assert {rule.pairs for rule in RULES.values()} - {""} <= RULES.keys()


def test_a_rule_is_read() -> None:
    (rule,) = read(TABLE, "rules.toml")
    assert (rule.id, rule.severity.label, rule.after) == ("a-token", "high", ())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('verify = "spread"', 'verify = "magic"', "rules.toml:7: unknown check"),
        ('severity = "high"', 'severity = "bad"', "rules.toml:5: 'bad' is no severity"),
        ('title = "Token of A"', "", "rules.toml:1: title must be a text"),
        ('id = "a-token"', 'id = "A token"', "rules.toml:2: id must be"),
        ('provider = "A"', 'provider = "A"\ncolour = "red"', "rules.toml:5: unknown key 'colour'"),
        ("aaa_[0-9a-f]{32}", "(aaa", "rules.toml:6: the pattern is no regular expression"),
        ("aaa_[0-9a-f]{32}", "(?=a)a", "rules.toml:6: the pattern must not use look-around"),
        ("aaa_[0-9a-f]{32}", "a*", "rules.toml:6: the pattern matches nothing at all"),
        ("aaa_[0-9a-f]{32}", "ä", "rules.toml:6: the pattern must be ASCII"),
        ("aaa_[0-9a-f]{32}", "(?P<name>a)", "rules.toml:6: the pattern must have no named group"),
        ("[[rule]]", "[rule]", "rules.toml:1: rule must be an array"),
        ("[[rule]]", "[[rules]]", "rules.toml:1: unknown key 'rules'"),
        ("[[rule]]", "[[rule]", "rules.toml:1:"),
        ('revoke = "https://example.org/"', 'revoke = ""\nafter = "x"', "after must be a list"),
        ('revoke = "https://example.org/"', 'revoke = ""\nafter = ["(x"]', "rules.toml:9: the"),
        ('revoke = "https://example.org/"', 'revoke = ""\npairs = 3', "pairs must be a text"),
        ('revoke = "https://example.org/"', 'revoke = ""\nidentifier = 1', "must be true or false"),
    ],
)
def test_errors_name_the_line(old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        list(read(TABLE.replace(old, new, 1), "rules.toml"))
    assert message in str(error.value)


def test_ids_are_unique() -> None:
    with pytest.raises(UsageError, match="'a-token' is there twice"):
        list(read(TABLE + TABLE, "rules.toml"))


def test_a_pattern_has_a_length() -> None:
    assert "at most" in fault_of("a" * 5000)
    with pytest.raises(ValueError, match="bound its repeats"):
        shape("a.*b")


@pytest.mark.parametrize(
    ("source", "literals"),
    [
        ("gh[po]_x{3}", {"ghp_xxx", "gho_xxx"}),
        ("(?:abc|def)[0-9]", {"abc", "def"}),
        ("[0-9]{9}:AAB", {":aab"}),
        ("(?i:KEY)[0-9]+x", {"key"}),
        ("[0-9]{4}", set()),
        ("a?bcd", {"bcd", "abcd"}),
    ],
)
def test_literals(source: str, literals: set[str]) -> None:
    known = shape(source.replace("+", "{1,9}"))
    assert set(known.literals) == literals


def test_drawn_texts_match() -> None:
    for index in range(50):
        source = r"[^a-c\s]{2,4}\d\w(?:x|yz)?[\W]z{3}"
        assert re.fullmatch(source, drawn(source, random.Random(index)))
