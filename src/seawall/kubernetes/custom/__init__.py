"""Custom checks of kube-linter's configuration, as rules of ours.

    checks, faults = read_checks([(mapping, Origin(".kube-linter.yaml", 4)), ...])
    rules, not_covered, more = rules_of(checks)

A custom check names a template, gives it parameters and says which objects it is about. Each
becomes a rule like any other: it is selected, ignored, placed and reported as they are.
"""

from seawall.kubernetes.custom.checks import CustomCheck, Fault, Origin, read_checks
from seawall.kubernetes.custom.making import rules_of

__all__ = ["CustomCheck", "Fault", "Origin", "read_checks", "rules_of"]
