"""Which vulnerabilities a record is about, and by which id they are shown.

Records are joined only over ``aliases``, made symmetric, and only where they share a package:
following ``upstream`` or ``related`` as well makes one cluster of 895 records out of real data. A
record with more than one CVE joins nothing. A distribution's bulletin (DSA, USN, RHSA, ALSA) is
about each CVE that it names.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.advisories.names import CPYTHON, REPOSITORIES
from seawall.core.lazy import pattern
from seawall.packages.ecosystems import type_of

_CVE = pattern(r"CVE-[0-9]{4}-[0-9]{4,19}")
_WRAPPED = pattern(r"[A-Z]+-(CVE-[0-9]{4}-[0-9]{4,19})")
"""One CVE in a distribution's own name: DEBIAN-CVE-…, UBUNTU-CVE-…, ALPINE-CVE-…, BELL-CVE-…"""

_NO_DISTRIBUTIONS = frozenset((CPYTHON, REPOSITORIES))


class Names(NamedTuple):
    """What a record calls itself and others, and the packages it is about."""

    record: int
    id: str
    aliases: tuple[str, ...]
    packages: frozenset[int] = frozenset()


def is_distribution(ecosystem: str) -> bool:
    """Whether an ecosystem, release and all, is that of a distribution's packages."""
    return ecosystem not in _NO_DISTRIBUTIONS and not type_of(ecosystem)


def cve_of(id_: str) -> str:
    """The CVE that an id is or wraps; empty when it is neither."""
    if id_.startswith("CVE-"):
        return id_ if _CVE.fullmatch(id_) else ""
    found = _WRAPPED.fullmatch(id_)
    return str(found[1]) if found else ""


def is_wrapped(id_: str) -> bool:
    """Whether an id is a distribution's name for one CVE, with nothing of its own to say."""
    return _WRAPPED.fullmatch(id_) is not None


def cves_of(ids: Iterable[str]) -> tuple[str, ...]:
    """The CVEs among some ids, each once, in their order."""
    return tuple(dict.fromkeys(cve for cve in map(cve_of, ids) if cve))


def of_bulletin(
    id_: str, aliases: Sequence[str], upstream: Sequence[str], related: Sequence[str]
) -> tuple[str, ...]:
    """The vulnerabilities that a distribution's record is about; its own id where it names none.

    Newer records have them as ``upstream``, older ones as ``related``, the oldest as ``aliases``.
    """
    own = cve_of(id_)
    if own:
        return (own,)
    for names in (upstream, related, aliases):
        found = cves_of(names)
        if found:
            return found
    return tuple(upstream) or (id_,)


def of_records(
    records: Sequence[Names], rejected: Callable[[str], bool] = lambda _cve: False
) -> Iterator[tuple[Names, str]]:
    """Each record of an ecosystem of a language with the id its vulnerability is shown by.

    The only CVE of its cluster, else a GHSA, else the id of the first record by name.
    """
    cves = {names.record: _live(names, rejected) for names in records}
    joining = [names for names in records if len(cves[names.record]) <= 1]
    for cluster in _clusters(joining):
        found = sorted({cve for names in cluster for cve in cves[names.record]})
        for names in cluster:
            own = cves[names.record]
            if len(found) == 1:
                yield names, found[0]
            elif own:
                yield names, own[0]
            else:
                # With several CVEs around, one without a CVE cannot tell whose it is.
                yield names, _without_cve((names,) if found else cluster)
    for names in records:
        if len(cves[names.record]) > 1:
            yield names, names.id


def _live(names: Names, rejected: Callable[[str], bool]) -> tuple[str, ...]:
    found = cves_of((names.id, *names.aliases))
    return tuple(cve for cve in found if not rejected(cve))


def _without_cve(cluster: Sequence[Names]) -> str:
    ids = sorted(names.id for names in cluster)
    others = sorted(alias for names in cluster for alias in names.aliases)
    for id_ in (*ids, *others):
        if id_.startswith("GHSA-"):
            return id_
    return ids[0]


def _clusters(records: Sequence[Names]) -> Iterator[list[Names]]:
    """Records that are tied to each other by names, over packages that they share."""
    by_name: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, names in enumerate(records):
        for name in (names.id, *names.aliases):
            for package in names.packages:
                by_name[name, package].append(place)
    leader = list(range(len(records)))
    for places in by_name.values():
        for place in places[1:]:
            _join(leader, places[0], place)
    found: dict[int, list[Names]] = defaultdict(list)
    for place, names in enumerate(records):
        found[_find(leader, place)].append(names)
    return iter(found.values())


def _find(leader: list[int], place: int) -> int:
    while leader[place] != place:
        leader[place] = leader[leader[place]]
        place = leader[place]
    return place


def _join(leader: list[int], one: int, other: int) -> None:
    first, second = sorted((_find(leader, one), _find(leader, other)))
    leader[second] = first


# Conflicts ------------------------------------------------------------------------------------

_OWN: Mapping[str, str] = {
    "Go": "GO-",
    "crates.io": "RUSTSEC-",
    "Julia": "JLSEC-",
    "Hackage": "HSEC-",
    "opam": "OSEC-",
    "CRAN": "RSEC-",
    "npm": "GHSA-",
    "Maven": "GHSA-",
    "NuGet": "GHSA-",
    "SwiftURL": "GHSA-",
    "GitHub Actions": "GHSA-",
}
"""Whose records count where several are about one package: their ids begin so. Elsewhere (PyPI,
Packagist, RubyGems) what any of them says counts."""


def in_force(ecosystem: str, records: Mapping[int, str]) -> set[int]:
    """Those of the records of one vulnerability and one package, by their ids, that count."""
    prefix = _OWN.get(ecosystem.partition(":")[0])
    own = {record for record, id_ in records.items() if prefix and id_.startswith(prefix)}
    return own or set(records)
