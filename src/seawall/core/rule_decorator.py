"""What the decorators of every domain's rules have in common."""

from collections.abc import Callable
from typing import TypedDict

from seawall.core.rule import RULESETS, SECURITY, Change, Hits, Parameter, Rule
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
