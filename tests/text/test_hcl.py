import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text.hcl import Expression, HclError, Template, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a\\n\\u00e9"', "a\n\xe9"),
        ("1.5e1", 15.0),
        ("true", True),
        ("null", None),
        ('["a", 1, [b]]', ["a", 1.0, [Expression("b", "b")]]),
        ('{ a = 1, "b" : 2\n c = "x" }', {"a": 1.0, "b": 2.0, "c": "x"}),
        ("NAME", Expression("NAME", "NAME")),
        ('"a${B}c"', Template(("a", Expression("B", "B"), "c"))),
        ('"${f("}")}"', Template((Expression('f("}")'),))),
        ('"$${x}"', "${x}"),
        ("1 + 2", Expression("1 + 2")),
        ('f("a", [1])', Expression('f("a", [1])')),
        ("a ? b : c", Expression("a ? b : c")),
        ("[for x in y: x]", Expression("[for x in y: x]")),
        ("<<E\n a\nE", " a\n"),
        ("<<-E\n  a\n b\nE", " a\nb\n"),
    ],
)
def test_values(text: str, value: object) -> None:
    root = parse(f"x = {text}\ny = 1\n")
    assert root.attributes["x"].value == value
    assert root.attributes["y"].value == 1.0
    assert f"x = {text}\n"[root.attributes["x"].start :].startswith(text[:1])


def test_blocks() -> None:
    root = parse('a "b" c {\n  x = 1 // y\n  d { }\n}\n/* z */ e {}\n')
    first, second = root.blocks
    assert (first.kind, first.labels, list(first.attributes)) == ("a", ("b", "c"), ["x"])
    assert [block.kind for block in first.blocks] == ["d"]
    assert second.kind == "e"


@given(st.text(alphabet=st.sampled_from(list('ab="{}[](),:$%\\#/*<-\n 1é')), max_size=50))
def test_any_text(text: str) -> None:
    offset = 0
    try:
        parse(text)
    except HclError as error:
        offset = error.offset
    assert 0 <= offset <= len(text)
