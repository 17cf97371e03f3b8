"""Tells which rules of a gitleaks configuration find what seawall's own rules do not.

For each rule of the file values are drawn from its pattern (what stands around the value is kept
short), and only those that the rule itself finds are counted. None of the file enters the
repository; its name is the argument:

    python tools/compare_gitleaks_rules.py gitleaks.toml [--times 40] [--seed 1] [--ids]
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from seawall.configuration import secret_rules
from seawall.secrets.candidate import Certainty, Proof
from seawall.secrets.custom.rule import CustomRule, RuleSet
from seawall.secrets.custom.searching import Custom
from seawall.secrets.rules.examples import _choices
from seawall.secrets.search import Search, search
from seawall.secrets.text import Kind, Text

codes: Any = import_module("re._constants")
parser: Any = import_module("re._parser")
_FLAGS = re.compile(r"\(\?([a-zA-Z-]+)\)")
_TRIES = 60
_BLANK = (codes.IN, [(codes.CATEGORY, codes.CATEGORY_SPACE)])
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Compared(NamedTuple):
    """What became of the values of a rule."""

    rule: str
    drawn: int
    found: int
    refuted: int
    """Those that a rule of ours knows and a checksum or the structure speaks against."""
    by: Counter[str]
    missed: list[str]


def python_pattern(source: str) -> str:
    """An expression of Go as Python writes it: flags in the middle become groups of their own."""
    source = source.replace("[[:alnum:]]", "[0-9A-Za-z]").replace("[:alnum:]", "0-9A-Za-z")
    source = source.replace(r"\z", r"\Z")
    result: list[str] = []
    opened: list[list[str]] = [[]]
    at = 0
    in_class = False
    while at < len(source):
        character = source[at]
        if character == "\\":
            result.append(source[at : at + 2])
            at += 2
            continue
        if in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            if source.startswith(("[]", "[^]"), at):
                end = source.index("]", at) + 1
                result.append(source[at:end].replace("]", "\\]"))
                at = end
                continue
        elif (flags := _FLAGS.match(source, at)) is not None:
            opened[-1].append(flags[1])
            result.append(f"(?{flags[1]}:")
            at = flags.end()
            continue
        elif character == "(":
            opened.append([])
        elif character == ")":
            result.append(")" * len(opened.pop()))
        elif character == "|":
            own = opened[-1]
            result.append(")" * len(own) + "|" + "".join(f"(?{flag}:" for flag in own))
            at += 1
            continue
        result.append(character)
        at += 1
    return "".join(result) + ")" * len(opened[0])


def drawn(rule: CustomRule, chance: random.Random) -> str:
    """A text that a rule may find something in."""
    tree = parser.parse(python_pattern(rule.regex))
    named = tree.state.groupdict.get(rule.group)
    number = named if named is not None else int(rule.group or 1)
    wanted = number if tree.state.groups > 1 else 0
    return _sequence(tree, chance, wanted, inside=not wanted)


def _sequence(nodes: Any, chance: random.Random, wanted: int, *, inside: bool) -> str:
    return "".join(_node(code, item, chance, wanted, inside=inside) for code, item in nodes)


def _node(code: Any, item: Any, chance: random.Random, wanted: int, *, inside: bool) -> str:
    if code is codes.LITERAL:
        return chr(item)
    if code is codes.ANY:
        return "."  # one alone is mostly meant as a full stop
    if code is codes.NOT_LITERAL:
        return chr(chance.choice([byte for byte in _LETTERS if byte != item]))
    if code is codes.IN:
        return chr(chance.choice(_choices(item)))
    if code is codes.SUBPATTERN:
        group = item[0]
        within = inside or group == wanted
        return _sequence(item[3], chance, wanted, inside=within)
    if code is codes.BRANCH:
        return _sequence(chance.choice(item[1]), chance, wanted, inside=inside)
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, body = item
        endless = most is codes.MAXREPEAT
        more = chance.randint(10, 20) if endless else chance.randint(0, 6)
        times = min(int(most), least + (more if inside else 0))
        if body[0][0] is codes.ANY:
            return "".join(map(chr, chance.choices(_LETTERS, k=times)))
        if not inside and not least and body[0] == _BLANK:
            times = 1
        return "".join(_sequence(body, chance, wanted, inside=inside) for _ in range(times))
    return ""


def compared(rules: RuleSet, ours: Search, times: int, seed: int) -> Iterator[Compared]:
    """Each rule of a set with what ours find of it."""
    theirs = Custom([rules])
    for rule in rules.rules:
        if not rule.regex or not rule.reports:
            continue
        chance = random.Random(f"{seed} {rule.id}")  # noqa: S311 - examples
        count = found = refuted = 0
        by: Counter[str] = Counter()
        missed: list[str] = []
        for _ in range(times * _TRIES):
            if count == times:
                break
            value = drawn(rule, chance)
            around = "" if _has_keyword(rule, value) else f"# {chance.choice(rule.keywords)}\n"
            data = f"{around}\n{value}\n".encode("utf-8", "replace")
            name = _name(rule, chance)
            text = Text(name, data, Kind.CONFIGURATION)
            wanted = [c for c in theirs.find(text)[0] if c.rule == rule.name]
            if not wanted:
                continue
            count += 1
            names = _found(ours, text, wanted[0].start, wanted[0].end)
            found += bool(names)
            by.update(names)
            if not names and _is_refuted(ours, text, wanted[0].start, wanted[0].end):
                refuted += 1
            elif not names:
                missed.append(value)
        yield Compared(rule.id, count, found, refuted, by, missed)


def _has_keyword(rule: CustomRule, text: str) -> bool:
    return not rule.keywords or any(word in text.lower() for word in rule.keywords)


def _name(rule: CustomRule, chance: random.Random) -> str:
    if not rule.path:
        return "settings.yaml"
    return _sequence(parser.parse(python_pattern(rule.path)), chance, 0, inside=False) or "a"


def _found(ours: Search, text: Text, start: int, end: int) -> set[str]:
    """Our rules that find something at a place, at the default confidence."""
    names = set()
    for result in ours.run([text]):
        for secret in result.secrets:
            place = secret.candidate
            if secret.certainty >= Certainty.MEDIUM and place.start < end and start < place.end:
                names |= {place.rule, *secret.also}
    return names


def _is_refuted(ours: Search, text: Text, start: int, end: int) -> bool:
    return any(
        found.proof is Proof.REFUTED and found.start < end and start < found.end
        for found in ours.candidates(text)
    )


def main() -> int:
    """Print a line for each rule, those first of which something is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file", type=Path)
    options.add_argument("--times", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--ids", action="store_true", help="print our rules for each of theirs")
    options.add_argument("--missed", action="store_true", help="print what was missed")
    chosen = options.parse_args()
    (rules,) = secret_rules.load([str(chosen.file)])
    rows = sorted(
        compared(rules, search(), chosen.times, chosen.seed),
        key=lambda row: row.found / max(row.drawn, 1),
    )
    for row in rows:
        names = ", ".join(name for name, _ in row.by.most_common(4))
        if chosen.ids:
            sys.stdout.write(f"{row.rule}: {sorted(row.by.items(), key=lambda i: -i[1])}\n")
        elif row.found < row.drawn or not row.drawn:
            told = (
                f"{row.found} of {row.drawn} found, {row.refuted} refuted, {len(row.missed)} missed"
            )
            sys.stdout.write(f"{row.rule}: {told} ({names or 'nothing'})\n")
            if chosen.missed:
                sys.stdout.writelines(f"    {text[:150]!r}\n" for text in row.missed[:3])
    whole = sum(row.found == row.drawn > 0 for row in rows)
    known = sum(row.found + row.refuted == row.drawn > 0 for row in rows)
    sys.stdout.write(
        f"of {len(rows)} rules {whole} are found whole, {known} but for what checks refute\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
