"""Secrets that belong to each other: a key's public half beside its secret one.

A secret key of AWS is forty characters without a form of their own; what tells it is the key id
within a few lines.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from seawall.core.lazy import pattern
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate, Part, Proof
from seawall.secrets.verifying.variety import check_random

REACH = 400
"""Bytes: about five lines."""
LONGEST = 64
"""Bytes of what is looked for there that has no name, and of its edges, rather too many."""
_FREE_SECRET = pattern(rb"(?<![0-9A-Za-z/+=_.-])[0-9A-Za-z/+]{40}(?![0-9A-Za-z/+=_.-])")
AWS_ID, _AWS_SECRET = "aws-access-key", "aws-secret-key"
_KINDS = 3


def free_secrets(data: bytes, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Secret keys of AWS that stand near their id, under whatever name."""
    seen = set()
    for candidate in candidates:
        if candidate.rule != AWS_ID or candidate.proof is Proof.REFUTED:
            continue
        start, end = max(candidate.start - REACH, 0), candidate.end + REACH
        for match in _FREE_SECRET.finditer(data, start, end):
            value = match[0].decode("ascii")
            if match.start() not in seen and _is_mixed(value):
                seen.add(match.start())
                beside = Part(candidate.start, candidate.end)
                yield Candidate(
                    _AWS_SECRET, *match.span(), Redacted(value), "", "token",
                    check_random(value).proof, beside=beside,
                )  # fmt: skip


def _is_mixed(value: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    return sum(any(map(kind, value)) for kind in kinds) == _KINDS


class Paired(Protocol):
    """What is known of a rule here."""

    @property
    def pairs(self) -> str:
        """The rule of the public half (a key id) that belongs to it; empty for none."""


def paired(candidates: Sequence[Candidate], rules: Mapping[str, Paired]) -> list[Candidate]:
    """The candidates, those with a public half within reach told where it stands."""
    halves = [rules[rule] for rule in {one.rule for one in candidates} if rule in rules]
    if not any(rule.pairs for rule in halves):  # most
        return list(candidates)
    ids: dict[str, list[Part]] = {}
    for candidate in candidates:
        if candidate.proof is not Proof.REFUTED:
            ids.setdefault(candidate.rule, []).append(Part(candidate.start, candidate.end))
    for places in ids.values():
        places.sort()
    return [_with_half(candidate, rules, ids) for candidate in candidates]


def _with_half(
    candidate: Candidate, rules: Mapping[str, Paired], ids: Mapping[str, Sequence[Part]]
) -> Candidate:
    rule = rules.get(candidate.rule)
    places = ids.get(rule.pairs, ()) if rule is not None and rule.pairs else ()
    if not places or candidate.beside.end:
        return candidate
    index = bisect_left(places, (candidate.start, 0))
    nearest = min(
        places[max(index - 1, 0) : index + 1], key=lambda place: abs(place.start - candidate.start)
    )
    near = abs(nearest.start - candidate.start) <= REACH
    return candidate._replace(beside=nearest) if near else candidate
