"""Rules about tokens and forms as data, and as rules of the catalogue."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seawall.core.rule import Rule


@cache
def all_rules() -> "tuple[Rule, ...]":
    """Every rule about secrets, in the order of their ids."""
    from seawall.secrets.rules.catalogued import FORM_RULES, of_token  # noqa: PLC0415 - see below
    from seawall.secrets.rules.quick import shipped  # noqa: PLC0415 - the package is a room

    rules = [*map(of_token, shipped()), *FORM_RULES]
    return tuple(sorted(rules, key=lambda rule: rule.id))
