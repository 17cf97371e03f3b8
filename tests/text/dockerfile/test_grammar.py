"""The grammar of Dockerfiles, fact by fact; BuildKit's answer to each was looked up."""

import pytest

from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tree import Dockerfile, Instruction


def one(text: str) -> Instruction:
    """The last instruction of an accepted file."""
    file = parse(text.encode())
    assert file.problem is None, file.problem
    return file.instructions[-1]


def refused(text: str) -> str:
    problem = parse(text.encode()).problem
    assert problem is not None
    return problem.message


def source(file: Dockerfile, start: int, end: int) -> bytes:
    return file.data[start:end]


def words(instruction: Instruction) -> list[str]:
    return [word.text for word in instruction.arguments]


class TestLines:
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_line_ends_of_both_kinds(self, end: str) -> None:
        file = parse(f"FROM a{end}RUN b \\{end}  c{end}".encode())
        assert [one.line for one in file.instructions] == [1, 2]
        assert file.instructions[1].end_line == 3
        assert words(file.instructions[1]) == ["b   c"]

    def test_mixed_line_ends(self) -> None:
        file = parse(b"FROM a\r\nRUN b \\\n c \\\r\n d\n")
        assert words(file.instructions[1]) == ["b  c  d"]

    def test_a_byte_order_mark_is_dropped_on_the_first_line_only(self) -> None:
        assert one("\ufeffFROM a\n").name == "FROM"
        assert "unknown instruction" in refused("FROM a\n\ufeffRUN b\n")

    def test_the_longest_line(self) -> None:
        assert one("FROM a\nRUN " + "x" * 65_531 + "\n").name == "RUN"
        message = "dockerfile line greater than max allowed size of 65535"
        assert refused("FROM a\nRUN " + "x" * 65_532 + "\n") == message
        assert refused("FROM a\nRUN " + "x" * 65_532) == message

    def test_space_is_stripped_from_the_first_line_and_kept_on_continuations(self) -> None:
        assert one("   FROM a\n").keyword.text == "FROM"
        assert words(one("FROM a\nRUN a\\\n    b\n")) == ["a    b"]

    def test_no_final_newline(self) -> None:
        assert words(one("FROM a\nRUN b")) == ["b"]


class TestDirectives:
    def test_keys_have_any_case_and_blanks(self) -> None:
        assert parse(b"#  EsCaPe = `\nFROM a\n").escape == "`"

    @pytest.mark.parametrize("before", ["# comment", "# unknown=1", "", "FROM x"])
    def test_anything_else_ends_them(self, before: str) -> None:
        assert parse(f"{before}\n# escape=`\nFROM a\n".encode()).escape == "\\"

    def test_a_repeated_one_is_an_error(self) -> None:
        message = "only one escape parser directive can be used"
        assert refused("# escape=`\n# escape=`\nFROM a\n") == message

    def test_escape_takes_two_characters_only(self) -> None:
        assert refused("# escape=x\nFROM a\n") == "invalid escape token 'x' does not match ` or \\"

    @pytest.mark.parametrize(
        "text",
        [
            "# syntax=docker/dockerfile:1\n",
            "// syntax=docker/dockerfile:1\n",
            '{"syntax": "docker/dockerfile:1"}',
            "#!/usr/bin/env x\n# syntax=docker/dockerfile:1\n",
            "# escape=`\n# syntax = docker/dockerfile:1 more\n",
        ],
    )
    def test_forms_of_syntax(self, text: str) -> None:
        assert parse(text.encode()).syntax == "docker/dockerfile:1"

    def test_check(self) -> None:
        file = parse(b"# check=skip=all;error=true\nFROM a\n")
        assert file.check == "skip=all;error=true"
        (directive,) = file.directives
        assert source(file, directive.value_start, directive.value_end) == b"skip=all;error=true"


