"""What ``go.mod`` asks for: ``v1.2.3``, the least version that will do; else comparisons.

Source: Go modules reference, "Minimal version selection". Another major version is another module.
"""

from seawall.advisories.versions.interval import LAST
from seawall.advisories.versions.syntaxes import comparators
from seawall.advisories.versions.syntaxes.clause import Clause, Key, checked, one, versions_key


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses of a requirement."""
    own = checked(text)
    if own[:1] == "v" or (own[:1].isdigit() and " " not in own):
        return (Clause(one(versions_key(text, own, key), LAST)),)
    return comparators.clauses(text, key)
