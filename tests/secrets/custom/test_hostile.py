"""Whatever stands in a file of rules, there is a set of rules or a clear error; no text raises."""

import json
import re
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.errors import UsageError
from seawall.secrets.candidate import Certainty
from seawall.secrets.custom import searching
from seawall.secrets.custom.searching import MOST, Custom
from seawall.secrets.search import search
from seawall.secrets.text import Kind, Text, kind_of
from seawall.text.toml import key, literal
from tests.secrets.custom.support import found, rules

KEYS = st.sampled_from(
    ["rule", "rules", "id", "regex", "pattern", "path", "paths", "entropy", "keywords", "allow",
     "allowlist",
     "allowlists", "required", "requires", "extend", "useDefault", "disabledRules", "secretGroup",
     "regexes", "stopwords", "condition", "regexTarget", "targetRules", "severity", "group",
     "kinds", "after", "verify", "examples", "withinLines", "within_lines", "commits",
     "skipReport", "tags", "x"]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["a", "(", "[a-z]+", "a{2000}", "(?P<secret>a)", "OR", "line", "high", "k", "", "é", "**",
     "\x00", "code"]
)  # fmt: skip
SCALARS = TEXTS | st.integers(-2, 5) | st.booleans() | st.floats() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=6)


def written(table: dict[str, Any]) -> str:
    """A table as TOML, all on one line for each key."""
    return "".join(f"{key(name)} = {_value(item)}\n" for name, item in table.items())


def _value(item: Any) -> str:
    if isinstance(item, dict):
        return "{ " + ", ".join(f"{key(k)} = {_value(v)}" for k, v in item.items()) + " }"
    if isinstance(item, list):
        return "[" + ", ".join(map(_value, item)) + "]"
    if item is None:
        return "1979-05-27"
    return repr(item) if isinstance(item, float) else literal(item)


def tried(text: str, path: str) -> None:
    """Read rules and look for them; an error must name file and line, and say more."""
    try:
        read = rules(text, path)
    except UsageError as error:
        told = str(error)
    else:
        found(read, "aaa ab key = 'a'\n")
        return
    assert re.match(r"r(\.toml|\.yaml)?(:\d+)+: .{8,}", told, re.DOTALL), told


@settings(max_examples=150, deadline=None)
@given(TABLES)
def test_any_table_is_a_set_of_rules_or_a_clear_error(table: dict[str, Any]) -> None:
    tried(written(table), "r.toml")


RULES = st.fixed_dictionaries(
    {"id": st.sampled_from(["k", "l", "a-b"])},
    optional={
        "regex": TEXTS, "path": TEXTS, "paths": st.lists(TEXTS, max_size=2), "entropy": SCALARS,
        "keywords": st.lists(TEXTS, max_size=2), "secretGroup": st.integers(0, 2), "group": TEXTS,
        "min_entropy": st.floats(0, 4), "allow": st.lists(TABLES, max_size=1), "kinds": VALUES,
        "allowlists": st.lists(TABLES, max_size=1), "required": st.lists(TABLES, max_size=1),
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["rule", "rules"]), st.lists(RULES, max_size=3), TABLES)
def test_any_rules_are_read_or_refused(name: str, members: list[Any], more: dict[str, Any]) -> None:
    more = {} if len(more) > 2 else more
    tried(written({**more, name: members}), "r.toml")


@settings(max_examples=100, deadline=None)
@given(TABLES)
def test_any_yaml_is_a_configuration_of_trivy_or_a_clear_error(table: dict[str, Any]) -> None:
    tried(json.dumps(table), "r.yaml")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["r.toml", "r.yaml", "r"]))
def test_any_text_is_read_or_refused(text: str, path: str) -> None:
    tried(text, path)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_text_can_be_searched(data: bytes) -> None:
    look = rules("[[rule]]\nid = 'a'\nregex = '[^ ]{2}(.)'\n[[rule]]\nid = 'b'\nregex = '(?s).+'\n")
    for item in Custom([look]).find(Text("a", data, Kind.PROSE))[0]:
        assert 0 <= item.start < item.end <= len(data)


def test_expressions_that_take_too_much_together() -> None:
    members = "".join(
        f"[[rules]]\nid = 'r{number}'\nregex = '(?:{number}\\pL{{50}}){{1}}'\n"
        for number in range(99)
    )
    with pytest.raises(
        UsageError, match=r"^rules\.toml:\d+: the expressions of this file together"
    ):
        rules(members)


# Floods ---------------------------------------------------------------------------------------


def test_a_rule_that_matches_everywhere_is_cut_with_a_note() -> None:
    look = rules("[[rule]]\nid = 'all'\nregex = '[a-z]'\n[[rule]]\nid = 'few'\nregex = 'Q'\n")
    text = Text("a", b"ab " * 6_000 + b"Q", Kind.PROSE)
    candidates, notes = Custom([look]).find(text)
    assert len(candidates) == MOST + 1
    assert notes == (
        "rules.toml:1: the rule 'all' matches more than 10,000 times: the rest was left out",
    )
    (result,) = search(size=1, custom=[look]).run([text])
    assert result.notes == notes


def test_a_rule_that_takes_too_long_is_cut_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SECONDS", -1.0)
    look = rules("[[rule]]\nid = 'slow'\nregex = 'a'\n")
    candidates, notes = Custom([look]).find(Text("a", b"a", Kind.PROSE))
    assert candidates == []
    assert "takes longer than" in notes[0]


def test_a_rule_that_matches_nothing_at_all_finds_nothing() -> None:
    look = rules("[[rule]]\nid = 'none'\nregex = 'x*'\n")
    assert found(look, "ab" * 5_000) == []


def test_a_line_of_megabytes() -> None:
    look = rules("[[rule]]\nid = 'k'\nregex = 'key=([0-9]+)'\n")
    assert found(look, b"x" * 3_000_000 + b"key=12" + b"y" * 3_000_000) == [("k", "12")]


# Beside the rules that come with the program ---------------------------------------------------


def test_users_rules_speak_beside_ours() -> None:
    look = search(
        size=1,
        custom=[rules("[[rule]]\nid = 'pin'\nregex = 'password: (\\w+)'\nseverity = 'low'\n")],
    )
    text = Text("a.yaml", b"password: Tq8vLz2mXw9k\ntoken: bR5nYc7dJf3h\n", kind_of("a.yaml"))
    (result,) = look.run([text])
    first, second = result.secrets
    assert (first.candidate.rule, first.also) == ("secret:pin", ("assignment",))
    assert first.certainty is Certainty.HIGH
    assert second.candidate.rule == "assignment"


def test_what_lets_pass_ours_is_told() -> None:
    text = Text("a.yaml", b"password: Tq8vLz2mXw9k\n", kind_of("a.yaml"))
    for rest in ("paths = ['a.yaml']", "stopwords = ['tq8']", "regexes = ['9k$']"):
        look = search(size=1, custom=[rules(f"[[allow]]\nreason = 'demo'\n{rest}\n")])
        (result,) = look.run([text])
        assert [item.allowed for item in result.secrets] == ["rules.toml:1: demo"]


def test_values_in_base64_are_seen() -> None:
    look = search(size=1, custom=[rules("[[rule]]\nid = 'k'\nregex = 'shopkey=([0-9]+)'\n")])
    packed = b64encode(b"password = x; shopkey=123456; more text to be unpacked")
    (result,) = look.run([Text("a", b"x = " + packed, Kind.PROSE)])
    assert [(s.candidate.rule, s.candidate.decoded) for s in result.secrets] == [
        ("secret:k", ("base64",))
    ]
