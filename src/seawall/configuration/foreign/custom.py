"""Custom checks of kube-linter's configuration, made into rules."""

from collections.abc import Iterable

from seawall.configuration.foreign.words import CustomCheck
from seawall.core.errors import UsageError
from seawall.core.report import NotCovered
from seawall.core.rule import Rule
from seawall.kubernetes import custom


def rules_of(rows: Iterable[CustomCheck]) -> tuple[tuple[Rule, ...], tuple[NotCovered, ...]]:
    """The rules, and what cannot be done here.

    Raises UsageError, with file and line, for a check that is wrong: kube-linter does not run with
    one either.
    """
    checks, faults = custom.read_checks((r.value, custom.Origin(r.path, r.line)) for r in rows)
    rules, not_covered, more = custom.rules_of(checks)
    if faults or more:
        raise UsageError("\n".join(str(fault) for fault in (*faults, *more)))
    return rules, not_covered
