"""What is a Go template, and what merely has braces."""

import time

import pytest

from seawall.text.templates import is_go_template


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
