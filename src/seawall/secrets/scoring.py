"""How sure it is that a candidate is a secret: a sum of small weights, which are data."""

import os
from collections.abc import Iterator
from functools import cache, lru_cache

from seawall.core.lazy import pattern
from seawall.secrets.candidate import Candidate, Certainty, Proof
from seawall.secrets.features import SCANNED, features, path_features
from seawall.secrets.randomness import surprise
from seawall.secrets.surroundings import CROWD, Crowd, around, words_around
from seawall.secrets.text import Kind, Text
from seawall.text.placeholders import is_fill_in, is_of_manuals, placeholder

_ROW = pattern(r'"([^"]+)" = (-?\d+)')
_ESCAPE = pattern(r"%([0-9A-Fa-f]{2})")
THRESHOLDS = ((Certainty.HIGH, "high"), (Certainty.MEDIUM, "medium"), (Certainty.LOW, "low"))


@cache
def _weights() -> dict[str, int]:
    """The weights by feature, with the thresholds."""
    path = os.path.join(os.path.dirname(__file__), "data", "weights.toml")
    with open(path, encoding="ascii") as stream:
        return {name: int(weight) for name, weight in _ROW.findall(stream.read())}


def by_itself(candidate: Candidate, text: Text) -> int | None:
    """The part of the score that is told without what stands around a candidate.

    The score is the sum of the weights of what can be told: tenths of the log of the odds.
    ``None`` where nothing that could stand there makes it worth showing.
    """
    if candidate.form in SURE_FORMS:
        return _score_of_sure(candidate, text)
    total = _score(*_looked_at(candidate, text))
    if candidate.proof is Proof.PROVEN or total + _most_around(candidate.form) >= _shown():
        return total
    return None


def among_others(candidate: Candidate, text: Text, alone: int, crowd: Crowd) -> int:
    """The whole score, by what ``by_itself`` said of a candidate."""
    if candidate.form in SURE_FORMS:
        return alone
    weights = _weights()
    return alone + sum([weights.get(word, 0) for word in _context(candidate, text, crowd)])


def _score_of_sure(candidate: Candidate, text: Text) -> int:
    if candidate.form == CUSTOM:
        return _OWN_WORD
    if candidate.form == IDENTIFIER:
        return _shown()
    value = candidate.value.reveal()[:SCANNED]
    return SURE_FORMS[candidate.form] + _score_of_token(value, path_features(text.name))


@cache
def _shown() -> int:
    """The least score that is worth showing."""
    return _weights().get("threshold:low", 0)


def words(candidate: Candidate, text: Text, crowd: Crowd) -> list[str]:
    """What can be told of a candidate that weights judge: for fitting them."""
    groups = features(*_looked_at(candidate, text))
    return [*(word for group in groups for word in group), *_context(candidate, text, crowd)]


def _looked_at(candidate: Candidate, text: Text) -> tuple[str, str, str, Kind, tuple[str, ...]]:
    path = path_features(text.name)
    return candidate.form, candidate.name, _value_of(candidate), text.kind, path


def _value_of(candidate: Candidate) -> str:
    """What is looked at of a value; in an address it may have escapes (RFC 3986, 2.1)."""
    value = candidate.value.reveal()[:SCANNED]
    if candidate.form == ADDRESS and "%" in value:
        return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)
    return value


def _context(candidate: Candidate, text: Text, crowd: Crowd) -> Iterator[str]:
    yield from crowd.words(candidate)
    yield from _alone(candidate, text)


def _alone(candidate: Candidate, text: Text) -> Iterator[str]:
    """What the place of a candidate says, wherever else its value is."""
    yield from around(text, candidate)
    if candidate.form == ADDRESS and _is_meant(candidate):
        yield REAL_ADDRESS if "path:plain" in path_features(text.name) else UNREAL_ADDRESS


def _is_meant(candidate: Candidate) -> bool:
    """Whether somebody could use a password before an ``@``: no fill-in, and a host that may be."""
    value, user = _value_of(candidate), candidate.name.lower()
    if placeholder(value) or placeholder(user) == "mask" or is_fill_in(user):
        return False
    if is_of_manuals(user, value):
        return False
    return not _RESERVED.search(candidate.about)


@cache
def _most_around(form: str) -> int:
    """What the surroundings of a candidate of a form can add at most."""
    address = ((REAL_ADDRESS, UNREAL_ADDRESS),) if form == ADDRESS else ()
    return _most((*CROWD, *words_around(form), *address))


@cache
def _most(groups: tuple[tuple[str, ...], ...]) -> int:
    """The most that words add up to of which one of each group is said, or none."""
    return sum([max(0, *[_weights().get(word, 0) for word in group]) for group in groups])


CUSTOM, IDENTIFIER, ADDRESS = "custom", "identifier", "url"
"""The forms of what a user's own rule finds, of what only names something, and of a password
before an ``@``."""
REAL_ADDRESS, UNREAL_ADDRESS = "address:real", "address:elsewhere"
"""The words for a value between user and host, where only a password stands, that is no fill-in;
the second one in tests, documentation and examples."""
_RESERVED = pattern(r"(?i)(?:\A|[. ])(?:example\.(?:com|net|org)|example|invalid|test)(?::\d+)?\Z")
"""Hosts that nobody has (RFC 2606)."""
_OWN_WORD = 99
"""Whoever wrote a rule knows what it is about: it speaks louder than ours of the same place."""
SURE_FORMS = {
    CUSTOM: 0, "token": 0, "netrc": 0, "pgpass": 0, "htpasswd": -25, IDENTIFIER: 0,
}  # fmt: skip
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
def _score(form: str, name: str, value: str, kind: Kind, path: tuple[str, ...]) -> int:
    return _weights().get("always", 0) + sum(map(_sum, features(form, name, value, kind, path)))


@lru_cache(maxsize=16_384)
def _sum(words: tuple[str, ...]) -> int:
    weights = _weights()
    return sum([weights.get(word, 0) for word in words])


def may_count(candidate: Candidate, text: Text) -> bool:
    """Whether a candidate could be a secret, whatever else stands in its text."""
    total = by_itself(candidate, text)
    if total is None:
        return False
    if candidate.proof is not Proof.PROVEN and candidate.form not in SURE_FORMS:
        weights = _weights()
        total += sum([weights.get(word, 0) for word in _alone(candidate, text)]) + _most(CROWD)
    return certainty(candidate, total) is not None


def certainty(candidate: Candidate, total: int) -> Certainty | None:
    """How sure that makes us; ``None`` for what is not worth showing."""
    if candidate.proof is Proof.REFUTED:
        return None
    if candidate.proof is Proof.PROVEN:
        return Certainty.CERTAIN
    if candidate.form == CUSTOM:
        return Certainty.HIGH
    for found, least in _least():
        if total >= least:
            return found
    return None


@cache
def _least() -> tuple[tuple[Certainty, int], ...]:
    """The least sum for each certainty, the surest first."""
    weights = _weights()
    return tuple((found, weights.get(f"threshold:{name}", 0)) for found, name in THRESHOLDS)
