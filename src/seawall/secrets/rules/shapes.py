"""What the finders must know of a rule's pattern: where it may stand, how long, which letters.

Works on the standard library's own parse of the pattern, so that no second reader of regular
expressions can be of another opinion.
"""

import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import product
from typing import Any

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.rules.rule import Rule

codes: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

MAX_WIDTH = 12_000
_ALTERNATIVES = 24
"""How many texts a set of necessary letters may have."""
SHORTEST_LITERAL = 3
_ENOUGH = 8


class Shape(NamedTuple):
    """A pattern made ready: all members can be kept in a file."""

    source: str
    """For ``re``: the whole pattern, with the group ``secret`` if the match is more than that."""
    trigger: str
    """For Hyperscan: what each match begins with, ending as early as it can."""
    literals: tuple[str, ...]
    """Lower-case texts of which each match holds one; none where the pattern has no such."""
    width: int
    """The longest match, in bytes."""
    leads: bool
    """Whether each match begins with one of the literals."""


_NAME_END = r"[\w.-]{0,20}[\"'\]\)\\]{0,4}[ \t]{0,10}(?::[ \t]{0,4}[A-Za-z?]{1,12}[ \t]{0,4})?"
_SEPARATOR = r"(?:=>|:=|\??={1,3}|<=|:|,|\(|\|\|:?|>|[ \t])[ \t\r\n]{0,5}\\{0,2}[\"'`]?"
_EDGE = r"(?:\b|\\[nrt])"
"""A token begins where a word does, or behind an escape such as ``\\n``."""
_SCHEME = r"(?:(?i:bearer|basic|token)[ \t]{1,3})?"


def shape_of(rule: Rule) -> Shape:
    """The shape of a rule's pattern."""
    source = rule.pattern
    if rule.after:
        source = assigned(source, rule.after)
    elif _starts_with_word(source):
        if "(?P<secret>" not in source:
            source = f"(?P<secret>{source})"
        source = _EDGE + source
    return shape(source)


def assigned(source: str, after: Sequence[str]) -> str:
    """A pattern for a value that is assigned to a name; ``after`` are patterns of such names."""
    if "(?P<secret>" not in source:
        source = f"(?P<secret>{source})"
    return f"(?i:{'|'.join(after)}){_NAME_END}{_SEPARATOR}{_SCHEME}{source}"


def shape(source: str) -> Shape:
    """The shape of a whole pattern; ValueError where a match may be too long."""
    parsed = _parser.parse(source)
    width = int(parsed.getwidth()[1])
    if width > MAX_WIDTH:
        raise ValueError(f"matches must be at most {MAX_WIDTH} bytes long: bound its repeats")
    lead = {text.lower() for text in _lead(parsed)}
    leads = min(map(len, lead)) >= SHORTEST_LITERAL
    literals = lead if leads else _literals(parsed)
    return Shape(source, _trigger(source), tuple(sorted(literals)), width, leads)


# Triggers -------------------------------------------------------------------------------------

_COSTLY = 80
_LONG_REPEAT = re.compile(r"\{(\d+),(\d+)\}")
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?[a-z-]*:)?|\{\d+(?:,\d*)?\}|.", re.DOTALL
)
"""What cannot be cut in two: an escape, a set, the head of a group, a repeat."""
_REPEAT = re.compile(r"\{(\d+)(?:,\d*)?\}|[*+?]")


def without_edge(source: str) -> str:
    """The pattern without what stands before a token: that halves the speed of all engines."""
    return source.removeprefix(_EDGE)


def _trigger(source: str) -> str:
    """The pattern with its end cut to what it needs, and without counts that cost much memory.

    Hyperscan tells every end of a match: a tail of up to 400 characters would be told 400 times.
    What stands before a token is looked at later.
    """
    source = without_edge(source).replace("?P<secret>", "?:")
    cut = _cut(_PIECE.findall(source))
    if not _parser.parse(cut).getwidth()[0]:
        cut = source
    return _LONG_REPEAT.sub(
        lambda found: found[0] if int(found[2]) < _COSTLY else f"{{{found[1]},}}", cut
    )


def _cut(pieces: list[str]) -> str:
    """What matches the shortest of the texts that a pattern matches from a place on."""
    alternatives = _alternatives(pieces)
    if len(alternatives) > 1:
        return "|".join(map(_cut, alternatives))
    rest = list(pieces)
    while rest and (repeat := _REPEAT.fullmatch(rest[-1])):
        rest.pop()
        if rest and _REPEAT.fullmatch(rest[-1]):  # a mark behind a repeat: not greedy
            continue
        least = int(repeat[1]) if repeat[1] else int(repeat[0] == "+")
        if least:
            return "".join(rest) + (f"{{{least}}}" if least > 1 else "")
        del rest[_last(rest) :]
    if rest and rest[-1] == ")":
        head = _last(rest)
        return "".join(rest[: head + 1]) + _cut(rest[head + 1 : -1]) + ")"
    return "".join(rest)


def _alternatives(pieces: list[str]) -> list[list[str]]:
    """A pattern's parts between bars that stand in none of its groups."""
    found: list[list[str]] = [[]]
    depth = 0
    for piece in pieces:
        depth += piece.startswith("(") - (piece == ")")
        if piece == "|" and not depth:
            found.append([])
        else:
            found[-1].append(piece)
    return found


def _last(pieces: list[str]) -> int:
    """Where the last element begins: a sign, a set or a group."""
    depth = 0
    for index in range(len(pieces) - 1, -1, -1):
        depth += (pieces[index] == ")") - pieces[index].startswith("(")
        if not depth:
            return index
    return 0


