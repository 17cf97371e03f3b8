"""What is to be made together or not at all: one fix of one finding."""

from collections.abc import Iterable
from typing import NamedTuple

from seawall.core.edit import Edit, Fix, Repair, Safety
from seawall.core.finding import Finding, fingerprint_basis

Mark = tuple[str, str]
"""What a finding is known by from one look at the files to the next: its file and its basis."""
Key = tuple[str, str, str]
"""What a fix is known by: the finding's mark and the title."""


def mark(finding: Finding) -> Mark:
    """What a finding is known by, here in its file: equal objects stand in several."""
    return finding.location.path, fingerprint_basis(finding)


TIERS = (Safety.SAFE, Safety.LOCK, Safety.UNSAFE)


class Part(NamedTuple):
    """What a fix does to one file, or to one document of it: edits of bytes, or operations."""

    group: "Group"
    path: str
    edits: tuple[Edit, ...] = ()
    repair: Repair | None = None


class Group:
    """A fix of a finding; either edits of bytes or operations on a document."""

    __slots__ = ("_key", "finding", "fix", "paths", "repair")

    def __init__(
        self, finding: Finding, fix: Fix | None = None, repair: Repair | None = None
    ) -> None:
        self.finding = finding
        self.fix = fix
        self.repair = repair
        self._key: Key | None = None
        self.paths = tuple(dict.fromkeys(part.path for part in self.parts))
        """All files that it changes, each once."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it does to each file: all of it, or nothing."""
        if self.repair is not None:
            repairs = (self.repair, *self.repair.others)
            return tuple(Part(self, repair.path, repair=repair) for repair in repairs)
        by_path: dict[str, list[Edit]] = {}
        for edit in self.fix.edits if self.fix is not None else ():
            by_path.setdefault(edit.path, []).append(edit)
        return tuple(Part(self, path, tuple(edits)) for path, edits in by_path.items())

    @property
    def path(self) -> str:
        """The first file that it changes, as reports show it."""
        return self.paths[0] if self.paths else self.finding.location.path

    @property
    def lengthens(self) -> bool:
        """Whether it adds lines to a file that is edited by bytes."""
        edits = self.fix.edits if self.fix is not None else ()
        return any("\n" in edit.replacement for edit in edits)

    @property
    def title(self) -> str:
        """What it does, in words."""
        chosen = self.fix or self.repair
        return chosen.title if chosen else ""

    @property
    def safety(self) -> Safety:
        """Its tier."""
        chosen = self.fix or self.repair
        return chosen.safety if chosen else Safety.UNSAFE

    @property
    def effect(self) -> str:
        """How behaviour may change."""
        chosen = self.fix or self.repair
        return chosen.effect if chosen else ""

    @property
    def note(self) -> str:
        """What is left for a person to do."""
        chosen = self.fix or self.repair
        return chosen.note if chosen else ""

    @property
    def brings(self) -> tuple[str, ...]:
        """Rules that will have something to say of it, by design."""
        chosen = self.fix or self.repair
        return chosen.brings if chosen else ()

    @property
    def risks(self) -> tuple[str, ...]:
        """Rules that report it, perhaps elsewhere, where it does not fit."""
        return self.repair.risks if self.repair else ()

    @property
    def key(self) -> Key:
        """What it is known by from one look at the files to the next."""
        if self._key is None:
            self._key = (*mark(self.finding), self.title)
        return self._key


def groups_of(findings: Iterable[Finding], tiers: frozenset[Safety]) -> list[Group]:
    """The first allowed fix of each finding, the worst findings first."""
    result = []
    for finding in sorted(findings, key=lambda item: (-item.severity, item.sort_key())):
        group = _first(finding, tiers)
        if group is not None:
            result.append(group)
    return result


def _first(finding: Finding, tiers: frozenset[Safety]) -> Group | None:
    for tier in TIERS:
        if tier not in tiers:
            continue
        for repair in finding.repairs:
            if repair.safety is tier:
                return Group(finding, repair=repair)
        for fix in finding.fixes:
            if fix.safety is tier:
                return Group(finding, fix=fix)
    return None
