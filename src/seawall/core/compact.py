"""Findings and ignores as plain tuples, for another process or a cache.

Rules are told by their ids. A finding with a secret value goes to another process of the same run,
never into a file.
"""

from collections.abc import Mapping
from typing import Any

from seawall.core.edit import (
    Append,
    Edit,
    Fix,
    Operation,
    Prepend,
    Remove,
    Repair,
    Safety,
    Set,
)
from seawall.core.finding import NO_DETAILS, Finding, Related, Subject
from seawall.core.ignore import Enable, Ignore, Lines, Part, Scope, WholeFile
from seawall.core.location import Location, Span, made
from seawall.core.redacted import NOTHING, Redacted
from seawall.core.rule import Rule
from seawall.core.severity import Confidence, Gate, Severity

Plain = Any
"""Tuples, texts, numbers and ``None``, as ``marshal`` takes them."""

_SCOPES = (Lines, WholeFile, Part)


def finding_to_plain(finding: Finding) -> Plain:
    """A finding with its secret value, if it has one: then it is for this run alone."""
    return (
        finding.rule.id,
        int(finding.severity),
        int(finding.confidence),
        finding.message,
        finding.remedy,
        tuple(finding.subject),
        location_to_plain(finding.location),
        tuple((location_to_plain(item.location), item.message) for item in finding.related)
        if finding.related
        else (),
        tuple(
            (fix.title, fix.safety.value, tuple(tuple(edit) for edit in fix.edits), *fix[3:])
            for fix in finding.fixes
        )
        if finding.fixes
        else (),
        finding.evidence,
        dict(finding.details),
        finding.secret.reveal(),
        tuple(_repair_to_plain(repair) for repair in finding.repairs) if finding.repairs else (),
        int(finding.gate),
    )


_OPERATIONS = (Set, Remove, Append, Prepend)


def _repair_to_plain(repair: Repair) -> Plain:
    operations = tuple((_OPERATIONS.index(type(item)), *item) for item in repair.operations)
    return (
        repair.title, repair.path, repair.document, operations, repair.added,
        repair.safety.value, repair.effect, repair.note, repair.brings, repair.risks,
        tuple(_repair_to_plain(other) for other in repair.others),
    )  # fmt: skip


def _repair_from_plain(plain: Plain) -> Repair:
    title, path, document, operations, added, safety, effect, note, brings, risks, rest = plain
    made: tuple[Operation, ...] = tuple(_OPERATIONS[kind](*rest) for kind, *rest in operations)
    others = tuple(_repair_from_plain(other) for other in rest)
    return Repair(
        title, path, document, made, added, Safety(safety), effect, note, brings, risks, others
    )


def finding_from_plain(plain: Plain, rules: Mapping[str, Rule]) -> Finding:
    """The finding again; KeyError when its rule is not among those given."""
    (rule, severity, confidence, message, remedy, subject, location, related, fixes, evidence,
     details, secret, repairs, gate) = plain  # fmt: skip
    if related:
        related = tuple(Related(location_from_plain(place), text) for place, text in related)
    if fixes:
        fixes = tuple(
            Fix(title, Safety(safety), tuple(Edit(*edit) for edit in edits), *rest)
            for title, safety, edits, *rest in fixes
        )
    if repairs:
        repairs = tuple(_repair_from_plain(repair) for repair in repairs)
    return made(
        Finding,
        (
            rules[rule], _SEVERITIES[severity], _CONFIDENCES[confidence], message, remedy,
            made(Subject, subject), location_from_plain(location), related, fixes, evidence,
            details or NO_DETAILS, repairs, Redacted(secret) if secret else NOTHING, _GATES[gate],
        ),
    )  # fmt: skip


_SEVERITIES = tuple(Severity)
_CONFIDENCES = tuple(Confidence)
_GATES = tuple(Gate)


def location_to_plain(location: Location) -> Plain:
    """A location."""
    span = location.span
    return (
        location.path, location.document, location.key_path, None if span is None else tuple(span),
    )  # fmt: skip


def location_from_plain(plain: Plain) -> Location:
    """The location again."""
    path, document, key_path, span = plain
    return made(Location, (path, document, key_path, span and made(Span, span)))


def ignore_to_plain(ignore: Ignore) -> Plain:
    """An ignore that was read from a file; its scope is one of a file."""
    return (
        ignore.rules, _scope_to_plain(ignore.scope), ignore.reason, ignore.until,
        location_to_plain(ignore.origin), tuple(ignore.subject), ignore.form, ignore.tool,
        ignore.fault,
    )  # fmt: skip


def ignore_from_plain(plain: Plain) -> Ignore:
    """The ignore again."""
    rules, scope, reason, until, origin, subject, form, tool, fault = plain
    return Ignore(
        rules, _scope_from_plain(scope), reason, until, location_from_plain(origin),
        Subject(*subject), form, tool, fault,
    )  # fmt: skip


def enable_to_plain(enable: Enable) -> Plain:
    """A word that rules run on something; its scope is one of a file."""
    return (enable.tool, enable.checks, _scope_to_plain(enable.scope))


def enable_from_plain(plain: Plain) -> Enable:
    """The word again."""
    tool, checks, scope = plain
    return Enable(tool, checks, _scope_from_plain(scope))


def _scope_to_plain(scope: Scope) -> Plain:
    kind = next(number for number, type_ in enumerate(_SCOPES) if isinstance(scope, type_))
    assert isinstance(scope, _SCOPES)  # noqa: S101 - for the type checker
    return (kind, *scope)


def _scope_from_plain(plain: Plain) -> Scope:
    kind, *fields = plain
    return _SCOPES[kind](*fields)
