"""gitleaks' configuration: every key, every error with its line, and what gitleaks itself finds."""

import json
from pathlib import Path

import pytest

from seawall.configuration import secret_rules
from seawall.core.errors import UsageError
from seawall.secrets.custom.rule import MATCH, RuleSet
from seawall.secrets.custom.searching import Custom
from seawall.secrets.text import Text, kind_of
from tests.secrets.custom.support import found, rules

ANSWERS = Path(__file__).parents[2] / "data" / "foreign" / "gitleaks.jsonl"
RULE = "[[rules]]\nid = 'k'\nregex = 'key=(\\w+)'\n"


@pytest.mark.parametrize("row", ANSWERS.read_text("utf-8").splitlines())
def test_the_findings_are_those_of_gitleaks(row: str) -> None:
    """Recorded with ``gitleaks dir`` 8.30.1 by tools/record_gitleaks.py."""
    case = json.loads(row)
    look = Custom([rules(case["configuration"])])
    mine = []
    for name, text in case["files"].items():
        candidates, _ = look.find(Text(name, text.encode(), kind_of(name)))
        mine += [[name, item.rule.partition(":")[2], item.value.reveal()] for item in candidates]
    assert sorted(mine) == case["findings"]


def test_all_keys() -> None:
    read = rules(
        """\
title = "ours"
description = "for all"
minVersion = "v8.25.0"

[[rules]]
id = "shop-key"
description = "Key of the shop"
regex = '''shop_([a-z]{4})(\\d{4})'''
secretGroup = 2
entropy = 1.5
path = '''\\.conf$'''
keywords = ["SHOP_"]
tags = ["shop", "key"]
skipReport = false

[[rules.required]]
id = "shop-id"
withinLines = 3
withinColumns = 40

[[rules.allowlists]]
description = "made up"
condition = "AND"
commits = ["ABCDEF"]
paths = ['''test/''']
regexes = ['''0000$''']
regexTarget = "match"
stopwords = ["Dead"]

[[rules]]
id = "shop-id"
regex = "id_\\\\d+"
skipReport = true

[[allowlists]]
paths = ["vendor/"]

[[allowlists]]
targetRules = ["shop-id"]
stopwords = ["x"]
"""
    )
    key, id_ = read.rules
    assert (key.id, key.title, key.group, key.min_entropy, key.over) == (
        "shop-key", "Key of the shop", "2", 1.5, True,
    )  # fmt: skip
    assert (key.path, key.keywords, key.tags) == (r"\.conf$", ("shop_",), ("shop", "key"))
    assert key.origin == "rules.toml:5"
    (needed,) = key.needs
    assert needed == ("shop-id", 3, 40)
    (allow,) = key.allows
    assert allow.every
    assert allow.commits == ("abcdef",)
    assert (allow.paths, allow.regexes, allow.target) == (("test/",), ("0000$",), MATCH)
    assert (allow.stopwords, allow.origin) == (("dead",), "rules.toml:21")
    assert not id_.reports
    assert [item.stopwords for item in id_.allows] == [("x",)]
    assert [item.paths for item in read.allows] == [("vendor/",)]
    assert not read.on_ours


