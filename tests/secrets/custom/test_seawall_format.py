"""seawall's own format: all keys, all errors with their lines, and what is found."""

import pytest

from seawall.core.errors import UsageError
from seawall.core.severity import Severity
from seawall.secrets.custom.rule import LINE, Needed
from seawall.secrets.rules import loading
from seawall.secrets.text import Kind
from tests.secrets.custom.support import found, rules

RULE = "[[rule]]\nid = 'shop-key'\nregex = 'shop_(\\w+)'\n"


def test_all_keys() -> None:
    read = rules(
        """\
[[rule]]
id = "shop-key"
title = "key of the shop"
provider = "Shop"
severity = "critical"
regex = 'shop_(?P<secret>[a-z]{4})(?P<sum>[0-9]{2})'
group = "sum"
keywords = ["SHOP_"]
verify = "spread"
paths = ["*.conf"]
kinds = ["configuration", "prose"]
min_entropy = 0.5
requires = [{ id = "shop-id", within_lines = 2 }]
pairs = "shop-id"
remedy = "Ask the shop."
revoke = "https://shop.example.org/keys"
tags = ["shop"]
examples = ["shop_abcd12"]
non_examples = ["shop_abcd"]

[[rule.allow]]
regexes = ["00$"]
paths = ["t/"]
stopwords = ["X"]
target = "line"
every = true
reason = "r"

[[rule]]
id = "shop-id"
pattern = "id_[0-9]+"
helper = true

[[allow]]
paths = ["vendor/"]
reason = "not ours"
"""
    )
    rule, helper = read.rules
    assert (rule.id, rule.title, rule.provider, rule.severity) == (
        "shop-key", "key of the shop", "Shop", Severity.CRITICAL,
    )  # fmt: skip
    assert (rule.group, rule.keywords, rule.verify, rule.globs) == (
        "sum", ("shop_",), "spread", ("*.conf",),
    )  # fmt: skip
    assert rule.kinds == (Kind.CONFIGURATION, Kind.PROSE)
    assert rule.needs == (Needed("shop-id", 2),)
    (allow,) = rule.allows
    assert (allow.target, allow.every, allow.stopwords, allow.reason) == (LINE, True, ("x",), "r")
    assert (rule.pairs, rule.remedy, rule.revoke) == (
        "shop-id", "Ask the shop.", "https://shop.example.org/keys",
    )  # fmt: skip
    assert (rule.examples, rule.non_examples) == (("shop_abcd12",), ("shop_abcd",))
    assert not helper.reports
    assert [item.paths for item in read.allows] == [("vendor/",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rule]\n", "1"),
        ("[[rule]]\nregex = 'a'\n", "1: a rule must have an id: lower-case words"),
        ("[[rule]]\nid = 'A b'\nregex = 'a'\n", "2: a rule must have an id: lower-case words"),
        ("[[rule]]\nid = 'a'\n", "2: 'a' has neither regex nor paths"),
        ("[[rule]]\nid = 'a'\nregex = '('\n", "3: regex is no expression that can be run"),
        (RULE + "pattern = 'a'\n", "4: pattern and regex are the same: keep one of the two"),
        (RULE + "regx = 'a'\n", "4: unknown key 'regx'; did you mean 'regex'?"),
        (RULE + "ID = 'a'\n", "4: unknown key 'ID'"),
        (RULE + "severity = 'bad'\n", "4: severity: "),
        (RULE + "group = '2'\n", "4: the regex has no group '2': use one of those it has (1)"),
        (RULE + "group = 'x'\n", "4: the regex has no group 'x'"),
        (RULE + "verify = 'magic'\n", "4: unknown check: choose one of "),
        (RULE + "kinds = ['film']\n", "4: 'film' is no kind of file: use one of code"),
        (RULE + "min_entropy = -1\n", "4: min_entropy must be a number"),
        (RULE + "requires = ['a']\n", "4: this must be a table"),
        (RULE + "[[rule.requires]]\nid = 'x'\n", "5: the required rule 'x' is not there"),
        (RULE + "[[rule.requires]]\nwithin_lines = 1\n", "4: a required rule has no id"),
        (RULE + "[[rule.allow]]\nreason = 'a'\n", "4: an allow list must have"),
        (RULE + "[[rule.allow]]\nregexes = ['a']\ntarget = 'file'\n", "6: target 'file'"),
        (RULE + RULE, "5: 'shop-key' is there twice: give it another id"),
        ("[[rule]]\nid = 'a'\npaths = ['x']\nafter = ['b']\n", "4: after needs a regex"),
        (RULE + "examples = 'a'\n", "4: examples must be a list of texts"),
        ("[rule]\nid = 'a'\n", "1: rule must be a list of tables"),
        ("[other]\n", "1: unknown key 'other'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        rules(text)
    assert str(caught.value).startswith(f"rules.toml:{message}")


def test_shipped_rules_can_be_copied() -> None:
    for rule in loading.shipped()[::20]:
        after = f"after = {list(rule.after)!r}\n" if rule.after else ""
        text = (
            f"[[rule]]\nid = {rule.id!r}\ntitle = {rule.title!r}\nprovider = 'x'\n"
            f"severity = 'high'\npattern = '''{rule.pattern}'''\nverify = {rule.verify!r}\n"
            f"revoke = {rule.revoke!r}\n{after}"
        ).replace("\\\\", "\\")
        assert rules(text).rules[0].id == rule.id


def test_what_is_found() -> None:
    look = rules(
        RULE
        + "min_entropy = 1\nallow = [{ stopwords = ['demo'] }]\n"
        + "[[rule]]\nid = 'by-name'\nregex = '[0-9]{6}'\nafter = ['shop[_-]?pin']\n"
        + "[[rule]]\nid = 'backup'\npaths = ['*.bak']\n"
    )
    text = "shop_ab shop_aa shop_demo12\nshop-pin: 123456\npin: 123457\n"
    assert found(look, text) == [("shop-key", "ab"), ("by-name", "123456")]
    assert found(look, "x", "d/a.bak") == [("backup", "")]


def test_what_must_stand_nearby() -> None:
    look = rules(
        RULE
        + "requires = [{ id = 'shop-id', within_lines = 1 }]\n"
        + "[[rule]]\nid = 'shop-id'\nregex = 'id_[0-9]+'\nhelper = true\n"
    )
    assert found(look, "id_1\nshop_a\n\n\nshop_b") == [("shop-key", "a")]


def test_files_and_kinds() -> None:
    look = rules(RULE + "kinds = ['script']\npaths = ['bin/**']\n")
    assert found(look, "shop_a", "bin/a.sh") == [("shop-key", "a")]
    assert found(look, "shop_a", "a.sh") == []
    assert found(look, "shop_a", "bin/a.yaml") == []
