"""Marks in templates: they tell lines, and never change what is rendered."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.charts.marks import (
    Lines,
    are_possible,
    lines_of,
    marked,
    only_writer,
    span_in,
    table,
    without,
)
from seawall.charts.output import Rendered
from seawall.core.location import Span

MARK = re.compile(r" #@seawall:0:(\d+)@")


def with_marks(template: str) -> str:
    return marked({"a": template.encode()}, ["a"])["a"].decode()


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a: 1\n", "a: 1<1>\n"),
        ("a: 1  \r\nb: 2", "a: 1<1>  \r\nb: 2<2>"),
        ("a: {{ .b }}\n", "a: {{ .b }}<1>\n"),
        ('a: "{{ .b }}"\n', 'a: "{{ .b }}"<1>\n'),
        ("a: {{ .b -}}\nc: 1\n", "a: {{ .b -}}\nc: 1<2>\n"),
        ("a: 1 {{- /* no */}}\n", "a: 1<1> {{- /* no */}}\n"),
        ("{{ if .a }}b: 1{{ end }}\n", "{{ if .a }}b: 1<1>{{ end }}\n"),
        ("{{- if .a }}\nb:\n  {{- toYaml .c | nindent 2 }}\n{{- end }}\n",
         "{{- if .a }}\nb:<2>\n  {{- toYaml .c | nindent 2 }}\n{{- end }}\n"),
        ("---\na: 1\n--- # x\n%YAML\n", "---\na: 1<2>\n--- # x\n%YAML\n"),
        ('a: {{ "}}" }}\n', 'a: {{ "}}" }}<1>\n'),
        ("a: {{ `}}\n\"` }}\nb: 1\n", "a: {{ `}}\n\"` }}\nb: 1<3>\n"),
        ("{{/* b: 1 }}\n*/}}\na: 1\n", "{{/* b: 1 }}\n*/}}\na: 1<3>\n"),
        ('{{ define "x" }}\na: 1\n{{ end }}\nb: 2\n',
         '{{ define "x" }}\na: 1\n{{ end }}\nb: 2<4>\n'),
        ('{{ define "x" }}{{ if .a }}\na: 1\n{{ end }}\nc: 1{{ end }}\nb: 2\n',
         '{{ define "x" }}{{ if .a }}\na: 1\n{{ end }}\nc: 1{{ end }}\nb: 2<5>\n'),
        ("{{ $a := 1 }}\n{{ $a = 2 }}\nb: {{ $a }}\n",
         "{{ $a := 1 }}\n{{ $a = 2 }}\nb: {{ $a }}<3>\n"),
        ("a: {{ .b\n", "a: {{ .b<1>\n"),
        ("", ""),
    ],
)  # fmt: skip
def test_where_marks_stand(template: str, expected: str) -> None:
    assert MARK.sub(r"<\1>", with_marks(template)) == expected


PIECES = st.sampled_from(
    ["a: 1", "\n", "  ", "{{", "}}", "{{-", "-}}", " ", '"', "`", "'", "/*", "*/", "if ", "end",
     "define ", ".x", "---", "#", "\r", "\t", "- ", "$a := ", "é"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_taking_marks_away_gives_the_template(template: str) -> None:
    text = with_marks(template)
    assert without(text) == template
    for line, number in enumerate(text.split("\n"), 1):
        for found in MARK.finditer(number):
            assert int(found[1]) == line


def test_a_template_of_braces_takes_no_time() -> None:
    text = "{{ x }}" * 20_000
    assert without(with_marks(text)) == text


def test_a_chart_with_such_marks_bears_none() -> None:
    assert are_possible({"a": b"a: 1"})
    assert not are_possible({"a": b"a: 1", "b": b"x #@seawall:1:2@"})


PLAIN = """\
---
# Source: a/templates/a.yaml
kind: A
spec:
  list:
  - one
  - two: 1
    three: 2
  made:
    up: 1
