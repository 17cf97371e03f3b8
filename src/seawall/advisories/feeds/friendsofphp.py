"""Security advisories of PHP packages: one YAML file for each.

Source: FriendsOfPHP/security-advisories, its README. A branch has a list of constraints all of
which hold for its affected versions; any branch is enough.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import Advisory, Affected, Record, Unread
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cves,
    day,
    line,
    table,
    tables,
    word,
    words,
    yaml_document,
)

_SCHEME = "composer://"


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories; files that are no YAML are none."""
    for member in members:
        hidden = any(part.startswith(".") for part in member.name.split("/"))
        if hidden or not member.name.endswith((".yaml", ".yml")):
            continue
        try:
            yield _advisory(table(yaml_document(member.read())), source, member.name)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _advisory(value: dict[str, Any], source: str, path: str) -> Advisory:
    reference = word(value.get("reference"))
    package = reference.removeprefix(_SCHEME).lower()
    if not reference.startswith(_SCHEME) or "/" not in package:
        raise Malformed("it names no package of Composer")
    branches = list(tables(list(table(value.get("branches")).values())))
    native = tuple(
        dict.fromkeys(", ".join(each) for b in branches if (each := words(b.get("versions"))))
    )
    if not native:
        raise Malformed("it has no affected versions")
    stem = path.rpartition("/")[2].partition(".")[0]
    return Advisory(
        f"FOP-{package.replace('/', '-')}-{stem}",
        source,
        (Affected("Packagist", package, native=native),),
        aliases=cves(line(value.get("cve"))),
        summary=line(value.get("title")),
        references=addresses([value.get("link")]),
        published=min(filter(None, (day(each.get("time")) for each in branches)), default=""),
    )
