"""Rules from custom checks."""

from collections.abc import Iterable

from seawall.core.report import NotCovered
from seawall.core.rule import ANY, Hits, Rule
from seawall.core.severity import Severity
from seawall.kubernetes.custom.checks import CustomCheck, Fault
from seawall.kubernetes.custom.judging import Judge
from seawall.kubernetes.custom.object_kinds import Scope
from seawall.kubernetes.custom.parameters import FaultError, UncoveredError, Values
from seawall.kubernetes.custom.templates import TEMPLATES
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import DOMAIN, OBJECT, Context

PREFIX = "custom:"
"""How the ids of custom checks begin, so that none is ever taken for a rule of the catalogue."""


def rules_of(
    checks: Iterable[CustomCheck], severity: Severity = Severity.MEDIUM
) -> tuple[tuple[Rule, ...], tuple[NotCovered, ...], tuple[Fault, ...]]:
    """A rule for each check; what needs an extra that is not installed; what cannot be done."""
    rules: list[Rule] = []
    not_covered: list[NotCovered] = []
    faults: list[Fault] = []
    for check in checks:
        what = f"custom check {check.name}"
        if check.unread:
            reason = f"has keys that mean nothing: {', '.join(check.unread[:5])}"
            not_covered.append(NotCovered(str(check.origin), what, reason, "remove them"))
        try:
            judge = TEMPLATES[check.template].build(Values(check.params))
        except UncoveredError as missing:
            not_covered.append(NotCovered(str(check.origin), what, missing.reason, missing.remedy))
        except FaultError as error:
            faults.append(Fault(*check.origin, f"{what}: {error}"))
        else:
            rules.append(_rule(check, judge, severity))
    return tuple(rules), tuple(not_covered), tuple(faults)


class Check:
    """What a rule made of a custom check calls.

    ``definition`` is a text that changes whenever what the check says may change.
    """

    def __init__(self, check: CustomCheck, judge: Judge, severity: Severity) -> None:
        self._scope = Scope(check.object_kinds)
        self._judge = judge
        self.__doc__ = _manual(check)
        self.definition = _definition(check, severity)

    def __call__(self, object_: KubernetesObject, context: Context) -> Hits:
        """Judge an object, where the check is about it; what several pods share is said once."""
        if self._scope.includes(object_):
            yield from dict.fromkeys(self._judge(object_, context))


def _rule(check: CustomCheck, judge: Judge, severity: Severity) -> Rule:
    return Rule(
        Check(check, judge, severity),
        id=f"{PREFIX}{check.name}",
        domain=DOMAIN,
        scope=OBJECT,
        kinds=Scope(check.object_kinds).kinds,
        severity=severity,
        profile=ANY,
        remedy=check.remediation or f"Follow the custom check {check.name} of your team.",
        aliases=(f"kube-linter:{check.name}",),
        sensitive=check.template in _SENSITIVE,
    )


_SENSITIVE = frozenset(("env-var",))
"""Templates that are made to find credentials: reports do not show what they point at."""


def _manual(check: CustomCheck) -> str:
    given = [f"{key}: {value!r}" for key, value in check.params.items()]
    what = f"The template {check.template} of kube-linter, for {', '.join(check.object_kinds)}"
    summary = " ".join(check.description.split()) or f"Custom check {check.name}."
    parameters = f" with {', '.join(given)}" if given else ""
    return f"{summary}\n\n{what}{parameters}. Defined at {check.origin}."


def _definition(check: CustomCheck, severity: Severity) -> str:
    """All that decides what a check says, in an order of its own."""
    return repr((
        check.name, severity.label, check.description, check.remediation, check.template,
        sorted(check.params.items()), check.object_kinds,
    ))  # fmt: skip
