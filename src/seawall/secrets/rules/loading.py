"""Reads rules from TOML, strictly: whatever is odd is an error with its line.

A file holds tables ``[[rule]]`` with the keys of ``Rule``: ``id``, ``title``, ``provider``,
``severity``, ``pattern``, ``verify``, ``revoke`` and, where they are wanted, ``after`` and
``pairs``, and ``identifier``. Patterns are matched against bytes. A token must not stand within a
longer word.
"""

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from seawall.core.errors import UsageError
from seawall.core.lazy import pattern
from seawall.core.severity import Severity
from seawall.secrets.rules.rule import Rule
from seawall.secrets.verifying import NAMES
from seawall.text.toml import Toml, TomlError, parse

_TEXTS = ("id", "title", "provider", "severity", "pattern", "verify", "revoke")
_KEYS = frozenset((*_TEXTS, "after", "pairs", "identifier"))
_ID = pattern(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_MAX_PATTERN = 4000
_UNSHARED = pattern(r"\(\?[=!<#>&|(]|\(\?<[=!]|\\[1-9kKGX]|\*\+|\+\+|\?\+|\}\+|\[\[:")
"""Look-around, references, possessive repeats: what not all engines know, or not in linear time."""


def shipped() -> tuple[Rule, ...]:
    """The rules that come with the package."""
    directory = os.path.join(os.path.dirname(__file__), "data")
    return load(os.path.join(directory, name) for name in sorted(os.listdir(directory)))


def load(paths: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of some files; raises UsageError, also where two have the same id."""
    rules: list[Rule] = []
    for path in paths:
        try:
            with open(path, encoding="utf-8") as stream:
                text = stream.read()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: cannot be read ({error}): name a file of rules") from None
        rules += read(text, path, {rule.id for rule in rules})
    return tuple(rules)


def read(text: str, path: str, taken: Iterable[str] = ()) -> Iterator[Rule]:
    """The rules of a text; ``path`` is for messages, ``taken`` are ids that are in use."""
    try:
        document = parse(text)
    except TomlError as error:
        raise UsageError(f"{path}:{error.line}: {error.reason}: correct the TOML") from None
    for key in document.value:
        if key != "rule":
            _fail(document, path, (key,), f"unknown key {key!r}: write tables [[rule]]")
    tables = document.value.get("rule", [])
    if not isinstance(tables, list):
        _fail(document, path, ("rule",), "rule must be an array of tables: write [[rule]]")
    seen = set(taken)
    for index, table in enumerate(tables):
        rule = _rule(document, path, ("rule", index), table)
        if rule.id in seen:
            place = ("rule", index, "id")
            _fail(document, path, place, f"{rule.id!r} is there twice: give it another id")
        seen.add(rule.id)
        yield rule


def _fail(document: Toml, path: str, place: tuple[str | int, ...], reason: str) -> NoReturn:
    raise UsageError(f"{path}:{document.line(place)}: {reason}")


def _rule(document: Toml, path: str, place: tuple[str | int, ...], table: Any) -> Rule:
    if not isinstance(table, dict):
        _fail(document, path, place, "a rule must be a table: write [[rule]]")
    for key, reason in _faults(table):
        _fail(document, path, (*place, key), reason)
    return Rule(
        table["id"], table["title"], table["provider"], Severity.parse(table["severity"]),
        table["pattern"], tuple(table.get("after", ())), table["verify"], table["revoke"],
        table.get("pairs", ""), table.get("identifier", False),
    )  # fmt: skip


def _faults(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with a table: the key, and the reason."""
    for key in table:
        if key not in _KEYS:
            yield key, f"unknown key {key!r}: use one of {', '.join(sorted(_KEYS))}"
    for key in _TEXTS:
        if not isinstance(table.get(key), str):
            yield key, f"{key} must be a text"
    if not _ID.fullmatch(table["id"]):
        yield "id", "id must be lower-case words joined by hyphens"
    try:
        Severity.parse(table["severity"])
    except ValueError as error:
        yield "severity", str(error)
    if table["verify"] not in NAMES:
        yield "verify", f"unknown check: choose one of {', '.join(sorted(NAMES))}"
    if not isinstance(table.get("pairs", ""), str):
        yield "pairs", "pairs must be a text: the id of a rule"
    if not isinstance(table.get("identifier", False), bool):
        yield "identifier", "identifier must be true or false"
    yield from _faulty_patterns(table["pattern"], table.get("after", []))


def _faulty_patterns(main: str, after: object) -> Iterator[tuple[str, str]]:
    if not isinstance(after, list) or not all(isinstance(item, str) for item in after):
        yield "after", "after must be a list of texts"
        return
    for key, item in (("pattern", main), *(("after", item) for item in after)):
        fault = fault_of(item)
        if fault:
            yield key, fault


def fault_of(text: str) -> str:
    """What is wrong with a pattern; empty for nothing."""
    if len(text) > _MAX_PATTERN:
        return f"the pattern must be at most {_MAX_PATTERN} characters long"
    if _UNSHARED.search(text):
        return "the pattern must not use look-around, references or possessive repeats"
    try:
        found = re.compile(text.encode("ascii"))
    except UnicodeEncodeError:
        return "the pattern must be ASCII: write other bytes as \\xNN"
    except (re.error, OverflowError, RecursionError) as error:
        return f"the pattern is no regular expression ({error}): correct it"
    if found.match(b""):
        return "the pattern matches nothing at all: it must match at least one character"
    if set(found.groupindex) - {"secret"}:
        return "the pattern must have no named group but 'secret'"
    return ""