class TestContinuations:
    def test_blanks_may_follow_the_escape(self) -> None:
        assert words(one("FROM a\nRUN b \\ \t\n c\n")) == ["b  c"]

    def test_two_escapes_are_none(self) -> None:
        file = parse(b"FROM a\nRUN b \\\\\nRUN c\n")
        assert [words(one) for one in file.instructions[1:]] == [["b \\\\"], ["c"]]

    def test_three_escapes_are_none_either(self) -> None:
        assert words(parse(b"FROM a\nRUN b \\\\\\\nRUN c\n").instructions[1]) == ["b \\\\\\"]

    def test_an_escape_alone_on_a_line(self) -> None:
        assert words(one("FROM a\nRUN b \\\n\\\n c\n")) == ["b  c"]

    def test_comments_inside_are_dropped_and_end_nothing(self) -> None:
        instruction = one("FROM a\nRUN b \\\n # d\n#e\n && c\n")
        assert words(instruction) == ["b  && c"]
        assert [comment.text for comment in instruction.inner_comments] == ["d", "e"]

    def test_blank_lines_inside_are_dropped_and_told(self) -> None:
        file = parse(b"FROM a\nRUN b \\\n\n  \n c\n")
        instruction = file.instructions[1]
        assert words(instruction) == ["b  c"]
        assert [source(file, *bounds) for bounds in instruction.blank_lines] == [b"\n", b"  \n"]

    def test_a_hash_in_mid_line_is_no_comment(self) -> None:
        assert words(one("FROM a\nRUN b # c \\\n d\n")) == ["b # c  d"]

    def test_at_the_end_of_the_file(self) -> None:
        assert words(one("FROM a\nRUN b \\")) == ["b"]

    def test_the_backtick_after_its_directive(self) -> None:
        instruction = one("# escape=`\nFROM a\nRUN b `\n c \\\n")
        assert words(instruction) == ["b  c \\"]


class TestInstructions:
    def test_names_have_any_case(self) -> None:
        assert one("from a\nrUn b\n").name == "RUN"

    def test_an_unknown_name_is_refused_after_all_lines_were_read(self) -> None:
        assert refused("FROM a\nRNU b\nENV x\n") == "ENV must have two arguments"
        assert refused("FROM a\nFOO b\n").startswith(
            "dockerfile parse error on line 2: unknown instruction: FOO"
        )

    def test_the_first_must_be_from_or_arg(self) -> None:
        assert refused("RUN a\nFROM b\n") == "no build stage in current context"
        assert one("ARG A\nFROM b\n").name == "FROM"

    def test_nothing_at_all(self) -> None:
        assert refused("# comment\n") == "file with no instructions"


class TestFlags:
    def test_they_stand_right_behind_the_name(self) -> None:
        instruction = one("FROM a\nRUN --network=none --mount=type=cache,target=/x make --y\n")
        assert [flag.text for flag in instruction.flags] == [
            "--network=none",
            "--mount=type=cache,target=/x",
        ]
        assert words(instruction) == ["make --y"]

    def test_quotes_and_escapes_are_resolved(self) -> None:
        instruction = one('FROM a\nCOPY --chown="a b" --chmod=7\\55 x y\n')
        assert [flag.value for flag in instruction.flags] == ["a b", "755"]

    def test_two_dashes_end_them(self) -> None:
        instruction = one("FROM a\nRUN -- --network=none\n")
        assert instruction.flags == ()
        assert words(instruction) == ["--network=none"]

    def test_booleans(self) -> None:
        assert one("FROM a\nCOPY --link --parents=false x y\n").flag("link")
        assert "expecting boolean value for flag --link, not: 1" in refused(
            "FROM a\nCOPY --link=1 x y\n"
        )

    @pytest.mark.parametrize("name", ["ENV a=b", "EXPOSE 80", "USER a", "WORKDIR /", "VOLUME /a",
                                      "LABEL a=b", "SHELL []", "CMD a", "ENTRYPOINT a"])  # fmt: skip
    def test_other_instructions_have_none(self, name: str) -> None:
        keyword, _, rest = name.partition(" ")
        assert "unknown flag: --x" in refused(f"FROM a\n{keyword} --x=1 {rest}\n")

    @pytest.mark.parametrize("text", ["ARG --x=1 A", "STOPSIGNAL --x=1 9", "HEALTHCHECK --x NONE"])
    def test_these_do_not_look_at_theirs(self, text: str) -> None:
        assert one(f"FROM a\n{text}\n").flags

    def test_repeated_flags(self) -> None:
        assert one("FROM a\nRUN --mount=target=/a --mount=target=/b c\n").flags[1:]
        assert "duplicate flag specified: --chown" in refused(
            "FROM a\nCOPY --chown=a --chown=b x y\n"
        )

    def test_a_bind_mount_without_a_target_is_fine_here(self) -> None:
        assert one("FROM a\nRUN --mount=from=b true\n").flags

    def test_the_range_of_a_flag_and_its_value(self) -> None:
        file = parse(b"FROM --platform=linux/amd64 a\n")
        (flag,) = file.instructions[0].flags
        assert source(file, flag.start, flag.end) == b"--platform=linux/amd64"
        assert source(file, flag.value_start, flag.end) == b"linux/amd64"


