"""Errors end in the remedy: every message that a person can get says what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seawall.sources.git import process

SOURCE = Path(__file__).parent.parent / "src" / "seawall"
ERRORS = {"UsageError", "InputError", "RegistryError", "EngineError"}
PARTED = {"ArchiveError"}
"""What raises one whose last argument is the remedy."""
HELPERS = {"_fail"}
"""What raises one. Errors of the command line's parsers all end in ``see: ... --help``."""

VERBS = """
build choose clone correct fetch give install keep leave look make name push put remove report
resolve run save say scan see set try update upgrade use write
""".split()
REMEDY = re.compile(
    rf"\b(?:must|needs|goes with)\b|(?:[;:]|, or) (?:[^;:]*, )?(?:{'|'.join(VERBS)})\b"
    r"|; (?:did you mean|if (?:it|that) is yours, say)|(?:;|or) '?git [a-z]+|; --[a-z]"
)
"""What a message ends in: what must be, or after what is wrong a verb, a command, an option."""

TOLD_OTHERWISE = {
    "unknown key {}; {}": "the nearest key or all keys; see test_configuration.py",
    "{}: until: {}": "the form of a day; see core.ignore.fault_of_date",
    "--format {}: the file's name is missing": "it names what is missing",
}


class Message(NamedTuple):
    place: str
    text: str
    """Its constant parts, ``{}`` for the others."""


def messages() -> Iterator[Message]:
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = f"{path.relative_to(SOURCE)}:{node.lineno}"
            if name in PARTED and len(node.args) == 4:
                for text in texts(node.args[3], functions):
                    yield Message(place, f"; {text}")
            if name not in ERRORS | HELPERS:
                continue
            for argument in node.args:
                for text in texts(argument, functions):
                    yield Message(place, text)


def piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    name = (
        part.value.id
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name)
        else ""
    )
    return process.REPORT if name == "REPORT" else "{}"


def texts(node: ast.expr, functions: list[ast.FunctionDef]) -> Iterator[str]:
    """The texts that an expression may give; functions of the module that return one included."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(piece(part) for part in node.values)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        for function in functions:
            if function.name == node.func.id:
                for inner in ast.walk(function):
                    if isinstance(inner, ast.Return) and inner.value is not None:
                        yield from texts(inner.value, functions)


PASSED_ON = re.compile(r"[{}:,.' ]*")
"""Messages made of others: those are looked at where they are made."""


def test_messages_are_found() -> None:
    found = [message.text for message in messages()]
    assert set(found) >= TOLD_OTHERWISE.keys()
    assert len(found) > 80
    assert any("two configurations at once" in text for text in found)
    assert any("is not in this shallow clone" in text for text in found)


@pytest.mark.parametrize(
    "message",
    [m for m in messages() if not PASSED_ON.fullmatch(m.text) and m.text not in TOLD_OTHERWISE],
    ids=lambda m: m.place,
)
def test_it_says_what_to_do(message: Message) -> None:
    assert REMEDY.search(message.text), (
        f"{message.place}: {message.text!r} leaves the person alone: end it in what to do"
    )
