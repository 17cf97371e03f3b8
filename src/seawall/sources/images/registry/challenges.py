"""What a server asks for in ``WWW-Authenticate`` (RFC 9110, 11.6.1).

A header may hold several challenges, each with parameters that are parted by commas, as the
challenges are: ``Basic realm="a", Bearer realm="https://b",scope="c,d"``.
"""

from collections.abc import Mapping
from typing import NamedTuple

from seawall.core.lazy import pattern

MAX_LENGTH = 16_384
"""Characters of a header that are looked at."""
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word
_PARAMETER = pattern(
    rf'[ \t]*({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))[ \t]*(?=,|$)'
)
_SCHEME = pattern(rf"[ \t]*({_TOKEN})(?:[ \t]+|(?=,|$))")
_TOKEN68 = pattern(r"([A-Za-z0-9._~+/-]+=*)[ \t]*(?=,|$)")
_ESCAPED = pattern(r"\\(.)")


class Challenge(NamedTuple):
    """A way to log in that a server offers."""

    scheme: str
    """In small letters."""
    parameters: Mapping[str, str]
    """Names in small letters; of two of a name, the first."""


def challenges(header: str) -> list[Challenge]:
    """The challenges of a header, in its order; what is none ends them."""
    text = header[:MAX_LENGTH]
    found: list[Challenge] = []
    place = 0
    while place < len(text):
        if text[place] in ", \t":
            place += 1
            continue
        parameter = _PARAMETER.match(text, place)
        if parameter and found:
            name, quoted, plain = parameter.groups()
            value = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
            _added(found[-1], name.lower(), value)
            place = parameter.end()
            continue
        scheme = _SCHEME.match(text, place)
        if scheme is None or parameter:
            break
        found.append(Challenge(scheme[1].lower(), {}))
        place = scheme.end()
        first = _PARAMETER.match(text, place)
        lone = None if first else _TOKEN68.match(text, place)
        if lone:
            place = lone.end()
    return found


def _added(challenge: Challenge, name: str, value: str) -> None:
    parameters = challenge.parameters
    if isinstance(parameters, dict):
        parameters.setdefault(name, value)