class TestJson:
    def test_strings(self) -> None:
        file = parse(b'FROM a\nCMD [ "a b" , "\\u00e9\\n" ]\n')
        instruction = file.instructions[1]
        assert instruction.is_json
        assert words(instruction) == ["a b", "\xe9\n"]
        assert [source(file, word.start, word.end) for word in instruction.arguments] == [
            b'"a b"',
            b'"\\u00e9\\n"',
        ]

    @pytest.mark.parametrize(
        "text", ["['a']", '["a",]', '["a"] # c', '["a" "b"]', "[ -z x ]", '["\\x"]', "[1e999]"]
    )
    def test_what_is_no_json_is_for_the_shell(self, text: str) -> None:
        instruction = one(f"FROM a\nRUN {text}\n")
        assert not instruction.is_json
        assert words(instruction) == [text]

    @pytest.mark.parametrize("text", ["[1]", '["a", null]', "[[]]", '[{"a": 1}]', "[true]"])
    def test_other_values_are_an_error(self, text: str) -> None:
        message = "when using JSON array syntax, arrays must be comprised of strings only"
        assert refused(f"FROM a\nRUN {text}\n") == message

    @pytest.mark.parametrize("name", ["RUN", "CMD", "ENTRYPOINT", "SHELL", "COPY", "ADD", "VOLUME",
                                      "HEALTHCHECK CMD"])  # fmt: skip
    def test_where_it_is_read(self, name: str) -> None:
        assert one(f'FROM a\n{name} ["a", "b"]\n').is_json

    def test_shell_must_be_one(self) -> None:
        assert "SHELL requires the arguments to be in JSON form" in refused("FROM a\nSHELL sh\n")

    def test_an_empty_array(self) -> None:
        assert one("FROM a\nCMD []\n").is_json
        assert "SHELL requires at least one argument" in refused("FROM a\nSHELL []\n")

    def test_it_takes_no_heredoc(self) -> None:
        assert one('FROM a\nRUN ["<<EOF"]\nRUN b\n').heredocs == ()


class TestHeredocs:
    def test_its_parts(self) -> None:
        file = parse(b"FROM a\nRUN cat <<EOF >x\nbody $X\n# no comment\nEOF\nRUN b\n")
        (heredoc,) = file.instructions[1].heredocs
        assert source(file, heredoc.start, heredoc.end) == b"<<EOF"
        assert source(file, heredoc.body_start, heredoc.body_end) == b"body $X\n# no comment\n"
        assert source(file, heredoc.terminator_start, heredoc.terminator_end) == b"EOF"
        assert heredoc.expand
        assert file.instructions[2].name == "RUN"
        assert (file.instructions[1].line, file.instructions[1].end_line) == (2, 5)

    @pytest.mark.parametrize("word", ["<<'EOF'", '<<"EOF"', "<<E'O'F"])
    def test_a_quoted_name_does_not_expand(self, word: str) -> None:
        (heredoc,) = one(f"FROM a\nCOPY {word} /x\nb\nEOF\n").heredocs
        assert (heredoc.name, heredoc.expand) == ("EOF", False)

    def test_the_dash_strips_tabs_of_the_terminator_but_no_blanks(self) -> None:
        (heredoc,) = one("FROM a\nRUN <<-EOF\n\ta\n EOF\n\t\tEOF\n").heredocs
        assert heredoc.strip_tabs
        assert heredoc.body_end - heredoc.body_start == len("\ta\n EOF\n")

    def test_several_are_read_in_order(self) -> None:
        instruction = one("FROM a\nRUN cat 3<<A <<B\na\nA\nb\nB\n")
        assert [(one.name, one.descriptor) for one in instruction.heredocs] == [("A", 3), ("B", 0)]

    @pytest.mark.parametrize("text", ["cat <<<EOF", "echo $((1<<2))", "echo '<<EOF'", "a <<"])
    def test_what_is_none(self, text: str) -> None:
        assert one(f"FROM a\nRUN {text}\n").heredocs == ()

    def test_the_body_continues_nothing(self) -> None:
        file = parse(b"FROM a\nRUN <<EOF\na \\\nEOF\nRUN b\n")
        assert len(file.instructions) == 3

    def test_crlf(self) -> None:
        (heredoc,) = one("FROM a\r\nRUN <<EOF\r\nb\r\nEOF\r\n").heredocs
        assert heredoc.terminated

    def test_the_backslash_escapes_in_its_word_whatever_the_directive_says(self) -> None:
        file = parse(b"# escape=`\nFROM a\nRUN cat <<E\\OF\nx\nEOF\n")
        assert file.problem is None
        assert file.instructions[1].heredocs[0].name == "EOF"

    def test_behind_onbuild(self) -> None:
        instruction = one("FROM a\nONBUILD RUN <<EOF\nb\nEOF\n")
        assert instruction.heredocs
        assert instruction.inner
        assert instruction.inner.heredocs == instruction.heredocs

    def test_without_its_end(self) -> None:
        file = parse(b"FROM a\nRUN <<EOF\nb\n")
        assert file.problem
        assert file.problem.reason == "unterminated heredoc"
        assert not file.instructions[1].heredocs[0].terminated

    def test_not_as_a_destination(self) -> None:
        assert "COPY cannot accept a heredoc as a destination" in refused(
            "FROM a\nCOPY a <<EOF\nb\nEOF\n"
        )

    def test_only_run_copy_and_add_have_them(self) -> None:
        assert one("FROM a\nCMD cat <<EOF\n").heredocs == ()


