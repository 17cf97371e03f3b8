"""OSV: one JSON document for each advisory, the form that most sources publish in.

Sources: the OSV schema 1.7.5 and the extensions of its producers: RustSec's ``informational``,
Go's ``review_status`` and ``imports``, GitHub's ``severity`` and ``cwe_ids``, Debian's
``urgency``, Ubuntu's words of severity.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import (
    AFFECTED,
    END_OF_LIFE,
    MALICIOUS,
    NOTICE,
    UNMAINTAINED,
    UNREVIEWED,
    UNSOUND,
    Advisory,
    Affected,
    Record,
    Score,
    Unread,
)
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.osv_ranges import commits, ranges
from seawall.advisories.feeds.sources import licence_of
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cwes,
    day,
    document,
    ids,
    is_beside,
    line,
    prose,
    table,
    tables,
    word,
    words,
    yaml_document,
)

MAX_AFFECTED = 20_000
"""Entries of one advisory; SUSE's largest has about 5,000."""
_INFORMATIONAL = {"unmaintained": UNMAINTAINED, "unsound": UNSOUND, "notice": NOTICE}
_ECOSYSTEMS = {"kubernetes": "Kubernetes"}
"""How the names of ecosystems are written wrong."""
_VECTORS = {"CVSS_V2", "CVSS_V3", "CVSS_V4"}
_VOICES = {
    "GHSA": "ghsa", "PYSEC": "pypa", "GO": "go", "BIT": "bitnami", "JLSEC": "julia",
    "DSA": "debian", "DLA": "debian", "DEBIAN": "debian", "USN": "ubuntu", "LSN": "ubuntu",
    "RHSA": "redhat", "RHBA": "redhat", "RHEA": "redhat", "ALSA": "almalinux",
    "RLSA": "rocky", "RXSA": "rocky", "BELL": "bellsoft", "CVE": "",
}  # fmt: skip
"""Who speaks in the records of a prefix, where that is not the prefix itself."""


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories of an archive: one a member, or a list of them; JSON, or YAML (PyPA's)."""
    for member in members:
        is_yaml = member.name.endswith((".yaml", ".yml"))
        if is_beside(member.name) and not is_yaml:
            continue
        try:
            found = yaml_document(member.read()) if is_yaml else document(member)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))
            continue
        for each in found if isinstance(found, list) else (found,):  # Red Hat's all.json
            yield from advisory(each, source, member.name)


def advisory(value: object, source: str, name: str) -> Iterator[Record]:
    """The record of one document, and what of it could not be understood."""
    if not isinstance(value, dict):
        yield Unread(source, name, "it is no JSON object")
        return
    id_ = word(value.get("id"))
    if not id_ or " " in id_:
        yield Unread(source, name, "it has no id")
        return
    withdrawn = day(value.get("withdrawn"))
    affected: list[Affected] = []
    reasons: dict[str, None] = {}
    for entry in tables(value.get("affected")):
        try:
            affected.extend(_affected(entry))
        except Malformed as problem:
            reasons[str(problem)] = None
    if not affected and not withdrawn:
        yield Unread(source, id_, next(iter(reasons), "it names no affected package"))
        return
    yield _advisory(value, id_, source, tuple(affected[:MAX_AFFECTED]), withdrawn)
    for reason in reasons:
        yield Unread(source, id_, reason)


def _advisory(
    value: dict[str, Any], id_: str, source: str, affected: tuple[Affected, ...], withdrawn: str
) -> Advisory:
    specific = table(value.get("database_specific"))
    entries = list(tables(value.get("affected")))
    licence = word(specific.get("license"))
    return Advisory(
        id_,
        source,
        affected,
        aliases=tuple(other for other in ids(value.get("aliases")) if other != id_),
        upstream=ids(value.get("upstream")),
        related=ids(value.get("related")),
        summary=line(value.get("summary")),
        details=prose(value.get("details")),
        scores=_scores(value, specific, id_),
        cwes=cwes(_weaknesses(specific, entries)),
        references=addresses(each.get("url") for each in tables(value.get("references"))),
        published=day(value.get("published")),
        modified=day(value.get("modified")),
        withdrawn=withdrawn,
        flags=tuple(_flags(id_, specific, entries)),
        licence="" if licence == licence_of(source) else licence,
    )


def _affected(entry: dict[str, Any]) -> Iterator[Affected]:
    package = table(entry.get("package"))
    ecosystem, name = word(package.get("ecosystem")), word(package.get("name"))
    versions = words(entry.get("versions"))
    ecosystem = _ECOSYSTEMS.get(ecosystem, ecosystem)
    events = tuple(ranges(entry, ecosystem))
    if not ecosystem or not name:
        yield from _repositories(entry, versions)
        return
    if not events and not versions:
        yield from _repositories(entry, versions)
        return
    specific = table(entry.get("ecosystem_specific"))
    urgency = word(specific.get("urgency"))
    vectors, words_ = _severities(entry)
    yield Affected(
        ecosystem,
        name,
        events,
        versions,
        status=END_OF_LIFE if urgency == "end-of-life" else AFFECTED,
        severity=(words_ or (urgency,))[0].lower(),
        vectors=vectors,
        imports=words([each.get("path") for each in tables(specific.get("imports"))]),
    )


def _repositories(entry: dict[str, Any], versions: tuple[str, ...]) -> Iterator[Affected]:
    """What is known by its repository only. Raises ``Malformed`` when nothing is."""
    found = list(commits(entry))
    if not found:
        raise Malformed("a package is named without versions" if entry.get("package")
                        else "neither a package nor a repository is named")  # fmt: skip
    for repository, events in found:
        yield Affected("GIT", repository, events, versions)


def _severities(value: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The vectors and the words of a ``severity`` list."""
    vectors: dict[str, None] = {}
    found: dict[str, None] = {}
    for each in tables(value.get("severity")):
        score = word(each.get("score"))
        if score:
            (vectors if word(each.get("type")) in _VECTORS else found)[score] = None
    return tuple(vectors), tuple(found)


def _scores(value: dict[str, Any], specific: dict[str, Any], id_: str) -> tuple[Score, ...]:
    prefix = id_.partition("-")[0]
    voice = _VOICES.get(prefix, prefix.lower())
    vectors, found = _severities(value)
    severity = specific.get("severity")
    if isinstance(severity, str) and not severity.startswith("CVSS"):
        found = (*found, word(severity))
    return (
        *(Score(voice, vector=vector) for vector in vectors),
        *(Score(voice, word=each.lower()) for each in found if each),
    )


def _weaknesses(specific: dict[str, Any], entries: list[dict[str, Any]]) -> Iterator[object]:
    for key in ("cwe_ids", "cwe", "cwes"):
        yield from words(specific.get(key))
    for entry in entries:
        for each in tables(table(entry.get("database_specific")).get("cwes")):
            yield each.get("cweId")


def _flags(id_: str, specific: dict[str, Any], entries: list[dict[str, Any]]) -> Iterator[str]:
    if id_.startswith("MAL-") or specific.get("malicious-packages-origins"):
        yield MALICIOUS
    if specific.get("review_status") == "UNREVIEWED" or specific.get("github_reviewed") is False:
        yield UNREVIEWED
    informational = (
        table(entry.get("database_specific")).get("informational") for entry in entries
    )
    yield from dict.fromkeys(
        _INFORMATIONAL[each] for each in informational
        if isinstance(each, str) and each in _INFORMATIONAL
    )  # fmt: skip
