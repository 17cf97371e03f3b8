"""Ignore comments in Dockerfiles: each form has the scope that it has in its tool."""

from textwrap import dedent

import pytest

from seawall.core.finding import Finding, Subject
from seawall.core.ignore import Ignore
from seawall.core.location import Location, Span
from seawall.core.rule import Rule
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.buildkit_ignores import CHECKS, OF_FILES, OF_INSTRUCTIONS
from seawall.dockerfile.ignore_comments import Words, read
from seawall.dockerfile.rules import all_rules
from seawall.text.dockerfile.parser import parse

RULE = all_rules()[0]


def words(text: str, *, unheeded: frozenset[str] = frozenset()) -> Words:
    return read(evaluate(parse(dedent(text).encode())), "Dockerfile", unheeded=unheeded)


def finding(line: int, rule: Rule = RULE) -> Finding:
    place = Location("Dockerfile", span=Span(line, 1, line, 2))
    return Finding(rule, Severity.LOW, Confidence.HIGH, "", "", Subject(), place)


def covered(ignore: Ignore, text: str) -> list[int]:
    """The lines of a text that an ignore is about."""
    count = dedent(text).count("\n")
    return [line for line in range(1, count + 1) if ignore.scope.covers(finding(line))]


def only(text: str) -> tuple[Ignore, list[int]]:
    (ignore,) = words(text).ignores
    return ignore, covered(ignore, text)


# Our own --------------------------------------------------------------------------------------


def test_above_an_instruction_it_is_about_all_its_lines() -> None:
    text = """\
        FROM a
        # seawall: ignore[apt-unpinned, DL3009] one version only until=2027-01-31
        # more words
        RUN x \\
          y
        RUN z
        """
    ignore, lines = only(text)
    assert ignore.rules == ("apt-unpinned", "DL3009")
    assert (ignore.reason, ignore.until) == ("one version only", "2027-01-31")
    assert not ignore.foreign
    assert lines == [4, 5]
    assert ignore.origin.span == Span(2, 1, 2, 74)


def test_a_heredoc_belongs_to_its_instruction() -> None:
    text = "FROM a\n# seawall: ignore[x] why\nRUN <<E\na\nb\nE\nRUN c\n"
    assert only(text)[1] == [3, 4, 5, 6]


def test_at_the_top_with_a_blank_line_it_is_about_the_file() -> None:
    text = "# syntax=docker/dockerfile:1\n# seawall: ignore[x] why\n\nFROM a\nRUN b\n"
    assert only(text)[1] == [1, 2, 3, 4, 5]


def test_it_may_be_indented() -> None:
    assert only("FROM a\n  # seawall: ignore[x] why\n  RUN b\n")[1] == [3]
    assert only("FROM a\n \t# hadolint ignore=DL3008 \nRUN b\n")[1] == [3]


def test_above_the_first_instruction_it_is_about_that() -> None:
    text = "# seawall: ignore[x] why\nFROM a\nRUN b\n"
    assert only(text)[1] == [2]


def test_a_file_wide_one_may_stand_anywhere() -> None:
    text = "FROM a\nRUN b \\\n# seawall: ignore-file[x] why\n  c\n"
    assert only(text)[1] == [1, 2, 3, 4]


def test_inside_a_run_it_is_about_the_commands_of_the_next_line() -> None:
    text = """\
        FROM a
        RUN a \\
         # seawall: ignore[x] why

         && apt-get install \\
              b \\
              c \\
         && d
        """
    assert only(text)[1] == [5, 6, 7]


def test_inside_a_heredoc_it_is_about_the_next_line() -> None:
    text = "FROM a\nRUN <<E\na\n  # seawall: ignore[x] why\nb \\\n  c\nd\nE\n"
    assert only(text)[1] == [5, 6]


def test_inside_other_instructions_it_is_about_the_next_line() -> None:
    text = "FROM a\nENV A=1 \\\n# seawall: ignore[x] why\n  B=2 \\\n  C=3\n"
    assert only(text)[1] == [4]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN b\n# seawall: ignore[x] why\n",
        "FROM a\n# seawall: ignore[x] why\n\nRUN b\n",
        "FROM a\nRUN b \\\n# seawall: ignore[x] why\n",
        "FROM a\n# seawall: ignore\nRUN b\n",
        "FROM a\n# seawall: igonre[x]\nRUN b\n",
        "FROM a\n# seawall: ignore[x] until=soon\nRUN b\n",
    ],
)
def test_one_of_no_use_has_a_fault(text: str) -> None:
    (ignore,) = words(text).ignores
    assert ignore.fault


