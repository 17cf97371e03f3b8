"""Alpine's security database, JSON and YAML, and that of Wolfi and others in the same form.

Source: secdb.alpinelinux.org and the README of alpine-secdb: ``secfixes`` has the versions of a
package and the ids each mends; ``0`` has those that never affected it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import (
    NOT_AFFECTED,
    Advisory,
    Affected,
    Events,
    Record,
    Unread,
)
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    document,
    items,
    line,
    table,
    tables,
    word,
    yaml_document,
)
from seawall.core.lazy import pattern

_ROLLING = {
    "wolfi": "Wolfi", "chainguard": "Chainguard", "minimos": "MinimOS", "minimus": "MinimOS",
}  # fmt: skip
"""Distributions without releases, by the name of their source."""
_ID = pattern(r"[A-Z][A-Za-z0-9]*-[A-Za-z0-9][A-Za-z0-9._:-]*")
_RELEASE = pattern(r"v\d{1,3}\.\d{1,3}|edge")


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories of each database: one for each package and id."""
    for member in members:
        base = member.name.rpartition("/")[2]
        try:
            if base.endswith(".json"):
                value = document(member)
            elif base.endswith((".yaml", ".yml")):
                value = yaml_document(member.read())
            else:
                continue
            yield from _database(table(value), source, member.name)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _database(value: dict[str, Any], source: str, where: str) -> Iterator[Record]:
    ecosystem = _ROLLING.get(source, "")
    if not ecosystem:
        release = word(value.get("distroversion")) or _release(where)
        if not _RELEASE.fullmatch(release):
            raise Malformed("it does not tell which release of Alpine it is about")
        ecosystem = f"Alpine:{release}"
    if not isinstance(value.get("packages"), list):
        raise Malformed("it has no packages")
    for each in tables(value["packages"]):
        package = table(each.get("pkg"))
        name = word(package.get("name"))
        if not name:
            yield Unread(source, where, "a package has no name")
            continue
        yield from _package(name, table(package.get("secfixes")), ecosystem, source)


def _release(where: str) -> str:
    return next((part for part in where.split("/") if _RELEASE.fullmatch(part)), "")


def _package(name: str, fixes: dict[str, Any], ecosystem: str, source: str) -> Iterator[Record]:
    prefix = ecosystem.partition(":")[0].upper()
    for version, faults in fixes.items():
        fixed = word(version)
        for fault in items(faults):
            found = _ID.findall(fault) if isinstance(fault, str) and len(fault) <= 500 else []
            if not found or not fixed:
                yield Unread(source, f"{name} {line(fault, 40)}".strip(), "it has no id")
                continue
            leading = [each for each in found if each.startswith("CVE-")] or found[:1]
            for id_ in dict.fromkeys(leading):
                if fixed == "0":
                    affected = Affected(ecosystem, name, (Events(),), status=NOT_AFFECTED)
                else:
                    affected = Affected(ecosystem, name, (Events(fixed=fixed),))
                others = [each for each in found if each != id_ and each not in leading]
                yield Advisory(
                    f"{prefix}-{id_}" if id_.startswith("CVE-") else id_,
                    source,
                    (affected,),
                    upstream=tuple(dict.fromkeys((id_, *others))),
                )
