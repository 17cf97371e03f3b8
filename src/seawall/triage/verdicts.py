"""Decides which findings count, and says why the others do not."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from seawall.core.advisory_id import ABOUT_ADVISORIES, ids_of, is_advisory_id
from seawall.core.finding import Finding
from seawall.core.ignore import Ignore, expired
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import BASELINE, Suppressed
from seawall.core.rule import ALL, RULESETS, Hit, Rule
from seawall.core.severity import Confidence, Gate, Severity
from seawall.text.gitignore import RootedPaths
from seawall.triage.rules import IGNORE, State
from seawall.triage.scopes import Known, Scopes

if TYPE_CHECKING:
    from seawall.triage.baseline import Entry, Tally

Find = Callable[[str], tuple[Rule, ...]]
"""The rules an id or glob names; empty when it names none."""
StandsFor = Callable[[str, str, Finding], bool]
"""Whether a finding is what a tool's check (the tool, its id) would have reported."""


def _stands_for_none(_tool: str, _check: str, _finding: Finding) -> bool:
    return False


class Override(NamedTuple):
    """Severities that hold for some files only."""

    paths: RootedPaths
    severities: Mapping[str, Severity]
    origin: str = ""
    """Where it is written."""


class Policy(NamedTuple):
    """What the team decided. Rules are given by their own ids."""

    find: Find
    rules: Mapping[str, Rule]
    """The rules of this run."""
    domains: tuple[str, ...] = ()
    """What there was to judge; rules of other domains would have found nothing. Empty: all."""
    min_confidence: Confidence = Confidence.MEDIUM
    ruleset: str = RULESETS[-1]
    severities: Mapping[str, Severity] = {}
    overrides: tuple[Override, ...] = ()
    require_reason: bool = False
    locked: tuple[str, ...] = ()
    whole: bool = False
    """Whether all that the configuration is about was looked at."""
    today: str = ""
    """The day of this run as ``2027-01-31``; ignores hold up to and including their last day."""
    stands_for: StandsFor = _stands_for_none
    """How ignores that speak of another tool's checks are understood."""
    unsure: Mapping[str, frozenset[str]] = {}
    """By file, the rules that may find more once all of it, and what is around it, is read."""

    def is_locked(self, finding: Finding) -> bool:
        """Whether nothing may hide a finding."""
        return finding.rule.id in self.locked


class Why(NamedTuple):
    """Why a finding that was there before does not count."""

    form: str
    reason: str


DECISION = "decision"
"""The key of a finding's details."""
OPEN, ROTATED = "open", "rotated"
"""States (``triage.baseline.STATES``) of findings that are told all the same."""
KNOWN_TO_BASELINE = Why(BASELINE, "known to the baseline")


class Verdict(NamedTuple):
    """The findings that count and those that do not."""

    findings: list[Finding]
    suppressed: list[Suppressed]


class Use(NamedTuple):
    """What an ignore turned out to do."""

    used: bool
    """Whether it covers a finding, or what is said of another ignore."""
    locked: tuple[str, ...]
    """Locked rules whose findings it would have hidden."""
    of_ignores: tuple[str, ...]
    """The same of the rules that speak of ignores."""


def triage(findings: Iterable[Finding], ignores: Iterable[Ignore], policy: Policy) -> Verdict:
    """Apply severities, ignores and confidence to findings with concrete places."""
    table = _Table(ignores, (), policy)
    hidden = ((finding, table.covering(finding)) for finding in findings)
    return _verdict(chain(hidden, table.complaints()), policy)


def triage_part(
    findings: Iterable[Finding],
    ignores: Iterable[Ignore],
    outside: Sequence[Ignore],
    policy: Policy,
) -> tuple[Verdict, list[Use]]:
    """The same for a part of the findings, all of some files, and the ignores in these files.

    Of ignores ``outside`` of all files only other parts may tell whether they are of use: what they
    did here is told instead of what is to be said of them.
    """
    table = _Table(ignores, outside, policy)
    verdict = _verdict(((finding, table.covering(finding)) for finding in findings), policy)
    locked = [tuple(known.locked) for known in table.outside]
    more = _verdict(table.complaints(), policy)
    return Verdict(verdict.findings + more.findings, verdict.suppressed + more.suppressed), [
        Use(known.used, before, tuple(known.locked)[len(before) :])
        for known, before in zip(table.outside, locked, strict=True)
    ]


def complaints(outside: Sequence[Ignore], uses: Sequence[Sequence[Use]], policy: Policy) -> Verdict:
    """What is to be said of ignores outside of all files, by what they did in each part."""
    table = _Table((), outside, policy)
    for number, known in enumerate(table.outside):
        own = [part[number] for part in uses]
        known.used = any(use.used for use in own)
        of_all = (*(use.locked for use in own), *(use.of_ignores for use in own))
        known.locked = dict.fromkeys(chain.from_iterable(of_all))
    return _verdict(table.complaints(of_outside=True), policy)


