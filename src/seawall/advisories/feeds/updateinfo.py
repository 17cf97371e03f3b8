"""The errata of a repository of RPM packages (``updateinfo.xml``): Amazon, Rocky, Alma, Fedora.

Source: createrepo_c's and dnf's form of updateinfo. Which release of a distribution errata are
about, the releases of their packages tell (``.el9``, ``.amzn2023``).
"""

from collections.abc import Iterable, Iterator

from seawall.advisories.advisory import Advisory, Affected, Events, Record, Score, Unread
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cves,
    day,
    line,
    prose,
    word,
)
from seawall.core.lazy import pattern
from seawall.text.xml import Element, XmlError, iterate

MAX_PACKAGES = 20_000
_SOURCE = {"src", "nosrc"}
_AMAZON = pattern(r".*\.amzn(\d+)\b.*")
_ERRATUM = pattern(r"(AL|RL|RX|FEDORA|RH|CE)(?:SA|BA|EA|-).*")
_DISTRIBUTIONS = {
    "AL": "AlmaLinux", "RL": "Rocky Linux", "RX": "Rocky Linux", "FEDORA": "Fedora",
}  # fmt: skip
_VOICES = {"Amazon Linux": "amazon", "AlmaLinux": "almalinux", "Rocky Linux": "rocky"}
_TAG = pattern(r"[.+_](?:el|fc)(\d+)")
"""The release in that of a package; of a modular one, ``3.module+el8.8.0+1582+4f17a0ad``."""


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The errata that are about security, of each file."""
    for member in members:
        if member.name.rpartition("/")[2].startswith("repomd"):
            continue
        try:
            for update in iterate(member.chunks(), ("update",)):
                try:
                    found = _advisory(update, source)
                except Malformed as problem:
                    where = line(update.value("id"), 100) or f"{member.name}:{update.line}"
                    yield Unread(source, where, str(problem))
                    continue
                if found:
                    yield found
        except XmlError as error:
            where = f"{member.name}:{error.line}:{error.column}"
            yield Unread(source, where, "it is no XML that is read")


def _advisory(update: Element, source: str) -> Advisory | None:
    id_ = word(update.value("id"))
    if not id_ or " " in id_:
        raise Malformed("it has no id")
    references = list(update.under("references", "reference"))
    named = cves(
        " ".join(f"{each.get('id')} {each.get('title')} {each.get('href')}" for each in references)
    )
    if update.get("type", "security") != "security" and not named:
        return None
    affected = tuple(_packages(update, id_))
    if not affected:
        raise Malformed("it names no package of a known distribution")
    voice = _VOICES.get(affected[0].ecosystem.partition(":")[0], source)
    severity = word(update.value("severity")).lower()
    issued, updated = update.child("issued"), update.child("updated")
    return Advisory(
        id_,
        source,
        affected[:MAX_PACKAGES],
        upstream=named,
        summary=line(update.value("title")),
        details=prose(update.value("description")),
        scores=(Score(voice, word=severity),) if severity not in {"", "none"} else (),
        references=addresses(each.get("href") for each in references),
        published=day(issued.get("date")) if issued else "",
        modified=day(updated.get("date")) if updated else "",
    )


def _packages(update: Element, id_: str) -> Iterator[Affected]:
    """The packages, those that differ by their architecture only in one."""
    found: dict[tuple[str, str, str, str], dict[str, None]] = {}
    for collection in update.under("pkglist", "collection"):
        module = collection.child("module")
        stream = f"{module.get('name')}:{module.get('stream')}" if module else ""
        for package in collection.named("package"):
            name, version = word(package.get("name")), word(package.get("version"))
            release, arch = word(package.get("release")), word(package.get("arch"))
            ecosystem = _ecosystem(id_, release)
            if name and version and ecosystem and arch not in _SOURCE:
                evr = f"{word(package.get('epoch')) or '0'}:{version}"
                key = (ecosystem, name, f"{evr}-{release}" if release else evr, word(stream))
                found.setdefault(key, {})[arch] = None
    for (ecosystem, name, evr, stream), arches in found.items():
        every = "noarch" in arches or "" in arches
        yield Affected(
            ecosystem, name, (Events(fixed=evr),), modular=stream,
            arches=() if every else tuple(arches),
        )  # fmt: skip


def _ecosystem(id_: str, release: str) -> str:
    if id_.startswith("ALAS"):
        amazon = _AMAZON.fullmatch(f".{release}")
        return f"Amazon Linux:{amazon[1]}" if amazon else ""
    erratum, tag = _ERRATUM.fullmatch(id_), _TAG.search(release)
    name = _DISTRIBUTIONS.get(erratum[1], "") if erratum else ""
    return f"{name}:{tag[1]}" if name and tag else ""
