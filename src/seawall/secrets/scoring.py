"""How sure it is that a candidate is a secret: a sum of small weights, which are data."""

import os
from functools import cache, lru_cache

from seawall.core.lazy import pattern
from seawall.secrets.candidate import Candidate, Certainty, Proof
from seawall.secrets.features import SCANNED, features, path_features
from seawall.secrets.placeholders import placeholder
from seawall.secrets.randomness import surprise
from seawall.secrets.text import Kind, Text

_ROW = pattern(r'"([^"]+)" = (-?\d+)')
THRESHOLDS = ((Certainty.HIGH, "high"), (Certainty.MEDIUM, "medium"), (Certainty.LOW, "low"))


@cache
def _weights() -> dict[str, int]:
    """The weights by feature, with the thresholds."""
    path = os.path.join(os.path.dirname(__file__), "data", "weights.toml")
    with open(path, encoding="ascii") as stream:
        return {name: int(weight) for name, weight in _ROW.findall(stream.read())}


def score(candidate: Candidate, text: Text) -> int:
    """The sum of the weights of what can be told of a candidate: tenths of the log of the odds."""
    value = candidate.value.reveal()[:SCANNED]
    if candidate.form == CUSTOM:
        return _OWN_WORD
    if candidate.form in SURE_FORMS:
        return SURE_FORMS[candidate.form] + _score_of_token(value, path_features(text.name))
    follows = text.data[candidate.end : candidate.end + 1] == b"("
    return _score(
        candidate.form, candidate.name, value, text.kind, path_features(text.name), follows
    )


CUSTOM = "custom"
"""The form of what a user's own rule finds."""
_OWN_WORD = 99
"""Whoever wrote a rule knows what it is about: it speaks louder than ours of the same place."""
SURE_FORMS = {CUSTOM: 0, "token": 0, "netrc": 0, "pgpass": 0, "htpasswd": -25}
"""Forms that need no name, and what speaks against them: a hash is no password yet."""
_TOKEN, _FILLED_IN, _WORDS, _NOT_OURS = 35, -40, -30, -6
_READABLE = 4.0
"""Bits for each letter below which a value without digits is made of words."""


def _score_of_token(value: str, path: tuple[str, ...]) -> int:
    """A provider's form speaks for itself; what is looked at is whether somebody made it up."""
    total = _TOKEN
    if placeholder(value):
        total += _FILLED_IN
    if value.isalpha() and surprise(value) < _READABLE:
        total += _WORDS
    return total + _NOT_OURS * len({"path:test", "path:docs", "path:example"}.intersection(path))


@lru_cache(maxsize=16_384)  # the same lines stand in many files
def _score(
    form: str, name: str, value: str, kind: Kind, path: tuple[str, ...], follows: bool
) -> int:
    weights = _weights()
    total = weights.get("always", 0)
    for feature in features(form, name, value, kind, path, call_follows=follows):
        total += weights.get(feature, 0)
    return total


def certainty(candidate: Candidate, total: int) -> Certainty | None:
    """How sure that makes us; ``None`` for what is not worth showing."""
    if candidate.proof is Proof.REFUTED:
        return None
    if candidate.proof is Proof.PROVEN:
        return Certainty.CERTAIN
    if candidate.form == CUSTOM:
        return Certainty.HIGH
    weights = _weights()
    for found, name in THRESHOLDS:
        if total >= weights.get(f"threshold:{name}", 0):
            return found
    return None
