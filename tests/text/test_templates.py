"""What is a Go template, and what merely has braces."""

import time

import pytest

from seawall.text.templates import (
    has_mark,
    has_mark_that_yaml_refuses,
    has_mark_that_yaml_skips,
    is_go_template,
)


@pytest.mark.parametrize(
    "text",
    [
        "replicas: {{ .Values.replicas }}", "{{- if .Values.x }}\na: 1\n{{- end }}",
        "a: {{ include \"x\" . | nindent 4 }}", "{{/* comment */}}", "a: {{$x}}", "a: {{ (eq 1 1) }}",
        "{{ define \"x\" }}", "  {{ whatever }}", "a: {{- toYaml .x }}", "a: {{ else }}",
    ],
)  # fmt: skip
def test_templates(text: str) -> None:
    assert is_go_template(text)


@pytest.mark.parametrize(
    "text",
    ["a: {b: {c: 1}}", "url: /d/{{uid}}", "a: '{{ name }}'", "a: {{iffy}}", "a: 1", "{ {a: 1} }"],
)
def test_others(text: str) -> None:
    assert not is_go_template(text)


@pytest.mark.parametrize("filler", ["\n", " ", "{{ ", "{{\n", "{{-"])
def test_no_text_takes_long(filler: str) -> None:
    text = "{{x" + filler * 300_000
    start = time.process_time()
    is_go_template(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "text",
    [
        "${NAME}", "web-${ENV:-dev}", "${cluster_env:=dev}-web", "$(NAME)", "$NAME", "<name>",
        "<YOUR-CONTAINER>", "##NAME##", "#{NAME}#", "@NAME@", "%NAME%", "__NAME__",
        "registry.example.org/web:${TAG}", "$(REGISTRY)/web:1",
    ],
)  # fmt: skip
def test_marks(text: str) -> None:
    assert has_mark(text)


@pytest.mark.parametrize(
    "text",
    [
        "web", "", "system:node", "registry.example.org:5000/a__b__c/web:V1_2__3@sha256:" + "0" * 64,
        "ko://example.org/web", "a-b.c", "*", "web@1", "50%",
    ],
)  # fmt: skip
def test_no_marks(text: str) -> None:
    assert not has_mark(text)


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("name: ##NAME##", True),
        ("kind: Pod\n  - name: #{NAME}#  \r\n", True),
        ('"image": ##IMAGE##', True),
        ("name: web ##NAME##", False),
        ("name: ## NAME ##", False),
        ("name: # NAME", False),
        ("# name: ##NAME##", False),
        ("other: ##NAME##", False),
    ],
)
def test_marks_that_yaml_skips(text: str, skipped: bool) -> None:
    assert has_mark_that_yaml_skips(text) == skipped


def test_marks_that_yaml_refuses() -> None:
    assert has_mark_that_yaml_refuses("  name: @NAME@")
    assert has_mark_that_yaml_refuses("- %NAME%-web")
    assert not has_mark_that_yaml_refuses("name: web@example.org")
    assert not has_mark_that_yaml_refuses("name: @")


@pytest.mark.parametrize(
    "filler", ["##", "#{", "${", "$(", "<", "__A", "@a", "%a", " ", "- ", "\n"]
)
def test_marks_take_no_time(filler: str) -> None:
    text = ("name: ##" + filler * 100)[:253]
    assert isinstance(has_mark(text), bool)
    assert not has_mark_that_yaml_skips("name:" + filler * 100_000)
