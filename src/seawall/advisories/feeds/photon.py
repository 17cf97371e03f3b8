"""Photon OS: its list of CVEs by package (``cve_data_photon5.0.json``).

Source: VMware's photon_cve_metadata: ``aff_ver`` is a sentence, ``res_ver`` the version that mends
it, ``NA`` where nothing does or nothing needs to.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import (
    NOT_AFFECTED,
    Advisory,
    Affected,
    Events,
    Record,
    Score,
    Unread,
)
from seawall.advisories.cvss import band
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import Malformed, document, items, line, table, word
from seawall.core.lazy import pattern

_ID = pattern(r"CVE-\d{4}-\d{4,19}")
_FILE = pattern(r".*photon(\d+(?:\.\d+)?)\.json")
_NONE = {"", "NA", "N/A"}


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories of each file; the release is in its name."""
    for member in members:
        release = _FILE.fullmatch(member.name.rpartition("/")[2])
        if release is None:
            if "version" not in member.name:  # photon_versions.json lists the releases
                yield Unread(source, member.name, "its name does not tell the release of Photon")
            continue
        number = release[1] if "." in release[1] else f"{release[1]}.0"
        try:
            for each in items(document(member)):
                try:
                    yield _advisory(table(each), f"Photon OS:{number}", source)
                except Malformed as problem:
                    where = line(table(each).get("cve_id"), 60) or member.name
                    yield Unread(source, where, str(problem))
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _advisory(value: dict[str, Any], ecosystem: str, source: str) -> Advisory:
    id_, name = word(value.get("cve_id")), word(value.get("pkg"))
    if not _ID.fullmatch(id_) or not name:
        raise Malformed("it has no CVE id or names no package")
    fixed = word(value.get("res_ver"))
    if line(value.get("status")).lower() == "not affected":
        affected = Affected(ecosystem, name, (Events(),), status=NOT_AFFECTED)
    elif fixed in _NONE:
        affected = Affected(ecosystem, name, (Events(),))
    else:
        affected = Affected(ecosystem, name, (Events(fixed=fixed),))
    score = value.get("cve_score")
    scores: tuple[Score, ...] = ()
    if isinstance(score, (int, float)) and not isinstance(score, bool) and 0 < score <= 10:
        scores = (Score("photon", word=band(score)),)
    return Advisory(f"PHOTON-{id_}", source, (affected,), upstream=(id_,), scores=scores)
