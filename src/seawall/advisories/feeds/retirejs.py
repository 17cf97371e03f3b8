"""Retire.js: libraries for browsers, known by what their files look like, and npm packages.

Source: RetireJS/retire.js, repository; ``below`` is exclusive, ``atOrAbove`` inclusive.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import Advisory, Affected, Events, Record, Score, Unread
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cves,
    cwes,
    ids,
    items,
    line,
    prose,
    record,
    table,
    word,
    words,
)
from seawall.core.lazy import pattern

LIBRARIES = "Retire.js"
"""Stands for an ecosystem of libraries found by their files."""
_EXAMPLE = "retire-example"
_EVERYTHING = "999"
"""How a ``below`` starts that means every version."""


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories of both files; which one it is, the patterns for files tell."""
    for member in members:
        try:
            libraries = record(member)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))
            continue
        for name, library in libraries.items():
            for number, entry in enumerate(items(table(library).get("vulnerabilities"))):
                try:
                    yield _advisory(table(entry), word(name), number, table(library), source)
                except Malformed as problem:
                    yield Unread(source, f"{member.name}: {line(name, 80)}", str(problem))


_NPM_NAME = pattern(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*")
_ON_NPM = {"ckeditor": ("ckeditor", "ckeditor4")}
"""Libraries that changed their name on npm: CKEditor 4 at 4.13.0, by the packages' repositories."""


def _npm_names(name: str, library: dict[str, Any], *, is_reviewed: bool) -> tuple[str, ...]:
    """What npm calls a library; empty when nothing tells.

    GitHub reviews advisories about packages of registries: where an entry names one and no other
    name is given, the library is called the same on npm (true of all 33 in August 2026).
    """
    given = word(library.get("npmname"))
    if given or name in _ON_NPM:
        return (given,) if given else _ON_NPM[name]
    return (name,) if is_reviewed and _NPM_NAME.fullmatch(name) else ()


def _bound(value: object) -> str:
    """A version; ``1.0.0-*`` is where the pre-releases of 1.0.0 begin."""
    text = word(value)
    return f"{text.removesuffix('*')}0" if text.endswith("-*") else text


def _advisory(
    value: dict[str, Any], name: str, number: int, library: dict[str, Any], source: str
) -> Advisory:
    below, first = _bound(value.get("below")), _bound(value.get("atOrAbove"))
    if name == _EXAMPLE:
        raise Malformed("it is an example")
    if not name or not (below or first):
        raise Malformed("it has no affected versions")
    identifiers = table(value.get("identifiers"))
    ghsa = word(identifiers.get("githubID"))
    severity = word(value.get("severity")).lower()
    range_ = Events(first or "0", fixed="" if below.startswith(_EVERYTHING) else below)
    excluded = tuple(f"={each}" for each in words(value.get("excludes")))
    targets = [(LIBRARIES, name) if "extractors" in library else ("npm", name)]
    if targets[0][0] == LIBRARIES:
        npm = _npm_names(name, library, is_reviewed=bool(ghsa))
        targets += (("npm", each) for each in npm)
    return Advisory(
        f"RETIREJS-{name}-{word(identifiers.get('retid')) or number}".replace(" ", "-"),
        source,
        tuple(
            Affected(ecosystem, each, (range_,), unaffected=excluded) for ecosystem, each in targets
        ),
        aliases=tuple(
            dict.fromkeys(
                (
                    *cves(" ".join(ids(identifiers.get("CVE")))),
                    *([ghsa] if ghsa[:5] == "GHSA-" else []),
                )
            )
        ),
        summary=line(identifiers.get("summary")) or line(value.get("details")),
        details=prose(value.get("details")),
        scores=(Score("retirejs", word=severity),) if severity else (),
        cwes=cwes(items(value.get("cwe"))),
        references=addresses(items(value.get("info"))),
    )