def _verdict(found: Iterable[tuple[Finding, Ignore | None]], policy: Policy) -> Verdict:
    verdict = Verdict([], [])
    adjusts = bool(policy.severities or policy.overrides) or any(
        rule.severity_in(policy.ruleset) != rule.severity for rule in policy.rules.values()
    )
    for finding, ignore in found:
        if finding.confidence < policy.min_confidence:
            continue
        judged = with_severity(finding, policy) if adjusts else finding
        if ignore is None:
            verdict.findings.append(judged)
        else:
            verdict.suppressed.append(suppressed_by(judged, ignore))
    return verdict


def suppressed_by(finding: Finding, ignore: Ignore) -> Suppressed:
    """A finding that an ignore hides."""
    reason = ignore.reason or "no reason given"
    if ignore.tool:
        checks = ", ".join(ignore.rules) or "every check"
        reason = f"{ignore.tool}: {checks}: {reason}"
    return Suppressed(finding, reason, ignore.form, ignore.origin)


def with_severity(finding: Finding, policy: Policy) -> Finding:
    """What the team set, for these files or for all; else the pinned rule set; else the rule."""
    severity = _severity(finding, policy)
    return finding if severity == finding.severity else finding._replace(severity=severity)


def _severity(finding: Finding, policy: Policy) -> Severity:
    rule = finding.rule
    for override in reversed(policy.overrides):  # the last word counts
        own = override.severities.get(rule.id)
        if own is not None and override.paths.matches(finding.location.path):
            return own
    configured = policy.severities.get(rule.id)
    if configured is not None:
        return configured
    if finding.severity == rule.severity:
        return rule.severity_in(policy.ruleset)
    return finding.severity


def known_before(
    verdict: Verdict, tally: "Tally", policy: Policy, why: Why = KNOWN_TO_BASELINE
) -> Verdict:
    """Set aside the findings that a baseline knows, as far as there is something left of it.

    Those of locked rules stay, but for a question of history: what was there is not new. A secret
    that is gone from the place of its entry is known in another place, too.
    """
    asked = [
        finding for finding in verdict.findings
        if why.form != BASELINE or not policy.is_locked(finding)
    ]  # fmt: skip
    tally.prepare(asked)
    known = {id(finding): tally.take(finding) for finding in asked}
    moved = [finding for finding in asked if finding.secret and known[id(finding)] is None]
    tally.prepare(moved, elsewhere=True)
    from_elsewhere = {id(finding): tally.take_from_elsewhere(finding) for finding in moved}
    result = Verdict([], list(verdict.suppressed))
    for finding in verdict.findings:
        entry = known.get(id(finding))
        elsewhere = from_elsewhere.get(id(finding)) if entry is None else None
        found = entry or elsewhere
        if found is None:
            result.findings.append(finding)
            continue
        from_ = elsewhere.subject if elsewhere and not elsewhere.is_of_the_value() else ""
        judged = with_decision(finding, found, from_)
        if found.state == OPEN:
            result.findings.append(judged)
        elif found.state == ROTATED:
            # Whoever has the old one may still use it, so it is told until it is revoked.
            result.findings.append(judged._replace(severity=Severity.INFO, gate=Gate.NEVER))
        else:
            result.suppressed.append(Suppressed(judged, _said_of(found, from_, why), why.form))
    return result


def unused_note(tally: "Tally", policy: Policy) -> str:
    """What is to be said of entries that are about nothing that was found; empty for nothing.

    Nothing is said where not all was looked at, nor of entries of rules that did not run.
    """
    if not policy.whole:
        return ""
    entries = [entry for entry in tally.unused() if entry.rule in policy.rules]
    if not entries:
        return ""
    names = sorted({f"{entry.rule} {entry.subject}".rstrip() for entry in entries})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    count = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'} of the baseline"
    verb = "is" if len(entries) == 1 else "are"
    return (
        f"{count} {verb} about what is there no more: {', '.join(names[:_NAMED])}{more}; "
        f"{PRUNE_HINT}"
    )


PRUNE_HINT = "--prune-baseline removes what is of no use"
_NAMED = 5
"""Entries that are named; those of a whole baseline would hide the report."""


def with_decision(finding: Finding, entry: "Entry", from_: str) -> Finding:
    """A finding with what was decided of it, for reports."""
    told = {"moved_from": from_}
    if entry.state:
        told |= {"state": entry.state, "reason": entry.reason, "by": entry.by}
    decision = {key: value for key, value in told.items() if value}
    return (
        finding._replace(details={**finding.details, DECISION: decision}) if decision else finding
    )


