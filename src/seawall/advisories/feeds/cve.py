"""CVE records, as the CVE list and CISA's Vulnrichment have them (CVE JSON 5.0 to 5.2).

Sources: the CVE record format 5.2.0; CISA's Vulnrichment (SSVC, KEV, CVSS and CPEs of the ADP
container with the organisation 134c704f-9b21-4f2e-91b3-4a467353bcc0).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import (
    DISPUTED,
    UNSUPPORTED,
    Advisory,
    Metadata,
    Record,
    Score,
    Unread,
)
from seawall.advisories.feeds import cpe_rows
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.cve_packages import packages
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cwes,
    day,
    is_beside,
    items,
    line,
    record,
    table,
    tables,
    word,
)
from seawall.core.lazy import pattern

MAX_TITLE = 160
_CISA = "134c704f-9b21-4f2e-91b3-4a467353bcc0"
_VECTORS = ("cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0")
_FLAGS = {"disputed": DISPUTED, "unsupported-when-assigned": UNSUPPORTED}
_LOGS = {"delta.json", "deltaLog.json", "recent_activities.json"}
"""Files of the CVE list's repository that tell what changed lately."""
_ID = pattern(r"CVE-\d{4}-\d{4,19}")
_WORD = pattern(r"[A-Za-z]{3,20}")
_CHOICE = pattern(r"[A-Za-z ]{2,20}")
_POINTS = ("exploitation", "automatable", "technical impact")


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The metadata of each record, and an advisory where it names packages by their address."""
    for member in members:
        if member.name.rpartition("/")[2] in _LOGS or is_beside(member.name):
            continue
        try:
            yield from _records(record(member), source)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _records(value: dict[str, Any], source: str) -> Iterator[Record]:
    about = table(value.get("cveMetadata"))
    id_ = word(about.get("cveId"))
    if not _ID.fullmatch(id_):
        raise Malformed("it has no CVE id")
    state = word(about.get("state"))
    if state not in {"PUBLISHED", "REJECTED"}:
        raise Malformed("it is neither published nor rejected")
    containers = table(value.get("containers"))
    cna = table(containers.get("cna"))
    published, modified = day(about.get("datePublished")), day(about.get("dateUpdated"))
    if state == "REJECTED":
        title = line(_english(cna.get("rejectedReasons")), MAX_TITLE)
        yield Metadata(id_, source, title, published=published, modified=modified, rejected=True)
        return
    additions = list(tables(containers.get("adp")))
    cisa = [each for each in additions if _organisation(each) == _CISA]
    parts = [cna, *additions]
    exploited, points = _decisions(cisa)
    yield Metadata(
        id_,
        source,
        line(cna.get("title"), MAX_TITLE) or line(_english(cna.get("descriptions")), MAX_TITLE),
        scores=(*_scores(cna, "cna"), *(s for each in cisa for s in _scores(each, "cisa-adp"))),
        cwes=cwes(_weaknesses(parts)),
        references=addresses(
            each.get("url") for part in parts for each in tables(part.get("references"))
        ),
        published=published,
        modified=modified,
        flags=tuple(
            dict.fromkeys(
                _FLAGS[tag]
                for tag in items(cna.get("tags"))
                if isinstance(tag, str) and tag in _FLAGS
            )
        ),
        known_exploited=exploited,
        ssvc=points,
        cpes=_cpes(parts),
    )
    affected = tuple(packages(cna.get("affected")))
    if affected:
        yield Advisory(
            id_, source, affected, summary=line(cna.get("title")), published=published,
            modified=modified,
        )  # fmt: skip


def _organisation(part: dict[str, Any]) -> object:
    return table(part.get("providerMetadata")).get("orgId")


def _english(value: object) -> object:
    """The first English text of a list of texts, else the first."""
    texts = list(tables(value))
    for each in texts:
        language = each.get("lang")
        if isinstance(language, str) and language.lower().startswith("en"):
            return each.get("value")
    return texts[0].get("value") if texts else ""


def _scores(part: dict[str, Any], voice: str) -> Iterator[Score]:
    for metric in tables(part.get("metrics")):
        for key in _VECTORS:
            vector = word(table(metric.get(key)).get("vectorString"))
            if vector:
                yield Score(voice, vector=vector)
        other = table(metric.get("other"))
        if other and word(other.get("type")) not in {"ssvc", "kev"}:
            content = table(other.get("content"))
            said = word(content.get("value")) or word(content.get("text"))
            if _WORD.fullmatch(said):
                yield Score(voice, word=said.lower())


def _weaknesses(parts: list[dict[str, Any]]) -> Iterator[object]:
    for part in parts:
        for problem in tables(part.get("problemTypes")):
            for each in tables(problem.get("descriptions")):
                yield each.get("cweId") or each.get("description")


def _decisions(parts: list[dict[str, Any]]) -> tuple[str, str]:
    """The day it entered the catalogue of exploited vulnerabilities, and the SSVC points."""
    exploited = points = ""
    for part in parts:
        for metric in tables(part.get("metrics")):
            other = table(metric.get("other"))
            content = table(other.get("content"))
            if other.get("type") == "kev":
                exploited = exploited or day(content.get("dateAdded"))
            elif other.get("type") == "ssvc":
                points = points or ssvc(content.get("options"))
    return exploited, points


def ssvc(value: object) -> str:
    """CISA's decision points as ``exploitation/automatable/impact``; empty without any."""
    found = {}
    for option in tables(value):
        for key, choice in option.items():
            name = key.lower().replace("technicalimpact", "technical impact")
            if isinstance(choice, str) and _CHOICE.fullmatch(choice):
                found[name] = choice.lower()
    points = [found.get(name, "") for name in _POINTS]
    return "/".join(points) if any(points) else ""


def _cpes(parts: list[dict[str, Any]]) -> tuple[str, ...]:
    rows: dict[str, None] = {}
    for part in parts:
        for row in cpe_rows.configurations(part.get("cpeApplicability")):
            rows[row] = None
        for row in cpe_rows.affected(part.get("affected")):
            rows[row] = None
    return tuple(rows)[: cpe_rows.MAX_ROWS]
