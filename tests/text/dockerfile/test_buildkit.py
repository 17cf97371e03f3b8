"""The reader of Dockerfiles against BuildKit's own answers."""

import re

import pytest

from seawall.text.dockerfile.checks import INSTRUCTIONS
from seawall.text.dockerfile.expansion import DEFAULT, RAW, ExpansionError, expand
from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tree import Dockerfile, Instruction
from tests.dockerfile.recorded import ROW, answers, kind, plain, rows, syntax_file, valid


def test_every_file_is_accepted_or_refused_as_buildkit_does() -> None:
    assert len(rows()) == 1188
    for row in rows():
        theirs = row["buildkit"]
        file = parse(row["text"].encode())
        wanted = theirs.get("parse_error") or theirs.get("instruction_error") or ""
        found = file.problem.message if file.problem else ""
        assert plain(found) == plain(wanted), row["text"]
        if "instructions" in theirs:
            assert len(file.instructions) == theirs["instructions"], row["text"]


def arguments(instruction: Instruction) -> list[str]:
    """The arguments as BuildKit's tree has them."""
    if instruction.name in {"ENV", "LABEL"}:
        found: list[str] = []
        for pair in instruction.pairs:
            value = pair.value.text if pair.value else ""
            found += [pair.key.text, value, "" if pair.legacy else "="]
        return found
    if instruction.name == "ONBUILD":
        inner = instruction.inner
        return [inner.keyword.text, *arguments(inner)] if inner else []
    if instruction.name not in INSTRUCTIONS:
        return [""]
    return [word.text for word in instruction.arguments]


def node(file: Dockerfile, instruction: Instruction) -> ROW:
    """An instruction as BuildKit's tree has it, empty members left out."""
    found: ROW = {
        "value": instruction.keyword.text,
        "flags": [flag.text for flag in instruction.flags],
        "args": arguments(instruction),
        "json": instruction.is_json,
        "original": instruction.source.text,
        "start": instruction.line,
        "end": instruction.end_line,
        "comments": [comment.text for comment in instruction.comments],
        "heredocs": [
            {
                "name": heredoc.name,
                "expand": heredoc.expand,
                "chomp": heredoc.strip_tabs,
                "fd": heredoc.descriptor,
                "content": file.text(heredoc.body_start, heredoc.body_end),
            }
            for heredoc in instruction.heredocs
        ],
    }
    kept: ROW = valid({key: value for key, value in found.items() if value not in ([], False)})
    return kept


def test_mutated_files_give_the_same_tree() -> None:
    refused = 0
    for row in kind("file"):
        data = syntax_file(row)
        file = parse(data)
        wanted = row.get("parse_error") or row.get("instruction_error") or ""
        refused += bool(wanted)
        found = file.problem.message if file.problem else ""
        assert plain(found) == plain(wanted), data
        if "nodes" not in row:
            continue
        for theirs, ours in zip(row["nodes"], file.instructions, strict=True):
            theirs.pop("inner", None)
            chained = theirs.get("args", [])[:1] if ours.name == "ONBUILD" else []
            if [word.upper() for word in chained] != ["ONBUILD"]:  # only two levels are kept
                assert node(file, ours) == theirs, data
        assert file.escape == row.get("escape", file.escape)
        empties = [one.source_end_line for one in file.instructions if one.blank_lines]
        assert empties == row.get("empties", []), data
        assert valid(file.syntax) == row.get("syntax", [""])[0], data
        assert valid(file.check) == row.get("check", ""), data
    assert 300 < refused < len(kind("file"))


def test_the_line_of_an_error_is_buildkits() -> None:
    for row in kind("file"):
        if "parse_error" not in row and "instruction_error" not in row:
            continue
        problem = parse(syntax_file(row)).problem
        assert problem is not None
        line = problem.line
        if "directive can be used" in problem.reason or "invalid escape" in problem.reason:
            line -= 1  # BuildKit counts from 0 there
        assert row["lines"][-1][0] == line, row


@pytest.mark.parametrize("raw", [False, True])
def test_words_with_variables_expand_alike(raw: bool) -> None:
    environment = answers()[0]["environment"]
    for row in kind("word"):
        word, escape = row["word"], row["escape"]
        wanted = row.get("raw_error" if raw else "error", "")
        if wanted:
            with pytest.raises(ExpansionError, match=re.escape(wanted)):
                expand(word, environment, escape, RAW if raw else DEFAULT)
            continue
        found = expand(word, environment, escape, RAW if raw else DEFAULT)
        words = [text for text, _, _ in found.words]
        assert words == (row["raw" if raw else "words"] or []), word
        if not raw:
            assert found.text == row["result"], word
            assert set(found.matched) == set(row["matched"] or ()), word
            assert set(found.unmatched) == set(row["unmatched"] or ()), word
