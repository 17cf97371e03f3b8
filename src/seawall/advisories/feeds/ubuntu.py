"""Ubuntu: its OSV records, answers of its CVE service, and files of the Ubuntu CVE Tracker.

Sources: ubuntu.com/security/cves.json (API of Ubuntu's security notices); the README of the Ubuntu
CVE Tracker on the states of packages and their notes.
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
from seawall.advisories.feeds import osv
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    day,
    document,
    items,
    line,
    prose,
    tables,
    word,
)
from seawall.core.lazy import pattern

RELEASES = {
    "trusty": "14.04:LTS", "xenial": "16.04:LTS", "bionic": "18.04:LTS", "focal": "20.04:LTS",
    "jammy": "22.04:LTS", "noble": "24.04:LTS", "resolute": "26.04:LTS",
    "precise": "12.04:LTS", "lucid": "10.04:LTS",
    "groovy": "20.10", "hirsute": "21.04", "impish": "21.10", "kinetic": "22.10", "lunar": "23.04",
    "mantic": "23.10", "oracular": "24.10", "plucky": "25.04", "questing": "25.10",
    "artful": "17.10", "cosmic": "18.10", "disco": "19.04", "eoan": "19.10", "zesty": "17.04",
    "yakkety": "16.10", "wily": "15.10", "vivid": "15.04", "utopic": "14.10",
}  # fmt: skip
_STATES = {
    "needed": AFFECTED, "active": AFFECTED, "in-progress": AFFECTED, "pending": AFFECTED,
    "needs-triage": UNDER_INVESTIGATION, "deferred": FIX_DEFERRED, "ignored": WILL_NOT_FIX,
    "not-affected": NOT_AFFECTED,
}  # fmt: skip
_SILENT = {"DNE", ""}
"""The package does not exist in the release."""
_ID = pattern(r"CVE-\d{4}-\d{4,19}")
_FIELD = pattern(r"([A-Za-z0-9][^:\s]*):(?:[ \t]+(.*))?")
_STATE = pattern(r"([a-zA-Z-]+)(?:[ \t]+\((.*)\))?\s*")
_VERSION = pattern(r"[0-9][A-Za-z0-9.+:~-]*")
MAX_LINES = 20_000


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories of each member, whichever form it has."""
    for member in members:
        base = member.name.rpartition("/")[2]
        try:
            if ".json" not in base:
                if _ID.fullmatch(base):
                    yield _file(member, base, source)
                continue
            value = document(member)
            if isinstance(value, dict) and isinstance(value.get("cves"), list):
                for each in tables(value["cves"]):
                    yield from _answer(each, source, member.name)
            else:
                yield from osv.advisory(value, source, member.name)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


# The CVE service ------------------------------------------------------------------------------


def _answer(value: dict[str, Any], source: str, where: str) -> Iterator[Record]:
    id_ = word(value.get("id"))
    if not _ID.fullmatch(id_):
        yield Unread(source, where, "it has no CVE id")
        return
    affected = [
        found
        for package in tables(value.get("packages"))
        for state in tables(package.get("statuses"))
        if (
            found := _affected(
                word(package.get("name")),
                word(state.get("release_codename")),
                word(state.get("status")),
                line(state.get("description"), 200),
                is_pro=word(state.get("pocket")).startswith("esm"),
            )
        )
    ]
    if affected:
        references = items(value.get("references"))
        yield Advisory(
            f"UBUNTU-{id_}",
            source,
            tuple(affected),
            upstream=(id_,),
            related=tuple(word(each) for each in items(value.get("notices_ids")) if word(each)),
            details=prose(value.get("description")),
            scores=tuple(_priority(word(value.get("priority")))),
            references=addresses(references),
            published=day(value.get("published")),
        )


def _priority(value: str) -> Iterator[Score]:
    if value and value != "untriaged":
        yield Score("ubuntu", word=value.lower())


# Files of the tracker -------------------------------------------------------------------------


def _file(member: Member, id_: str, source: str) -> Advisory:
    """A file of fields; a line that starts with a blank belongs to the field before it."""
    try:
        text = member.read().decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    fields: dict[str, str] = {}
    name = ""
    for row in text.splitlines()[:MAX_LINES]:
        if row[:1] in {" ", "\t"}:
            if name:
                fields[name] += f"\n{row.strip()}"
        elif found := _FIELD.fullmatch(row.rstrip()):
            name = found[1]
            fields[name] = (found[2] or "").strip()
    if "Candidate" not in fields:
        raise Malformed("it has no field Candidate")
    affected = tuple(_states(fields))
    if not affected:
        raise Malformed("it names no affected package")
    priority = fields.get("Priority", "").partition("\n")[0].split(" ")[0]
    return Advisory(
        f"UBUNTU-{id_}",
        source,
        affected,
        upstream=(id_,),
        details=prose(fields.get("Ubuntu-Description") or fields.get("Description")),
        scores=(*_vectors(fields.get("CVSS", "")), *_priority(priority)),
        references=addresses(fields.get("References", "").split()),
        published=day(fields.get("PublicDate")),
    )


def _vectors(text: str) -> Iterator[Score]:
    for row in text.splitlines():
        _, colon, rest = row.partition(": ")
        vector = rest.strip().split(" ")[0]
        if colon and vector.startswith("CVSS:"):
            yield Score("ubuntu", vector=word(vector))


def _states(fields: dict[str, str]) -> Iterator[Affected]:
    for field, value in fields.items():
        release, underscore, package = field.partition("_")
        state = _STATE.match(value.partition("\n")[0])
        if not underscore or state is None or release[:1].isupper():
            continue
        is_pro = release.startswith(("esm-infra/", "esm-apps/")) or release.endswith("/esm")
        codename = release.removesuffix("/esm").removeprefix("esm-infra/").removeprefix("esm-apps/")
        urgency = fields.get(f"Priority_{package}_{codename}") or fields.get(f"Priority_{package}")
        found = _affected(
            word(package), codename, state[1], state[2] or "", is_pro=is_pro,
            severity=(urgency or "").partition("\n")[0].split(" ")[0].lower(),
        )  # fmt: skip
        if found:
            yield found


def _affected(
    name: str, codename: str, state: str, note: str, *, is_pro: bool, severity: str = ""
) -> Affected | None:
    number = RELEASES.get(codename)
    if number is None or not name or state in _SILENT:
        return None
    ecosystem = f"Ubuntu:Pro:{number}" if is_pro else f"Ubuntu:{number}"
    if state == "released":
        fixed = _VERSION.match(note)
        if fixed is None:
            return None
        return Affected(ecosystem, name, (Events(fixed=fixed[0]),), severity=severity)
    status = _STATES.get(state)
    if status is None:
        return None
    if status == WILL_NOT_FIX and note.startswith(("end of", "was needs-triage", "reached end")):
        status = END_OF_LIFE
    return Affected(ecosystem, name, (Events(),), status=status, severity=severity)
