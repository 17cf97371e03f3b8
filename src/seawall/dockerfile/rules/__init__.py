"""The rules, by topic. To add one, write it into the module of its topic: that is all."""

from functools import cache
from importlib import import_module

from seawall.core.rule import Rule

TOPICS = (
    "accounts",
    "base_images",
    "commands",
    "context_files",
    "copying",
    "credentials",
    "downloads",
    "final_image",
    "labels",
    "language_packages",
    "language_pins",
    "layers",
    "limits",
    "locked_images",
    "ownership",
    "package_lists",
    "package_managers",
    "package_pins",
    "packages",
    "processes",
    "programs",
    "settings",
    "shell",
    "shell_errors",
    "stages",
    "structure",
    "users",
)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every Dockerfile rule, in the order of their ids."""
    rules = [
        value
        for topic in TOPICS
        for value in vars(import_module(f"seawall.dockerfile.rules.{topic}")).values()
        if isinstance(value, Rule)
    ]
    return tuple(sorted(set(rules), key=lambda rule: rule.id))
