"""What searches texts for secrets: the one place where rules and texts come together.

Further rules (a team's own) are to be given to ``searcher``; further texts (of archives, images,
histories) to the ``Search`` that it makes, and what is found in them to ``findings.findings``.
"""

import os
from functools import cache
from typing import TYPE_CHECKING

from seawall.core.severity import Confidence
from seawall.core.user_directory import directory

if TYPE_CHECKING:
    from seawall.engine.options import Options
    from seawall.secrets.custom.rule import RuleSet
    from seawall.secrets.search import Search


def searcher(options: "Options", size: int) -> "Search":
    """What looks for secrets with all rules that hold for a run.

    ``size`` is about how many bytes will be looked at: for few nothing is built that is not kept.
    """
    from seawall.secrets.search import (  # noqa: PLC0415 - where there are texts
        WORTH_BUILDING,
        WORTH_LOADING,
    )

    size = max((least for least in (WORTH_LOADING, WORTH_BUILDING) if size >= least), default=1)
    identifiers, own = _identifiers(options), options.secret_rules
    return _made(directory(os.environ), size, own, keep=options.cache, identifiers=identifiers)


def _identifiers(options: "Options") -> bool:
    """Whether what only names something is looked for: it is told at low confidence only."""
    return options.min_confidence is Confidence.LOW


@cache
def _made(
    directory: str, size: int, own: "tuple[RuleSet, ...]", *, keep: bool, identifiers: bool
) -> "Search":
    """The search, made once in a process."""
    from seawall.secrets.search import search  # noqa: PLC0415 - as above

    return search(directory, size=size, keep=keep, identifiers=identifiers, custom=own)


def state(options: "Options") -> bytes:
    """What tells one set of rules from another, besides the code: of a team's own, say."""
    told = (options.secret_rules, _identifiers(options))
    return repr(told).encode("utf-8", "surrogatepass")
