"""An exposure as the JSON report tells it: ``details`` of findings of this domain."""

from seawall.advisories.assessing import query_of
from seawall.advisories.exposure import Exposure
from seawall.advisories.known import Rating
from seawall.core.severity import Gate
from seawall.packages.package import Package
from seawall.packages.purl import purl_of

_GATES = {Gate.BY_SEVERITY: "severity", Gate.NEVER: "never", Gate.ALWAYS: "always"}
_MOST_REFERENCES = 10


def details_of(exposure: Exposure, gate: Gate) -> dict[str, object]:
    """Everything that is known of it; what is not known is left out."""
    vulnerability, match = exposure.vulnerability, exposure.match
    details: dict[str, object] = {
        "id": vulnerability.id,
        "aliases": vulnerability.aliases,
        "title": vulnerability.title,
        "package": _package(exposure.package),
        "advisory": match.advisory,
        "source": match.source,
        "affected": match.affected,
        "status": match.status,
        "fixed_versions": match.fixed,
        "upgrades": exposure.upgrade.versions,
        "held_back_by": exposure.upgrade.held_back_by,
        "path": exposure.chain,
        "severity_source": match.source if match.severity else vulnerability.severity_source,
        "scores": tuple(_score(rating) for rating in vulnerability.ratings if rating.vector),
        "words": {rating.source: rating.word for rating in vulnerability.ratings if rating.word},
        "cwes": vulnerability.cwes,
        "known_exploited": bool(vulnerability.known_exploited),
        "known_exploited_since": vulnerability.known_exploited,
        "ransomware": vulnerability.ransomware,
        "ssvc": vulnerability.ssvc,
        "published": vulnerability.published,
        "modified": vulnerability.modified,
        "flags": tuple(sorted({*vulnerability.flags, *match.flags})),
        "references": vulnerability.references[:_MOST_REFERENCES],
        "gate": _GATES[gate],
    }
    if vulnerability.epss is not None:
        details["exploitation"] = vulnerability.epss
    if vulnerability.epss_percentile is not None:
        details["exploitation_percentile"] = vulnerability.epss_percentile
    return {key: value for key, value in details.items() if value or value == 0}


def _package(package: Package) -> dict[str, object]:
    known: dict[str, object] = {
        "name": package.name,
        "version": package.version,
        "ecosystem": query_of(package)[0],
        "purl": purl_of(package),
    }
    if package.direct is not None:
        known["direct"] = package.direct
    if package.development:
        known["development"] = True
    return known


def _score(rating: Rating) -> dict[str, object]:
    return {"source": rating.source, "vector": rating.vector, "score": rating.score or 0.0}
