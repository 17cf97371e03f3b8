"""OpenVEX 0.2.0: what the team decided on vulnerabilities, for those who get the product.

What is found is ``affected``, with the remedy; what an ignore with a reason hides is
``not_affected``, with that reason as the impact statement. What a VEX document said before is
repeated. Findings of other domains are not in it.

Source: github.com/openvex/spec, OPENVEX-SPEC.md. The specification wants a time: it is the day of
the advisories, so that the same input gives the same bytes.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from seawall import __version__
from seawall.core.finding import Finding
from seawall.core.report import BASELINE, HISTORY, Report, Suppressed
from seawall.reports import Options, Sources
from seawall.reports.json_text import array, compact

_Key = tuple[str, str, str]


def write(report: Report, _sources: Sources, _options: Options) -> Iterator[str]:
    """One statement a line."""
    statements = [compact(statement) for statement in _statements(report)]
    digest = blake2b("\n".join(statements).encode("utf-8", "replace"), digest_size=16).hexdigest()
    day = (report.advisories and report.advisories.built) or "1970-01-01"
    yield '{\n  "@context": "https://openvex.dev/ns/v0.2.0",\n'
    yield f'  "@id": "urn:seawall:vex:{digest}",\n  "author": "seawall",\n'
    yield f'  "timestamp": "{day}T00:00:00Z",\n  "version": 1,\n'
    yield f'  "tooling": {compact(f"seawall {__version__}")},\n  "statements": '
    yield from array(statements, "  ")
    yield "\n}\n"


def _statements(report: Report) -> Iterator[dict[str, object]]:
    affected = _grouped((finding, "") for finding in report.findings)
    for (id_, _, remedy), findings in affected.items():
        yield {
            "vulnerability": _vulnerability(id_, findings),
            "products": _products(findings),
            "status": "affected",
            "action_statement": remedy,
        }
    decided = [item for item in report.suppressed if item.form not in (BASELINE, HISTORY)]
    for (id_, reason, _), findings in _grouped(map(_decision, decided)).items():
        yield {
            "vulnerability": _vulnerability(id_, findings),
            "products": _products(findings),
            "status": "not_affected",
            "impact_statement": reason,
        }


def _decision(item: Suppressed) -> tuple[Finding, str]:
    return item.finding, item.reason


def _grouped(found: Iterable[tuple[Finding, str]]) -> dict[_Key, list[Finding]]:
    """Findings about vulnerabilities, by id, reason and remedy, in the order of these."""
    groups: dict[_Key, list[Finding]] = {}
    for finding, reason in found:
        id_ = finding.details.get("id")
        if isinstance(id_, str) and _products([finding]):
            groups.setdefault((id_, reason, finding.remedy), []).append(finding)
    return dict(sorted(groups.items()))


def _vulnerability(id_: str, findings: list[Finding]) -> dict[str, object]:
    aliases = findings[0].details.get("aliases")
    return {"name": id_, "aliases": list(aliases)} if aliases else {"name": id_}  # type: ignore[call-overload]


def _products(findings: list[Finding]) -> list[dict[str, object]]:
    purls = set()
    for finding in findings:
        package = finding.details.get("package")
        if isinstance(package, dict) and package.get("purl"):
            purls.add(str(package["purl"]))
    return [{"@id": purl, "identifiers": {"purl": purl}} for purl in sorted(purls)]
