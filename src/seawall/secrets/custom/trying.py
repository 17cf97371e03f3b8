"""Tries rules on their own examples: drawn for those of the package, written for users'."""

import os
from collections.abc import Iterable, Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.chance import Chance
from seawall.secrets.custom.rule import CustomRule, RuleSet
from seawall.secrets.custom.searching import Custom
from seawall.secrets.rules import loading
from seawall.secrets.rules.examples import example
from seawall.secrets.rules.rule import Rule
from seawall.secrets.search import Search
from seawall.secrets.text import Kind, Text


class Tried(NamedTuple):
    """What became of the examples of a rule. Texts of examples are never told: they may be real."""

    rule: str
    tried: int
    failures: tuple[str, ...] = ()
    """Each as ``FILE:LINE: what went wrong``."""


_DRAWS = 4
"""By accident a drawn value may look made up (one in ten thousand): then another is drawn."""


def shipped(search: Search, random: Chance, times: int) -> Iterator[Tried]:
    """The rules of the package, each tried on as many texts as are drawn for it."""
    places = _places()
    for rule in loading.shipped():
        lost = sum(
            not any(_is_found(search, rule, random) for _ in range(_DRAWS)) for _ in range(times)
        )
        failures = (
            f"{places[rule.id]}: {lost} of {times} drawn examples of {rule.id} are not found",
        )
        yield Tried(rule.id, times, failures if lost else ())


def _is_found(search: Search, rule: Rule, random: Chance) -> bool:
    data = f"\n{example(rule, random)}\n".encode("latin-1")
    return any(
        candidate.rule == rule.id and candidate.proof
        for candidate in search.candidates(Text("example", data, Kind.PROSE))
    )


def _places() -> dict[str, str]:
    """``FILE:LINE`` of each rule of the package."""
    directory = os.path.join(os.path.dirname(loading.__file__), "data")
    places = {}
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name), encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.startswith("id = "):
                    places[line[5:].strip().strip('"')] = f"{name}:{number}"
    return places


def custom(sets: Iterable[RuleSet]) -> Iterator[Tried]:
    """The rules of some files, tried on the examples that are written there."""
    for one in sets:
        anywhere = tuple(_anywhere(rule) for rule in one.rules)
        look = Custom([one._replace(rules=anywhere, skipped=())])
        for rule in one.rules:
            yield Tried(
                rule.name, len(rule.examples) + len(rule.non_examples),
                tuple(_failures(look, rule)),
            )  # fmt: skip


def _anywhere(rule: CustomRule) -> CustomRule:
    """The rule without what it asks of the file that a text stands in."""
    return rule._replace(path="", globs=(), kinds=(), reports=True) if rule.regex else rule


def _failures(look: Custom, rule: CustomRule) -> Iterator[str]:
    for texts, wanted, what in (
        (rule.examples, True, "nothing in example"),
        (rule.non_examples, False, "something in non_example"),
    ):
        for number, text in enumerate(texts, 1):
            if _finds(look, rule, text) != wanted:
                yield f"{rule.origin}: {rule.id} finds {what} {number}"


def _finds(look: Custom, rule: CustomRule, text: str) -> bool:
    """Whether a rule finds something in a text; a rule about paths alone, in a name."""
    name, data = ("example", text) if rule.regex else (text, "\n".join(rule.keywords))
    found, _ = look.find(Text(name, data.encode("utf-8", "replace"), Kind.PROSE))
    return any(candidate.rule == rule.name for candidate in found)
