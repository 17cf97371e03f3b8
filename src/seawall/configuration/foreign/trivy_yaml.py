"""Trivy's ignore file in YAML (pkg/result/ignore.go of 0.74)."""

from typing import TYPE_CHECKING, NamedTuple

from seawall.configuration.foreign.documents import File
from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.trivy import EVERYWHERE, entry
from seawall.configuration.foreign.words import Foreign
from seawall.core.finding import Finding
from seawall.core.ignore import Ignore, Scope
from seawall.core.location import KeyPath
from seawall.text.doublestar import Globs
from seawall.text.gitignore import Base, RootedPaths
from seawall.text.scalars import Value
from seawall.triage.matching import Matching

if TYPE_CHECKING:
    from seawall.packages.purl import Purl

_SECTIONS = ("misconfigurations", "vulnerabilities", "secrets", "licenses")
_ENTRY = ("id", "paths", "purls", "expired_at", "statement")


def read(file: ForeignFile, base: Base) -> Foreign:
    """``.trivyignore.yaml``: what is misconfigured, vulnerable or a secret, by id and path."""
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
            if section != "licenses":
                ignores += found
    return Foreign((file.path,), (file.directory,), ignores=tuple(ignores), notes=tuple(notes))


def _yaml_entry(
    document: File, row: Value, at: KeyPath, base: Base, notes: list[str]
) -> list[Ignore]:
    table = document.table(row, at)
    place = document.location(*at)
    where = f"{document.path}:{place.span.line if place.span else 1}"
    notes += [
        f"{where}: Trivy knows no {key!r} here; known: {', '.join(_ENTRY)}"
        for key in table
        if key not in _ENTRY
    ]
    id_ = document.text(table.get("id"), (*at, "id"))
    date = document.text(table.get("expired_at"), (*at, "expired_at"))
    reason = document.text(table.get("statement"), (*at, "statement"))
    paths = document.texts(table.get("paths"), (*at, "paths"))
    if not id_:
        notes.append(f"{where}: an entry without an id ignores nothing")
        return []
    try:
        scope: Scope = Matching(paths=RootedPaths(Globs(paths), base)) if paths else EVERYWHERE
    except ValueError as error:
        document.fail((*at, "paths"), f"{', '.join(map(repr, paths))}: {error}")
    named = document.texts(table.get("purls"), (*at, "purls"))
    if named:
        from seawall.advisories.vex.statement import purls  # noqa: PLC0415 - seldom of use

        products = purls(named)
        if len(products) < len(named):
            document.fail((*at, "purls"), "must be package URLs, such as pkg:npm/lodash@4.17.20")
        scope = _Packages(products, scope)
    return list(entry(id_, date, reason, scope, place, notes))


class _Packages(NamedTuple):
    """Findings in a scope about packages that package URLs name, with their version if any."""

    products: "tuple[Purl, ...]"
    within: Scope

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in this scope."""
        from seawall.advisories.vex.statement import is_about  # noqa: PLC0415 - loaded before

        return is_about(self.products, finding.details) and self.within.covers(finding)