class TestArguments:
    def test_from(self) -> None:
        assert words(one("FROM a AS b-1.x_y\n")) == ["a", "AS", "b-1.x_y"]
        assert words(one("FROM a as B\n"))[2] == "B"
        assert "FROM requires either one or three arguments" in refused("FROM a b\n")
        assert "invalid name for build stage" in refused("FROM a AS 1b\n")

    def test_env(self) -> None:
        instruction = one("FROM a\nENV A=b C=\"d e\" F='g' H=i\\ j\n")
        assert [(pair.key.text, pair.value and pair.value.text) for pair in instruction.pairs] == [
            ("A", "b"), ("C", '"d e"'), ("F", "'g'"), ("H", "i\\ j"),
        ]  # fmt: skip

    def test_env_of_the_old_kind_takes_the_rest_of_the_line(self) -> None:
        (pair,) = one("FROM a\nENV A  b  c = d\n").pairs
        assert (pair.key.text, pair.value and pair.value.text, pair.legacy) == (
            "A",
            "b  c = d",
            True,
        )

    def test_env_mixes_no_kinds(self) -> None:
        message = 'Syntax error - can\'t find = in "B". Must be of the form: name=value'
        assert refused("FROM a\nENV A=b B\n") == message

    def test_single_quotes_take_no_escape(self) -> None:
        instruction = one("FROM a\nENV A='b\\' C=d\n")
        assert [pair.key.text for pair in instruction.pairs] == ["A", "C"]

    def test_args(self) -> None:
        pairs = one("FROM a\nARG A B=c D=\n").pairs
        assert [(pair.key.text, pair.value and pair.value.text) for pair in pairs] == [
            ("A", None), ("B", "c"), ("D", ""),
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ["USER", "WORKDIR", "MAINTAINER", "STOPSIGNAL"])
    def test_these_take_the_rest_of_the_line(self, name: str) -> None:
        assert words(one(f"FROM a\n{name} a  b\n")) == ["a  b"]
        assert f"{name} requires exactly one argument" in refused(f"FROM a\n{name}\n")

    def test_healthcheck(self) -> None:
        assert words(one("FROM a\nHEALTHCHECK none\n")) == ["none"]
        assert "HEALTHCHECK NONE takes no arguments" in refused("FROM a\nHEALTHCHECK NONE x\n")
        assert "time: missing unit in duration" in refused(
            "FROM a\nHEALTHCHECK --interval=30 CMD x\n"
        )
        assert 'Interval "timeout" cannot be less than 1ms' in refused(
            "FROM a\nHEALTHCHECK --timeout=1us CMD x\n"
        )

    @pytest.mark.parametrize("name", ["ONBUILD", "FROM", "MAINTAINER"])
    def test_onbuild_refuses(self, name: str) -> None:
        assert "ONBUILD" in refused(f"FROM a\nONBUILD {name} x\n")

    def test_onbuild_does_not_look_further(self) -> None:
        instruction = one("FROM a\nONBUILD COPY x\n")
        assert instruction.inner
        assert instruction.inner.name == "COPY"

    def test_volume(self) -> None:
        assert words(one("FROM a\nVOLUME /a /b\n")) == ["/a", "/b"]
        assert "can not be an empty string" in refused('FROM a\nVOLUME [" "]\n')

    def test_run_and_cmd_may_be_empty(self) -> None:
        assert words(one("FROM a\nRUN\n")) == []
        assert words(one("FROM a\nCMD\n")) == []