def _said_of(entry: "Entry", from_: str, why: Why) -> str:
    """Why a finding does not count."""
    parts = (
        f" as {entry.state}" if entry.state else "",
        f", moved from {from_}" if from_ else "",
        f": {entry.reason}" if entry.reason else "",
        f" ({entry.by})" if entry.by else "",
    )
    return why.reason + "".join(parts)


# Ignores --------------------------------------------------------------------------------------


class _Table:
    """All ignores of a run: what they hide, and what is to be said of them."""

    def __init__(
        self, ignores: Iterable[Ignore], outside: Iterable[Ignore], policy: Policy
    ) -> None:
        self._policy = policy
        self._known = [_known(ignore, policy) for ignore in ignores]
        self.outside = [_known(ignore, policy) for ignore in outside]
        everything = (*self._known, *self.outside)
        self._scopes = Scopes(known for known in everything if known.in_force)

    def covering(self, finding: Finding) -> Ignore | None:
        """The ignore that hides a finding."""
        if not self._scopes.reach(finding):
            return None
        locked = self._policy.is_locked(finding)
        known = self._scopes.covering(finding, locked=locked)
        return None if known is None or locked else known.ignore

    def complaints(self, *, of_outside: bool = False) -> Iterator[tuple[Finding, Ignore | None]]:
        """What the rules about ignores say of each, and what hides that.

        The configuration may hide what is said of ignores in files; nothing hides what is said of
        the configuration, for it could hide itself.
        """
        rules = [rule for rule in self._policy.rules.values() if rule.scope == IGNORE]
        if not rules:
            return
        ignores = self.outside if of_outside else self._known
        for known in sorted(ignores, key=lambda known: not known.ignore.in_source):
            state = _state(known, self._policy)
            for rule in rules:
                for hit in rule.check(known.ignore, state):
                    complaint = _complaint(rule, known.ignore, hit)
                    yield complaint, self._hiding(complaint, known.ignore)

    def _hiding(self, complaint: Finding, ignore: Ignore) -> Ignore | None:
        if not ignore.in_source:
            return None
        locked = self._policy.is_locked(complaint)
        known = self._scopes.anywhere(complaint, locked=locked)
        return None if known is None or locked else known.ignore


def _known(ignore: Ignore, policy: Policy) -> Known:
    fault = ignore.fault
    rules: set[str] = set()
    checks = ignore.rules if ignore.tool else ()
    advisories = frozenset(item.upper() for item in ignore.rules if is_advisory_id(item))
    for pattern in () if ignore.tool else ignore.rules:
        found = policy.find(ABOUT_ADVISORIES if pattern.upper() in advisories else pattern)
        if not found and not ignore.foreign and not fault:
            fault = f"there is no rule {pattern!r}"
        rules |= {rule.id for rule in found}
    known = Known(ignore, frozenset(rules) if ignore.rules and not checks else None, fault)
    if checks:  # ids of the tool that we do not know serve the tool alone
        known.names = lambda finding: any(
            policy.stands_for(ignore.tool, check, finding) for check in checks
        )
    elif advisories and not fault:
        whole = frozenset(
            rule.id
            for item in ignore.rules
            if item.upper() not in advisories
            for rule in policy.find(item)
        )
        known.names = lambda finding: (
            finding.rule.id in whole or not advisories.isdisjoint(ids_of(finding.details))
        )
    known.expired = expired(ignore, policy.today) and not fault
    known.reason_missing = (
        policy.require_reason and not ignore.reason and not ignore.foreign and not fault
    )
    return known


def _state(known: Known, policy: Policy) -> State:
    ignore = known.ignore
    return State(
        expired=known.expired,
        used=known.used,
        judged=not ignore.foreign and _is_judged(known, policy),
        reason_missing=known.reason_missing,
        fault=known.fault,
        locked=tuple(known.locked),
    )


def _is_judged(known: Known, policy: Policy) -> bool:
    """Whether all that an ignore could hide would have been found by this run."""
    rules = known.rules
    if rules is None:
        rules = frozenset(rule.id for rule in policy.find("*") if rule.in_profile(ALL))
    if not all(_had_its_say(id_, policy) for id_ in rules):
        return False
    if not known.ignore.in_source:
        return policy.whole
    unsure = policy.unsure.get(known.ignore.origin.path)
    return unsure is None or rules.isdisjoint(unsure)


def _had_its_say(id_: str, policy: Policy) -> bool:
    """Whether a rule ran, or had nothing to run on."""
    if id_ in policy.rules:
        return True
    return bool(policy.domains) and all(
        rule.domain not in policy.domains for rule in policy.find(id_)
    )


def _complaint(rule: Rule, ignore: Ignore, hit: Hit) -> Finding:
    return Finding(
        rule=rule,
        severity=rule.severity,
        confidence=rule.confidence,
        message=hit.message,
        remedy=rule.remedy,
        subject=ignore.subject,
        location=ignore.origin,
        evidence=hit.evidence,
    )