def test_the_text_of_files_is_no_comment() -> None:
    assert not words("FROM a\nCOPY <<E /b\n# seawall: ignore[x] why\nE\n").ignores


# hadolint -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rules", "lines"),
    [
        ("FROM a\n# hadolint ignore=DL3008,SC2086\nRUN x \\\n y\n", ("DL3008", "SC2086"), [3, 4]),
        (
            "FROM a\n#  hadolint   ignore = DL3008 , DL3009 # why\nRUN x\n",
            ("DL3008", "DL3009"),
            [3],
        ),
        ("# hadolint global ignore=DL3006\nFROM a\nRUN x\n", ("DL3006",), [1, 2, 3]),
        ("FROM a\n# hadolint global ignore=DL3006\nRUN x\n", ("DL3006",), [1, 2, 3]),
        (
            "# hadolint stage ignore=DL3011\nFROM a\nEXPOSE 1\nRUN x\nFROM b\nEXPOSE 1\n",
            ("DL3011",),
            [3, 4, 5],
        ),
    ],
)
def test_hadolint(text: str, rules: tuple[str, ...], lines: list[int]) -> None:
    ignore, found = only(text)
    assert (ignore.rules, found, ignore.foreign) == (rules, lines, True)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\n# hadolint ignore=DL3008\n\nRUN x\n",  # not the very next line
        "FROM a\n# hadolint ignore=DL3008\n# more\nRUN x\n",
        "FROM a\nRUN x \\\n# hadolint ignore=DL3008\n y\n",  # hadolint never sees it
        "FROM a\n# hadolint ignore=crazy,DL3002\nUSER root\n",
        "FROM a\n# hadolint ignore=DL3008 because\nRUN x\n",
        "FROM a\n# Hadolint ignore=DL3008\nRUN x\n",
    ],
)
def test_what_hadolint_does_not_heed(text: str) -> None:
    assert not words(text).ignores


def test_pragmas_can_be_unheeded() -> None:
    text = "FROM a\n# hadolint ignore=DL3008\nRUN x\n"
    assert not words(text, unheeded=frozenset(("hadolint",))).ignores


def test_the_reason_behind_a_pragma() -> None:
    assert only("# hadolint ignore=DL3006 # tests\nFROM a\n")[0].reason == "tests"


# checkov --------------------------------------------------------------------------------------


@pytest.mark.parametrize("above", ["FROM a\n", "FROM a\nRUN x \\\n", ""])
def test_a_skip_of_checkov_is_about_the_file(above: str) -> None:
    text = f"{above}#checkov:skip=CKV_DOCKER_2:no server\nRUN y\n"
    ignore, lines = only(text)
    assert (ignore.rules, ignore.reason) == (("CKV_DOCKER_2",), "no server")
    assert lines == list(range(1, text.count("\n") + 1))


# Trivy ----------------------------------------------------------------------------------------


def test_trivy_is_about_the_instruction_below() -> None:
    text = "FROM a\n#trivy:ignore:DS-0002\nUSER \\\n  root\nRUN x\n"
    ignore, lines = only(text)
    assert (ignore.rules, lines, ignore.until) == (("DS-0002",), [3, 4], "")


def test_trivy_ends_before_the_day() -> None:
    ignore, _ = only("#trivy:ignore:DS-0001:exp:2027-02-01\nFROM a\n")
    assert ignore.until == "2027-01-31"
    assert only("#trivy:ignore:DS-0001:exp:soon\nFROM a\n")[0].fault


def test_several_of_trivy_go_together() -> None:
    text = "#trivy:ignore:DS-0001 trivy:ignore:AVD-DS-0002\n# tfsec:ignore:*\nFROM a\n"
    found = [(one.rules, covered(one, text)) for one in words(text).ignores]
    assert found == [(("DS-0001",), [3]), (("AVD-DS-0002",), [3]), (("DS-*",), [3])]


def test_trivy_does_not_reach_further() -> None:
    assert not words("#trivy:ignore:DS-0001\n\nFROM a\n").ignores


