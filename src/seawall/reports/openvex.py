"""OpenVEX 0.2.0: what the team decided on vulnerabilities, for those who get the product.

What is found is ``affected``, with the remedy; what an ignore with a reason hides is
``not_affected``, with that reason as the impact statement. What a VEX document said before is
repeated. Findings of other domains are not in it.

Source: github.com/openvex/spec, OPENVEX-SPEC.md. The specification wants a time: it is the day of
the advisories, so that the same input gives the same bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import chain, starmap
from typing import Any

from seawall import __version__
from seawall.core.finding import Finding
from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import Portion
from seawall.core.report import BASELINE, HISTORY, Report, Summary
from seawall.reports import Options, Sources
from seawall.reports.json_text import array, compact


class _Said(NamedTuple):
    """What is said of a vulnerability in some packages: a statement is made of equal ones."""

    id: str
    reason: str
    """Why it does not affect the product; empty where it does."""
    remedy: str
    aliases: tuple[str, ...]
    purls: tuple[str, ...]


def tell(report: Report, _sources: Sources, _options: Options) -> Portion:
    """What is found, and what was decided."""
    decided = (item for item in report.suppressed if item.form not in (BASELINE, HISTORY))
    return Portion(
        (),
        facts=(
            tuple(_said((finding, "") for finding in report.findings)),
            tuple(_said((item.finding, item.reason) for item in decided)),
        ),
    )


def join(portions: Sequence[Portion], summary: Summary, _options: Options) -> Iterator[str]:
    """One statement a line."""
    statements = [compact(statement) for statement in _statements(portions)]
    digest = blake2b("\n".join(statements).encode("utf-8", "replace"), digest_size=16).hexdigest()
    day = (summary.advisories and summary.advisories.built) or "1970-01-01"
    yield '{\n  "@context": "https://openvex.dev/ns/v0.2.0",\n'
    yield f'  "@id": "urn:seawall:vex:{digest}",\n  "author": "seawall",\n'
    yield f'  "timestamp": "{day}T00:00:00Z",\n  "version": 1,\n'
    yield f'  "tooling": {compact(f"seawall {__version__}")},\n  "statements": '
    yield from array(statements, "  ")
    yield "\n}\n"


def _said(found: Iterable[tuple[Finding, str]]) -> Iterator[tuple[object, ...]]:
    for finding, reason in found:
        id_, aliases = finding.details.get("id"), finding.details.get("aliases")
        package = finding.details.get("package")
        purl = package.get("purl") if isinstance(package, dict) else None
        if isinstance(id_, str) and purl:
            others = tuple(aliases) if isinstance(aliases, tuple | list) else ()
            yield (id_, reason, finding.remedy, others, (str(purl),))


def _statements(portions: Sequence[Portion]) -> Iterator[dict[str, object]]:
    affected, decided = (
        _grouped(chain.from_iterable(portion.facts[number] for portion in portions))
        for number in (0, 1)
    )
    for said in affected:
        yield {
            **_of_what(said), "status": "affected", "action_statement": said.remedy,
        }  # fmt: skip
    for said in decided:
        yield {
            **_of_what(said), "status": "not_affected", "impact_statement": said.reason,
        }  # fmt: skip


def _grouped(rows: Iterable[tuple[Any, ...]]) -> list[_Said]:
    """What is said in the same words, joined, in the order of ids, reasons and remedies."""
    groups: dict[tuple[str, str, str], _Said] = {}
    for said in starmap(_Said, rows):
        first = groups.get(said[:3])
        if first is not None:
            said = first._replace(purls=(*first.purls, *said.purls))  # noqa: PLW2901
        groups[said[:3]] = said
    return [said for _, said in sorted(groups.items())]


def _of_what(said: _Said) -> dict[str, object]:
    vulnerability: dict[str, object] = {"name": said.id}
    if said.aliases:
        vulnerability["aliases"] = list(said.aliases)
    products = [{"@id": purl, "identifiers": {"purl": purl}} for purl in sorted(set(said.purls))]
    return {"vulnerability": vulnerability, "products": products}
