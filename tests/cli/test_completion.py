"""Completion, asked of the shells themselves, and the answers they are given."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from seawall import catalogue, reports
from seawall.cli.arguments import Parser
from seawall.cli.completion import SHELLS, parser_of, script
from seawall.cli.main import COMMANDS, FORMS, run
from seawall.cli.words import BY_METAVAR, FILES, VALUES, answer_of
from seawall.core.rule import PROFILES
from seawall.core.severity import Severity

PROGRAM = Path(sys.executable).parent / "seawall"
PATIENCE = 60.0
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")

needs = {
    shell: pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")
    for shell in SHELLS
}


def words(*line: str) -> set[str]:
    return {value for value, _ in answer_of(line, COMMANDS, parser_of).values}


# Answers --------------------------------------------------------------------------------------


def test_commands() -> None:
    assert words("") == {*COMMANDS, "--help", "--version"}
    assert words("sc") == {"scan"}
    assert words("nonsense", "") == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command(command: str) -> None:
    parser = parser_of(command)
    long = {
        name
        for action in parser.all_actions()
        for name in action.option_strings
        if name.startswith("--")
    }
    assert words(command, "--") == long
    assert "--help" in long


@pytest.mark.parametrize("command", COMMANDS)
def test_every_value_has_a_kind(command: str) -> None:
    """A new metavar belongs into ``BY_METAVAR``: nothing else is to be kept for completion."""
    for action in parser_of(command).all_actions():
        if action.nargs != 0 and action.choices is None:
            assert str(action.metavar) in BY_METAVAR, action


def test_options_that_were_given_are_not_offered_again() -> None:
    left = words("scan", "--strict", "--profile", "all", "--select", "a", "--")
    assert not left & {"--strict", "--profile"}
    assert {"--select", "--ignore", "--format"} <= left


def test_commands_of_two_words() -> None:
    options = words("harden", "image", "--")
    assert {"--squash", "--keep-setuid", "--compression"} <= options
    assert "--lock" not in options
    assert words("harden", "image", "--compression", "") == {"gzip", "zstd", "none"}
    assert words("harden", "imag") == {"image"}
    assert answer_of(("harden", ""), COMMANDS, parser_of).kind == FILES
    assert answer_of(("harden", "image", ""), COMMANDS, parser_of).kind == FILES
    for form in FORMS:
        for action in parser_of(form).all_actions():
            if action.nargs != 0 and action.choices is None:
                assert str(action.metavar) in BY_METAVAR, action


def test_values() -> None:
    assert words("scan", "--format", "") == set(reports.FORMATS)
    assert words("scan", "--format=s") == {"--format=sarif"}
    assert words("scan", "--profile", "") == set(PROFILES)
    assert words("scan", "--fail-on", "") == {*(s.label for s in Severity), "none"}
    assert words("scan", "-j", "") == set()
    assert words("rules", "--format", "") == {"table", "json"}
    assert words("completion", "") == set(SHELLS)


def test_rule_ids() -> None:
    own = {rule.id for rule in catalogue.all_rules()}
    assert words("explain", "") == own
    assert words("explain", "host-pid", "") == own
    assert words("scan", "--select", "host-pi") >= {"host-pid"}
    assert words("scan", "--ignore", "a,host-pi") == {"a,host-pid"}
    assert words("explain", "ksv-0010") == {"KSV-0010"}
    assert "kube-linter:host-pid" in words("rules", "kube-linter:")


@pytest.mark.parametrize(
    ("line", "kind", "prefix"),
    [
        (["scan", ""], FILES, ""),
        (["scan", "a.yaml", ""], FILES, ""),
        (["scan", "--", "--"], FILES, ""),
        (["scan", "--config", ""], FILES, ""),
        (["scan", "--config="], FILES, "--config="),
        (["scan", "--format", "sarif="], FILES, "sarif="),
        (["scan", "--format=sarif=o"], FILES, "--format=sarif="),
        (["scan", "--context", ""], "directories", ""),
        (["scan", "--write-baseline", ""], FILES, ""),
        (["scan", "--strict="], VALUES, ""),
        (["scan", "--nonsense="], VALUES, ""),
    ],
)
def test_files(line: list[str], kind: str, prefix: str) -> None:
    answer = answer_of(line, COMMANDS, parser_of)
    assert (answer.kind, answer.prefix, answer.values) == (kind, prefix, ())


def test_an_optional_value_may_be_left_out() -> None:
    assert "--strict" in words("scan", "--write-baseline", "--str")
    assert (
        answer_of(["scan", "--write-baseline", "--strict", ""], COMMANDS, parser_of).kind == FILES
    )


def test_commands_within_commands() -> None:
    parser = Parser(prog="outer")
    inner = parser.add_subparsers(metavar="WHAT").add_parser("show")
    inner.add_argument("--format", choices=("a", "b"))

    def answer(*line: str) -> set[str]:
        return {value for value, _ in answer_of(["x", *line], {"x": ""}, lambda _: parser).values}

    assert answer("") == {"show"}
    assert answer("show", "--fo") == {"--format"}
    assert answer("show", "--format", "") == {"a", "b"}


# Shells ---------------------------------------------------------------------------------------


def bash(line: str, cwd: Path) -> list[str]:
    """What the function of the script offers for a line, cut into words as bash does."""
    code = r"""
    source "$1"
    COMP_LINE=$2 COMP_POINT=${#2}
    COMP_WORDS=() word=
    [[ $2 =~ ([^[:space:]=:]*)$ ]] && last=${BASH_REMATCH[1]}
    _seawall seawall "$last" ""
    printf '%s\n' "${COMPREPLY[@]}"
    """
    path = cwd / "completion.bash"
    path.write_text(script("bash").replace("program=seawall ", f"program={PROGRAM} "))
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", code, "bash", str(path), line],
        cwd=cwd, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not done.stderr
    return done.stdout.split()


@needs["bash"]
def test_bash(tmp_path: Path) -> None:
    assert bash("seawall sc", tmp_path) == ["scan"]
    assert bash("seawall scan --no-gi", tmp_path) == ["--no-gitignore"]
    assert bash("seawall scan --format=s", tmp_path) == ["sarif"]
    assert bash("seawall scan --format s", tmp_path) == ["sarif"]
    assert bash("seawall explain kube-linter:host-p", tmp_path) == ["host-pid"]
    assert bash("seawall scan --select 'a,host-pi", tmp_path) == ["a,host-pid"]
    assert bash("seawall explain a\\", tmp_path) == []
    assert bash("seawall scan --profile ", tmp_path) == list(PROFILES)
    assert bash("seawall scan ", tmp_path) == []  # readline's own turn


class Terminal:
    """A shell at a terminal."""

    def __init__(self, command: Sequence[str], cwd: Path) -> None:
        self._reader, writer = pty.openpty()
        environment = {
            "TERM": "xterm", "HOME": str(cwd), "ZDOTDIR": str(cwd), "PS1": "READY ",
            "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "LANG": "C.UTF-8",
        }  # fmt: skip
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=writer, stdout=writer, stderr=writer,
            start_new_session=True,
        )  # fmt: skip
        os.close(writer)

    def type(self, text: str, pattern: str) -> str:
        """Type, and read until a pattern comes."""
        os.write(self._reader, text.encode())
        seen, deadline = "", time.monotonic() + PATIENCE
        while not re.search(pattern, CONTROLS.sub("", seen)):
            left = deadline - time.monotonic()
            assert left > 0, f"{pattern!r} is not in {seen!r}"
            if select.select([self._reader], [], [], left)[0]:
                seen += os.read(self._reader, 65536).decode(errors="replace")
        return seen

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._reader)


@needs["bash"]
def test_bash_at_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "manifests with blanks").mkdir()
    (tmp_path / "manifest.txt").touch()
    shell = Terminal(["bash", "--noprofile", "--norc", "-i"], tmp_path)
    try:
        shell.type("source <(seawall completion bash); echo lo''aded\n", "loaded")
        shell.type("seawall scan --no-gi\t", "--no-gitignore ")
        shell.type("\x15seawall scan --format=sa\t", "--format=sarif ")
        shell.type("\x15seawall scan --format sarif=manifest.\t", "sarif=manifest.txt ")
        shell.type("\x15seawall scan --context man\t", r"manifests\\ with\\ blanks/")
        shell.type("\x15seawall explain host-pi\t", "host-pid ")
        shell.type("\x15seawall explain KSV-001\t\t", "(?s)KSV-0010.*KSV-0017")
    finally:
        shell.close()


@needs["bash"]
def test_a_tab_runs_nobody_elses_program(tmp_path: Path) -> None:
    trap = tmp_path / "seawall"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    shell = Terminal(["bash", "--noprofile", "--norc", "-i"], tmp_path)
    try:
        shell.type("source <(seawall completion bash); echo lo''aded\n", "loaded")
        shell.type("./seawall scan --no-gi\t", "--no-gitignore ")
    finally:
        shell.close()
    assert not (tmp_path / "sprung").exists()


@needs["zsh"]
def test_zsh_at_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifest.txt").touch()
    shell = Terminal(["zsh", "-f", "-i"], tmp_path)
    load = "autoload -U compinit; compinit -u -D; source <(seawall completion zsh)"
    try:
        shell.type(f"{load}; echo lo''aded\n", "loaded")
        shell.type("seawall scan --no-gi\t", "tignore ")
        shell.type("\x15seawall scan --format=sa\t", "rif ")
        shell.type("\x15seawall scan --format sarif=manifest.\t", "txt ")
        shell.type("\x15seawall scan --context man\t", "ifests/")
        shell.type("\x15seawall explain kube-linter:host-pi\t", r"d ")
        shell.type("\x15seawall scan --prof\t", "ile ")
        shell.type("\x15seawall explain KSV-001\t\t", "(?s)KSV-0010.*KSV-0017")
    finally:
        shell.close()


def fish(line: str, cwd: Path) -> set[str]:
    code = f"seawall completion fish | source; complete -C '{line}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", code], cwd=cwd, capture_output=True, text=True, check=True,
        env=os.environ | {"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "HOME": str(cwd)},
    )  # fmt: skip
    assert not done.stderr
    return {row.partition("\t")[0] for row in done.stdout.splitlines()}


@needs["fish"]
def test_fish(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifest.txt").touch()
    assert fish("seawall ", tmp_path) == {*COMMANDS, "--help", "--version"}
    assert fish("seawall scan --no-gi", tmp_path) == {"--no-gitignore"}
    assert fish("seawall scan --format=s", tmp_path) == {"--format=sarif"}
    assert fish("seawall scan --format sarif=manif", tmp_path) == {
        "sarif=manifest.txt", "sarif=manifests/",
    }  # fmt: skip
    assert fish("seawall scan --context man", tmp_path) == {"manifests/"}
    assert fish("seawall scan man", tmp_path) == {"manifest.txt", "manifests/"}
    assert fish("seawall explain kube-linter:host-p", tmp_path) == {"kube-linter:host-pid"}
    assert "host-pid" in fish("seawall explain ", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_are_in_the_package_and_name_the_program(
    shell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(PROGRAM)])
    assert run(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert str(PROGRAM) in text
    assert "@PROGRAM@" not in text
    monkeypatch.setattr(sys, "argv", ["-m"])
    assert str(PROGRAM) not in script(shell)


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err