def test_keys_are_read_whatever_their_capitals_and_texts_are_cut_at_commas() -> None:
    read = rules("[[Rules]]\nID = 'k'\nRegex = 'a'\nKEYWORDS = 'x,Y'\nSecretgroup = 0\n")
    assert read.rules[0].keywords == ("x", "y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "rules.toml:1"),
        ("[[rules]]\nregex = 'a'\n", "1: a rule has no id: give it one"),
        ("[[rules]]\nid = ' '\nregex = 'a'\n", "2: a rule has no id: give it one"),
        ("[[rules]]\nid = 'k'\n", "2: 'k' has neither regex nor path: give it one of them"),
        ("[[rules]]\nid = 'k'\nregex = '('\n", "3: regex is no expression that can be run"),
        ("[[rules]]\nid = 'k'\npath = '('\n", "3: path is no expression that can be run"),
        (RULE + "secretGroup = 2\n", "4: secretGroup is 2, but the regex has 1 groups"),
        (RULE + "secretGroup = -1\n", "4: secretgroup must be a number, 0 or more"),
        (RULE + "secretGroup = 1.5\n", "4: secretgroup must be a whole number"),
        (RULE + "entropy = 'high'\n", "4: entropy must be a number"),
        (RULE + "entropy = nan\n", "4: entropy must be a number"),
        (RULE + "skipReport = 1\n", "4: skipreport must be true or false"),
        (RULE + "keywords = [1]\n", "4: keywords must be a list of texts"),
        (RULE + "keyword = ['a']\n", "4: unknown key 'keyword'; did you mean 'keywords'?"),
        (RULE + "filter = 'a'\n", "4: unknown key 'filter'; it is betterleaks'"),
        (RULE + "[[rules.required]]\nwithinLines = 1\n", "4: a required rule has no id"),
        (RULE + "[[rules.required]]\nid = 'x'\n", "5: the required rule 'x' is not there"),
        (RULE + "[[rules.required]]\nid = 'k'\nwithin = 1\n", "6: unknown key 'within'"),
        (RULE + "[rules.allowlist]\nregexes = ['a']\n[[rules.allowlists]]\nregexes = ['a']\n",
         "4: [rules.allowlist] is the old form of [[rules.allowlists]]: keep one of the two"),
        (RULE + "[[rules.allowlists]]\n", "4: an allow list without commits, paths, regexes"),
        (RULE + "[[rules.allowlists]]\nregexes = ['a']\ncondition = 'XOR'\n",
         "6: condition 'XOR' is not known: write OR or AND"),
        (RULE + "[[rules.allowlists]]\nregexes = ['a']\nregexTarget = 'file'\n",
         "6: regextarget 'file' is not known: use one of secret, match, line"),
        (RULE + "[[rules.allowlists]]\nregexes = ['(']\n", "5: regexes is no expression"),
        (RULE + "[[rules.allowlists]]\nregexes = ['a']\ntargetRules = ['k']\n",
         "6: unknown key 'targetRules'"),
        (RULE + "[allowlist]\nregexes = ['a']\n[[allowlists]]\nregexes = ['a']\n",
         "4: [allowlist] is the old form of [[allowlists]]: keep one of the two"),
        (RULE + "[[allowlists]]\nregexes = ['a']\ntargetRules = ['x']\n",
         "6: the target 'x' is no rule: name one that there is"),
        (RULE + "[extend]\nuseDefault = true\npath = 'x'\n", "6: path and useDefault exclude"),
        (RULE + "[extend]\nuse = true\n", "5: unknown key 'use'"),
        (RULE + "[extend]\npath = 'absent.toml'\n", "5: path: there is no file 'absent.toml'"),
        ("minVersion = 'new'\n" + RULE, "1: minVersion 'new' is no version"),
        ("rule = []\n" + RULE, "1: unknown key 'rule'; did you mean 'rules'?"),
        ("rules = 3\ntitle = ''\n", "1: rules must be a list of tables"),
        ("rules = [3]\ntitle = ''\n", "1: this must be a table"),
        ("extend = 3\n", "1: this must be a table"),
        ("[allowlist]\nTitle = 1\n", "2: unknown key 'Title'"),
        ("title = 1\n", "1: title must be a text"),
        ("[[rules]]\nid = 'k'\nID = 'l'\nregex = 'a'\n", "3: 'ID' is there twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        rules(text)
    assert str(caught.value).startswith("rules.toml:")
    assert message in str(caught.value)


# Extending ------------------------------------------------------------------------------------


def extending(tmp_path: Path, *texts: str) -> RuleSet:
    """The rules of the first of some files: ``0.toml``, ``1.toml`` and so on."""
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.toml").write_text(text)
    (read,) = secret_rules.load([str(tmp_path / "0.toml")])
    return read


def test_a_file_adds_to_what_it_extends(tmp_path: Path) -> None:
    read = extending(
        tmp_path,
        "[extend]\npath = '1.toml'\ndisabledRules = ['off', 'absent']\n"
        "[[rules]]\nid = 'k'\nentropy = 2.0\nkeywords = ['b']\ntags = ['y']\n"
        "[[rules.allowlists]]\nstopwords = ['b']\n"
        "[[allowlists]]\npaths = ['p']\n",
        "[[rules]]\nid = 'k'\nregex = 'key=(\\w+)'\ndescription = 'd'\n"
        "keywords = ['a']\ntags = ['x']\n"
        "[[rules.allowlists]]\nstopwords = ['a']\n"
        "[[rules]]\nid = 'off'\nregex = 'x'\n"
        "[[allowlists]]\npaths = ['q']\n[[allowlists]]\ntargetRules = ['k']\nstopwords = ['n']\n",
    )
    (rule,) = read.rules
    assert (rule.regex, rule.title, rule.min_entropy) == (r"key=(\w+)", "d", 2.0)
    assert (rule.keywords, rule.tags) == (("a", "b"), ("x", "y"))
    # As for gitleaks, allow lists that name rules count only in the file that extends.
    assert [allow.stopwords for allow in rule.allows] == [("a",), ("b",)]
    assert [allow.paths for allow in read.allows] == [("p",), ("q",)]
    assert any("'absent' is no rule" in note for note in read.notes)


def test_two_files_deep_and_no_more(tmp_path: Path) -> None:
    more = [
        f"[extend]\npath = '{n + 1}.toml'\n[[rules]]\nid = 'r{n}'\nregex = 'a'\n" for n in range(3)
    ]
    read = extending(tmp_path, *more, "[[rules]]\nid = 'r3'\nregex = 'a'\n")
    assert {rule.id for rule in read.rules} == {"r0", "r1", "r2"}
    assert any("extends 2 times and no more" in note for note in read.notes)


def test_a_file_that_extends_itself_comes_to_an_end(tmp_path: Path) -> None:
    read = extending(tmp_path, "[extend]\npath = '0.toml'\n[[rules]]\nid = 'a'\nregex = 'a'\n")
    assert [rule.id for rule in read.rules] == ["a"]


def test_gitleaks_own_rules_are_ours() -> None:
    read = rules(
        "[extend]\nuseDefault = true\ndisabledRules = ['github-pat', 'nonsense']\n"
        "[[rules]]\nid = 'generic-api-key'\n[[rules.allowlists]]\nstopwords = ['demo']\n"
        "[[allowlists]]\ntargetRules = ['npm-access-token']\npaths = ['docs/']\n" + RULE
    )
    assert [rule.id for rule in read.rules] == ["k"]
    assert read.on_ours
    assert read.disabled == ("github-classic-token",)
    assert [(rule, allow.stopwords, allow.paths) for rule, allow in read.narrowed] == [
        ("assignment", ("demo",), ()), ("npm-token", (), ("docs/",)),
    ]  # fmt: skip
    assert any("'nonsense' is no rule of gitleaks' own" in note for note in read.notes)
    assert any("seawall's own rules run" in note for note in read.notes)


def test_a_rule_said_twice_counts_as_it_was_said_last() -> None:
    read = rules(RULE + RULE.replace("key=", "KEY="))
    assert [rule.regex for rule in read.rules] == [r"KEY=(\w+)"]
    assert any("twice" in note for note in read.notes)


# What is found --------------------------------------------------------------------------------


def test_entropy_must_be_above_the_threshold() -> None:
    look = rules(RULE + "entropy = 2\n")
    assert found(look, "key=abcd key=abcde key=aaaa") == [("k", "abcde")]


def test_what_is_left_out_where_gitleaks_tells_nothing_of_use() -> None:
    empty = rules("[[rules]]\nid = 'k'\nregex = '(a)?b'\nsecretGroup = 1\n")
    assert found(empty, "b ab") == [("k", "a")]
    both = rules(RULE + "[[allowlists]]\ncondition = 'AND'\npaths = ['^a']\nstopwords = ['x']\n")
    assert found(both, "key=abc key=xyz", "a.txt") == [("k", "abc")]


def test_the_file_with_the_rules_is_not_looked_at() -> None:
    assert found(rules(RULE, ".gitleaks.toml"), "key=abc", ".gitleaks.toml") == []


def test_directories_that_an_allow_list_names() -> None:
    look = rules(RULE + "[allowlist]\npaths = ['(^|/)vendor$']\n")
    assert found(look, "key=abc", "a/vendor/b/c.txt") == []
    assert found(look, "key=abc", "a/vendors/c.txt") == [("k", "abc")]