# Literals -------------------------------------------------------------------------------------


def _starts_with_word(source: str) -> bool:
    """Whether all matches begin with a letter, a digit or an underscore."""
    first = _firsts(_parser.parse(source))
    return first is not None and all(chr(code).isalnum() or code == ord("_") for code in first)


def _firsts(nodes: Sequence[Any]) -> set[int] | None:
    """The bytes that matches can begin with; ``None`` when they are not easily told."""
    for code, argument in nodes:
        if code is codes.LITERAL:
            return {argument}
        if code is codes.IN:
            return _members(argument)
        if code is codes.SUBPATTERN:
            return _firsts(argument[3])
        if code is codes.BRANCH:
            found = [_firsts(branch) for branch in argument[1]]
            return None if None in found else set().union(*(f for f in found if f))
        if code is codes.MAX_REPEAT and argument[0]:
            return _firsts(argument[2])
        return None
    return None


def _members(items: Iterable[tuple[Any, Any]]) -> set[int] | None:
    """The bytes of a set of characters; ``None`` for one that is negated."""
    found: set[int] = set()
    for code, argument in items:
        if code is codes.LITERAL:
            found.add(argument)
        elif code is codes.RANGE:
            found.update(range(argument[0], argument[1] + 1))
        elif code is codes.CATEGORY and argument is codes.CATEGORY_WORD:
            found.update(b"_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        elif code is codes.CATEGORY and argument is codes.CATEGORY_DIGIT:
            found.update(b"0123456789")
        else:
            return None
    return found


def _literals(nodes: Sequence[Any]) -> set[str]:
    """The best set of texts of which each match holds one, in lower case; empty for none."""
    best: set[str] = set()
    run: set[str] = {""}
    for node in nodes:
        exact = _exact(node)
        longer = None if exact is None else _product(run, exact)
        if longer is not None:
            run = longer
            continue
        begun = _product(run, _lead([node])) if exact is None else None
        best = _better(best, run if begun is None else begun)
        run = exact if exact is not None else {""}
        if exact is None:
            best = _better(best, _inside(node))
    best = _better(best, run)
    return {text.lower() for text in best if text}


def _better(first: set[str], second: set[str]) -> set[str]:
    def worth(texts: set[str]) -> tuple[int, int]:
        shortest = min(map(len, texts), default=0)
        return (min(shortest, 6), -len(texts))

    return second if worth(second) > worth(first) else first


def _product(first: set[str], second: set[str]) -> set[str] | None:
    if len(first) * len(second) > _ALTERNATIVES:
        return None
    return {before + after for before, after in product(first, second)}


def _lead(nodes: Sequence[Any]) -> set[str]:
    """Texts of which each match begins with one."""
    found = {""}
    for node in nodes:
        exact = _exact(node)
        longer = _product(found, exact if exact is not None else _lead_of(node))
        if longer is not None:
            found = longer
        if exact is None or longer is None:
            break
    return found


def _lead_of(node: tuple[Any, Any]) -> set[str]:
    code, argument = node
    if code is codes.SUBPATTERN:
        return _lead(argument[3])
    if code is codes.BRANCH:
        return set().union(*(_lead(branch) for branch in argument[1]))
    if code is codes.MAX_REPEAT and argument[0]:
        return _repeated(argument[0], argument[2]) or _lead(argument[2])
    return {""}


def _repeated(least: int, body: Sequence[Any]) -> set[str]:
    """What a repeated text begins with, where the text is always the same."""
    once = _exact_all(body)
    return {text * min(least, _ENOUGH) for text in once} if once and len(once) == 1 else set()


def _inside(node: tuple[Any, Any]) -> set[str]:
    code, argument = node
    if code is codes.SUBPATTERN:
        return _literals(argument[3])
    if code is codes.MAX_REPEAT and argument[0]:
        return _repeated(argument[0], argument[2]) or _literals(argument[2])
    if code is codes.BRANCH:
        found = [_literals(branch) for branch in argument[1]]
        return set().union(*found) if all(found) else set()
    return set()


def _exact(node: tuple[Any, Any]) -> set[str] | None:
    """All texts that a node matches, if they are few."""
    code, argument = node
    if code is codes.LITERAL:
        return {chr(argument)}
    if code is codes.AT:
        return {""}
    if code is codes.IN:
        members = _members(argument)
        return None if members is None or len(members) > 8 else {chr(m) for m in members}
    if code is codes.SUBPATTERN:
        return _exact_all(argument[3])
    if code is codes.BRANCH:
        found: set[str] = set()
        for branch in argument[1]:
            exact = _exact_all(branch)
            if exact is None:
                return None
            found |= exact
        return found if len(found) <= _ALTERNATIVES else None
    if code is codes.MAX_REPEAT and argument[1] <= 2:
        return _exact_repeat(*argument)
    return None


def _exact_repeat(least: int, most: int, body: Sequence[Any]) -> set[str] | None:
    once = _exact_all(body)
    if once is None:
        return None
    found: set[str] = set()
    for times in range(least, most + 1):
        found |= {"".join(parts) for parts in product(once, repeat=times)}
    return found if len(found) <= _ALTERNATIVES else None


def _exact_all(nodes: Sequence[Any]) -> set[str] | None:
    found = {""}
    for node in nodes:
        exact = _exact(node)
        longer = None if exact is None else _product(found, exact)
        if longer is None:
            return None
        found = longer
    return found