# KICS -----------------------------------------------------------------------------------------


def test_kics_ignores_an_instruction() -> None:
    text = "FROM a\n# kics-scan ignore-line\nRUN x \\\n  y\nRUN z\n"
    ignore, lines = only(text)
    assert (ignore.rules, lines) == (("*",), [3, 4])


def test_kics_ignores_a_stage_from_there_on() -> None:
    text = "# kics-scan ignore-block\nFROM a\nRUN x\n\nFROM b\nRUN y\n"
    assert only(text)[1] == [2, 3]
    text = "FROM a\nRUN x\n# KICS-SCAN ignore-block\nRUN y\nRUN z\nFROM b\n"
    assert only(text)[1] == [4, 5]


def test_kics_at_the_top_is_about_the_file() -> None:
    id_ = "b03a748a-542d-44f4-bb86-9199ab4fd2d5"
    ignore, lines = only(f"# The shop\n# kics-scan disable={id_},x\nFROM a\nRUN b\n")
    assert (ignore.rules, lines) == ((id_, "x"), [1, 2, 3, 4])
    assert only("# kics-scan ignore\nFROM a\n")[0].rules == ("*",)
    rest = only(f"# kics-scan enable={id_}\nFROM a\n")[0].rules
    assert len(rest) > 5
    assert f"kics:{id_}" not in rest


def test_kics_below_the_top_is_not() -> None:
    assert not words("FROM a\n# kics-scan ignore\nRUN b\n# kics-scan disable=x\nRUN c\n").ignores


# BuildKit -------------------------------------------------------------------------------------


def test_the_directive_is_about_the_file() -> None:
    text = "# check=skip=JSONArgsRecommended,StageNameCasing;error=true\nFROM a\nCMD b\n"
    found = words(text)
    (ignore,) = found.ignores
    assert ignore.rules == ("JSONArgsRecommended", "StageNameCasing")
    assert covered(ignore, text) == [1, 2, 3]


def test_all_of_buildkit_are_its_own_checks_only() -> None:
    found = words("# check=skip=all;experimental=all\nFROM a\n")
    assert set(found.ignores[0].rules) == set(OF_FILES) | set(OF_INSTRUCTIONS)
    assert found.enabled[0].checks == ("InvalidDefinitionDescription",)
    assert len(CHECKS) == 22


def test_a_comment_is_about_its_instruction() -> None:
    text = "FROM a\n# check=skip=UndefinedVar,NoEmptyContinuation\nCOPY \\\n  $A /b\nCOPY $A /c\n"
    ignore, lines = only(text)
    assert (ignore.rules, lines) == (("UndefinedVar",), [3, 4])


def test_a_replaced_instruction_is_excused_at_the_later_one() -> None:
    text = 'FROM a\nCMD ["b"]\n# check=skip=MultipleInstructionsDisallowed\nCMD ["c"]\n'
    assert only(text)[1] == [2]
    assert not words('FROM a\n# check=skip=MultipleInstructionsDisallowed\nCMD ["c"]\n').ignores


def test_what_fails_a_run_is_not_for_the_file_to_say() -> None:
    assert words("# check=error=true\nFROM a\n") == Words()


def test_a_file_without_marks_is_not_looked_at() -> None:
    assert words("FROM a\n# nothing\nRUN b\n") == Words()


# The shell of a base image --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("# hadolint shell=pwsh\nFROM a\nRUN x\nFROM b\nRUN y\n", ["powershell"] * 2),
        ("FROM a\nRUN x\n# hadolint shell=cmd # why\nRUN y\nFROM b\nRUN z\n", ["sh", "cmd", "sh"]),
        ("FROM a AS b\n# hadolint shell=/bin/bash\nRUN x\nFROM b\nRUN y\n", ["bash", "bash"]),
        ('FROM a\n# hadolint shell=cmd\nRUN x\nSHELL ["/bin/ash", "-c"]\nRUN y\n', ["cmd", "ash"]),
    ],
)  # fmt: skip
def test_shell_pragma(text: str, languages: list[str]) -> None:
    build = evaluate(parse(text.encode()))
    scripts = [step.scripts[0] for step in build.steps() if step.name == "RUN"]
    assert [script.language for script in scripts] == languages
