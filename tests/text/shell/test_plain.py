"""Commands cut into words without the tree: they are those that the tree tells."""

import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seawall.text.shell import parser, plain
from seawall.text.shell.script import Command, Origin, ShellWord

ALPHABET = list("ab1/.:=-+,~*?@% \t'\"$_{}\\#!&|;<>()[]\n\u00e9")


def commands(text: str) -> list[Command]:
    return list(parser.parse(Origin(text.encode(), (0,), (0,)), "sh").commands)


def told(command: Command) -> tuple[tuple[ShellWord, ...], str, list[str], int, int]:
    return command.words, command.name, command.shown, command.start, command.end


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("apt-get install -y  curl=7.88", ["apt-get", "install", "-y", "curl=7.88"]),
        ("rm -rf /var/lib/apt/lists/*", ["rm", "-rf", "/var/lib/apt/lists/*"]),
        ("""x 'a "$b"' "it's" a'b'"c" ''""", ["x", 'a "$b"', "it's", "abc", ""]),
        ('x "$A" b$C ${D}e', ["x", '"$A"', "b$C", "${D}e"]),
        ("'x' --o='a b'", ["x", "--o=a b"]),
    ],
)
def test_plain_commands(text: str, words: list[str]) -> None:
    assert plain.shown(text) == words
    (command,) = commands(text)
    assert command.shown == words
    assert command.values == words[1:]


@pytest.mark.parametrize(
    "text",
    [
        "A=1 x", "$x a", '"$x" a', "x \\a", "x $(a)", "x `a`", "x ${a:-b}", "x > y", "x # y",
        "test a == b", "x {a,b}", "x [a]", "x !", 'x "a\\"b"', "x 'a\nb'", "x \u00e9", "x 'a", "",
    ],
)  # fmt: skip
def test_others(text: str) -> None:
    assert plain.shown(text) is None


def test_places_are_those_of_continued_lines() -> None:
    found = parser.parse(Origin(b"a  'b c' de", (0, 3, 10), (5, 20, 40)), "sh").commands[0]
    assert [(one.text, one.value, one.start, one.end, one.editable) for one in found.words] == [
        ("a", "a", 5, 6, True), ("'b c'", "b c", 20, 25, True), ("de", "de", 26, 41, False),
    ]  # fmt: skip
    assert (found.start, found.end) == (5, 41)


def test_a_word_with_two_variables_is_one() -> None:
    """The grammar takes the second for a word of its own."""
    (command,) = commands("curl http://a/$V/b-$V.tar")
    assert [word.text for word in command.words] == ["curl", "http://a/$V/b-$V.tar"]


@given(st.text(st.sampled_from(ALPHABET), max_size=30))
@example("a 'b'\"c\" d=e")
def test_words_are_those_of_a_shell(text: str) -> None:
    words = plain.shown(text)
    if words is not None and "$" not in text:
        assert words == shlex.split(text)


@given(st.lists(st.sampled_from(["a", "-b", "c=d", "'e f'", '"g h"', "$i", '"$j k"', "l*", "${m}",
                                 "n'o'", "&&", "|", ";", "\t", "> p", "$(q)"]), max_size=12))  # fmt: skip
def test_words_are_those_of_the_tree(parts: list[str]) -> None:
    text = " ".join(parts)
    found = [told(command) for command in commands(text)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parser._Text, "plain_command", lambda *_: None)
        assert found == [told(command) for command in commands(text)]


def test_any_text_can_be_asked_for_twice() -> None:
    """Equal scripts share a tree; each has its own commands."""
    first, second = commands("a b && c"), commands("a b && c")
    first[0].operator = ";"
    assert second[0].operator == ""
