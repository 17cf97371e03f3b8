"""What the rules about structure report and leave alone, beyond their examples."""

import pytest

from seawall.core.rule import SECURITY
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.problems import SYNTAX
from seawall.dockerfile.rules import all_rules
from seawall.dockerfile.spdx import unknown_license
from seawall.text.dockerfile.parser import parse
from tests.dockerfile.corpus import recorded
from tests.dockerfile.support import judge

REFUSALS = (
    SYNTAX, "instruction-before-from", "stage-cycle", "copy-from-self", "copy-from-unknown",
    "onbuild-invalid", "expose-range", "unknown-run-flag", "arg-default-invalid",
)  # fmt: skip


def messages(rule: str, text: str, **around: object) -> list[str]:
    return [one.message for one in judge(rule, text, **around)]  # type: ignore[arg-type]


# What BuildKit refuses ------------------------------------------------------------------------


def test_every_refused_file_has_a_finding_and_no_other() -> None:
    for row in recorded():
        build = evaluate(parse(row.text.encode("utf-8", "surrogateescape")))
        found = [
            one
            for one in judge(REFUSALS, row.text)
            if one.rule.id != "copy-from-unknown" or one.severity > Severity.LOW
        ]
        certain = [one for one in found if one.rule.id != "copy-from-unknown"]
        if build.problems:
            assert found, row.text
        else:
            assert not certain, row.text
        assert bool(build.problems) != row.accepted


def test_each_reason_is_told_of_once() -> None:
    for row in recorded():
        build = evaluate(parse(row.text.encode("utf-8", "surrogateescape")))
        reasons = {problem.reason for problem in build.problems}
        told = [one for one in judge(REFUSALS, row.text) if one.message in reasons]
        keys = [(one.message, one.location.span) for one in told]
        assert len(keys) == len(set(keys)), row.text


@pytest.mark.parametrize(
    ("text", "rule", "line", "words"),
    [
        ("FROM a\nRNU x\n", SYNTAX, 2, "unknown instruction: RNU"),
        ("FROM a\nCOPY a\n", SYNTAX, 2, "requires at least two arguments"),
        ("FROM a\nRUN <<E\nx\n", SYNTAX, 2, "unterminated heredoc"),
        ("", SYNTAX, 1, "empty"),
        ("RUN x\nFROM a\n", "instruction-before-from", 1, "stands before the first FROM"),
        ("FROM a\nONBUILD FROM b\n", "onbuild-invalid", 2, "isn't allowed"),
        ("FROM a\nRUN --bogus x\n", "unknown-run-flag", 2, "unknown flag: --bogus"),
        ("FROM a\nRUN --mount=type=x y\n", "unknown-run-flag", 2, "unsupported mount type"),
        ("FROM a\nEXPOSE 1 \\\n 70000\n", "expose-range", 3, "there is no port 70000"),
        ("FROM a AS b\nCOPY --from=b x y\n", "copy-from-self", 2, "its own stage b"),
        ("FROM a\nCOPY --from=b x y\nFROM c AS b\n", "copy-from-unknown", 2, "after this one"),
        ("ARG A\nFROM $A\n", "arg-default-invalid", 2, "$A is nothing"),
    ],
)
def test_reason_and_line(text: str, rule: str, line: int, words: str) -> None:
    (finding,) = [one for one in judge(REFUSALS, text) if words in one.message]
    assert finding.rule.id == rule
    assert finding.location.span is not None
    assert finding.location.span.line == line


def test_the_rest_of_a_refused_file_is_judged() -> None:
    text = "FROM a\nRNU x\nENV A b\n"
    assert len(judge([SYNTAX, "legacy-key-value"], text)) == 2


# Stages ---------------------------------------------------------------------------------------


def test_a_typing_error_in_a_stage_is_told() -> None:
    text = "FROM a AS build\nFROM b\nCOPY --from={} x y\n"
    assert "did you mean the stage build?" in messages("copy-from-unknown", text.format("biuld"))[0]
    (finding,) = judge("copy-from-unknown", text.format("nginx"))
    assert finding.confidence is Confidence.MEDIUM
    for fine in ("BUILD", "0", "nginx:1", "team/app", "scratch", "a@sha256:" + "a" * 64):
        assert not messages("copy-from-unknown", text.format(fine))


def test_files_for_several_targets_have_no_stages_without_use() -> None:
    assert messages("stage-unreachable", "FROM a AS t\nFROM b AS u\nCOPY --from=t x y\nFROM c\n")
    assert not messages("stage-unreachable", "FROM a AS t\nFROM b AS u\nFROM c\n")
    chosen = "ARG B=x\nFROM a AS x\nFROM b AS y\nFROM $B\n"
    assert not messages("stage-unreachable", chosen)


def test_platforms_of_bases() -> None:
    text = "FROM --platform=linux/amd64 a AS x\nFROM --platform={} x\n"
    assert messages("platform-mismatch", text.format("linux/arm64"))
    assert not messages("platform-mismatch", text.format("linux/amd64"))
    assert not messages("platform-mismatch", text.format("$TARGETPLATFORM"))
    assert not messages("platform-constant", "FROM --platform=linux/arm64 a AS build-arm64\n")


# Commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    ["['a']", '["a",]', '["a"] # x', "[\u201ca\u201d]", '["a" "b"]', "[ \"a\", 'b' ]", "['a', $X]"],
)
def test_lists_that_are_none(command: str) -> None:
    assert messages("exec-form-malformed", f"FROM a\nCMD {command}\n")
    assert messages("exec-form-malformed", f"FROM a\nHEALTHCHECK CMD {command}\n")


@pytest.mark.parametrize(
    "command", ["[ -f /x ] && y", '[ "$A" = b ] || c', "[[ a = b ]]"[1:], '["a"]', "[]", "a ['b']"]
)
def test_what_is_no_list(command: str) -> None:
    assert not messages("exec-form-malformed", f"FROM a\nRUN {command}\n")


def test_volumes_with_brackets_are_lists_that_are_none() -> None:
    assert messages("exec-form-malformed", "FROM a\nVOLUME ['/a', '/b']\n")


def test_a_shell_that_was_asked_for_is_fine() -> None:
    text = 'FROM a\nSHELL ["/bin/bash", "-c"]\nCMD a\nHEALTHCHECK CMD b\n'
    assert not judge(["cmd-exec-form", "healthcheck-exec-form"], text)


def test_commands_of_other_stages_matter_less() -> None:
    (first, last) = judge("cmd-exec-form", "FROM a\nCMD a\nFROM b\nCMD b\n")
    assert (first.severity, last.severity) == (Severity.INFO, Severity.MEDIUM)


def test_options_without_a_program() -> None:
    rule = "entrypoint-cmd-mix"
    assert messages(rule, 'FROM debian:13\nCMD ["-p", "1"]\n')
    assert not messages(rule, 'FROM postgres:17\nCMD ["-c", "x=1"]\n')
    assert not messages(rule, 'FROM debian:13\nENTRYPOINT ["a"]\nCMD ["-p"]\n')
    assert messages(rule, 'FROM a AS b\nENTRYPOINT a\nFROM b\nCMD ["-p"]\n')
    assert not messages(rule, "FROM a\nCMD b\nFROM c\nENTRYPOINT d\n")


# Settings -------------------------------------------------------------------------------------


def test_variables_that_are_set_below() -> None:
    assert messages("var-undefined", "FROM scratch\nCOPY a $B\n") == ["B has no value here"]
    assert messages("var-undefined", "FROM a\nARG DIR\nENV D=1\nCOPY a $DIRR\n")[0].endswith("DIR?")
    assert not messages("var-undefined", "FROM a AS b\nENV B=1\nFROM b\nCOPY a $B\n")


def test_a_variable_of_its_own_instruction() -> None:
    rule = "env-self-reference"
    assert messages(rule, "FROM a\nENV A=1 B=$A\n")
    assert not messages(rule, "FROM a\nENV A=0\nENV A=1 B=$A\n")
    assert not messages(rule, "FROM a\nENV PATH=/x:$PATH\n")
    assert not messages(rule, "FROM a\nENV A=1 B=$AB\n")


def test_directories_of_the_kernel() -> None:
    rule = "workdir-system-dir"
    assert messages(rule, "FROM a\nWORKDIR /sys\nWORKDIR fs\n") == [
        "works in /sys",
        "works in /sys/fs",
    ]
    assert not messages(rule, "FROM a\nWORKDIR /system\nWORKDIR /procs\n")


def test_ports() -> None:
    assert messages("expose-ssh-port", "FROM a\nEXPOSE 20-30\n") == [
        "offers port 22 in 20-30, which is SSH"
    ]
    assert not messages("expose-ssh-port", "FROM a\nEXPOSE 2222\n")
    assert not messages("expose-privileged-port", "FROM a\nUSER root\nEXPOSE 80\n")
    assert not messages("expose-privileged-port", "FROM a\nEXPOSE 80\n")
    assert not messages("expose-privileged-port", "FROM a\nUSER 00\nEXPOSE 80\n")


# The context ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "ignore", "expected"),
    [
        ("dist/a", "dist", True),
        ("./dist/", "dist", True),
        ("/dist/a", "dist", True),
        ("dist/a", "dist\n!dist/a", False),
        ("dist", "dist\n!dist/a", False),
        ("dist", "dist\n!other/a", True),
        (".", "*", True),
        (".", "**", True),
        (".", "a\nb", False),
        (".", "*\n!a", False),
        ("*.md", "*.md", True),
        ("*.md", "a.md", False),
        ("https://example.org/x", "*", False),
        ("$X", "*", False),
    ],
)
def test_ignored_sources(source: str, ignore: str, expected: bool) -> None:
    text = f"FROM a\nADD {source} /x/\n"
    files = ["a.md", "b.md", "dist/", "dist/a"]
    found = messages("copy-ignored", text, ignore_file=ignore, files=files)
    assert bool(found) is expected


