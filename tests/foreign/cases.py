"""The cases in which another tool leaves findings out, and its recorded answers."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent.parent / "data" / "foreign"
CASES = HERE / "cases.toml"
ANSWERS = HERE / "answers.jsonl"
TREE = HERE / "tree"

Found = tuple[str, str]
"""A check or rule, and the file it reports."""


class Case(NamedTuple):
    """Input of one case: what differs from the bare tree."""

    name: str
    tool: str
    put: Mapping[str, Mapping[str, list[str]]] = {}
    files: Mapping[str, str] = {}
    flags: str = ""
    whole: bool = False
    narrow: bool = False
    differs: str = ""
    hides: tuple[Found, ...] = ()
    keeps: tuple[Found, ...] = ()
    lacks: tuple[Found, ...] = ()

    @property
    def bare(self) -> str:
        """The name of the answer for the bare tree."""
        return f"{self.tool}, bare tree, {'its default' if self.narrow else 'all'} checks"


class Answer(NamedTuple):
    """What the tool leaves out and adds, and which version of it."""

    name: str
    tool: str
    left_out: tuple[Found, ...]
    added: tuple[Found, ...]


def cases() -> list[Case]:
    """All cases, in their order."""
    rows = tomllib.loads(CASES.read_text())["case"]
    return [_case(row) for row in rows]


def _case(row: dict[str, Any]) -> Case:
    pairs: dict[str, Any] = {
        key: tuple(map(tuple, row[key])) for key in ("hides", "keeps", "lacks") if key in row
    }
    return Case(**{**row, **pairs})


def answers() -> dict[str, Answer]:
    """The recorded answers, by the name of the case."""
    rows = [json.loads(line) for line in ANSWERS.read_text().splitlines()]
    return {
        row["name"]: Answer(row["name"], row["tool"], _pairs(row["left_out"]), _pairs(row["added"]))
        for row in rows
    }


def _pairs(rows: Iterable[list[str]]) -> tuple[Found, ...]:
    return tuple((check, file) for check, file in rows)


def build(folder: Path, case: Case | None) -> None:
    """Write the bare tree, or that of a case, into an empty folder."""
    for source in sorted(TREE.rglob("*.yaml")):
        name = source.relative_to(TREE).as_posix()
        put = case.put.get(name, {}) if case else {}
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(_lines(source.read_text(), put)))
    for name, text in case.files.items() if case else ():
        (folder / name).write_text(text)


def _lines(text: str, put: Mapping[str, list[str]]) -> Iterable[str]:
    for line in text.splitlines(keepends=True):
        mark = line.strip().removeprefix("# ")
        if line.strip().startswith("# "):
            indent = line[: len(line) - len(line.lstrip())]
            yield from (f"{indent}{item}\n" for item in put.get(mark, ()))
        else:
            yield line
