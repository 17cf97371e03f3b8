"""What searches texts for secrets: the one place where rules and texts come together.

Further rules (a team's own) are to be given to ``searcher``; further texts (of archives, images,
histories) to the ``Search`` that it makes, and what is found in them to ``findings.findings``.
"""

import os
from functools import cache
from typing import TYPE_CHECKING

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
    return _made(directory(os.environ), size, options.secret_rules, keep=options.cache)


@cache
def _made(directory: str, size: int, own: "tuple[RuleSet, ...]", *, keep: bool) -> "Search":
    """The search, made once in a process."""
    from seawall.secrets.search import search  # noqa: PLC0415 - as above

    return search(directory, size=size, keep=keep, custom=own)


def state(options: "Options") -> bytes:
    """What tells one set of rules from another, besides the code: of a team's own, say."""
    return repr(options.secret_rules).encode("utf-8", "surrogatepass")
