"""The rules, by topic. To add one, write it into the module of its topic: that is all."""

from functools import cache
from importlib import import_module

from seawall.core.rule import Rule

TOPICS = (
    "accounts",
    "configuration",
    "credentials",
    "leftovers",
    "permissions",
    "software",
)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule about images, in the order of their ids."""
    rules = [
        value
        for topic in TOPICS
        for value in vars(import_module(f"seawall.images.rules.{topic}")).values()
        if isinstance(value, Rule)
    ]
    return tuple(sorted(set(rules), key=lambda rule: rule.id))
