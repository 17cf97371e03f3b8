"""Scripts of steps: their language, and the places of their words in the file."""

import subprocess
import sys

import pytest

from seawall.dockerfile.build import evaluate
from seawall.text.dockerfile.parser import parse
from seawall.text.shell.script import Script

DOCKERFILE = rb"""FROM debian
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update && \
  # a comment
  apt-get install -y \
    curl=1 \

    wg\
et && rm -rf /var/lib/apt/lists/*
RUN sudo bash <<EOF && cat <<X
echo hi | sh
EOF
body
X
RUN <<-EOF
	set -e
	make
EOF
CMD ["sh", "-c", "exec \"foo\" -x && \u0062ar"]
HEALTHCHECK --interval=5s CMD curl -f http://localhost/ || exit 1
"""


def scripts(text: bytes) -> list[Script]:
    build = evaluate(parse(text))
    assert build.problem is None, build.problem
    return [script for step in build.steps() for script in step.scripts]


def only(text: str) -> Script:
    (script,) = scripts(f"FROM a\n{text}\n".encode())
    return script


def test_every_word_is_where_it_says() -> None:
    for script in scripts(DOCKERFILE):
        assert not script.broken
        for command in script.commands:
            for word in command.words:
                raw = DOCKERFILE[word.start : word.end]
                if word.editable and not raw.startswith(b'"'):
                    assert raw.decode() == word.text
                assert word.editable or b"\\" in raw


def test_a_word_over_a_continuation_is_not_editable() -> None:
    install = scripts(DOCKERFILE)[0].named("apt-get")[1]
    assert [word.value for word in install.arguments] == ["install", "-y", "curl=1", "wget"]
    assert [word.editable for word in install.arguments] == [True, True, True, False]


def test_heredocs_of_one_line_go_to_their_commands() -> None:
    script = scripts(DOCKERFILE)[1]
    assert [(one.name, one.runners) for one in script.commands] == [
        ("sudo", []), ("bash", ["sudo"]), ("cat", []), ("echo", ["sudo", "bash"]),
        ("sh", ["sudo", "bash"]),
    ]  # fmt: skip
    assert [one.name for one in script.commands if one.redirections] == ["bash", "cat"]


def test_a_heredoc_alone_is_the_script() -> None:
    script = scripts(DOCKERFILE)[2]
    assert [one.name for one in script.commands] == ["set", "make"]
    assert script.language == "bash"


def test_scripts_in_json_forms() -> None:
    script = scripts(DOCKERFILE)[3]
    assert script.language == "exec"
    assert [one.name for one in script.commands] == ["sh", "exec", "foo", "bar"]


def test_health_checks() -> None:
    assert [one.name for one in scripts(DOCKERFILE)[4].commands] == ["curl", "exit"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("RUN a", "sh"),
        ('SHELL ["/bin/ash", "-c"]\nRUN a', "ash"),
        ('SHELL ["/usr/bin/env", "bash", "-c"]\nRUN a', "bash"),
        ('SHELL ["powershell", "-Command"]\nRUN a', "powershell"),
        ('SHELL ["C:\\\\x\\\\pwsh.exe"]\nRUN a', "powershell"),
        ('SHELL ["cmd", "/S", "/C"]\nRUN a', "cmd"),
        ("RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF", "python3"),
        ("RUN <<EOF\n#!/bin/bash -e\na\nEOF", "bash"),
        ('RUN ["a"]', "exec"),
    ],
)
def test_languages(text: str, language: str) -> None:
    script = only(text)
    assert script.language == language
    assert bool(script.commands) == (language in {"sh", "ash", "bash", "exec"})


def test_windows_images_use_cmd() -> None:
    (script,) = scripts(b"FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN dir\n")
    assert script.language == "cmd"


def test_wrapped_exec_forms() -> None:
    script = only('ENTRYPOINT ["/usr/bin/env", "A=1", "tini", "--", "/app", "-x"]')
    assert [(one.name, one.runners) for one in script.commands] == [
        ("env", []), ("tini", ["env"]), ("app", ["env", "tini"]),
    ]  # fmt: skip


def test_the_grammar_is_loaded_for_scripts_only() -> None:
    code = (
        "import sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from seawall.dockerfile.build import evaluate\n"
        "from seawall.text.dockerfile.parser import parse\n"
        "build = evaluate(parse(b'FROM a\\nCOPY b c\\nUSER 1\\n'))\n"
        "assert len(list(build.steps())) == 2\n"
        "print(*sys.modules)\n"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    modules = set(result.stdout.split())
    assert "seawall.dockerfile.steps" in modules
    assert not modules & {"tree_sitter", "tree_sitter_bash", "json", "dataclasses", "ipaddress"}
