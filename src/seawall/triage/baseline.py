"""The baseline: findings that were there when a team began, by fingerprint, and what was decided.

Where a finding is about a secret value, its entry holds a salted hash of it: another secret in the
same place is a new finding, and the file tells nobody the old one (``triage.hashes``). By the hash
a secret is known again in another place, too.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from seawall.core.finding import Finding, fingerprint, render_subject
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import NOTHING, Redacted
from seawall.core.severity import Severity
from seawall.triage.hashes import Hashes, Wanted, salt_of

OPEN, ROTATED, REVOKED, FALSE, ACCEPTED = "open", "rotated", "revoked", "false", "accepted"
STATES = (OPEN, ROTATED, REVOKED, FALSE, ACCEPTED)
"""What may have been decided: that something is still to be done; that others use a new value, but
the old one is still good; that it is worthless; that it never was one; that it may stay."""
OF_THE_VALUE = frozenset((ROTATED, REVOKED, FALSE))
"""What is true of a value wherever it stands, however often and however bad that is."""
_ANY = 1 << 40
"""More than there are findings."""
_SALTS = 4
"""Salts by which a secret is looked for in other places: old files have one for each entry."""


class Entry(NamedTuple):
    """A finding that is known: how often, how bad it was, and why it may stay."""

    fingerprint: str
    rule: str
    subject: str
    severity: Severity
    times: int = 1
    secret: str | Redacted = ""
    """Salted hash of the secret value, as ``triage.hashes`` writes it; empty without one. The
    value itself where the entry never leaves this process."""
    reason: str = ""
    until: str = ""
    """The last day it holds; empty when it holds for ever."""
    state: str = ""
    """One of ``STATES``; empty where nobody has decided: it was there when the file was made."""
    by: str = ""
    """Who decided."""

    def is_of_the_value(self) -> bool:
        """Whether what was decided is true of a secret wherever it stands."""
        return bool(self.secret) and self.state in OF_THE_VALUE


class Baseline:
    """The known findings. Each entry covers as many equal findings as it counted."""

    __slots__ = ("_entries", "_hashes", "_of_rule", "path")

    def __init__(self, entries: Iterable[Entry], path: str = "") -> None:
        self._entries: dict[str, list[Entry]] = {}
        self._of_rule: dict[str, _Secrets] | None = None
        self._hashes = Hashes()
        self.path = path
        for entry in entries:
            self._entries.setdefault(entry.fingerprint, []).append(entry)

    def __iter__(self) -> Iterator[Entry]:
        return (entry for entries in self._entries.values() for entry in entries)

    def of(self, mark: str, secret: Redacted) -> Entry | None:
        """The entry of a fingerprint, which may stand for several secrets."""
        entries = self._entries.get(mark, ())
        return next((entry for entry in entries if self._is_of(entry, secret)), None)

    def elsewhere(self, rule: str, mark: str, secret: Redacted) -> Iterator[Entry]:
        """The entries of a rule about the same secret in other places, in a fixed order."""
        known = self._with_secrets().get(rule) if secret else None
        if known is None:
            return
        keys: list[str | Redacted] = [secret]
        keys += [self._hashes.like(secret, written) for written in known.forms]
        for entry in chain.from_iterable(known.entries.get(key, ()) for key in keys):
            if entry.fingerprint != mark:
                yield entry

    def prepare(self, findings: Iterable[Finding], *, elsewhere: bool = False) -> None:
        """Hash the secrets of many findings at once, as they are to be looked for."""
        self._hashes.prepare(
            wanted
            for finding in findings
            if finding.secret
            for wanted in self._wanted(finding, elsewhere=elsewhere)
        )

    def salt(self) -> bytes:
        """The salt for entries that are added."""
        return salt_of(entry.secret for entry in self if isinstance(entry.secret, str))

    def hashed(self, secret: Redacted, salt: bytes) -> str:
        """The hash of a value as it is written."""
        return self._hashes.of(secret, salt)

    def tally(self, today: str, *, in_parts: bool = False) -> "Tally":
        """Counts how often each entry is used."""
        return Tally(self, today, in_parts=in_parts)

    def _wanted(self, finding: Finding, *, elsewhere: bool) -> Iterator[Wanted]:
        if elsewhere:
            known = self._with_secrets().get(finding.rule.id)
            forms: Iterable[str] = known.forms if known else ()
        else:
            entries = self._entries.get(fingerprint(finding), ())
            forms = [entry.secret for entry in entries if isinstance(entry.secret, str)]
        for written in forms:
            if written:
                yield finding.secret, written

    def _with_secrets(self) -> dict[str, "_Secrets"]:
        """By rule, the entries by which a secret is looked for in other places."""
        if self._of_rule is None:
            self._of_rule = {}
            forms = Counter(_form(entry) for entry in self if entry.secret)
            most = sorted(forms, key=lambda form: (-forms[form], form))[:_SALTS]
            for entry in sorted(self, key=lambda entry: entry.fingerprint):
                form = _form(entry)
                if entry.secret and form in most:
                    known = self._of_rule.setdefault(entry.rule, _Secrets({}, {}))
                    known.entries.setdefault(entry.secret, []).append(entry)
                    if isinstance(entry.secret, str):
                        known.by_form.setdefault(form, entry.secret)
        return self._of_rule

    def _is_of(self, entry: Entry, secret: Redacted) -> bool:
        """Whether an entry is about a finding with this secret value, or without one as well."""
        if isinstance(entry.secret, Redacted):
            return entry.secret == secret
        if not (entry.secret and secret):
            return not entry.secret and not secret
        return self._hashes.matches(secret, entry.secret)


class _Secrets(NamedTuple):
    """The entries of a rule about secrets."""

    entries: dict[str | Redacted, list[Entry]]
    """By the value or its hash."""
    by_form: dict[tuple[str, int], str]

    @property
    def forms(self) -> Iterable[str]:
        """A hash of each salt and length there is."""
        return self.by_form.values()


def _form(entry: Entry) -> tuple[str, int]:
    """The salt and the length of an entry's hash."""
    if isinstance(entry.secret, Redacted):
        return "", 0
    return entry.secret.partition(":")[0], len(entry.secret)


