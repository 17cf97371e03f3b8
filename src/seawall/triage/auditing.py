"""What is still to be decided about secrets, and what a decision makes of the baseline."""

from collections.abc import Iterable, Sequence

from seawall.core.finding import Finding, fingerprint, render_subject
from seawall.core.named_tuple import NamedTuple
from seawall.triage.baseline import Baseline, Entry


class Question(NamedTuple):
    """A secret in a place: what is known of it, and everywhere in this place that it was found."""

    findings: tuple[Finding, ...]
    """Those of one fingerprint and one value, in order."""
    entry: Entry | None

    @property
    def finding(self) -> Finding:
        """The first of its findings."""
        return self.findings[0]


def questions(
    findings: Iterable[Finding], known: Baseline, today: str, *, decided_too: bool = False
) -> list[Question]:
    """The secrets among some findings that nobody has decided about, the worst first.

    What was decided for a while that is over is to be decided again.
    """
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        if finding.secret:
            groups.setdefault((fingerprint(finding), finding.secret), []).append(finding)
    known.prepare([group[0] for group in groups.values()])
    asked = []
    for group in groups.values():
        first = group[0]
        mark = fingerprint(first)
        entry = known.of(mark, first.secret)
        if entry is None:
            others = known.elsewhere(first.rule.id, mark, first.secret)
            entry = next((other for other in others if other.is_of_the_value()), None)
        if decided_too or entry is None or not is_decided(entry, today):
            asked.append(Question(tuple(group), entry))
    return sorted(
        asked,
        key=lambda item: (
            -item.finding.severity,
            -item.finding.confidence,
            item.finding.sort_key(),
        ),
    )


def is_decided(entry: Entry, today: str) -> bool:
    """Whether somebody has decided, and that still holds."""
    return bool(entry.state) and not (entry.until and entry.until < today)


def is_settled_by(question: Question, other: Question, entry: Entry) -> bool:
    """Whether what was decided of one secret is true of another question's as well."""
    one, two = question.finding, other.finding
    return (
        question is not other
        and entry.is_of_the_value()
        and (one.rule.id, one.secret) == (two.rule.id, two.secret)
    )


def decision(question: Question, known: Baseline, state: str, reason: str, by: str) -> Entry:
    """The entry that a decision makes of what is known."""
    finding = question.finding
    mark = fingerprint(finding)
    before = known.of(mark, finding.secret)
    entry = before or Entry(
        mark, finding.rule.id, render_subject(finding), finding.severity,
        secret=known.hashed(finding.secret, known.salt()),
    )  # fmt: skip
    return entry._replace(
        severity=max(entry.severity, *(each.severity for each in question.findings)),
        times=max(entry.times if before else 1, len(question.findings)),
        state=state,
        reason=reason,
        by=by,
        until="",
    )


def with_entry(entries: Iterable[Entry], new: Entry | None, old: Entry | None) -> Sequence[Entry]:
    """Entries with one in the place of another; ``None`` adds or removes."""
    kept = [entry for entry in entries if not (_is(entry, old) or _is(entry, new))]
    return kept if new is None else [*kept, new]


def _is(entry: Entry, other: Entry | None) -> bool:
    return other is not None and (entry.fingerprint, entry.secret) == (
        other.fingerprint, other.secret,
    )  # fmt: skip
