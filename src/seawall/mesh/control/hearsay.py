"""What the other side says, taken with care: proxies, people and other hosts get to see it."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from math import isfinite

from seawall.core.errors import UsageError

_MOST_ADDRESSES, _MOST_TEXTS, _MOST_COUNTS = 16, 10, 1000
_LONGEST = 500


class HearsayError(UsageError):
    """What the other side says is nothing that can be so."""


def finite(text: str) -> float:
    """A number of JSON; raises ``ValueError`` for one that no whole number can be made of."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def addresses_in(texts: Sequence[object]) -> tuple[str, ...]:
    """Addresses that a workload can be at; raises :class:`HearsayError` for others.

    The proxies of all its peers are configured with them: one that does not fit would keep them
    from every later configuration.
    """
    found: dict[str, None] = {}
    for text in map(str, texts):
        try:
            address = ip_address(text)
        except ValueError:
            raise HearsayError(f"{text[:60]!r} is no address: update seawall there") from None
        if address.is_unspecified or address.is_loopback or address.is_multicast or "%" in text:
            raise HearsayError(f"nobody is at {text}: correct what the agent is told")
        found[str(address)] = None
    if len(found) > _MOST_ADDRESSES:
        raise HearsayError(
            f"{len(found)} addresses of one workload; name {_MOST_ADDRESSES} at most"
        )
    return tuple(found)


def texts_in(texts: Sequence[str]) -> tuple[str, ...]:
    """What people will read: the newest few, short, and nothing that a terminal obeys."""
    return tuple(map(_shown, texts[-_MOST_TEXTS:]))


def text_in(text: object) -> str:
    """A word of the other side's, as short and harmless."""
    return _shown(str(text))


def counts_in(counts: object) -> dict[str, int]:
    """Counters by name; raises :class:`HearsayError` for what is none."""
    found = {} if counts is None else counts
    if not isinstance(found, Mapping) or len(found) > _MOST_COUNTS:
        raise HearsayError(f"counters are a mapping of {_MOST_COUNTS} at most: update seawall")
    return {_shown(str(name)): value for name, value in found.items() if type(value) is int}


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:_LONGEST])
