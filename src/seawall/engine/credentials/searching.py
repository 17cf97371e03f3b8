"""What searches texts for secrets: the one place where rules and texts come together.

Further rules (a team's own) are to be given to ``searcher``; further texts (of archives, images,
histories) to the ``Search`` that it makes, and what is found in them to ``findings.findings``.
"""

import os
from functools import cache, partial
from typing import IO, TYPE_CHECKING

from seawall.core.report import Failed
from seawall.core.severity import Confidence
from seawall.core.user_directory import directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seawall.core.rule import Rule
    from seawall.engine.credentials.sweep import Sweep
    from seawall.engine.options import Options
    from seawall.engine.source import Source
    from seawall.secrets.custom.rule import RuleSet
    from seawall.secrets.search import Search
    from seawall.sources.files import SourceFile


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


def chosen(options: "Options") -> "tuple[Options, dict[str, Rule]]":
    """The rules about secrets that a run has, by id, and its options with those among its own.

    Raises UsageError where a rule is named that is not there.
    """
    from seawall import catalogue  # noqa: PLC0415 - loaded already

    rules = catalogue.select(
        profile=options.profile, select=options.select, enable=options.enable,
        ignore=options.ignore, ruleset=options.ruleset, custom=options.custom,
        domains=(catalogue.SECRETS,),
    )  # fmt: skip
    return running(options, rules), {
        rule.id: rule for rule in rules if rule.domain == catalogue.SECRETS
    }


def running(options: "Options", rules: "Sequence[Rule]") -> "Options":
    """Options with users' rules, those that do not run only there for others to need."""
    names = {rule.id for rule in rules}
    sets = tuple(
        one._replace(
            rules=tuple(
                rule._replace(reports=rule.reports and rule.name in names) for rule in one.rules
            )
        )
        for one in options.secret_rules
    )
    return options._replace(secret_rules=sets)


def targets(options: "Options") -> list[str]:
    """What tells the trees of one run from those of another."""
    return [os.path.realpath(target) for target in options.targets]


def sweep(
    source: "Source",
    options: "Options",
    rules: "Mapping[str, Rule]",
    size: int,
    *,
    searches: bool,
    hashes: bool,
) -> "Sweep":
    """What goes through files; only to hash them, where nothing ``searches`` them."""
    from seawall.engine.credentials.sweep import Sweep  # noqa: PLC0415 - where there are texts

    return Sweep(
        source.read, searcher(options, size) if searches else None, rules, options.max_file_size,
        partial(_opened, source), hashes=hashes,
    )  # fmt: skip


def _opened(source: "Source", file: "SourceFile") -> "IO[bytes] | Failed":
    """A file that is no text, to be read in pieces; of a commit it is read at once."""
    from seawall.engine.source import FileSystem  # noqa: PLC0415 - loaded already

    if isinstance(source, FileSystem) and os.path.isfile(file.real):
        from seawall.sources.files import reason_of  # noqa: PLC0415 - as above

        try:
            return open(file.real, "rb")
        except OSError as error:
            return Failed(file.path, 0, 0, reason_of(error))
    from io import BytesIO  # noqa: PLC0415 - as above

    data = source.read_large(file)
    return data if isinstance(data, Failed) else BytesIO(data)


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
