"""Recorded answers of BuildKit, in tests/data/oracles.

``dockerfiles.jsonl.zst``: whole Dockerfiles with its parser's, its instruction parser's and its
linter's answers; ``dockerfile-error-lines.json``: the lines of its errors in them.
``buildkit-dockerfiles.jsonl.zst``: answers of the same packages (v0.34.2, base images with nothing
but a PATH) to generated and mutated files (``file``, ``build``), words with variables (``word``),
and patterns of ``.dockerignore`` (``ignore``, ``paths``: what it excludes).
"""

import json
import re
from base64 import b64decode
from functools import cache
from typing import Any

from tests.shared import oracle, read_rows

ROW = dict[str, Any]


@cache
def rows() -> tuple[ROW, ...]:
    """The 1,188 Dockerfiles."""
    return tuple(read_rows(oracle("dockerfiles.jsonl.zst")))


@cache
def answers() -> tuple[ROW, ...]:
    """The others; the first holds what all have in common."""
    return tuple(read_rows(oracle("buildkit-dockerfiles.jsonl.zst")))


@cache
def error_lines() -> dict[int, list[list[int]]]:
    """By row, the ranges of lines that BuildKit names where it refuses one of the 1,188."""
    found = json.loads(oracle("dockerfile-error-lines.json").read_bytes())
    return {int(number): lines for number, lines in found.items()}


def kind(name: str) -> list[ROW]:
    """The answers of a kind."""
    return [row for row in answers()[1:] if name in row]


def syntax_file(row: ROW) -> bytes:
    """The file of such a row, which may be no text."""
    return b64decode(row["file"])


def plain(message: str) -> str:
    """A message without its suggestion, which BuildKit picks by chance, and without stray bytes."""
    return str(valid(re.sub(r" \(did you mean .*\?\)$", "", message)))


def valid(value: Any) -> Any:
    """A value as JSON can hold it: bytes that are no UTF-8 are U+FFFD."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, list):
        return [valid(item) for item in value]
    if isinstance(value, dict):
        return {key: valid(item) for key, item in value.items()}
    return value
