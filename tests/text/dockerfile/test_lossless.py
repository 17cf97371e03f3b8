"""No bytes make the reader raise, and the pieces of a file put together are the file."""

from hypothesis import example, given
from hypothesis import strategies as st

from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tokens import (
    BREAK,
    COMMENT,
    FLAG,
    HEREDOC_BODY,
    HEREDOC_END,
    HEREDOC_START,
    KEYWORD,
    STRING,
    WORD,
    tokens,
)
from seawall.text.dockerfile.tree import Flag, Instruction, Word
from tests.dockerfile.recorded import kind, rows, syntax_file

PIECES = [
    b"FROM a AS b\n", b"FROM --platform=$X scratch\n", b"RUN ", b"ONBUILD ", b"ENV a=b 'c d'=e\n",
    b"COPY --from=b ", b'["a", "b"]', b"<<EOF", b"<<-'E F'", b"EOF\n", b"E F\n", b"\tEOF\n", b"\\\n",
    b"`\n", b"\\ \t\n", b"# escape=`\n", b"# c\n", b"\n", b"\r\n", b"\r", b" ", b"\t", b'"', b"'", b"\\",
    b"`", b"$", b"${", b"}", b"=", b"--", b"x", b"\xc3\xa9", b"\xe2\x80\xa8", b"\xff", b"\0",
    b"\xef\xbb\xbf", b"HEALTHCHECK CMD ", b"SHELL []\n", b"ARG A B=c\n",
]  # fmt: skip


def check(data: bytes) -> None:
    file = parse(data)
    at = 0
    for token in tokens(file):
        assert token.start == at < token.end
        at = token.end
    assert at == len(data)
    before = 0
    for instruction in file.instructions:
        assert before <= instruction.start <= instruction.end <= len(data)
        before = instruction.end
        check_inside(instruction)


def check_inside(instruction: Instruction) -> None:
    parts: list[Word | Flag] = [instruction.keyword, *instruction.flags, *instruction.arguments]
    parts += [part for pair in instruction.pairs for part in (pair.key, pair.value) if part]
    for part in parts:
        assert instruction.start <= part.start <= part.end <= instruction.end
    for heredoc in instruction.heredocs:
        assert instruction.start <= heredoc.start <= heredoc.end <= heredoc.body_start
        assert heredoc.body_start <= heredoc.body_end <= heredoc.terminator_end <= instruction.end
    if instruction.inner:
        check_inside(instruction.inner)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join))
@example(b"")
@example(b"\\")
@example(b"\\\n\\\n")
@example(b"RUN \\\n#c")
@example(b"\xef\xbb\xbf")
def test_any_bytes(data: bytes) -> None:
    check(data)


def test_recorded_files() -> None:
    for row in rows():
        check(row["text"].encode())
    for row in kind("file"):
        check(syntax_file(row))


def test_kinds_of_pieces() -> None:
    data = b'FROM a\nRUN --network=none b \\\n# c\n <<EOF\nd\nEOF\nCMD ["e"]\n'
    found = [(token.kind, data[token.start : token.end]) for token in tokens(parse(data))]
    assert [pair for pair in found if pair[0] not in {"blank", "text"}] == [
        (KEYWORD, b"FROM"), (WORD, b"a"), (KEYWORD, b"RUN"), (FLAG, b"--network=none"),
        (WORD, b"b "), (BREAK, b"\\\n"), (COMMENT, b"# c"), (BREAK, b"\n"), (WORD, b" "),
        (HEREDOC_START, b"<<EOF"), (HEREDOC_BODY, b"d\n"), (HEREDOC_END, b"EOF"),
        (KEYWORD, b"CMD"), (STRING, b'"e"'),
    ]  # fmt: skip


def test_words_over_continuations_keep_their_places() -> None:
    data = "FROM a\nENV é='ü \\\n  x' B=\\\nc\n".encode()
    file = parse(data)
    first, second = file.instructions[1].pairs
    assert first.value
    assert first.value.text == "'ü   x'"
    assert data[first.key.start : first.key.end].decode() == "é"
    assert data[first.value.start : first.value.end] == "'ü \\\n  x'".encode()
    assert second.value
    assert data[second.value.start : second.value.end] == b"c"