"""


def known(*numbers: int) -> Lines:
    return Lines(PLAIN.splitlines(), numbers)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (3, 1), (4, 2), (5, 3), (6, 3), (7, 5), (8, 5), (9, 2), (10, 2), (1, 0), (2, 0), (11, 0),
        (0, 0),
    ],
)  # fmt: skip
def test_a_line_without_a_mark_is_at_what_holds_it(line: int, number: int) -> None:
    assert known(0, 0, 1, 2, 3, 0, 5, 0, 0, 0).enclosing(line) == number


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ('\n{{ include "x" . }}\n', 2),
        ('{{- if .a }}\n{{- include "x" . -}}\n{{- end }}\n', 2),
        ('{{ include "x" . }}\n{{ include "y" . }}\n', 0),
        ('a: {{ .b }}\n{{ include "x" . }}\n', 2),
        ('a: {{ .b -}}\n{{ include "x" . }}\n', 0),
        ('{{ define "x" }}{{ .a }}{{ end }}\n{{ template "x" . }}\n', 2),
        ("a: 1\n", 0),
        ("", 0),
    ],
)
def test_the_one_action_that_writes_unmarked(template: str, line: int) -> None:
    assert only_writer(template) == line


def test_what_no_mark_tells_of_is_the_one_writer_s() -> None:
    plain = [Rendered("s", "---\n# Source: s\na: 1\nb: 2\n")]
    assert lines_of(plain, plain, 0, 7).enclosing(3) == 7
    again = [Rendered("s", "---\n# Source: s\na: 9\nb: 2\n")]
    assert lines_of(plain, again, 0, 7).enclosing(3) == 0


def test_nothing_holds_across_documents() -> None:
    text = "---\na:\n---\n  b: 1"
    assert Lines(text.splitlines(), (0, 1, 0, 0)).enclosing(4) == 0


def test_only_equal_lines_count() -> None:
    plain = [Rendered("s", "---\n# Source: s\na: 1\nb: 2\n")]
    again = [Rendered("s", "---\n# Source: s\na: 9 #@seawall:0:7@\nb: 2 #@seawall:0:8@\n")]
    assert lines_of(plain, again, 0).numbers == [0, 0, 0, 8]
    assert lines_of(plain, again, 1).numbers == [0, 0, 0, 0]
    assert lines_of(plain, [*again, *again], 0).numbers == [0, 0, 0, 0]
    longer = [Rendered("s", again[0].text + "c: 3\n")]
    assert lines_of(plain, longer, 0).numbers == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("line", "rendered", "span", "expected"),
    [
        ("a: 1", "a: 1", Span(9, 4, 9, 5), Span(1, 4, 1, 5)),
        ("a: {{ .b }}", "a: 12345", Span(9, 4, 9, 9), Span(1, 4, 1, 12)),
        ("  {{ .k }}: 1  ", "  key: 1", Span(9, 8, 9, 9), Span(1, 3, 1, 14)),
        ("a:", "a:", Span(9, 1, 12, 3), Span(1, 1, 1, 3)),
        ("", "", Span(9, 1, 9, 1), Span(1, 1, 1, 1)),
    ],
)
def test_spans_in_templates(line: str, rendered: str, span: Span, expected: Span) -> None:
    assert span_in([line], 1, span, rendered) == expected


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.text("a:- #", max_size=8), st.integers(0, 5)), max_size=12),
    st.lists(st.integers(-3, 20), max_size=5),
)
def test_tables_name_lines_of_the_template(lines: list[tuple[str, int]], wanted: list[int]) -> None:
    texts, numbers = [line for line, _ in lines], [number for _, number in lines]
    spans = [Span(line, 1, line, 2) for line in wanted]
    found = table(spans, Lines(texts, numbers), ["x"] * 5)
    for old, new in found.items():
        assert old in spans
        assert 1 <= new.line <= 5
        assert 1 <= new.column <= new.end_column