class TestTolerance:
    def test_reading_goes_on_behind_an_error(self) -> None:
        file = parse(b"# escape=x\nFROM a\nENV b\nFOO\nUSER\nRUN c\n")
        assert [problem.line for problem in file.problems] == [1, 3, 4, 5]
        assert [one.name for one in file.instructions] == ["FROM", "ENV", "FOO", "USER", "RUN"]
        assert file.instructions[-1].problem is None

    def test_a_problem_knows_its_bytes(self) -> None:
        file = parse(b"FROM a\nCOPY --bogus x y\n")
        assert file.problem
        assert source(file, file.problem.start, file.problem.end) == b"--bogus"


class TestFlagsOfEachInstruction:
    """Every flag that BuildKit knows, and the values that it wants."""

    @pytest.mark.parametrize(
        "text",
        [
            "RUN --mount=type=cache,target=/a --mount=type=tmpfs,target=/b c",
            "RUN --mount=type=secret,id=a --mount=type=ssh b",
            "RUN --network=default --security=sandbox a",
            "RUN --network=none a",
            "RUN --network=host --security=insecure a",
            "RUN --device=vendor.example/gpu a",
            "COPY --from=a --chown=1:2 --chmod=755 --link --parents --exclude=x --exclude=y a b",
            "ADD --chown=1 --chmod=u=rw --link --keep-git-dir=true --unpack=false --exclude=x a b",
            f"ADD --checksum=sha256:{'a' * 64} https://example.com/a b",
            "HEALTHCHECK --interval=1s --timeout=1m30s --start-period=0s --retries=3 CMD a",
            "HEALTHCHECK --start-interval=1s CMD a",
        ],
    )
    def test_known_ones(self, text: str) -> None:
        assert one(f"FROM a\n{text}\n").flags

    def test_the_platform_of_from(self) -> None:
        assert one("FROM --platform=linux/arm64 a\n").flag_value("platform") == "linux/arm64"

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("RUN --network=x a", "network"),
            ("RUN --security=x a", "security"),
            ("RUN --from=x a", "unknown flag: --from"),
            ("COPY --checksum=x a b", "unknown flag: --checksum"),
            ("ADD --from=x a b", "unknown flag: --from"),
            ("ADD --parents a b", "unknown flag: --parents"),
            ("FROM --as=x a", "unknown flag: --as"),
            ("COPY --link=maybe a b", "expecting boolean value for flag --link"),
            ("HEALTHCHECK --retries=x CMD a", "strconv.ParseInt"),
        ],
    )
    def test_others_are_refused(self, text: str, reason: str) -> None:
        assert reason in refused(f"FROM a\n{text}\n")


class TestFurtherFacts:
    def test_a_directive_below_a_blank_line_is_a_comment(self) -> None:
        assert parse(b"\n# escape=`\nFROM a\n").escape == "\\"

    def test_tabs_continue_too(self) -> None:
        assert words(one("FROM a\nRUN b \\\t\n\tc\n")) == ["b \tc"]

    def test_the_rest_of_a_line_is_one_argument_with_its_blanks(self) -> None:
        assert words(one("FROM a\nWORKDIR /a  b \n")) == ["/a  b"]

    def test_ports_are_words_with_ranges_and_protocols(self) -> None:
        assert words(one("FROM a\nEXPOSE 90 80-82/udp $P/tcp\n")) == ["90", "80-82/udp", "$P/tcp"]

    def test_exec_forms_take_double_quotes_only(self) -> None:
        assert not one("FROM a\nENTRYPOINT ['a', 'b']\n").is_json

    def test_names_of_stages_keep_their_case_in_the_text_only(self) -> None:
        assert words(one("FROM a AS Build\n"))[2] == "Build"
        assert "invalid name for build stage" in refused("FROM a AS b/c\n")

    def test_a_heredoc_ends_at_a_whole_line(self) -> None:
        (heredoc,) = one("FROM a\nRUN <<E\nE \n E\nEE\nE\n").heredocs
        assert heredoc.terminated
        file = parse(b"FROM a\nRUN <<E\nE \n E\nEE\nE\n")
        assert source(file, heredoc.body_start, heredoc.body_end) == b"E \n E\nEE\n"

    def test_an_instruction_follows_a_heredoc_at_once(self) -> None:
        file = parse(b"FROM a\nRUN <<E\nb\nE\n# c\nUSER d\n")
        assert [one.name for one in file.instructions] == ["FROM", "RUN", "USER"]

    def test_a_trigger_has_all_that_its_instruction_has(self) -> None:
        inner = one('FROM a\nONBUILD COPY --from=b ["c", "d"]\n').inner
        assert inner
        assert (inner.name, inner.is_json, words(inner)) == ("COPY", True, ["c", "d"])
        assert inner.flag_value("from") == "b"
