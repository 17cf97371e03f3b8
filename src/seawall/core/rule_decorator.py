"""What the decorators and contexts of every domain's rules have in common."""

from collections.abc import Callable, Mapping
from typing import TypedDict

from seawall.core.redacted import Redacted
from seawall.core.rule import (
    RULESETS,
    SECURITY,
    Change,
    Hits,
    Parameter,
    ParameterValue,
    Rule,
)
from seawall.core.severity import Confidence, Severity


class Metadata(TypedDict, total=False):
    """What a rule may say of itself besides id, severity and remedy; see ``core.rule.Rule``."""

    domain: str
    profile: str
    confidence: Confidence
    aliases: tuple[str, ...]
    compliance: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    since: str
    changes: tuple[Change, ...]
    sensitive: bool


def decorator(
    id_: str,
    domain: str,
    scope: str,
    severity: Severity,
    remedy: str,
    kinds: tuple[str, ...],
    metadata: Metadata,
) -> Callable[[Callable[..., Hits]], Rule]:
    """What makes a rule of a function: the base of each domain's decorators."""

    def make(check: Callable[..., Hits]) -> Rule:
        return Rule(
            check,
            id=id_,
            domain=metadata.get("domain", domain),
            scope=scope,
            severity=severity,
            remedy=remedy,
            kinds=kinds,
            profile=metadata.get("profile", SECURITY),
            confidence=metadata.get("confidence", Confidence.HIGH),
            aliases=metadata.get("aliases", ()),
            compliance=metadata.get("compliance", ()),
            parameters=metadata.get("parameters", ()),
            since=metadata.get("since", RULESETS[0]),
            changes=metadata.get("changes", ()),
            sensitive=metadata.get("sensitive", False),
        )

    return make


class ParameterContext:
    """The part of a context that knows what the team set for rules, and known secrets."""

    def __init__(
        self,
        parameters: Mapping[str, Mapping[str, ParameterValue]] | None,
        known_secrets: tuple[Redacted, ...] = (),
    ) -> None:
        self._parameters = parameters or {}
        self.known_secrets = known_secrets
        """Values that are secrets whatever holds them: a search of all texts has told them."""
        self._known: dict[tuple[str, str], ParameterValue] = {}

    @property
    def all_parameters(self) -> Mapping[str, Mapping[str, ParameterValue]]:
        """What the team set, by rule."""
        return self._parameters

    def parameter(self, rule: Rule, name: str) -> ParameterValue:
        """What the team set for a rule's parameter, or its default."""
        key = (rule.id, name)
        if key not in self._known:  # rules ask for each entity anew
            own = self._parameters.get(rule.id, {})
            defaults = (item.default for item in rule.parameters if item.name == name)
            self._known[key] = own[name] if name in own else next(defaults)
        return self._known[key]

    def integer(self, rule: Rule, name: str) -> int:
        """A whole-number parameter."""
        value = self.parameter(rule, name)
        return value if isinstance(value, int) else 0

    def texts(self, rule: Rule, name: str) -> tuple[str, ...]:
        """A parameter that is a list of texts."""
        value = self.parameter(rule, name)
        return value if isinstance(value, tuple) else ()
