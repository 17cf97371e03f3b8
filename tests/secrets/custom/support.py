"""What the tests of users' rules share."""

from collections.abc import Sequence

from seawall.configuration import secret_rules
from seawall.secrets.custom.rule import RuleSet
from seawall.secrets.custom.searching import Custom
from seawall.secrets.text import Text, kind_of

Found = list[tuple[str, str]]


def rules(text: str, path: str = "rules.toml") -> RuleSet:
    """The rules of a text in the format that it is in."""
    return secret_rules.read(text.encode("utf-8", "surrogatepass"), path)


def found(sets: RuleSet | Sequence[RuleSet], data: str | bytes, name: str = "a.txt") -> Found:
    """Rule and value of what users' rules find in a file."""
    some = (sets,) if isinstance(sets, RuleSet) else sets
    content = data.encode() if isinstance(data, str) else data
    candidates, _ = Custom(some).find(Text(name, content, kind_of(name)))
    return [(item.rule.partition(":")[2], item.value.reveal()) for item in candidates]
