"""What the tests of this room share: the shipped rules, a native and a plain search."""

import random
from functools import cache

from seawall.secrets import search
from seawall.secrets.rules.loading import shipped
from seawall.secrets.rules.rule import Rule
from seawall.secrets.text import Text, kind_of

RULES: dict[str, Rule] = {rule.id: rule for rule in shipped()}


@cache
def native() -> search.Search:
    return search.search()


@cache
def plain() -> search.Search:
    return search.search(use_native=False)


def found(data: bytes | str, name: str = "settings.yaml") -> list[tuple[str, str]]:
    """Rule and value of what is found in a file."""
    content = data.encode() if isinstance(data, str) else data
    results = list(native().run([Text(name, content, kind_of(name))]))
    return [
        (secret.candidate.rule, secret.candidate.value.reveal())
        for result in results
        for secret in result.secrets
    ]


def drawn(length: int, seed: int = 1, letters: str = "") -> str:
    """A value that looks drawn, made anew in each run."""
    letters = letters or "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return "".join(random.Random(seed).choices(letters, k=length))
