"""Makes texts that a pattern matches: examples are drawn when they are wanted, and never stored.

A repository of a secrets scanner that holds tokens is found by every scanner, ours included.
"""

from functools import lru_cache
from importlib import import_module
from typing import Any

from seawall.secrets.chance import Chance
from seawall.secrets.rules.rule import Rule
from seawall.secrets.verifying import signer

codes: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

_MORE = 6
"""How much longer than it must be a repeated part gets at most."""
_PRINTABLE = bytes(range(0x21, 0x7F))


def example(rule: Rule, random: Chance) -> str:
    """A text that holds a token of a rule, with a right checksum if it has one."""
    token = drawn(rule.pattern, random)
    sign = signer(rule.verify)
    if sign is not None:
        token = sign(token, random)
    if not rule.after:
        return token
    name = drawn(random.choice(rule.after), random)
    return f'{name} = "{token}"'


def drawn(source: str, random: Chance) -> str:
    """A text that a pattern matches as a whole."""
    return _sequence(_parsed(source), random)


@lru_cache(maxsize=512)
def _parsed(source: str) -> Any:
    return _parser.parse(source)


def _sequence(nodes: Any, random: Chance) -> str:
    return "".join([_node(code, argument, random) for code, argument in nodes])


def _node(code: Any, argument: Any, random: Chance) -> str:
    if code is codes.LITERAL:
        return chr(argument)
    if code is codes.NOT_LITERAL:
        return chr(random.choice([byte for byte in _PRINTABLE if byte != argument]))
    if code is codes.ANY:
        return chr(random.choice(_PRINTABLE))
    if code is codes.IN:
        return chr(random.choice(_choices(argument)))
    if code is codes.SUBPATTERN:
        return _sequence(argument[3], random)
    if code is codes.BRANCH:
        return _sequence(random.choice(argument[1]), random)
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, body = argument
        times = random.randint(least, min(int(most), least + _MORE))
        return "".join([_sequence(body, random) for _ in range(times)])
    return ""  # a place, such as \b


def _choices(items: Any) -> bytes:
    """The printable members of a set of characters."""
    negated = items[0][0] is codes.NEGATE
    members = set(_members(items[1:] if negated else items))
    printable = bytes(byte for byte in _PRINTABLE if (byte in members) != negated)
    return printable or b" "


def _members(items: Any) -> bytes:
    found = bytearray()
    for code, argument in items:
        if code is codes.LITERAL:
            found.append(argument)
        elif code is codes.RANGE:
            found.extend(range(argument[0], argument[1] + 1))
        elif code is codes.CATEGORY:
            found.extend(_CATEGORIES[argument])
    return bytes(found)


_DIGITS = b"0123456789"
_WORD = b"_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + _DIGITS
_CATEGORIES = {
    codes.CATEGORY_DIGIT: _DIGITS,
    codes.CATEGORY_WORD: _WORD,
    codes.CATEGORY_SPACE: b" \t",
    codes.CATEGORY_NOT_SPACE: _PRINTABLE,
    codes.CATEGORY_NOT_WORD: bytes(byte for byte in _PRINTABLE if byte not in _WORD),
    codes.CATEGORY_NOT_DIGIT: bytes(byte for byte in _PRINTABLE if byte not in _DIGITS),
}
