"""OVAL definitions of distributions with RPM: Red Hat, Oracle, SUSE, Azure Linux, Photon.

Source: the OVAL definitions and Linux schemas 5.11. Definitions come before the tests they refer
to, so they are held, in few words, until the end of a file. DTDs and entities are refused.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seawall.advisories.advisory import (
    NOT_AFFECTED,
    Advisory,
    Events,
    Record,
    Score,
    Unread,
)
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.oval_criteria import Node, Rpms, compact, packages
from seawall.advisories.feeds.oval_platforms import ecosystem
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cves,
    cwes,
    day,
    line,
    prose,
    word,
)
from seawall.core.lazy import pattern
from seawall.text.xml import Element, XmlError, iterate

_PARTS = ("definition", "rpminfo_test", "rpminfo_object", "rpminfo_state")
_MAX_DETAILS = 2_000
_VOICES = {
    "com.redhat": "redhat", "com.oracle": "oracle", "org.opensuse": "suse",
    "com.microsoft": "azurelinux", "com.vmware": "photon",
}  # fmt: skip
_PREFIXES = {"azurelinux": "AZL"}
_ADVISORY = pattern(r"\W*([A-Za-z]{2,}-[A-Za-z0-9.:_-]*\d)")
_CPE = pattern(r"cpe:/[aoh]:redhat:([^\s]+)")


class _Definition(NamedTuple):
    """A definition, until its tests are known."""

    advisory: Advisory
    platforms: tuple[str, ...]
    """What its metadata says it is about."""
    is_cleared: bool
    """Whether it says that nothing is affected (Azure Linux)."""
    criteria: Node | None


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories of each file."""
    for member in members:
        definitions: list[_Definition] = []
        rpms = Rpms()
        try:
            for element in iterate(member.chunks(), _PARTS):
                if element.name == "definition":
                    try:
                        definitions.append(_definition(element, source, member.name))
                    except Malformed as problem:
                        where = line(element.get("id"), 100) or member.name
                        yield Unread(source, where, str(problem))
                else:
                    rpms.add(element)
        except XmlError as error:
            where = f"{member.name}:{error.line}:{error.column}"
            yield Unread(source, where, "it is no XML that is read")
        for definition in definitions:
            yield from _resolved(definition, rpms, source)


def _resolved(definition: _Definition, rpms: Rpms, source: str) -> Iterator[Record]:
    advisory, platforms, is_cleared, criteria = definition
    affected, missed = packages(criteria, platforms, rpms)
    if is_cleared:
        affected = tuple(
            each._replace(ranges=(Events(),), status=NOT_AFFECTED) for each in affected
        )
    if affected:
        yield advisory._replace(affected=affected)
    if missed or not affected:
        reason = "a test of it is not there" if missed else "it names no affected package"
        yield Unread(source, advisory.id, reason)


def _definition(element: Element, source: str, file: str) -> _Definition:
    metadata = element.child("metadata")
    if metadata is None:
        raise Malformed("it has no metadata")
    voice = next((v for key, v in _VOICES.items() if f":{key}." in element.get("id")), source)
    title = " ".join(metadata.value("title").split())
    bulletin = metadata.child("advisory") or metadata
    references = list(metadata.named("reference"))
    named = cves(
        " ".join([
            *(each.get("ref_id") for each in references),
            *(each.text for each in bulletin.named("cve")),
            title if element.get("class") == "vulnerability" else "",
        ])
    )  # fmt: skip
    own = _ADVISORY.match(title)
    if element.get("class") == "vulnerability" and named:
        id_ = f"{_PREFIXES.get(voice, voice.upper())}-{named[0]}"
    elif own:
        id_ = own[1]
    else:
        id_ = word(element.get("id"))
    if not id_:
        raise Malformed("it has no id")
    criteria = element.child("criteria")
    advisory = Advisory(
        id_,
        source,
        upstream=named,
        related=() if own and own[1] == id_ else _bulletins(references),
        summary=line(title),
        details=prose(metadata.value("description"), _MAX_DETAILS),
        scores=tuple(_scores(bulletin, voice)),
        cwes=cwes(each.get("cwe") for each in bulletin.named("cve")),
        references=addresses(each.get("ref_url") for each in references),
        published=_date(bulletin, "issued") or day(metadata.value("advisory_date")),
        modified=_date(bulletin, "updated"),
    )
    node = compact(criteria) if criteria else None
    is_cleared = metadata.value("patchable").lower() == "not applicable"
    return _Definition(advisory, _platforms(metadata, bulletin, file), is_cleared, node)


def _bulletins(references: list[Element]) -> tuple[str, ...]:
    """Bulletins that mend a vulnerability (``SUSE-SU-2021:1210-1``)."""
    found = (word(each.get("ref_id")) for each in references)
    return tuple(dict.fromkeys(each for each in found if _ADVISORY.fullmatch(each)
                               and not cves(each)))  # fmt: skip


def _scores(bulletin: Element, voice: str) -> Iterator[Score]:
    vectors: dict[str, None] = {}
    for each in bulletin.named("cve"):
        for key in ("cvss4", "cvss3", "cvss2"):
            vector = word(each.get(key).partition("/")[2])
            if vector:
                vectors[vector] = None
    if len(vectors) == 1:  # several belong to the CVEs of a bulletin, not to the bulletin
        yield Score(voice, vector=next(iter(vectors)))
    severity = word(bulletin.value("severity")).lower()
    if severity:
        yield Score(voice, word=severity)


def _date(bulletin: Element, name: str) -> str:
    element = bulletin.child(name)
    return day(element.get("date")) if element else ""


def _platforms(metadata: Element, bulletin: Element, file: str) -> tuple[str, ...]:
    """The ecosystems that the metadata names."""
    cpes = [
        found[1]
        for each in bulletin.under("affected_cpe_list", "cpe")
        if (found := _CPE.fullmatch(each.text.strip()))
    ]
    if cpes:
        return tuple(dict.fromkeys(f"Red Hat:{word(cpe)}" for cpe in cpes))
    names = (" ".join(each.text.split()) for each in metadata.under("affected", "platform"))
    return tuple(dict.fromkeys(filter(None, (ecosystem(name, file) for name in names))))
