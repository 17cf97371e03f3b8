"""CISA's catalogue of known exploited vulnerabilities.

Source: CISA's JSON schema of the catalogue.
"""

from collections.abc import Iterable, Iterator

from seawall.advisories.advisory import Metadata, Record, Unread
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cwes,
    day,
    items,
    line,
    record,
    table,
    word,
)

MAX_TITLE = 160


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """What the catalogue says of each CVE. Its notes are addresses with ``;`` between them."""
    for member in members:
        try:
            catalogue = record(member)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))
            continue
        if not isinstance(catalogue.get("vulnerabilities"), list):
            yield Unread(source, member.name, "there is no list vulnerabilities in it")
        for each in items(catalogue.get("vulnerabilities")):
            entry = table(each)
            id_, added = word(entry.get("cveID")), day(entry.get("dateAdded"))
            if not id_.startswith("CVE-") or not added:
                yield Unread(source, id_ or member.name, "it has no CVE id or no day")
                continue
            notes = entry.get("notes")
            yield Metadata(
                id_,
                source,
                line(entry.get("vulnerabilityName"), MAX_TITLE),
                cwes=cwes(items(entry.get("cwes"))),
                references=addresses(
                    note.strip().replace("\\/", "/")
                    for note in (notes.split(";") if isinstance(notes, str) else ())
                ),
                known_exploited=added,
                ransomware=line(entry.get("knownRansomwareCampaignUse")).lower() == "known",
            )
