"""What packages of apk ask of each other (apk-tools' ``src/package.c``, apk-world(5))."""

from collections.abc import Iterator

from seawall.advisories.versions.schemes import scheme
from seawall.core.lazy import pattern
from seawall.patching.relations import Relation, Unit

_DEPENDENCY = pattern(r"(!?)([^<>=~@\s]+)(?:([<>=~]+)([^@\s]+))?(?:@\S+)?")
_FUZZY = "~"
_ANY = "><"
"""Asks for a package by its sum: it is never met by another."""


def unit_of(name: str, version: str, architecture: str, depends: str, provides: str) -> Unit:
    """A package, with what it asks for and provides as its database writes it."""
    wanted = [*_relations(depends)]
    return Unit(
        name, version, architecture, "",
        tuple((relation,) for negated, relation in wanted if not negated),
        tuple(relation for negated, relation in wanted if negated),
        tuple(relation for _, relation in _relations(provides)),
    )  # fmt: skip


def _relations(text: str) -> Iterator[tuple[bool, Relation]]:
    for word in text.split():
        found = _DEPENDENCY.fullmatch(word)
        if found is not None:
            yield bool(found[1]), Relation(found[2], "", found[3] or "", found[4] or "")
        else:
            yield False, Relation(word, "", "", "")


def compare(first: str, second: str) -> int | None:
    """As ``relations.compare``, in the order of apk."""
    key = scheme("apk").key
    one, other = key(first), key(second)
    return None if one is None or other is None else (one > other) - (one < other)


def fits(relation: Relation, version: str) -> bool:
    """Whether a version is one that is asked for."""
    operator = relation.operator
    if not operator:
        return True
    if operator == _ANY:
        return False
    if _FUZZY in operator and _begins(version, relation.version):
        return True
    order = compare(version, relation.version)
    return order is not None and {-1: "<", 0: "=", 1: ">"}[order] in operator.replace("~", "")


def _begins(version: str, start: str) -> bool:
    """Whether a version is one of those that ``~`` means: ``1.2`` of 1.2.3 and 1.2-r1."""
    return version.startswith(start) and not version[len(start) : len(start) + 1].isdigit()
