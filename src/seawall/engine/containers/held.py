"""Secrets that are held as plain values: for the way from one of our processes to another only."""

from typing import Any

from seawall.core.location import Span
from seawall.core.redacted import Redacted
from seawall.secrets.candidate import Candidate, Certainty, Part, Proof, Secret
from seawall.secrets.sieve import Held

Plain = Any


def held_to_plain(held: Held) -> Plain:
    """A secret and its place, as ``marshal`` takes it."""
    secret, span = held
    candidate = secret.candidate
    return (
        tuple(
            candidate._replace(
                value=candidate.value.reveal(),  # type: ignore[arg-type]
                proof=int(candidate.proof),  # type: ignore[arg-type]
                beside=tuple(candidate.beside),  # type: ignore[arg-type]
                inner=tuple(candidate.inner),  # type: ignore[arg-type]
            )
        ),
        int(secret.certainty),
        secret.score,
        [tuple(place) for place in secret.occurrences],
        secret.also,
        secret.allowed,
        None if span is None else tuple(span),
    )


def held_from_plain(plain: Plain) -> Held:
    """The same again."""
    fields, certainty, score, places, also, allowed, span = plain
    own = Candidate(*fields)
    candidate = own._replace(
        value=Redacted(fields[3]),
        proof=Proof(own.proof),
        beside=Part(*own.beside),
        inner=Part(*own.inner),
    )
    places = tuple(Part(*place) for place in places)
    secret = Secret(candidate, Certainty(certainty), score, places, also, allowed)
    return Held(secret, None if span is None else Span(*span))