Demand = tuple[str, str | Redacted, int, int, int]
"""What some findings asked of an entry: its fingerprint, its secret, how often it is to be had in
all, how often they wanted it, and how often they got it."""


class WholeNeeded(Exception):  # noqa: N818 - no error: a sign between two rooms
    """A secret is known from another place, and whether it has moved only all findings tell."""


class Tally:
    """What a baseline still covers while findings are held against it one by one."""

    def __init__(self, baseline: Baseline, today: str, *, in_parts: bool = False) -> None:
        self._baseline = baseline
        self._today = today
        self._in_parts = in_parts
        self._taken: dict[tuple[str, str | Redacted], int] = {}
        self._entries: dict[tuple[str, Redacted], Entry | None] = {}
        self._demands: dict[tuple[str, str | Redacted], Demand] = {}

    def prepare(self, findings: Iterable[Finding], *, elsewhere: bool = False) -> None:
        """Get ready for many findings at once: a hash of a secret takes its time."""
        self._baseline.prepare(findings, elsewhere=elsewhere)

    def take(self, finding: Finding) -> Entry | None:
        """The entry that covers a finding.

        None covers a finding that has become worse or more frequent, holds another secret, or
        whose day is over.
        """
        key = (fingerprint(finding), finding.secret)
        if key not in self._entries:
            self._entries[key] = self._baseline.of(*key)
        entry = self._entries[key]
        if entry is None:
            return None
        if not self._holds(entry, finding):
            self._note(entry, 0, 0)
            return None
        gets = entry.is_of_the_value() or self._left(entry) > 0
        self._note(entry, 1, int(gets))
        return entry if gets else None

    def take_from_elsewhere(self, finding: Finding) -> Entry | None:
        """The entry of another place that covers a finding about the same secret.

        To be asked when all findings have had the entries of their own places: what is left then
        belongs to a secret that is gone from its place. Raises WholeNeeded where only some
        findings are known.
        """
        mark = fingerprint(finding)
        for entry in self._baseline.elsewhere(finding.rule.id, mark, finding.secret):
            if not self._holds(entry, finding):
                continue
            if self._in_parts and not entry.is_of_the_value():
                raise WholeNeeded
            if entry.is_of_the_value() or self._left(entry) > 0:
                self._note(entry, 1, 1)
                return entry
        return None

    def unused(self) -> list[Entry]:
        """The entries that are about nothing that was found."""
        taken = self._taken
        return [e for e in self._baseline if (e.fingerprint, e.secret) not in taken]

    def demands(self) -> tuple[Demand, ...]:
        """What was asked for since this was asked last."""
        result = tuple(self._demands.values())
        self._demands.clear()
        return result

    def grant(self, demands: Sequence[Demand]) -> bool:
        """Give what findings got once; nothing, and false, where they would get another number."""
        for mark, secret, times, wanted, got in demands:
            if min(times - self._taken.get((mark, secret), 0), wanted) != got:
                return False
        for mark, secret, _, _, got in demands:
            self._taken[mark, secret] = self._taken.get((mark, secret), 0) + got
        return True

    def _holds(self, entry: Entry, finding: Finding) -> bool:
        if entry.until and entry.until < self._today:
            return False
        return finding.severity <= entry.severity or entry.is_of_the_value()

    def _left(self, entry: Entry) -> int:
        return entry.times - self._taken.get((entry.fingerprint, entry.secret), 0)

    def _note(self, entry: Entry, wanted: int, got: int) -> None:
        """Note what was asked of an entry, and use it up by what was given."""
        place = (entry.fingerprint, entry.secret)
        times = _ANY if entry.is_of_the_value() else entry.times
        *_, before, given = self._demands.get(place, (0, 0))
        self._demands[place] = (*place, times, before + wanted, given + got)
        self._taken[place] = self._taken.get(place, 0) + got


