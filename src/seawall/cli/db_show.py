"""``seawall db show``: what is known under an id, or of a package."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seawall.advisories import database
from seawall.advisories.advisory import FIXED
from seawall.advisories.known import Match, Rating, Vulnerability
from seawall.advisories.schema import OVERRULED
from seawall.advisories.store import Store, Withdrawn
from seawall.cli.output import terminal_width, write_text
from seawall.core.errors import UsageError

_MOST_PACKAGES = 200
_MOST_LINES = 12
"""Lines of a package's intervals that are shown of one vulnerability."""


def show(options: argparse.Namespace) -> int:
    """Tell it; gives the exit code."""
    located = database.locate(options.database, os.environ)
    with Store.open(located.path) as store:
        ecosystem, name = _package(options.what, options.ecosystem)
        numbers = [] if ecosystem else store.find(options.what)
        taken_back = [] if ecosystem else store.withdrawn(options.what)
        if numbers or taken_back:
            facts = [(store.vulnerability(each), store.affected_by(each)) for each in numbers]
            if options.format == "json":
                write_text(_json(facts, taken_back), None)
            else:
                write_text(_text(facts, taken_back), None)
            return 0
        packages = _known(store, ecosystem, name)
        if not packages:
            raise UsageError(
                f"nothing is known of {options.what!r}: no id and no package of that name; "
                "see seawall db status for the sources that the database has"
            )
        if options.format == "json":
            write_text(_packages_json(packages), None)
        else:
            write_text(_packages_text(store, packages), None)
    return 0


def _package(what: str, ecosystem: str | None) -> tuple[str, str]:
    """The ecosystem and the name that were asked for; a package URL has both."""
    if what.startswith("pkg:"):
        from seawall.advisories.assessing import query_of  # noqa: PLC0415 - for package URLs only
        from seawall.packages.bill import full_name  # noqa: PLC0415
        from seawall.packages.package import Package  # noqa: PLC0415
        from seawall.packages.purl import PurlError, parse  # noqa: PLC0415

        try:
            purl = parse(what)
        except PurlError as error:
            raise UsageError(
                f"{what!r} is no package URL: {error}; write it as pkg:pypi/django"
            ) from error
        package = Package(purl.type, full_name(purl), purl.version, qualifiers=purl.qualifiers)
        own, name, _ = query_of(package)
        return ecosystem or own, name
    return ecosystem or "", what


Known = Sequence[tuple[str, str, Sequence[Match]]]
"""Ecosystem, name and what is known of it."""


def _known(store: Store, ecosystem: str, name: str) -> Known:
    ecosystems = [ecosystem] if ecosystem else store.ecosystems_of(name)
    found = ((each, name, store.of_package(each, name)) for each in ecosystems)
    return [each for each in found if each[2]]


# A vulnerability ------------------------------------------------------------------------------

Affected = Sequence[tuple[str, str, Match]]


def _text(
    facts: Sequence[tuple[Vulnerability, Affected]], taken_back: Sequence[Withdrawn]
) -> Iterator[str]:
    for each in taken_back:
        why = f": {each.reason}" if each.reason else ""
        day = f" on {each.day}" if each.day else ""
        yield f"{each.id} was withdrawn by {each.source}{day}{why}; it matches nothing.\n"
        if each.aliases:
            yield f"  It was also known as {', '.join(each.aliases)}.\n"
    for number, (vulnerability, affected) in enumerate(facts):
        if number or taken_back:
            yield "\n"
        yield "\n".join((*_head(vulnerability), *_lines(affected))) + "\n"


def _head(vulnerability: Vulnerability) -> Iterator[str]:
    title = f": {vulnerability.title}" if vulnerability.title else ""
    yield f"{vulnerability.id}{title}"
    yield ""
    for name, value in _facts(vulnerability):
        if value:
            yield f"{name:12}{value}"
    for rating in vulnerability.ratings:
        yield f"{'':12}{_rating(rating)}"
    if vulnerability.details:
        yield ""
        yield from _wrapped(vulnerability.details)
    if vulnerability.references:
        yield ""
        yield from vulnerability.references


