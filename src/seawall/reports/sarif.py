"""SARIF 2.1.0, as GitHub code scanning and editors read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, starmap
from urllib.parse import quote

from seawall import __version__
from seawall.core.edit import Edit, Fix
from seawall.core.finding import Finding, Subject, fingerprint
from seawall.core.ignore import IN_SOURCE
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import HOLE, Marks, Piece, Portion, filled, pieces
from seawall.core.report import Report, Summary, Suppressed
from seawall.core.rule import Rule
from seawall.reports import Options, Sources
from seawall.reports.json_text import array, bracketed, compact, entry, members
from seawall.reports.sarif_rules import LEVELS, descriptor, descriptor_of, reporting_id
from seawall.reports.wording import nothing_checked, sentence

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "seawall/v1"
NOTIFICATIONS = {
    "input-failed": "An input could not be read.",
    "input-not-covered": "An input was recognised, but not judged.",
    "nothing-checked": "Nothing was judged at all.",
    "rule-failed": "A rule broke: an error of the tool itself.",
}

Json = dict[str, object]
_NO_MORE: Json = {}


class _Described(NamedTuple):
    """A rule that is to be described, as some findings have it: by the worst of them."""

    id: str
    severity: int
    text: str
    """Its description; empty where it is that of the rule with this id."""


def tell(report: Report, _sources: Sources, _options: Options) -> Portion:
    """The results, with holes for the number of the rule and behind the fingerprint."""
    suppressed = [item.finding for item in report.suppressed]
    rules: dict[str, Rule] = {}
    return Portion(
        (map(_result, report.findings), map(_suppressed, report.suppressed)),
        facts=(
            _described(report.findings, rules, report.ruleset),
            _described(suppressed, rules, report.ruleset),
        ),
        rules=tuple(rules.values()),
    )


def join(portions: Sequence[Portion], summary: Summary, _options: Options) -> Iterator[str]:
    """One run; each rule, result and notification on a line of its own."""
    described = _descriptions(portions, summary.ruleset)
    numbers = {id_: str(number) for number, id_ in enumerate(described)}
    yield f'{{\n  "$schema": {compact(SCHEMA)},\n  "version": "2.1.0",\n'
    yield '  "runs": [{\n    "tool": {"driver": {\n'
    yield f'      "name": "seawall",\n      "version": {compact(__version__)},\n'
    yield f'      "properties": {compact({"ruleset": summary.ruleset})},\n      "notifications": '
    notes = ({"id": id_, "shortDescription": {"text": t}} for id_, t in NOTIFICATIONS.items())
    yield from array(map(compact, notes), "      ")
    yield ',\n      "rules": '
    yield from array(described.values(), "      ")
    yield "\n    }},\n"
    yield from _invocation(summary)
    yield '    "columnKind": "unicodeCodePoints",\n    "results": '
    marks = Marks()

    def value(hole: str | bytes) -> str:
        return numbers[hole] if isinstance(hole, str) else marks.ending(hole)

    results = chain(pieces(portions, 0), pieces(portions, 1))
    filled_in = (filled(text, map(value, holes)) for text, holes in results)
    yield from bracketed(filled_in, "    ")
    yield "\n  }]\n}\n"


def _described(
    findings: Iterable[Finding], rules: dict[str, Rule], ruleset: str
) -> tuple[tuple[object, ...], ...]:
    """The rules that findings need; those that describe themselves are noted in ``rules``."""
    worst: dict[str, Finding] = {}
    for finding in findings:
        id_ = reporting_id(finding)
        if id_ not in worst or finding.severity > worst[id_].severity:
            worst[id_] = finding
    result = []
    for id_, finding in worst.items():
        text = ""
        if id_ == finding.rule.id:
            rules[id_] = finding.rule
        else:
            text = compact(descriptor_of(finding, ruleset))
        result.append((id_, int(finding.severity), text))
    return tuple(result)


def _descriptions(portions: Sequence[Portion], ruleset: str) -> dict[str, str]:
    """The ``reportingDescriptor`` of each rule, by what it is called here, in order."""
    rules = {rule.id: rule for portion in portions for rule in portion.rules}
    worst: dict[str, _Described] = {}
    for number in (0, 1):
        for portion in portions:
            for row in starmap(_Described, portion.facts[number]):
                if row.id not in worst or row.severity > worst[row.id].severity:
                    worst[row.id] = row
    return {
        id_: worst[id_].text or compact(descriptor(rules[id_], ruleset)) for id_ in sorted(worst)
    }


def _invocation(summary: Summary) -> Iterator[str]:
    successful = not (summary.coverage.failed or summary.faults)
    yield f'    "invocations": [{{\n      "executionSuccessful": {compact(successful)},\n'
    yield '      "toolExecutionNotifications": '
    yield from array(map(compact, _notifications(summary)), "      ")
    yield "\n    }],\n"


def _notifications(summary: Summary) -> Iterator[Json]:
    for failed in summary.coverage.failed:
        yield {
            **_notification("input-failed", "error", failed.reason),
            "locations": [_physical(failed.path, _point(failed.line, failed.column))],
        }
    for missing in summary.coverage.not_covered:
        text = f"{missing.what}: {missing.reason}\n{missing.remedy}"
        yield {
            **_notification("input-not-covered", "warning", text),
            "locations": [_physical(missing.path)],
        }
    for fault in summary.faults:
        text = f"{fault.rule} on {fault.subject}: {fault.error}"
        yield {
            **_notification("rule-failed", "error", text),
            "locations": [_physical(fault.path)],
        }
    nothing = nothing_checked(summary)
    if nothing:
        yield _notification("nothing-checked", "warning", nothing)


def _notification(id_: str, level: str, text: str) -> Json:
    return {"descriptor": {"id": id_}, "level": level, "message": message(text)}


def _suppressed(item: Suppressed) -> Piece:
    return _result(item.finding, {"suppressions": [_suppression(item)]})


def _suppression(item: Suppressed) -> Json:
    """Section 3.35: what stands beside the code, or else in a file of its own."""
    in_source = item.form in IN_SOURCE
    result: Json = {"kind": "inSource" if in_source else "external", "justification": item.reason}
    if in_source and item.origin is not None:
        result["location"] = _place(item.origin)
    return result


def _result(finding: Finding, more: Mapping[str, object] = _NO_MORE) -> Piece:
    # GitHub insists on a region. What belongs to a whole file stands at its very beginning.
    location = _physical(finding.location.path, _region(finding.location.span) or _point(1, 1))
    logical = _logical(finding.subject)
    if logical:
        location["logicalLocations"] = [logical]
    id_, mark = reporting_id(finding), fingerprint(finding)
    before: Json = {
        "level": LEVELS[finding.severity],
        "message": message(f"{sentence(finding)}\n{finding.remedy}"),
        "locations": [location],
    }
    behind: Json = {}
    if finding.related:
        behind["relatedLocations"] = [
            {"id": number, **_place(related.location), "message": message(related.message)}
            for number, related in enumerate(finding.related, 1)
        ]
    # Two that differ in what is not shown here would be one item twice, which the schema forbids.
    fixes = list(
        {
            compact(shown): shown for fix in finding.fixes if fix.edits if (shown := _fix(fix))
        }.values()
    )
    if fixes:
        behind["fixes"] = fixes
    behind["properties"] = {
        "severity": finding.severity.label,
        "confidence": finding.confidence.label,
    }
    result = (
        f'{{{members({"ruleId": id_})}, "ruleIndex": {HOLE}, {members(before)}, '
        f'"partialFingerprints": {{{compact(FINGERPRINT)}: "{mark}{HOLE}"}}, '
        f"{members({**behind, **more})}}}"
    )
    return Piece(entry(result, "    "), (id_, bytes.fromhex(mark)))


def message(text: str) -> Json:
    """A message that is read as it was written (section 3.11.6).

    Without the backslashes a hostile name could make itself a link. Braces stand as they are,
    against section 3.11.5: no reader known to us undoes their doubling where there are no
    arguments, so that ``{{ .Values.image }}`` would be shown with eight of them.
    """
    if "](" in text:
        for mark in "\\[]":
            text = text.replace(mark, f"\\{mark}")
    return {"text": text}


def _place(location: Location) -> Json:
    return _physical(location.path, _region(location.span))


def _physical(path: str, region: Json | None = None) -> Json:
    place: Json = {"artifactLocation": {"uri": uri(path)}}
    if region:
        place["region"] = region
    return {"physicalLocation": place}


def _region(span: Span | None) -> Json | None:
    if span is None:
        return None
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _point(line: int, column: int) -> Json | None:
    column = max(column, 1)
    return _region(Span(line, column, line, column)) if line > 0 else None


def uri(path: str) -> str:
    """A path as a relative reference (RFC 3986); bytes that are no UTF-8 survive as they are."""
    try:
        encoded = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        encoded = path.encode("utf-8", "replace")
    reference = quote(encoded, safe="/")
    # Two slashes at the start would make the first part the name of a host.
    return f"/.{reference}" if reference.startswith("//") else reference


def _logical(subject: Subject) -> Json | None:
    parts = [part for part in subject if part]
    if not parts:
        return None
    order = (subject.namespace, subject.kind, subject.name, subject.container)
    return {
        "name": parts[-1],
        "fullyQualifiedName": "/".join(part for part in order if part),
        "kind": "resource",
    }


def _fix(fix: Fix) -> Json:
    changes: dict[str, list[Json]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.path, []).append(_replacement(edit))
    return {
        "description": message(fix.title),
        "artifactChanges": [
            {"artifactLocation": {"uri": uri(path)}, "replacements": replacements}
            for path, replacements in changes.items()
        ],
        "properties": {"safety": fix.safety.value},
    }


def _replacement(edit: Edit) -> Json:
    replacement: Json = {
        "deletedRegion": {"byteOffset": edit.start, "byteLength": edit.end - edit.start}
    }
    if edit.replacement:
        # A region of bytes wants its content as bytes (3.57.2); the text is there to be read.
        raw = edit.replacement.encode("utf-8", "replace")
        replacement["insertedContent"] = {
            "text": edit.replacement,
            "binary": b64encode(raw).decode("ascii"),
        }
    return replacement
