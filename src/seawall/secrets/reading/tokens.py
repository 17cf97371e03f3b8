"""Tokens that are known by their form."""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate
from seawall.secrets.finding.windows import matches
from seawall.secrets.rules.rule import Rule
from seawall.secrets.rules.shapes import Shape
from seawall.secrets.verifying import checker

MOST = 10_000
"""Matches of one rule in one text; who has more is told that some were left out."""


def tokens(
    rule: Rule, shape: Shape, data: bytes, stretches: list[tuple[int, int]]
) -> Iterator[Candidate]:
    """The tokens of a rule in some stretches of a text, refuted ones too."""
    group = "secret" if "(?P<secret>" in shape.source else 0
    check = checker(rule.verify)
    for match in matches(shape, data, stretches):
        first, last = match.span(group)
        if not _ends(data, first, last):
            continue
        value = data[first:last].decode("latin-1")
        verdict = check(value)
        name = _name_before(data, match.start() if group and rule.after else first)
        yield Candidate(
            rule.id, first, last, Redacted(value), name, "token", verdict.proof, verdict.about
        )


_WORD = frozenset(b"_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def _ends(data: bytes, first: int, last: int) -> bool:
    """Whether a token is no part of a longer word; an escape, of a line end say, is no word."""
    if last < len(data) and data[last - 1] in _WORD and data[last] in _WORD:
        return False
    return first == 0 or data[first] not in _WORD or not _continues(data, first)


def _continues(data: bytes, first: int) -> bool:
    before = data[first - 1]
    if before not in _WORD:
        return False
    return not (before in b"nrt" and first > 1 and data[first - 2] == 0x5C)


_REACH = 80
_NAME = pattern(
    rb"([A-Za-z_][\w.-]{0,60})[\"'\]\)]{0,3}[ \t]{0,8}(?::=|=>|[:=(,]|[ \t])[ \t]{0,8}[\"'`]?\Z"
)


def _name_before(data: bytes, place: int) -> str:
    """The name that a value at a place is assigned to; empty for none."""
    found = _NAME.search(data[max(place - _REACH, 0) : place])
    return found[1].decode("latin-1") if found else ""
