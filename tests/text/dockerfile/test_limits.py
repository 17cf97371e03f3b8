"""Hostile files: large, deep, binary. They must be read in linear time; a hang fails the run."""

import pytest

from seawall.dockerfile.build import MAX_STAGES, evaluate
from seawall.text.dockerfile.expansion import MAX_DEPTH, MAX_LENGTH
from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tokens import tokens

SIZE = 150_000


def filled(piece: bytes, size: int = SIZE) -> bytes:
    return piece * (size // len(piece))


FILES = {
    "comments": filled(b"# comment\n"),
    "blank lines": filled(b"\n"),
    "instructions": b"FROM a\n" + filled(b"RUN echo a && b\n"),
    "the same variable": b"FROM a\n" + filled(b"ENV A=$A$B\n", 60_000),
    "one joined line": b"FROM a\nRUN " + filled(b"echo aaaa bbbb \\\n"),
    "a joined line with a heredoc": b"FROM a\nRUN <<x " + filled(b"echo aaaa \\\n"),
    "pairs": b"FROM a\nENV " + filled(b"a=b \\\n"),
    "flags": b"FROM a\nRUN " + filled(b"--mount=type=bind,target=/x \\\n"),
    "zeros": filled(b"\0"),
    "lines of zeros": filled(b"RUN \0\n", 60_000),
    "UTF-16": ("FROM a\nRUN b\n" * 3000).encode("utf-16"),
    "a heredoc without end": b"FROM a\nRUN <<EOF\n" + filled(b"body\n"),
    "many heredocs": b"FROM a\nRUN " + filled(b"<<E ", 20_000) + b"\n" + filled(b"E\n", 30_000),
    "triggers in triggers": b"FROM a\n" + filled(b"ONBUILD \\\n"),
    "triggers in triggers on a line": b"FROM a\n" + filled(b"ONBUILD ", 60_000),
    "open quotes": b"FROM a\nENV " + filled(b"a='b \\\n"),
    "open brackets": b"FROM a\nCMD " + filled(b"[\\\n"),
    "a list without end": b"FROM a\nCMD [" + filled(b'"a",\\\n'),
    "blanks": b"FROM a\nRUN " + filled(b"x" + b" " * 3000 + b"\\\n"),
    "blanks in a directive": b"# escape=a" + b" " * 60_000 + b"b\n",
    "ports": b"FROM a\n" + filled(b"EXPOSE 0-65535\n", 60_000),
    "directories": b"FROM a\n" + filled(b"WORKDIR abc\n", 60_000),
    "triggers run": b"FROM a AS x\n" + filled(b"ONBUILD RUN a\n", 60_000) + b"FROM x\nFROM x\n",
    "stages": b"FROM a AS s0\n"
    + b"".join(b"FROM s%d AS s%d\nCOPY --from=s%d a b\n" % (n, n + 1, n) for n in range(500)),
    "an image's name": b"FROM " + b"a-" * 30_000,
    "characters of two bytes": b"FROM a\nRUN " + filled("é \\\n".encode()),
}


@pytest.mark.parametrize("name", FILES)
def test_hostile_files(name: str) -> None:
    data = FILES[name]
    file = parse(data)
    evaluate(file)
    assert sum(token.end - token.start for token in tokens(file)) == len(data)


def test_a_line_of_a_megabyte_is_refused_as_buildkit_does() -> None:
    problem = parse(b"FROM a\nRUN " + filled(b"x", 1_000_000)).problem
    assert problem is not None
    assert problem.reason == "dockerfile line greater than max allowed size of 65535"


def test_values_that_double() -> None:
    build = evaluate(parse(b"FROM a\nENV A=aaaaaaaa\n" + b"ENV A=$A$A$A$A\n" * 12))
    assert build.problem
    assert f"more than {MAX_LENGTH:,} characters of variables" in build.problem.reason


def test_substitutions_in_substitutions() -> None:
    deep = MAX_DEPTH + 1
    build = evaluate(parse(b"FROM a\nENV A=" + b"${B:-" * deep + b"}" * deep + b"\n"))
    assert build.problem
    assert "substitutions inside each other" in build.problem.reason
    deep = MAX_DEPTH - 1
    build = evaluate(parse(b"FROM a\nENV A=" + b"${B:-" * deep + b"}" * deep + b"\n"))
    assert build.problem is None


def test_patterns_take_linear_time() -> None:
    value = b"a" * 20_000
    pattern = b"*a" * 300 + b"b"
    text = b"${A##%s}${A%%%%%s}${A/%s/x}" % (pattern, pattern, pattern)
    build = evaluate(parse(b"FROM a\nENV A=" + value + b"\nENV B=" + text + b"\n"))
    assert build.problem is None
    assert build.final
    assert len(build.final.config.environment["B"].text) == 3 * len(value)


def test_more_stages_than_are_walked() -> None:
    build = evaluate(parse(b"FROM a\n" * (MAX_STAGES + 1)))
    assert build.stages == ()
    assert build.problem is None
