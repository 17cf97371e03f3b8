"""Tokens that are known by their form."""

import re
from collections.abc import Iterable, Iterator

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate
from seawall.secrets.rules.rule import Rule
from seawall.secrets.verifying import checker

MOST = 10_000
"""Matches of one rule in one text; who has more is told that some were left out."""


def tokens(rule: Rule, found: Iterable[re.Match[bytes]], data: bytes) -> Iterator[Candidate]:
    """The tokens in a rule's matches, refuted ones too."""
    check = checker(rule.verify)
    for match in found:
        group = "secret" if match.re.groupindex else 0
        first, last = match.span(group)
        if not _ends(data, first, last):
            continue
        value = data[first:last].decode("latin-1")
        verdict = check(value)
        name = name_before(data, match.start() if group and rule.after else first)
        form = "identifier" if rule.identifier else "token"
        yield Candidate(
            rule.id, first, last, Redacted(value), name, form, verdict.proof, verdict.about
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

_NAME_AND_SIGNS = bytes(_WORD) + b".-\"'])\t :=>(,`"
"""All that the pattern matches: to tell where that begins is quicker than to try it there."""


def name_before(data: bytes, place: int) -> str:
    """The name that a value at a place is assigned to; empty for none."""
    before = data[max(place - _REACH, 0) : place]
    found = _NAME.search(before, len(before.rstrip(_NAME_AND_SIGNS)))
    return found[1].decode("latin-1") if found else ""
