"""Decides which findings count, and says why the others do not."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.finding import Finding, fingerprint
from seawall.core.ignore import Ignore, Lines, Part, WholeFile, expired
from seawall.core.report import Suppressed
from seawall.core.rule import RULESETS, Hit, Rule
from seawall.core.severity import Confidence, Severity
from seawall.text.gitignore import RootedPaths
from seawall.triage.rules import IGNORE, State

if TYPE_CHECKING:
    from seawall.triage.baseline import Baseline  # json costs 2 ms

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


class Verdict(NamedTuple):
    """The findings that count and those that do not."""

    findings: list[Finding]
    suppressed: list[Suppressed]


def triage(findings: Iterable[Finding], ignores: Iterable[Ignore], policy: Policy) -> Verdict:
    """Apply severities, ignores and confidence to findings with concrete places."""
    table = _Table(ignores, policy)
    verdict = Verdict([], [])
    adjusts = bool(policy.severities or policy.overrides) or any(
        rule.severity_in(policy.ruleset) != rule.severity for rule in policy.rules.values()
    )
    for finding in findings:
        ignore = table.covering(finding) if table.in_force else None
        if finding.confidence < policy.min_confidence:
            continue
        judged = with_severity(finding, policy) if adjusts else finding
        if ignore is None:
            verdict.findings.append(judged)
        else:
            verdict.suppressed.append(suppressed_by(judged, ignore))
    verdict.findings.extend(with_severity(finding, policy) for finding in table.complaints())
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
    verdict: Verdict, baseline: "Baseline", form: str, reason: str, policy: Policy
) -> Verdict:
    """Set aside the findings that a baseline knows, but for those of locked rules."""
    counts: dict[str, int] = {}
    result = Verdict([], list(verdict.suppressed))
    for finding in verdict.findings:
        mark = fingerprint(finding)
        number = counts[mark] = counts.get(mark, -1) + 1
        entry = None
        if finding.rule.id not in policy.locked:
            entry = baseline.find(mark, finding, number, policy.today)
        if entry is None:
            result.findings.append(finding)
        else:
            why = f"{reason}: {entry.reason}" if entry.reason else reason
            result.suppressed.append(Suppressed(finding, why, form))
    return result


# Ignores --------------------------------------------------------------------------------------


class _Known:
    """An ignore with its rules looked up, and what it turned out to do."""

    __slots__ = (
        "expired", "fault", "ignore", "locked", "reason_missing", "rules", "stands_for", "used",
    )  # fmt: skip

    def __init__(self, ignore: Ignore, policy: Policy) -> None:
        self.ignore = ignore
        self.used = False
        self.locked: dict[str, None] = {}
        self.fault = ignore.fault
        self.stands_for = policy.stands_for
        self.rules: frozenset[str] | None = None
        if ignore.rules and not ignore.tool:
            self.rules = frozenset(rule.id for rule in self._look_up(policy.find))
        self.expired = expired(ignore, policy.today)
        self.reason_missing = (
            policy.require_reason and not ignore.reason and not ignore.foreign and not self.fault
        )

    def _look_up(self, find: Find) -> Iterable[Rule]:
        for pattern in self.ignore.rules:
            found = find(pattern)
            if not found and not self.fault:
                self.fault = f"there is no rule {pattern!r}"
            yield from found

    @property
    def in_force(self) -> bool:
        return not (self.fault or self.expired or self.reason_missing)

    def covers(self, finding: Finding) -> bool:
        return self._names(finding) and self.ignore.scope.covers(finding)

    def _names(self, finding: Finding) -> bool:
        tool, checks = self.ignore.tool, self.ignore.rules
        if tool and checks:  # ids of the tool that we do not know serve the tool alone
            return any(self.stands_for(tool, check, finding) for check in checks)
        return self.rules is None or finding.rule.id in self.rules

    def state(self, policy: Policy) -> State:
        names_what_ran = self.rules is None or self.rules <= policy.rules.keys()
        everywhere = self.ignore.in_source or policy.whole
        return State(
            expired=self.expired and not self.fault,
            used=self.used,
            judged=names_what_ran and everywhere and not self.ignore.foreign,
            reason_missing=self.reason_missing,
            fault=self.fault,
            locked=tuple(self.locked),
        )


class _Table:
    """All ignores of a run, found by the file they are about."""

    def __init__(self, ignores: Iterable[Ignore], policy: Policy) -> None:
        self._policy = policy
        self._known = [_Known(ignore, policy) for ignore in ignores]
        self._by_path: dict[str, list[_Known]] = {}
        self._anywhere: list[_Known] = []
        for known in self._known:
            scope = known.ignore.scope
            if not known.in_force:
                continue
            if isinstance(scope, Lines | WholeFile | Part):
                self._by_path.setdefault(scope.path, []).append(known)
            else:
                self._anywhere.append(known)
        self.in_force = bool(self._by_path or self._anywhere)

    def covering(self, finding: Finding) -> Ignore | None:
        """The first ignore that hides a finding; all that cover it count as used."""
        found: Ignore | None = None
        locked = finding.rule.id in self._policy.locked
        for known in (*self._by_path.get(finding.location.path, ()), *self._anywhere):
            if known.covers(finding):
                known.used = True
                if locked:
                    known.locked[finding.rule.id] = None
                elif found is None:
                    found = known.ignore
        return found

    def complaints(self) -> Iterable[Finding]:
        """What the rules about ignores say of each."""
        rules = [rule for rule in self._policy.rules.values() if rule.scope == IGNORE]
        for known in self._known if rules else ():
            state = known.state(self._policy)
            for rule in rules:
                for hit in rule.check(known.ignore, state):
                    yield _complaint(rule, known.ignore, hit)


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