def remembered(findings: Iterable[Finding]) -> Baseline:
    """What is known once these findings are; for this process only."""
    entries: dict[tuple[str, Redacted], Entry] = {}
    for finding in findings:
        key = (fingerprint(finding), finding.secret)
        subject = render_subject(finding)
        entry = Entry(key[0], finding.rule.id, subject, finding.severity, 1, finding.secret)
        before = entries.get(key)
        if before is not None:
            worst = max(before.severity, entry.severity)
            entry = before._replace(severity=worst, times=before.times + 1)
        entries[key] = entry
    return Baseline(entries.values())


def entries_of(findings: Sequence[Finding], old: Baseline) -> list[Entry]:
    """One entry for each finding that can be told apart; what was decided of old ones stays.

    All get the salt of most old ones, so that each value is hashed once.
    """
    old.prepare(findings)
    present = list(remembered(findings))
    known = [old.of(entry.fingerprint, _value(entry)) for entry in present]
    kept = {(entry.fingerprint, entry.secret) for entry in known if entry is not None}
    lost = [f for f in findings if f.secret and old.of(fingerprint(f), f.secret) is None]
    old.prepare(lost, elsewhere=True)
    salt = old.salt()
    return [
        _settled(entry, before or _gone(entry, old, kept), old, salt)
        for entry, before in zip(present, known, strict=True)
    ]


def _gone(entry: Entry, old: Baseline, kept: set[tuple[str, str | Redacted]]) -> Entry | None:
    """What an old entry says of the same secret in a place where it is no more."""
    others = old.elsewhere(entry.rule, entry.fingerprint, _value(entry))
    return next(
        (
            other for other in others
            if other.is_of_the_value() or (other.fingerprint, other.secret) not in kept
        ), None,
    )  # fmt: skip


def _value(entry: Entry) -> Redacted:
    return entry.secret if isinstance(entry.secret, Redacted) else NOTHING


def _settled(entry: Entry, known: Entry | None, old: Baseline, salt: bytes) -> Entry:
    """An entry as it is written: with what an old one says, and without the secret value."""
    secret = _value(entry)
    written = entry._replace(secret=old.hashed(secret, salt) if secret else "")
    if known is None:
        return written
    return written._replace(
        # What is told of one that was rotated is not how bad it would be.
        severity=max(known.severity, entry.severity) if known.state else entry.severity,
        reason=known.reason,
        until=known.until,
        state=known.state,
        by=known.by,
    )