def test_other_sources_are_not_ignored() -> None:
    text = "FROM a AS b\nFROM c\nCOPY --from=b x y\nCOPY <<x /y\nx\n"
    assert not messages("copy-ignored", text, ignore_file="*")
    assert not messages("copy-ignored", "FROM a\nCOPY x y\n")


def test_what_a_missing_ignore_file_lets_in() -> None:
    text = "FROM a\nCOPY . .\n"
    (finding,) = judge("dockerignore-missing", text, files=["a", ".git/", ".env"])
    assert finding.severity is Severity.MEDIUM
    assert ".env, .git/" in finding.message
    (finding,) = judge("dockerignore-missing", text, files=["a"])
    assert finding.severity is Severity.LOW
    assert not judge("dockerignore-missing", text)
    assert not judge("dockerignore-missing", "FROM a\nCOPY . .\nFROM b\n", files=["a"])
    assert not judge("dockerignore-missing", "FROM a\nCOPY src .\n", files=["a"])


def test_examples_are_no_secrets() -> None:
    files = [".env.example", "id_rsa.pub", "key.pem.sample", "src/", "src/a"]
    assert not judge("dockerignore-incomplete", "FROM a\nCOPY . .\n", files=files, ignore_file="x")
    found = messages(
        "dockerignore-incomplete", "FROM a\nCOPY . .\n", files=["src/tls.key"], ignore_file="x"
    )
    assert found == ["copies the whole context with src/tls.key"]


# Copying and volumes --------------------------------------------------------------------------


def test_what_writes_to_a_volume() -> None:
    rule = "write-after-volume"
    text = "FROM a\nWORKDIR /data\nVOLUME /data\n"
    assert messages(rule, text + "COPY x y\n")
    assert messages(rule, text + "RUN echo x > /data/y\n")
    assert messages(rule, text + "RUN chown -R a:b /data\n")
    assert not messages(rule, text + "RUN cp /data/x /etc/\n")
    assert not messages(rule, text + "RUN mkdir /database\n")
    assert not messages(rule, text + "RUN cd /tmp && mkdir x\n")
    assert messages(rule, "FROM a AS b\nVOLUME /d\nFROM b\nRUN touch /d/x\n")


def test_installing_before_copying_again_is_fine() -> None:
    rule = "cache-busting-copy-order"
    assert not messages(rule, "FROM a\nCOPY p .\nRUN npm ci\nCOPY . .\nRUN npm ci\n")
    assert not messages(rule, "FROM a\nCOPY . .\nRUN --mount=type=cache,target=/x npm ci\n")
    assert not messages(rule, "FROM a\nCOPY . .\nRUN npm install left-pad\n")
    assert messages(rule, "FROM a\nCOPY . .\nRUN cd x && pip install -r requirements.txt\n")


# Labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("url", "https://example.org/a?b=%20#c", "https:///a"),
        ("url", "urn:isbn:1", "example.org"),
        ("rfc3339", "2026-02-28T23:59:60.5+01:00", "2026-02-30T00:00:00Z"),
        ("semver", "1.0.0-rc.1+5", "v1.0.0"),
        ("hash", "a" * 40, "a" * 41),
        ("hash", "abcdef0", "ABCDEF0"),
        ("email", "a.b@example.org", "a@b@c"),
        ("spdx", "MIT OR (Apache-2.0 WITH LLVM-exception)", "MIT License"),
        ("text", "x", ""),
        ("rawtext", "", None),
    ],
)
def test_types_of_labels(kind: str, good: str, bad: str | None) -> None:
    parameters = {"label-type": {"schema": (f"k:{kind}",)}}
    text = 'FROM a\nLABEL k="{}"\n'
    assert not judge("label-type", text.format(good), parameters=parameters)
    if bad is not None:
        assert judge("label-type", text.format(bad), parameters=parameters)


def test_licences() -> None:
    assert not unknown_license("mit")
    assert not unknown_license("GPL-2.0+ AND LicenseRef-Own")
    for wrong in ("MIT AND", "(MIT", "MIT)", "MIT Apache-2.0", "MIT WITH MIT", "a/b"):
        assert unknown_license(wrong)


# The default profile --------------------------------------------------------------------------


def test_the_default_profile_is_quiet() -> None:
    """A file without a fault of security has no finding of our topics by default."""
    text = """\
ARG VERSION=24
FROM node:${VERSION} as build
workdir app
ADD package.json .
RUN npm ci
ENV A b
CMD node server.js
FROM build AS Final
MAINTAINER me
CMD node server.js
"""
    topics = ("structure", "stages", "commands", "copying", "labels", "settings", "context_files")
    rules = [
        rule
        for rule in all_rules()
        if rule.profile == SECURITY and rule.check.__module__.rpartition(".")[2] in topics
    ]
    assert rules
    assert not judge(rules, text, files=["package.json"], ignore_file="")
