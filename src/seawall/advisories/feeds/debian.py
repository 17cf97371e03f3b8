"""Debian: the security tracker, changelogs that name CVEs, and the versions of a security suite.

Sources: the tracker's ``data/json`` (source package, CVE, release) and the meaning of its words in
doc/security-team.d.o/security_tracker of the tracker's repository; the versions of what
is built again for another release, in the Developer's Reference, 5.11.2, and at
backports.debian.org/Contribute.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import (
    AFFECTED,
    END_OF_LIFE,
    FIX_DEFERRED,
    NOT_AFFECTED,
    NOTICE,
    WILL_NOT_FIX,
    Advisory,
    Affected,
    Events,
    Record,
    Unread,
)
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.json_parts import entries
from seawall.advisories.feeds.values import (
    Malformed,
    items,
    line,
    mail_day,
    prose,
    table,
    word,
)
from seawall.core.lazy import pattern

RELEASES = {
    "wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11",
    "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15", "sid": "sid",
}  # fmt: skip
_ID = pattern(r"(?:CVE-\d{4}-\d{4,19}|TEMP-\d+-[0-9A-F]+)")
_EXPERIMENTAL = pattern(r"~exp[0-9]+\Z")
_URGENCIES = {"unimportant", "low", "medium", "high"}
_POINTS = {"ignored": WILL_NOT_FIX, "postponed": FIX_DEFERRED}
"""What is meant by the reasons of ``nodsa``; without one, a point release may mend it."""


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories of the tracker, of lines of changelogs, or of a suite's table of versions."""
    for member in members:
        base = member.name.rpartition("/")[2]
        try:
            if base.endswith(".tsv"):
                yield from _suite(member, source)
            elif ".jsonl:" in base:
                yield from _changelog(member, source)
            else:
                for package, faults in entries(member.read()):
                    yield from _package(package, table(faults), source)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


# The tracker ----------------------------------------------------------------------------------


def _package(package: str, faults: dict[str, Any], source: str) -> Iterator[Record]:
    name = word(package)
    for id_, fault in faults.items():
        if not name or not _ID.fullmatch(id_):
            yield Unread(source, f"{line(package, 80)} {line(id_, 40)}", "it has no CVE id")
            continue
        value = table(fault)
        affected = tuple(
            each
            for release, state in table(value.get("releases")).items()
            if (each := _state(name, release, table(state)))
        )
        if affected:
            yield Advisory(
                f"DEBIAN-{id_}" if id_.startswith("CVE-") else id_,
                source,
                affected,
                upstream=(id_,) if id_.startswith("CVE-") else (),
                details=prose(value.get("description")),
            )


def _state(name: str, release: str, state: dict[str, Any]) -> Affected | None:
    """What is said of a release; ``None`` when it is not known yet whether it is affected."""
    status, fixed = word(state.get("status")), word(state.get("fixed_version"))
    number = RELEASES.get(release)
    if number is None or status not in {"open", "resolved"}:
        return None
    urgency = word(state.get("urgency")).rstrip("*")
    severity = urgency if urgency in _URGENCIES else ""
    ecosystem = f"Debian:{number}"
    if fixed == "0":
        return Affected(ecosystem, name, (Events(),), status=NOT_AFFECTED, severity=severity)
    if fixed:  # whatever else is said: it can be mended
        return Affected(ecosystem, name, (Events(fixed=fixed),), severity=severity)
    if status == "resolved":
        return None
    reason = word(state.get("nodsa_reason"))
    word_ = END_OF_LIFE if urgency == "end-of-life" else _POINTS.get(reason, AFFECTED)
    return Affected(ecosystem, name, (Events(),), status=word_, severity=severity)


# Changelogs -----------------------------------------------------------------------------------


def _changelog(member: Member, source: str) -> Iterator[Record]:
    """An entry of a package's changelog: the CVEs that its version mends.

    A package of a release has the entries of the suites in it that it came from.
    """
    value = dict(entries(member.read()))
    name, version = word(value.get("source")), word(value.get("version"))
    if not name or not version:
        raise Malformed("it names no source package or no version")
    codename = _codename(member.name)
    is_own = word(value.get("suite")).partition("-")[0] == codename
    ranges = (Events(fixed=version),) if is_own else _before(version)
    affected = (Affected(f"Debian:{RELEASES[codename]}", name, ranges),)
    for id_ in items(value.get("cves")):
        if not isinstance(id_, str) or not _ID.fullmatch(id_):
            yield Unread(source, f"{name} {line(id_, 40)}", "it has no CVE id")
            continue
        yield Advisory(
            f"DEBIAN-{id_}",
            source,
            affected,
            upstream=(id_,),
            modified=mail_day(value.get("date")),
        )


def _before(version: str) -> tuple[Events, ...]:
    """The versions of a release that lack what a version of another suite has.

    ``V~deb12u1`` and ``V~bpo12+1`` are ``V``, built again for Debian 12; dpkg has them before it.
    ``V~exp1`` was before it, in experimental.
    """
    base = _EXPERIMENTAL.sub("", version)
    return Events(limit=f"{base}~bpo"), Events(f"{base}~exp", fixed=version)


def _codename(path: str) -> str:
    codename = path.rpartition("/")[2].partition("-")[0]
    if codename not in RELEASES:
        raise Malformed("the name of the file does not start with a release of Debian")
    return codename


def _suite(member: Member, source: str) -> Iterator[Record]:
    """A table of source and binary packages of a security suite, with their versions.

    It does not tell which faults they mend, only that older versions lack the latest update.
    """
    number = RELEASES[_codename(member.name)]
    rows = member.read().decode("utf-8", "replace").splitlines()
    if not rows or rows[0].split("\t")[:2] != ["source", "source_version"]:
        raise Malformed("it has no columns source and source_version")
    seen: set[str] = set()
    for place, row in enumerate(rows[1:], start=2):
        fields = row.split("\t")
        name = word(fields[0])
        version = word(fields[1]) if len(fields) > 1 else ""
        if not name or not version:
            yield Unread(source, f"{member.name}:{place}", "it has no source package or version")
        elif name not in seen:
            seen.add(name)
            yield Advisory(
                f"DEBIAN-{number}-SECURITY-{name}",
                source,
                (Affected(f"Debian:{number}", name, (Events(fixed=version),)),),
                summary=f"The security suite of Debian {number} has {name} {version}"[:300],
                flags=(NOTICE,),
            )
