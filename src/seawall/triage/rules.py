"""Rules about ignores themselves: those that no longer hold, do nothing or cannot be obeyed."""

from collections.abc import Callable, Iterable

from seawall.core.ignore import Ignore
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import ANY, Hit, Hits, Rule
from seawall.core.severity import Severity

DOMAIN = "input"
IGNORE = "ignore"


class State(NamedTuple):
    """What triage knows of an ignore once all findings have been judged."""

    expired: bool
    used: bool
    judged: bool
    """Whether all its rules ran on all it covers: only then is "of no use" a fact."""
    reason_missing: bool
    fault: str
    locked: tuple[str, ...]
    """Rules that it would have silenced, had the configuration not locked them."""


Check = Callable[[Ignore, State], Hits]


def _rule(id_: str, *, severity: Severity, remedy: str) -> Callable[[Check], Rule]:
    def decorate(check: Check) -> Rule:
        return Rule(
            check, id=id_, domain=DOMAIN, scope=IGNORE, severity=severity, profile=ANY,
            remedy=remedy,
        )  # fmt: skip

    return decorate


def _named(rules: Iterable[str]) -> str:
    return ", ".join(rules) or "every rule"


@_rule(
    "ignore-expired",
    severity=Severity.MEDIUM,
    remedy="Mend what it hid, or look at the risk again and set a new date.",
)
def ignore_expired(ignore: Ignore, state: State) -> Hits:
    """An ignore must not outlive its date.

    Reports ignores (comments, annotations, entries of a configuration or of another tool's ignore
    file) whose last day, given by ``until``, is over. They no longer hide anything.

    Why:

    A date is a promise to come back. Who let it pass without noticing would have hidden the risk
    for ever.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              # seawall: ignore[image-tag-mutable] a hot fix until=2020-01-31
              image: registry.example.org/web:latest

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              # seawall: ignore[image-tag-mutable] a hot fix until=2999-01-31
              image: registry.example.org/web:latest
    """
    if state.expired:
        yield Hit(
            f"the ignore of {_named(ignore.rules)} held until {ignore.until}",
            evidence=f"{_named(ignore.rules)} {ignore.until}",
        )


@_rule("ignore-unused", severity=Severity.LOW, remedy="Remove it.")
def ignore_unused(ignore: Ignore, state: State) -> Hits:
    """An ignore must hide something.

    Reports ignores of our own forms that hide no finding, although all their rules ran on all
    that they cover. Ignores written for other tools serve those, and are left alone.

    Why:

    What it hid has been mended; what stays is a hole through which the next mistake of the kind
    slips unseen.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              # seawall: ignore[privileged-container] it was so once
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
    """
    in_force = not (state.fault or state.expired or state.reason_missing)
    if state.judged and in_force and not state.used:
        rules = _named(ignore.rules)
        yield Hit(f"the ignore of {rules} hides nothing", evidence=rules)


@_rule(
    "ignore-without-reason",
    severity=Severity.MEDIUM,
    remedy="Say why it is accepted: text behind the brackets, or reason in a configuration.",
)
def ignore_without_reason(ignore: Ignore, state: State) -> Hits:
    """An ignore must say why, where the team asks for reasons.

    Reports ignores without a reason when the configuration has ``require-reason = true``. They
    hide nothing.

    Why:

    Without its reason nobody can tell later whether an ignore was a decision or a shortcut.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              # seawall: ignore[image-tag-mutable]
              image: registry.example.org/web:latest

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              # seawall: ignore[image-tag-mutable] built each night
              image: registry.example.org/web:latest
    """
    if state.reason_missing:
        rules = _named(ignore.rules)
        yield Hit(f"the ignore of {rules} gives no reason", evidence=rules)


@_rule(
    "ignore-invalid",
    severity=Severity.MEDIUM,
    remedy="Write it as: seawall: ignore[rule-id] reason until=2027-01-31",
)
def ignore_invalid(ignore: Ignore, state: State) -> Hits:
    """An ignore must be one that can be carried out.

    Reports ignores that name no rule or a rule that does not exist, or whose date is no date.
    They hide nothing.

    Why:

    A misspelt ignore does nothing, and whoever wrote it believes that it does.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              # seawall: ignore[image-tag-mutabel] built each night
              image: registry.example.org/web:latest

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              # seawall: ignore[image-tag-mutable] built each night
              image: registry.example.org/web:latest
    """
    if state.fault:
        yield Hit(
            f"this ignore cannot be carried out: {state.fault}",
            evidence=f"{_named(ignore.rules)}: {state.fault}",
        )


@_rule(
    "ignore-locked",
    severity=Severity.MEDIUM,
    remedy="Mend what it would hide, or ask whoever keeps the configuration to unlock the rule.",
)
def ignore_locked(ignore: Ignore, state: State) -> Hits:
    """A locked rule cannot be ignored.

    Reports ignores that would hide findings of rules which the configuration names in ``locked``.
    The findings stay.

    Why:

    The team has decided that nobody may wave these findings through alone; an attempt to do so is
    worth a look.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                # seawall: ignore[privileged-container] needs it
                privileged: true

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                privileged: false
    """
    if state.locked:
        rules = _named(state.locked)
        yield Hit(f"{rules} is locked and cannot be ignored", evidence=rules)


def all_rules() -> tuple[Rule, ...]:
    """Every rule about ignores, in the order of their ids."""
    return (ignore_expired, ignore_invalid, ignore_locked, ignore_unused, ignore_without_reason)