def _facts(vulnerability: Vulnerability) -> Iterator[tuple[str, str]]:
    yield "also known", ", ".join(vulnerability.aliases)
    severity = vulnerability.severity
    source = f" (from {vulnerability.severity_source})" if vulnerability.severity_source else ""
    yield "severity", "unknown" if severity is None else severity.label + source
    yield "weakness", ", ".join(vulnerability.cwes)
    ransomware = ", used by ransomware" if vulnerability.ransomware else ""
    yield (
        "exploited",
        vulnerability.known_exploited
        and (f"known since {vulnerability.known_exploited}{ransomware} (CISA)"),
    )
    if vulnerability.epss is not None:
        yield "EPSS", f"{vulnerability.epss:.5f} (FIRST)"
    yield "SSVC", vulnerability.ssvc
    yield "published", vulnerability.published
    yield "modified", vulnerability.modified
    yield "flags", ", ".join(vulnerability.flags)
    records = [f"{id_} ({source})" for id_, source in vulnerability.records]
    more = f", and {len(records) - _MOST_LINES} more" if len(records) > _MOST_LINES else ""
    yield "records", ", ".join(records[:_MOST_LINES]) + more


def _rating(rating: Rating) -> str:
    score = "" if rating.score is None else f"{rating.score:.1f}"
    return " ".join(filter(None, (f"{rating.source}:", score, rating.vector, rating.word)))


def _wrapped(text: str) -> Iterator[str]:
    from textwrap import wrap  # noqa: PLC0415 - for texts of details only

    width = terminal_width(dict(os.environ)) if sys.stdout.isatty() else 100
    for line in text.splitlines():
        yield from wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]


def _lines(affected: Affected) -> Iterator[str]:
    if affected:
        yield ""
    for ecosystem, name, match in affected[:_MOST_PACKAGES]:
        yield f"{ecosystem} {name} {_interval(match)} [{match.advisory}]"
    if len(affected) > _MOST_PACKAGES:
        yield f"and {len(affected) - _MOST_PACKAGES} more"


def _interval(match: Match) -> str:
    if match.status == FIXED:
        return f"{match.affected} (not affected)"
    fixed = (
        f"; mended in {match.fixed[0]}" if match.fixed else "; no version that mends it is known"
    )
    if OVERRULED in match.flags:
        fixed += "; the ecosystem's own record counts"
    status = "" if match.status == "affected" else f" ({match.status.replace('_', ' ')})"
    return f"{match.affected}{status}{fixed}"


# A package ------------------------------------------------------------------------------------


def _packages_text(store: Store, packages: Known) -> Iterator[str]:
    for place, (ecosystem, name, matches) in enumerate(packages):
        if place:
            yield "\n"
        told = store.vulnerabilities({match.vulnerability for match in matches})
        coverage = store.coverage(ecosystem)
        until = f", known until {coverage.until[:10]}" if coverage and coverage.until else ""
        count = "1 vulnerability" if len(told) == 1 else f"{len(told)} vulnerabilities"
        yield f"{name} ({ecosystem}): {count}{until}\n\n"
        yield from _of_package(matches, told)


def _of_package(matches: Sequence[Match], told: Mapping[int, Vulnerability]) -> Iterator[str]:
    by_number: dict[int, list[Match]] = {}
    for match in matches:
        by_number.setdefault(match.vulnerability, []).append(match)
    for number in sorted(by_number, key=lambda each: told[each].id):
        vulnerability = told[number]
        severity = vulnerability.severity
        word = "unknown" if severity is None else severity.label
        yield f"{vulnerability.id}  {word:8}  {vulnerability.title}\n"
        for match in by_number[number]:
            yield f"    {_interval(match)} [{match.advisory}]\n"


# JSON -----------------------------------------------------------------------------------------


def _json(
    facts: Sequence[tuple[Vulnerability, Affected]], taken_back: Sequence[Withdrawn]
) -> Iterator[str]:
    yield _dumped({
        "vulnerabilities": [
            {
                **_plain(vulnerability),
                "affected": [
                    {"ecosystem": ecosystem, "package": name, **_matched(match)}
                    for ecosystem, name, match in affected
                ],
            }
            for vulnerability, affected in facts
        ],
        "withdrawn": [each._asdict() for each in taken_back],
    })  # fmt: skip


def _packages_json(packages: Known) -> Iterator[str]:
    yield _dumped([
        {"ecosystem": ecosystem, "package": name, "affected": list(map(_matched, matches))}
        for ecosystem, name, matches in packages
    ])  # fmt: skip


def _plain(vulnerability: Vulnerability) -> dict[str, Any]:
    severity = vulnerability.severity
    return {
        **vulnerability._asdict(),
        "severity": None if severity is None else severity.label,
        "ratings": [rating._asdict() for rating in vulnerability.ratings],
    }


def _matched(match: Match) -> dict[str, Any]:
    severity = match.severity
    facts = match._asdict()
    del facts["vulnerability"]
    return {**facts, "severity": None if severity is None else severity.label}


def _dumped(value: object) -> str:
    import json  # noqa: PLC0415 - only for this format

    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
