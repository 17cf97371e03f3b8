"""NVD: pages of its API 2.0, its yearly feeds, single records, and overrides in the same form.

Sources: NVD's JSON schema 2.0; anchore/nvd-data-overrides, whose records only have configurations,
none at all where NVD's are to be dropped.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import DISPUTED, UNSUPPORTED, Metadata, Record, Score, Unread
from seawall.advisories.feeds import cpe_rows
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.cve import MAX_TITLE, ssvc
from seawall.advisories.feeds.json_parts import listed
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cwes,
    day,
    is_beside,
    items,
    line,
    table,
    tables,
    word,
)
from seawall.core.lazy import pattern

_CISA = "134c704f-9b21-4f2e-91b3-4a467353bcc0"
_METRICS = ("cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2")
_FLAGS = {"disputed": DISPUTED, "unsupported-when-assigned": UNSUPPORTED}
_ID = pattern(r"CVE-\d{4}-\d{4,19}")
_PAGE = b'"vulnerabilities"'
# How records were rejected before there was a status: in the first words of the description.
_REJECTED = ("** reject **", "rejected reason:", "** rejected **")
_UNUSED = "do not use this candidate number"


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The metadata of each record of each member."""
    for member in members:
        if is_beside(member.name):
            continue
        try:
            for value in _values(member.read()):
                yield from _record(value, source, member.name)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _values(data: bytes) -> Iterator[Any]:
    import json  # noqa: PLC0415 - off the scan path

    if _PAGE in data[:4096] or len(data) > 1 << 20:
        yield from listed(data, "vulnerabilities")
        return
    try:
        yield json.loads(data)
    except RecursionError:
        raise Malformed("it is nested too deep") from None
    except ValueError:
        raise Malformed("it is no JSON") from None


def _record(value: object, source: str, name: str) -> Iterator[Record]:
    whole = table(value)
    cve = table(whole.get("cve", whole))
    id_ = word(cve.get("id") or table(whole.get("_annotation")).get("cve_id"))
    if not _ID.fullmatch(id_):
        yield Unread(source, name, "it has no CVE id")
        return
    metrics = table(cve.get("metrics"))
    description = _english(cve.get("descriptions"))
    status = line(cve.get("vulnStatus"), 40).lower()
    yield Metadata(
        id_,
        source,
        line(description, MAX_TITLE),
        scores=tuple(_scores(metrics)),
        cwes=cwes(
            each.get("value")
            for weakness in tables(cve.get("weaknesses"))
            for each in tables(weakness.get("description"))
        ),
        references=addresses(each.get("url") for each in tables(cve.get("references"))),
        published=day(cve.get("published")),
        modified=day(cve.get("lastModified")),
        rejected=status == "rejected" or _is_rejected(description),
        flags=tuple(_flags(cve)),
        known_exploited=day(cve.get("cisaExploitAdd")),
        ssvc=next(
            (
                points
                for each in tables(metrics.get("ssvcV203"))
                if (points := ssvc(table(each.get("ssvcData")).get("options")))
            ),
            "",
        ),
        cpes=cpe_rows.configurations(cve.get("configurations")),
        status=status,
    )


def _english(value: object) -> str:
    texts = [each for each in tables(value) if isinstance(each.get("value"), str)]
    chosen = next((each for each in texts if each.get("lang") == "en"), texts[0] if texts else {})
    return str(chosen.get("value", ""))


def _is_rejected(description: str) -> bool:
    start = description[:400].lower().lstrip()
    return start.startswith(_REJECTED) or _UNUSED in start


def _scores(metrics: dict[str, Any]) -> Iterator[Score]:
    for key in _METRICS:
        for metric in tables(metrics.get(key)):
            vector = word(table(metric.get("cvssData")).get("vectorString"))
            if vector:
                yield Score(
                    "cisa-adp" if metric.get("source") == _CISA else "nvd",
                    vector=vector,
                    secondary=metric.get("type") != "Primary",
                )


def _flags(cve: dict[str, Any]) -> Iterator[str]:
    tags = (tag for each in tables(cve.get("cveTags")) for tag in items(each.get("tags")))
    yield from dict.fromkeys(_FLAGS[tag] for tag in tags if isinstance(tag, str) and tag in _FLAGS)
