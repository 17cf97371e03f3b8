"""Trivy's ignore files (pkg/result/ignore.go of 0.74): ``.trivyignore`` and its YAML form."""

from collections.abc import Iterator

from seawall.configuration.foreign.documents import File
from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.words import Foreign
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore, Scope, day_before, fault_of_date
from seawall.core.location import KeyPath, Location, Span
from seawall.text.decoding import Undecodable, decode
from seawall.text.doublestar import Globs
from seawall.text.gitignore import Base, RootedPaths
from seawall.text.yaml import Value
from seawall.triage.matching import Matching

TOOL = "trivy"
_SECTIONS = ("misconfigurations", "vulnerabilities", "secrets", "licenses")
_ENTRY = ("id", "paths", "purls", "expired_at", "statement")
_EVERYWHERE = Matching()


def read_plain(file: ForeignFile) -> Foreign:
    """``.trivyignore``: an id a line, with ``exp:2027-01-31`` when it ends on that day.

    The comment above an entry is taken for its reason.
    """
    text = decode(file.data)
    if isinstance(text, Undecodable):
        raise UsageError(f"{file.path}:{text.line}: {text.reason}")
    notes: list[str] = []
    ignores = tuple(_plain_entries(text, file.path, notes))
    return Foreign((file.path,), (file.directory,), ignores=ignores, notes=tuple(notes))


def _plain_entries(text: str, path: str, notes: list[str]) -> Iterator[Ignore]:
    reason: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields:
            reason = []
        elif fields[0].startswith("#"):
            reason.append(line.strip().lstrip("#").strip())
        else:
            date = next((f.removeprefix("exp:") for f in fields[1:] if f.startswith("exp:")), "")
            yield from _entry(
                fields[0], date, " ".join(reason), _EVERYWHERE,
                Location(path, span=Span(number, 1, number, len(line.rstrip()) + 1)), notes,
            )  # fmt: skip


def read_yaml(file: ForeignFile, base: Base) -> Foreign:
    """``.trivyignore.yaml``: misconfigurations by id and path. Other sections are for others."""
    document = File(file.path, file.data)
    notes: list[str] = []
    table = document.table(document.value, ())
    notes += [
        f"{file.path}:{document.line(key)}: {key!r} is no section that Trivy has"
        for key in table
        if key not in _SECTIONS
    ]
    ignores: list[Ignore] = []
    for section in _SECTIONS:
        for number, row in enumerate(document.rows(table.get(section), (section,))):
            found = _yaml_entry(document, row, (section, number), base, notes)
            if section == "misconfigurations":
                ignores += found
    return Foreign((file.path,), (file.directory,), ignores=tuple(ignores), notes=tuple(notes))


def _yaml_entry(
    document: File, row: Value, at: KeyPath, base: Base, notes: list[str]
) -> list[Ignore]:
    entry = document.table(row, at)
    place = document.location(*at)
    where = f"{document.path}:{place.span.line if place.span else 1}"
    notes += [
        f"{where}: Trivy knows no {key!r} here; known: {', '.join(_ENTRY)}"
        for key in entry
        if key not in _ENTRY
    ]
    id_ = document.text(entry.get("id"), (*at, "id"))
    date = document.text(entry.get("expired_at"), (*at, "expired_at"))
    reason = document.text(entry.get("statement"), (*at, "statement"))
    paths = document.texts(entry.get("paths"), (*at, "paths"))
    if not id_:
        notes.append(f"{where}: an entry without an id ignores nothing")
        return []
    try:
        scope: Scope = Matching(paths=RootedPaths(Globs(paths), base)) if paths else _EVERYWHERE
    except ValueError as error:
        document.fail((*at, "paths"), f"{', '.join(map(repr, paths))}: {error}")
    return list(_entry(id_, date, reason, scope, place, notes))


def _entry(
    id_: str, date: str, reason: str, scope: Scope, place: Location, notes: list[str]
) -> Iterator[Ignore]:
    """An entry ends when its day begins, by Trivy's clock in UTC."""
    line = place.span.line if place.span else 1
    if id_ != id_.upper():
        notes.append(
            f"{place.path}:{line}: Trivy's ids are in capitals: {id_!r} ignores no check of it"
        )
        return
    day, _, rest = date.partition("T")
    day = day if rest else date.partition(" ")[0]
    fault = fault_of_date(day) if date else ""
    until = "" if fault or not date else day_before(day)
    yield Ignore((id_,), scope, reason, until, place, form="configuration", tool=TOOL, fault=fault)
