"""Scripts as commands: structure, words, places, commands in commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text.shell.parser import MAX_SCRIPT, parse
from seawall.text.shell.script import Command, Origin, Script


def script(text: str, language: str = "sh") -> Script:
    return parse(Origin(text.encode(), (0,), (0,)), language)


def told(command: Command) -> str:
    return " ".join([command.name, *command.values])


def commands(text: str) -> list[str]:
    found = script(text)
    assert not found.broken, found.broken
    return [told(command) for command in found.commands]


class TestStructure:
    def test_operators(self) -> None:
        found = script("a && b || c; d & e\nf")
        assert [(told(one), one.operator) for one in found.commands] == [
            ("a", ""), ("b", "&&"), ("c", "||"), ("d", ";"), ("e", "&"), ("f", ";"),
        ]  # fmt: skip
        assert [one.name for one in found.commands if one.background] == ["d"]

    def test_pipelines(self) -> None:
        found = script("a | b |& c && ! d")
        assert [(one.name, one.pipeline.place, one.pipeline.length) for one in found.commands] == [
            ("a", 0, 3), ("b", 1, 3), ("c", 2, 3), ("d", 0, 1),
        ]  # fmt: skip
        assert found.commands[3].negated

    def test_a_heredoc_in_a_pipeline(self) -> None:
        first, second = script("cat <<EOF | tr a b\nx\nEOF\n").commands
        assert first.pipeline.number == second.pipeline.number
        assert (first.pipeline.place, second.pipeline.place) == (0, 1)

    @pytest.mark.parametrize(
        ("text", "inside"),
        [
            ("(a)", ("subshell",)),
            ("{ a; }", ("group",)),
            ("if true; then a; fi", ("if",)),
            ("while true; do a; done", ("while",)),
            ("for i in 1 2; do a; done", ("for",)),
            ("case $x in y) a;; esac", ("case",)),
            ("f() { a; }", ("function", "group")),
            ("echo $(a)", ("substitution",)),
            ('echo "x `a`"', ("substitution",)),
            ("cat <(a)", ("substitution",)),
            ("(if b; then echo $(a); fi)", ("subshell", "if", "substitution")),
        ],
    )
    def test_inside(self, text: str, inside: tuple[str, ...]) -> None:
        found = script(text)
        assert not found.broken
        (command,) = found.named("a")
        assert command.inside == inside
        assert not command.top_level

    def test_conditions(self) -> None:
        found = script("if a; then b; c; elif d; then e; else f; fi; while g; do h; done")
        assert [one.name for one in found.commands if one.condition] == ["a", "d", "g"]
        assert found.commands[2].operator == ";"

    def test_redirections_and_assignments(self) -> None:
        (command,) = script("A=1 B='x y' make all >/dev/null 2>&1 <in").commands
        assert [(one.name, one.value and one.value.value) for one in command.assignments] == [
            ("A", "1"), ("B", "x y"),
        ]  # fmt: skip
        told_redirections = [
            (one.descriptor, one.operator, one.target and one.target.value)
            for one in command.redirections
        ]
        assert told_redirections == [("", ">", "/dev/null"), ("2", ">&", "1"), ("", "<", "in")]

    def test_assignments_alone_and_declarations(self) -> None:
        found = script("A=1; export B=2 C; unset D; [ -f x ] && [[ $y == z ]]")
        assert not found.broken
        assert [told(one) for one in found.commands] == [
            "", "export B=2 C", "unset D", "[ -f x ]", "[[ $y == z ]]",
        ]  # fmt: skip

    def test_comments(self) -> None:
        assert [one.text for one in script("a # b\n# c\nd").comments] == ["# b", "# c"]


class TestWords:
    @pytest.mark.parametrize(
        ("word", "value"),
        [
            ("a", "a"), ("'a b'", "a b"), ('"a b"', "a b"), ("a\\ b", "a b"), ("a'b'\"c\"", "abc"),
            ('"a\\"b"', 'a"b'), ("$X", None), ('"${X}y"', None), ("a$(b)", None), ("{a,b}", "{a,b}"),
            ("*.txt", "*.txt"), ("12", "12"), ("--x=y", "--x=y"), ('--x="y z"', "--x=y z"),
            ("$'a'", "a"), ("''", ""),
        ],
    )  # fmt: skip
    def test_values(self, word: str, value: str | None) -> None:
        (found,) = script(f"cmd {word}").commands[0].arguments
        assert (found.text, found.value) == (word, value)

    def test_options(self) -> None:
        command = script(
            "apt-get -qqy install --no-install-recommends -o A=b --x=1 -- -z"
        ).commands[0]
        assert command.option("-y", "--yes")
        assert command.option("--x")
        assert command.option("--no-install-recommends")
        assert not command.option("-z")
        assert [word.text for word in command.operands] == ["install", "A=b", "-z"]

    def test_names_lose_their_directory(self) -> None:
        assert script("/usr/bin/apt-get update").commands[0].name == "apt-get"
        assert script("$X update").commands[0].name == ""


class TestCommandsInCommands:
    @pytest.mark.parametrize(
        ("text", "name", "runners"),
        [
            ("sudo -u x -E env A=1 -i rm y", "rm", ["sudo", "env"]),
            ("exec time nice -n 5 nohup rm y", "rm", ["exec", "time", "nice", "nohup"]),
            ("find . | xargs -r -n 1 rm", "rm", ["xargs"]),
            ("timeout -s KILL 5 rm", "rm", ["timeout"]),
            ("gosu app rm", "rm", ["gosu"]),
            ("chroot /x rm", "rm", ["chroot"]),
            ("sh -c 'rm y'", "rm", ["sh"]),
            ("bash -exo pipefail -c \"rm y\" z", "rm", ["bash"]),
            ("su - app -c 'rm y'", "rm", ["su"]),
            ("sudo sh -c \"su -c 'rm y'\"", "rm", ["sudo", "sh", "su"]),
            ("eval 'rm y'", "rm", ["eval"]),
            ("bash <<EOF\nrm y\nEOF\n", "rm", ["bash"]),
            ("busybox sh -c 'rm y'", "rm", ["busybox"]),
        ],
    )  # fmt: skip
    def test_runners(self, text: str, name: str, runners: list[str]) -> None:
        found = script(text)
        assert not found.broken
        (command,) = found.named(name)
        assert command.runners == runners

    @pytest.mark.parametrize(
        "text",
        ["command -v rm", "bash script.sh rm", "cat <<EOF\nrm\nEOF\n", 'sh -c "$rm"', "sudo -l rm"],
    )
    def test_what_runs_nothing(self, text: str) -> None:
        assert not script(text).named("rm")

    def test_places_in_a_quoted_script(self) -> None:
        text = 'sh -c "echo \\"a\\" && rm b"'
        command = script(text).named("rm")[0]
        assert text[command.start : command.end] == "rm b"
        assert command.operator == "&&"
        assert all(word.editable for word in command.words)
        (quoted,) = script(text).named("echo")[0].arguments
        assert (quoted.value, quoted.editable) == ("a", False)


class TestLimits:
    def test_other_languages_are_not_read(self) -> None:
        found = script("Get-Item x | Remove-Item", "powershell")
        assert not found.commands
        assert not found.is_shell
        assert not found.broken

    @pytest.mark.parametrize(
        "text",
        [
            "a|" * 5000, "a=(" * 5000, "${a" * 5000, "<<A " * 5000, "(" * 2000, "$(" * 2000, "'" * 999,
            "`" * 999, "a && " * 5000, "if " * 2000, "x " * MAX_SCRIPT, "[" * 20_000,
            "sh -c '" * 50, "{ " * 300 + "a" + "; }" * 300,
        ],
    )  # fmt: skip
    def test_hostile_scripts(self, text: str) -> None:
        script(text)

    @given(st.text(alphabet=st.sampled_from(list("ab \n'\"$(){}[]|&;<>\\`#=-é\0")), max_size=60))
    def test_any_text(self, text: str) -> None:
        found = script(text)
        size = len(text.encode())
        for command in found.commands:
            assert 0 <= command.start <= command.end <= size
            for word in command.words:
                assert 0 <= word.start <= word.end <= size

    @given(st.text(alphabet=st.sampled_from(list("ab \n'\"$()|&;\\=-é")), max_size=60))
    def test_looks_at_all_words_at_once(self, text: str) -> None:
        """What is in a word is in what the script says, and commands are found by their names."""
        found = script(text)
        for command in found.commands:
            assert all((word.text if word.value is None else word.value) in found.said
                       for word in command.words)  # fmt: skip
        assert found.named("a", "b", "") == [
            command for command in found.commands if command.name in {"a", "b", ""}
        ]

    @given(st.binary(max_size=40), st.lists(st.integers(1, 9), max_size=6), st.data())
    def test_cuts_of_an_origin(self, data: bytes, gaps: list[int], draw: st.DataObject) -> None:
        """Each byte of a cut is where it was."""
        starts = sorted({0, *(at * 5 for at in range(len(gaps)) if at * 5 < len(data))})
        places = [start + sum(gaps[:number]) for number, start in enumerate(starts)]
        origin = Origin(data, tuple(starts), tuple(places))
        ends = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
        pieces = list(zip(ends[::2], ends[1::2], strict=False))
        cut = origin.cut(pieces)
        wanted = [at for start, end in pieces for at in range(start, end)]
        assert cut.data == bytes(data[at] for at in wanted)
        assert [cut.start(at) for at in range(len(wanted))] == [origin.start(at) for at in wanted]
