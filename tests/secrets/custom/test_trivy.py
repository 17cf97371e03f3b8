"""``trivy-secret.yaml``: every key, every error with its line, and what is found."""

import pytest

from seawall.core.errors import UsageError
from seawall.core.severity import Severity
from tests.secrets.custom.support import found, rules

FILE = "trivy-secret.yaml"
RULE = "rules:\n  - id: k\n    regex: key=(?P<value>\\w+)\n    severity: HIGH\n"


def test_all_keys() -> None:
    read = rules(
        """\
rules:
  - id: shop-key
    category: shop
    title: Key of the shop
    severity: critical
    regex: shop_(?P<value>[a-z]+)
    secret-group-name: value
    keywords: [SHOP_]
    path: \\.conf$
    allow-rules:
      - id: demo
        description: made up
        regex: demo
        path: test/
    exclude-block:
      description: documentation
      regexes: ['(?s)BEGIN.*?END']
  - id: other
    regex: other
    severity: LOW
allow-rules:
  - id: vendored
    path: vendor/
  - id: unused
    regex: never
exclude-block:
  regexes: ['#.*']
enable-builtin-rules: [github-pat, nonsense]
disable-rules: [other, npm-access-token]
disable-allow-rules: [unused]
skip-patterns: ['**/*.jpg']
""",
        FILE,
    )
    (rule,) = read.rules
    assert (rule.id, rule.title, rule.provider, rule.severity) == (
        "shop-key", "Key of the shop", "shop", Severity.CRITICAL,
    )  # fmt: skip
    assert (rule.group, rule.keywords, rule.path) == ("value", ("shop_",), r"\.conf$")
    assert [(a.regexes, a.paths, a.reason) for a in rule.allows] == [
        (("demo",), ("test/",), "made up")
    ]
    assert rule.excluded == ("(?s)BEGIN.*?END",)
    assert [(a.paths, a.origin) for a in read.allows] == [(("vendor/",), f"{FILE}:22")]
    assert (read.excluded, read.skipped) == (("#.*",), ("**/*.jpg",))
    assert read.only == ("github-classic-token",)
    assert read.disabled == ("npm-token",)
    assert any("'nonsense' is no rule of Trivy's" in note for note in read.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: [", f"{FILE}:1:"),
        ("- a\n", f"{FILE}:1: this must be a table"),
        ("rule: []\n", f"{FILE}:1: unknown key 'rule'; did you mean 'rules'?"),
        ("rules: 3\n", f"{FILE}:1: rules must be a list of tables"),
        ("rules:\n  - regex: a\n", f"{FILE}:2: a rule has no id: give it one"),
        ("rules:\n  - id: a\n", f"{FILE}:2: 'a' has no regex, so it finds nothing"),
        ("rules:\n  - id: a\n    regex: (\n", f"{FILE}:3: regex is no expression that can be run"),
        ("rules:\n  - id: a\n    regex: a\n    entropy: 3\n", f"{FILE}:4: unknown key 'entropy'"),
        (RULE + "    secret-group-name: x\n", f"{FILE}:5: the regex has no group 'x'"),
        (RULE + "    path: (\n", f"{FILE}:5: path is no expression that can be run"),
        (RULE + "    allow-rules: [{id: b}]\n", f"{FILE}:5: an allow rule has neither regex nor"),
        ("exclude-block: {regexes: ['(']}\n", f"{FILE}:1: regexes is no expression"),
        ("skip-patterns: ['[a']\n", f"{FILE}:1: '[a' is no pattern"),
        ("disable-rules: a\n", f"{FILE}:1: disable-rules must be a list of texts"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        rules(text, FILE)
    assert str(caught.value).startswith(message)


def test_a_severity_that_is_none() -> None:
    read = rules(RULE.replace("HIGH", "ENORMOUS"), FILE)
    assert read.rules[0].severity is Severity.MEDIUM
    assert "'enormous' is none of Trivy's" in read.notes[0]


def test_what_is_found() -> None:
    look = rules(
        RULE
        + "    secret-group-name: value\n    allow-rules: [{id: a, regex: key=demo}]\n"
        + "exclude-block: {regexes: ['(?s)<.*?>']}\nallow-rules: [{id: b, path: ^docs/}]\n"
        + "skip-patterns: ['**/*.lock']\n",
        FILE,
    )
    assert found(look, "key=abc key=demo1 <key=xyz> key=d") == [("k", "abc"), ("k", "d")]
    assert found(look, "key=abc", "docs/a.txt") == []
    assert found(look, "key=abc", "a/b.lock") == []


def test_without_a_group_the_whole_match_is_the_secret() -> None:
    assert found(rules(RULE, FILE), "key=abc") == [("k", "key=abc")]


def test_a_file_without_an_ending_is_told_by_what_is_in_it() -> None:
    assert rules(RULE, "secrets").format == "trivy"
    assert rules("[[rules]]\nid = 'k'\nregex = 'a'\n", "secrets").format == "gitleaks"
    assert rules("[[rule]]\nid = 'k'\nregex = 'a'\n", "secrets").format == "seawall"
