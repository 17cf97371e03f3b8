"""Release lines of products and the days their support ends (endoflife.date).

Sources: endoflife.date's pages of products (YAML before the text), its API (v1 and the older
form of one list for each product).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import Cycle, Record, Unread
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    day,
    document,
    items,
    line,
    table,
    tables,
    word,
    yaml_document,
)

_FENCE = b"---"


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The cycles of each product."""
    for member in members:
        base = member.name.rpartition("/")[2]
        name, _, suffix = base.rpartition(".")
        try:
            if suffix == "md" and "products/" in member.name:
                yield from _page(member, name, source)
            elif suffix == "json":
                yield from _answer(document(member), name, source)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _page(member: Member, name: str, source: str) -> Iterator[Record]:
    data = member.read().replace(b"\r\n", b"\n").lstrip(b"\xef\xbb\xbf")
    if not data.startswith(_FENCE):
        raise Malformed("it has no YAML before its text")
    front = data.split(b"\n---", 1)[0]
    releases = table(yaml_document(front)).get("releases")
    if not isinstance(releases, list):
        raise Malformed("it has no releases")
    for number, each in enumerate(tables(releases)):
        cycle = _version(each.get("releaseCycle"))
        if not cycle:
            yield Unread(source, f"{name}: {number}", "a release has no cycle")
            continue
        yield Cycle(
            name,
            cycle,
            day(each.get("releaseDate")),
            _until(each.get("eoas")),
            _until(each.get("eol")),
            _until(each.get("eoes")),
            _version(each.get("latest")),
        )


def _answer(value: object, name: str, source: str) -> Iterator[Record]:
    if isinstance(value, list):
        for each in tables(value):
            yield _older(each, name, source)
        return
    result = table(value).get("result")
    products = [result] if isinstance(result, dict) else items(result)
    if not products:
        raise Malformed("it has no products")
    for product in tables(products):
        title = word(product.get("name")) or name
        for each in tables(product.get("releases")):
            cycle = _version(each.get("name"))
            if not cycle:
                yield Unread(source, line(title, 80), "a release has no cycle")
                continue
            yield Cycle(
                title,
                cycle,
                day(each.get("releaseDate")),
                _from(each, "eoasFrom", "isEoas"),
                _from(each, "eolFrom", "isEol"),
                _from(each, "eoesFrom", "isEoes"),
                _version(table(each.get("latest")).get("name")),
            )


def _older(each: dict[str, Any], name: str, source: str) -> Record:
    cycle = _version(each.get("cycle"))
    if not cycle:
        return Unread(source, name, "a release has no cycle")
    return Cycle(
        name,
        cycle,
        day(each.get("releaseDate")),
        _until(each.get("support")),
        _until(each.get("eol")),
        _until(each.get("extendedSupport")),
        _version(each.get("latest")),
    )


def _from(each: dict[str, Any], date: str, over: str) -> str:
    return day(each.get(date)) or _until(each.get(over))


def _until(value: object) -> str:
    """A day, or whether it is over (``yes``) or not (``no``); empty when nothing is said."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return day(value)


def _version(value: object) -> str:
    """A version, which YAML makes a number of when it stands without quotes."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return word(value)
