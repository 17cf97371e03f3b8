"""Ignores: somebody's word that certain findings do not count, and why.

A reader of any format makes them (a comment, an annotation, an entry of a configuration, another
tool's ignore file); triage is the only place that applies them.
"""

import re
from typing import Protocol

from seawall.core.finding import Finding, Subject
from seawall.core.location import KeyPath, Location
from seawall.core.named_tuple import NamedTuple


class Lines(NamedTuple):
    """Findings whose place begins on some lines of a file, from 1, the last one included."""

    path: str
    first: int
    last: int

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in this scope; its location must be concrete."""
        span = finding.location.span
        return (
            span is not None
            and finding.location.path == self.path
            and self.first <= span.line <= self.last
        )


class WholeFile(NamedTuple):
    """Everything in one file."""

    path: str

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in this scope."""
        return finding.location.path == self.path


class Part(NamedTuple):
    """Everything at or below a path of keys in one document."""

    path: str
    document: int
    key_path: KeyPath

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in this scope."""
        place = finding.location
        return (
            place.path == self.path
            and place.document == self.document
            and place.key_path[: len(self.key_path)] == self.key_path
        )


class Scope(Protocol):
    """Where an ignore holds."""

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in this scope; its location must be concrete."""


class Ignore(NamedTuple):
    """Findings of some rules in some scope that do not count."""

    rules: tuple[str, ...]
    """Ids or globs as they were written; empty for every rule."""
    scope: Scope
    reason: str = ""
    until: str = ""
    """The last day it holds, as ``2027-01-31``; empty when it holds for ever."""
    origin: Location = Location("")
    """Where it is written."""
    subject: Subject = Subject()
    """What it is written at, where that has a name."""
    form: str = "comment"
    """What it is, for messages: ``comment``, ``annotation``, ``configuration``, a tool's file."""
    tool: str = ""
    """The other tool it was written for, such as ``kube-linter``; ``rules`` are then its ids."""
    fault: str = ""
    """Why it cannot be used, when it cannot."""

    @property
    def foreign(self) -> bool:
        """Whether it was written for another tool: that it is of no use to us is no finding."""
        return bool(self.tool)

    @property
    def in_source(self) -> bool:
        """Whether it stands beside what it is about (SARIF tells the two apart)."""
        return self.form in IN_SOURCE


class Enable(NamedTuple):
    """Somebody's word that rules run on something, whatever the profile says.

    ``checks`` are ids of the other tool in whose terms it is written.
    """

    tool: str
    checks: tuple[str, ...]
    scope: Scope


IN_SOURCE = frozenset(("comment", "annotation"))

_DIRECTIVE = (
    r"seawall:[ \t]*(?P<what>[A-Za-z-]+)[ \t]*(?P<rules>\[[^\]\n]*\])?[ \t]*:?[ \t]*(?P<rest>.*)"
)
_UNTIL = r"(?i)(?:^|[ \t])until=(\S*)"
MARK = "seawall:"
"""What every ignore comment of ours has in it: a cheap first look."""


class Directive(NamedTuple):
    """An ignore comment of ours, read from its text."""

    rules: tuple[str, ...]
    reason: str
    until: str
    whole_file: bool
    fault: str


def directive(comment: str) -> Directive | None:
    """Read ``seawall: ignore[rule,...] reason until=YYYY-MM-DD``; ``None`` if it is none.

    ``comment`` is the text of a comment without its mark. A comment that begins as an ignore and
    cannot be one has a fault, so that it does not fail in silence.
    """
    found = re.match(_DIRECTIVE, comment.strip())
    if found is None:
        return None
    what = found["what"].lower()
    reason, until, fault = reason_and_date(found["rest"])
    rules = tuple(item.strip() for item in (found["rules"] or "")[1:-1].split(",") if item.strip())
    if what not in ("ignore", "ignore-file"):
        fault = f"there is no {what!r}; write ignore[rule] or ignore-file[rule]"
    elif not rules:
        fault = f"it names no rule; write {what}[rule-id] and the reason"
    return Directive(rules, reason, until, what == "ignore-file", fault)


def reason_and_date(text: str) -> tuple[str, str, str]:
    """A reason, the last day an ignore holds and what is wrong with it, from its free text."""
    until = fault = ""
    found = re.search(_UNTIL, text)
    if found:
        until = found[1]
        text = text[: found.start()] + text[found.end() :]
        fault = fault_of_date(until)
        if re.search(_UNTIL, text):
            fault = "it names two last days"
        until = "" if fault else until
    return text.strip(" \t-:"), until, fault


def fault_of_date(text: str) -> str:
    """Why a text is no day; empty when it is one."""
    if _looks_like_a_day(text):
        from datetime import date  # noqa: PLC0415 - 2 ms, only where there is a date

        try:
            date.fromisoformat(text)
        except ValueError as error:
            return f"{text!r} is no date: {error}; write a day that exists"
        return ""
    return f"{text!r} is no date; write it as 2027-01-31"


def _looks_like_a_day(text: str) -> bool:
    digits = text[:4] + text[5:7] + text[8:]
    return len(text) == 10 and text[4] == text[7] == "-" and digits.isascii() and digits.isdecimal()


def day_before(date: str) -> str:
    """The last day of what ends when a day, given as ``2027-01-31``, begins."""
    import datetime as dt  # noqa: PLC0415 - as above

    try:
        day = dt.date.fromisoformat(date) - dt.timedelta(days=1)
        return day.isoformat()
    except OverflowError:  # the first day there is
        return date


def expired(ignore: Ignore, today: str) -> bool:
    """Whether the last day of an ignore is over."""
    return bool(ignore.until) and ignore.until < today
