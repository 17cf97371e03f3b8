"""Reads the rules that come with the package line by line: a reader of TOML takes 20 ms to load.

They are written in a small part of TOML; a test holds what is read here to what TOML's reader reads
and checks (``loading``).
"""

import os
from collections.abc import Iterator
from functools import cache

from seawall.core.lazy import pattern
from seawall.core.severity import Severity
from seawall.secrets.rules.rule import Rule

_LINE = pattern(
    r"""(?m)^(?:(\[\[rule\]\])|(\w+) = (?:"([^"\\\n]*)"|'([^'\n]*)'|\[(.*)\]|(true)))$"""
)
_ITEM = pattern(r"""'([^'\n]*)'|"([^"\\\n]*)\"""")
DIRECTORY = os.path.join(os.path.dirname(__file__), "data")


@cache
def shipped() -> tuple[Rule, ...]:
    """The rules that come with the package."""
    found: list[Rule] = []
    for name in sorted(os.listdir(DIRECTORY)):
        with open(os.path.join(DIRECTORY, name), encoding="ascii") as stream:
            found += read(stream.read())
    return tuple(found)


def read(text: str) -> Iterator[Rule]:
    """The rules of a text that comes with the package."""
    row: dict[str, str] = {}
    for match in _LINE.finditer(text):
        start, key, double, single, items, true = match.groups()
        if start is None:
            row[key] = next(value for value in (double, single, items, true) if value is not None)
        else:
            if row:
                yield _rule(row)
            row = {}
    if row:
        yield _rule(row)


def _rule(row: dict[str, str]) -> Rule:
    after = row.get("after")
    return Rule(
        row["id"], row["title"], row["provider"], _SEVERITIES[row["severity"]], row["pattern"],
        tuple(one or other for one, other in _ITEM.findall(after)) if after else (),
        row["verify"], row["revoke"], row.get("pairs", ""),
        "identifier" in row,
    )  # fmt: skip


_SEVERITIES = {severity.label: severity for severity in Severity}
