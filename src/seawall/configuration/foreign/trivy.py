"""Trivy's ignore file (pkg/result/ignore.go of 0.74)."""

import re
from collections.abc import Iterator

from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.words import Foreign
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore, Scope, day_before, fault_of_date
from seawall.core.lazy import pattern
from seawall.core.location import Location, Span
from seawall.text.decoding import Undecodable, decode
from seawall.triage.matching import Matching

TOOL = "trivy"
_CHECK = pattern(r"(?:avd-)?[a-z]+-\d+|cve-.*|ghsa-.*", re.IGNORECASE)
"""Ids that Trivy has in capitals; those of rules about secrets are words: ``github-pat``."""
EVERYWHERE = Matching()


def read(file: ForeignFile) -> Foreign:
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
            yield from entry(
                fields[0], date, " ".join(reason), EVERYWHERE,
                Location(path, span=Span(number, 1, number, len(line.rstrip()) + 1)), notes,
            )  # fmt: skip


def entry(
    id_: str, date: str, reason: str, scope: Scope, place: Location, notes: list[str]
) -> Iterator[Ignore]:
    """An entry ends when its day begins, by Trivy's clock in UTC."""
    line = place.span.line if place.span else 1
    if id_ != id_.upper() and _CHECK.fullmatch(id_):
        notes.append(
            f"{place.path}:{line}: Trivy's ids are in capitals: {id_!r} ignores no check of it"
        )
        return
    day, _, rest = date.partition("T")
    day = day if rest else date.partition(" ")[0]
    fault = fault_of_date(day) if date else ""
    until = "" if fault or not date else day_before(day)
    yield Ignore((id_,), scope, reason, until, place, form="configuration", tool=TOOL, fault=fault)
