"""The whole report for programs; ``report.schema.json`` and docs/json-output.md describe it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from seawall import __version__
from seawall.core.edit import Edit, Fix
from seawall.core.finding import Finding, fingerprint
from seawall.core.location import Location, render_key_path
from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import HOLE, Marks, Piece, Portion, pieces
from seawall.core.report import Advisories, Coverage, ImageFacts, Report, Summary, Suppressed
from seawall.reports import Options, Sources
from seawall.reports.json_text import array, bracketed, compact, entry, harmless, quoted
from seawall.reports.wording import nothing_checked, severities

if TYPE_CHECKING:
    from seawall.core.rule import Rule

SCHEMA_VERSION = 1
"""Grows when a reader of the version before would misread or miss something."""


def tell(report: Report, _sources: Sources, _options: Options) -> Portion:
    """The findings and what is suppressed, each with a hole behind its fingerprint."""
    writer = _Writer()
    return Portion(
        (map(writer.finding, report.findings), map(writer.suppressed, report.suppressed))
    )


def join(portions: Sequence[Portion], summary: Summary, options: Options) -> Iterator[str]:
    """One key of a finding to a line, so that two reports can be compared line by line."""
    marks = Marks()
    tool = compact(tool_fields(summary))
    yield f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "tool": {tool},\n'
    yield '  "findings": '
    yield from bracketed(marks.fill(pieces(portions, 0)), "  ")
    yield ',\n  "suppressed": '
    yield from bracketed(marks.fill(pieces(portions, 1)), "  ")
    yield ',\n  "coverage": {'
    yield from _coverage(summary.coverage)
    yield '\n  },\n  "faults": '
    yield from _rows(summary.faults, "  ")
    if summary.images:
        yield ',\n  "images": '
        yield from array((compact(image_fields(image)) for image in summary.images), "  ")
    if summary.advisories is not None:
        yield f',\n  "advisories": {compact(advisories_fields(summary.advisories))}'
    yield f',\n  "summary": {compact(summary_fields(summary))}'
    if options.meta is not None:
        yield f',\n  "meta": {compact(options.meta)}'
    yield "\n}\n"


class _Writer:
    """Writes findings as JSON: put together by hand, for one object holds some fifty values.

    What a rule says of itself is written once and kept.
    """

    def __init__(self) -> None:
        self._heads: dict[Rule, str] = {}

    def finding(self, finding: Finding, by: str = "") -> Piece:
        """One finding; ``by`` is what a suppressed one has besides."""
        rule, mark = finding.rule, fingerprint(finding)
        head = self._heads.get(rule)
        if head is None:
            head = self._heads[rule] = (
                f'      "rule": {quoted(rule.id)},\n      "domain": {quoted(rule.domain)},\n'
                f'      "aliases": {compact(rule.aliases)},\n'
            )
        related = ", ".join(
            f'{{"location": {_location(item.location)}, "message": {quoted(item.message)}}}'
            for item in finding.related
        )
        fixes = ", ".join(compact(_fix(fix)) for fix in finding.fixes)
        kind, namespace, name, container = map(quoted, finding.subject)
        json = harmless(
            f'{{\n{head}      "severity": "{finding.severity.label}",\n'
            f'      "confidence": "{finding.confidence.label}",\n'
            f'      "message": {quoted(finding.message)},\n'
            f'      "remedy": {quoted(finding.remedy)},\n'
            f'      "subject": {{"kind": {kind}, "namespace": {namespace}, "name": {name}, '
            f'"container": {container}}},\n'
            f'      "location": {_location(finding.location)},\n'
            f'      "related": [{related}],\n      "fingerprint": "{mark}{HOLE}",\n'
            f'      "fixes": [{fixes}],\n'
            f'      "details": {compact(finding.details) if finding.details else "{}"}{by}\n    }}'
        )
        return Piece(entry(json, "  "), (bytes.fromhex(mark),))

    def suppressed(self, item: Suppressed) -> Piece:
        """A finding that does not count, with the reason and what hides it."""
        more = f',\n      "reason": {quoted(item.reason)},\n      "by": {compact(_by(item))}'
        return self.finding(item.finding, more)


def _by(item: Suppressed) -> dict[str, object]:
    """What hides a finding, and where that is written."""
    by: dict[str, object] = {"form": item.form}
    if item.origin is not None and item.origin.path:
        by["path"] = item.origin.path
        by["line"] = item.origin.span.line if item.origin.span else 0
    return by


def tool_fields(summary: Summary) -> dict[str, object]:
    """Who judged, by which rules."""
    return {"name": "seawall", "version": __version__, "ruleset": summary.ruleset}


def suppressed_fields(item: Suppressed) -> dict[str, object]:
    """What a finding that does not count has besides: why."""
    return {"reason": item.reason, "by": _by(item)}


def fields_before(finding: Finding) -> dict[str, object]:
    """What every form of JSON tells of a finding before its fingerprint."""
    rule = finding.rule
    return {
        "rule": rule.id,
        "domain": rule.domain,
        "aliases": rule.aliases,
        "severity": finding.severity.label,
        "confidence": finding.confidence.label,
        "message": finding.message,
        "remedy": finding.remedy,
        "subject": finding.subject._asdict(),
        "location": location_fields(finding.location),
        "related": [
            {"location": location_fields(related.location), "message": related.message}
            for related in finding.related
        ],
    }


def fields_behind(finding: Finding) -> dict[str, object]:
    """What every form of JSON tells of a finding behind its fingerprint."""
    return {"fixes": [_fix(fix) for fix in finding.fixes], "details": finding.details}


def location_fields(location: Location) -> dict[str, object]:
    """A place; 0 and empty where it has no such part."""
    line, column, end_line, end_column = location.span or (0, 0, 0, 0)
    return {
        "path": location.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "key_path": render_key_path(location.key_path),
    }


def _location(location: Location) -> str:
    line, column, end_line, end_column = location.span or (0, 0, 0, 0)
    return (
        f'{{"path": {quoted(location.path)}, "line": {line}, "column": {column}, '
        f'"end_line": {end_line}, "end_column": {end_column}, '
        f'"key_path": {quoted(render_key_path(location.key_path))}}}'
    )


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "title": fix.title,
        "safety": fix.safety.value,
        **({"effect": fix.effect} if fix.effect else {}),
        **({"note": fix.note} if fix.note else {}),
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, object]:
    fields = edit._asdict()
    if not edit.creates:
        del fields["creates"]
    return fields


def _coverage(coverage: Coverage) -> Iterator[str]:
    yield '\n    "read": '
    yield from array((compact(path) for path in coverage.read), "    ")
    yield ',\n    "searched": '
    yield from array((compact(path) for path in coverage.searched), "    ")
    for name in ("skipped", "not_covered", "failed"):
        yield f',\n    "{name}": '
        yield from _rows(getattr(coverage, name), "    ")


def _rows(rows: Iterable[NamedTuple], indent: str) -> Iterator[str]:
    return array((compact(row._asdict()) for row in rows), indent)


def image_fields(image: ImageFacts) -> dict[str, object]:
    """An image, what it is built on, and how much of what was found is the base's."""
    return {
        "path": image.path,
        "reference": image.reference,
        "digest": image.digest,
        "platform": image.platform,
        "system": image.system,
        "end_of_life": image.end_of_life,
        "layers": image.layers,
        "base": {
            "name": image.base,
            "digest": image.base_digest,
            "named_by": image.base_named_by,
            "layers": image.base_layers,
            "known_by": image.base_known_by,
        },
        "findings": {
            "all": image.findings,
            "of_base": image.of_base,
            "of_base_with_fix": image.fixed_above,
        },
    }


def advisories_fields(advisories: Advisories) -> dict[str, object]:
    """What packages were held against, and of which day it is."""
    return {
        "built": advisories.built,
        "vulnerabilities": advisories.vulnerabilities,
        "sources": [feed._asdict() for feed in advisories.feeds],
    }


def summary_fields(summary: Summary) -> dict[str, object]:
    """The counts."""
    of_git = {"git_objects_searched": summary.git_objects} if summary.git_objects else {}
    return {
        "findings": summary.findings,
        "by_severity": {severity.label: count for severity, count in severities(summary)},
        "suppressed": summary.suppressed,
        "objects": summary.objects,
        "packages": summary.packages,
        "files_read": len(summary.coverage.read),
        "files_searched": summary.searched,
        **of_git,
        "rules": summary.rules,
        "checked": not nothing_checked(summary),
    }
