"""The recorded Dockerfiles: their texts, and what BuildKit and hadolint say of each."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import zstandard

from tests.shared import oracle

_ERRORS = ("parse_error", "instruction_error", "lint_error")


class Recorded(NamedTuple):
    """A Dockerfile; ``warnings`` of BuildKit are (check, message, first line, last line)."""

    number: int
    text: str
    accepted: bool
    warnings: tuple[tuple[str, str, int, int], ...]
    hadolint: tuple[tuple[str, str, int], ...]


@cache
def recorded() -> tuple[Recorded, ...]:
    """Every row."""
    return tuple(_rows())


def _rows() -> Iterator[Recorded]:
    with oracle("dockerfiles.jsonl.zst").open("rb") as stream:
        data = zstandard.ZstdDecompressor().stream_reader(stream).read()
    for number, line in enumerate(data.splitlines()):
        row: dict[str, Any] = json.loads(line)
        buildkit = row["buildkit"]
        warnings = tuple(
            (check, message, lines[0][0], lines[-1][1])
            for check, message, lines in buildkit["warnings"]
        )
        hadolint = tuple((code, level, place) for code, level, place, _ in row["hadolint"])
        accepted = not any(key in buildkit for key in _ERRORS)
        yield Recorded(number, row["text"], accepted, warnings, hadolint)
