"""Red Hat's CSAF documents: VEX for each CVE, and advisories.

Sources: CSAF 2.0, sections 3.2.2 (product tree) and 3.2.3 (vulnerabilities); Red Hat's guide to
its security data on the details of remediations.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import (
    AFFECTED,
    END_OF_LIFE,
    FIX_DEFERRED,
    NOT_AFFECTED,
    UNDER_INVESTIGATION,
    WILL_NOT_FIX,
    Advisory,
    Affected,
    Events,
    Record,
    Score,
    Unread,
)
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.redhat_products import Products
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cwes,
    day,
    items,
    line,
    prose,
    record,
    table,
    tables,
    word,
)
from seawall.core.lazy import pattern

_CVE = pattern(r"CVE-\d{4}-\d{4,19}")
_ERRATUM = pattern(r".*/(RH[SBE]A-\d{4}:\d{1,6})")
_NO_FIX = {
    "out of support scope": END_OF_LIFE, "will not fix": WILL_NOT_FIX,
    "fix deferred": FIX_DEFERRED, "affected": AFFECTED,
    "under investigation": UNDER_INVESTIGATION,
}  # fmt: skip
_FILES = ("changes.csv", "deletions.csv", "releases.csv", "index.txt", "archive_latest.txt")

_Key = tuple[str, str, str]
"""Ecosystem, name and module of a package."""


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories of each document: one for each CVE."""
    for member in members:
        if member.name.endswith(_FILES):
            continue
        try:
            yield from _document(record(member), source, member.name)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _document(value: dict[str, Any], source: str, where: str) -> Iterator[Record]:
    about = table(value.get("document"))
    tracking = table(about.get("tracking"))
    vulnerabilities = list(tables(value.get("vulnerabilities")))
    if not vulnerabilities:
        raise Malformed("it has no vulnerabilities")
    products = Products(table(value.get("product_tree")))
    rating = word(table(about.get("aggregate_severity")).get("text")).lower()
    for each in vulnerabilities:
        id_ = word(each.get("cve"))
        if not _CVE.fullmatch(id_):
            yield Unread(source, where, "it has no CVE id")
            continue
        affected = tuple(_affected(each, products))
        if not affected:
            yield Unread(source, id_, "it names no RPM package")
            continue
        yield Advisory(
            f"REDHAT-{id_}",
            source,
            affected,
            upstream=(id_,),
            related=tuple(_errata(each, word(tracking.get("id")))),
            summary=line(each.get("title")),
            details=prose(_notes(each)),
            scores=(*_vectors(each), *([Score("redhat", word=rating)] if rating else [])),
            cwes=cwes([table(each.get("cwe")).get("id")]),
            references=addresses(r.get("url") for r in tables(each.get("references"))),
            published=day(each.get("release_date")),
            modified=day(tracking.get("current_release_date")),
        )


def _notes(value: dict[str, Any]) -> object:
    for note in tables(value.get("notes")):
        if note.get("category") == "description":
            return note.get("text")
    return ""


def _errata(value: dict[str, Any], own: str) -> Iterator[str]:
    found = [own] if own.startswith("RH") else []
    for remedy in tables(value.get("remediations")):
        erratum = _ERRATUM.fullmatch(word(remedy.get("url")))
        if erratum:
            found.append(erratum[1])
    yield from dict.fromkeys(found)


def _vectors(value: dict[str, Any]) -> Iterator[Score]:
    vectors: dict[str, None] = {}
    for score in tables(value.get("scores")):
        for key in ("cvss_v4", "cvss_v3", "cvss_v2"):
            vector = word(table(score.get(key)).get("vectorString"))
            if vector:
                vectors[vector] = None
    yield from (Score("redhat", vector=vector) for vector in vectors)


def _affected(value: dict[str, Any], products: Products) -> Iterator[Affected]:
    """What is said of each package, first what is certain: mended, affected, not affected."""
    statuses = table(value.get("product_status"))
    severities = _by_product(value.get("threats"), "impact")
    no_fix = {
        **_by_product(value.get("remediations"), "none_available"),
        **_by_product(value.get("remediations"), "no_fix_planned"),
    }
    said: set[_Key] = set()
    fixed: dict[tuple[_Key, str, str], dict[str, None]] = {}
    for product in items(statuses.get("fixed")):
        found = products.find(product)
        if found and found.evr and found.arch != "src":
            key = (found.ecosystem, found.name, found.module)
            said.add(key)
            severity = severities.get(product, "")
            fixed.setdefault((key, found.evr, severity), {})[found.arch] = None
    for (key, evr, severity), arches in fixed.items():
        every = "noarch" in arches or "" in arches
        yield Affected(
            key[0], key[1], (Events(fixed=evr),), severity=severity, modular=key[2],
            arches=() if every else tuple(arches),
        )  # fmt: skip
    for kind, status in (
        ("known_affected", AFFECTED), ("under_investigation", UNDER_INVESTIGATION),
        ("known_not_affected", NOT_AFFECTED),
    ):  # fmt: skip
        for product in items(statuses.get(kind)):
            found = products.find(product)
            key = (found.ecosystem, found.name, found.module) if found else ("", "", "")
            if not found or key in said or (found.arch == "src" and found.evr):
                continue
            said.add(key)
            reason = no_fix.get(product, "") if kind == "known_affected" else ""
            yield Affected(
                key[0], key[1], (Events(),), status=_NO_FIX.get(reason, status),
                severity=severities.get(product, ""), modular=key[2],
            )  # fmt: skip


def _by_product(value: object, category: str) -> dict[object, str]:
    """The details of entries of a category, by the product they are about."""
    found: dict[object, str] = {}
    for each in tables(value):
        if each.get("category") == category:
            details = line(each.get("details"), 60).lower()
            for product in items(each.get("product_ids")):
                if isinstance(product, str):
                    found[product] = details
    return found
