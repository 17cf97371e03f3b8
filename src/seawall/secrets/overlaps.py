"""One finding for one secret: where several rules see the same place, the surest speaks."""

from collections.abc import Iterable
from typing import Any

from seawall.secrets.candidate import Part, Proof, Secret

_GENERIC = frozenset(("assignment", "address", "header", "command"))


def collapsed(secrets: Iterable[Secret]) -> tuple[Secret, ...]:
    """The secrets apart from each other, each value once with all its places, in order."""
    kept: list[Secret] = []
    for secret in sorted(secrets, key=_order):
        if not kept or not _overlap(kept[-1], secret):
            kept.append(secret)
        elif _rank(secret) < _rank(kept[-1]):
            kept[-1] = _with_alias(secret, kept[-1])
        else:
            kept[-1] = _with_alias(kept[-1], secret)
    return _merged(kept)


def _order(secret: Secret) -> tuple[Any, ...]:
    return (secret.candidate.start, secret.candidate.inner, _rank(secret))


def _with_alias(winner: Secret, loser: Secret) -> Secret:
    names = {loser.candidate.rule, *loser.also, *winner.also} - {winner.candidate.rule}
    return winner._replace(also=tuple(sorted(names)))


def _rank(secret: Secret) -> tuple[int, int, int, int, str]:
    """The surest first: a proof, a provider's rule, the higher score, the longer one."""
    candidate = secret.candidate
    generic = candidate.rule in _GENERIC or candidate.form == "identifier"
    size = candidate.end - candidate.start
    proven = candidate.proof is not Proof.PROVEN
    return (int(proven), int(generic), -secret.score, -size, candidate.rule)


def _overlap(one: Secret, other: Secret) -> bool:
    first, second = one.candidate, other.candidate
    if first.start >= second.end or second.start >= first.end:
        return False
    if not (first.decoded and second.decoded):
        return True
    return first.inner.start < second.inner.end and second.inner.start < first.inner.end


def _merged(secrets: list[Secret]) -> tuple[Secret, ...]:
    places: dict[tuple[str, str], list[Part]] = {}
    first: dict[tuple[str, str], Secret] = {}
    for secret in secrets:
        candidate = secret.candidate
        key = (candidate.rule, candidate.value.reveal())
        places.setdefault(key, []).append(Part(candidate.start, candidate.end))
        known = first.get(key)
        if known is None:
            first[key] = secret
        elif secret.certainty > known.certainty:
            first[key] = known._replace(certainty=secret.certainty, score=secret.score)
    return tuple(secret._replace(occurrences=tuple(places[key])) for key, secret in first.items())
