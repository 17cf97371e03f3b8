"""Who has brought a finding that was not there before the fixes were made."""

from collections.abc import Iterable

from seawall.core.finding import Finding
from seawall.hardening.groups import Group

TOO_LARGE = "too-large-to-judge"
"""What every fix brings that makes a file longer which is nearly too long."""
NEVER = frozenset(("schema-invalid", "duplicate-key"))
"""What no fix may bring, however bad what it mends."""


class Blame:
    """The fixes of a pass, by what they have changed."""

    def __init__(self, made: Iterable[Group]) -> None:
        self._made = list(made)
        self._by_object: dict[tuple[str, ...], list[Group]] = {}
        self._by_path: dict[str, list[Group]] = {}
        self._by_risk: dict[str, list[Group]] = {}
        for group in self._made:
            self._by_object.setdefault(_object(group.finding), []).append(group)
            for path in dict.fromkeys((*group.paths, group.finding.location.path)):
                self._by_path.setdefault(path, []).append(group)
            for rule in group.risks:
                self._by_risk.setdefault(rule, []).append(group)

    def suspects(self, finding: Finding) -> list[Group]:
        """The fixes that may have brought a finding; none where it is a fair price.

        That is so where a fix of its file declares it (``brings``), and where a worse finding of
        the same object was mended: many rules say of one object only the worst, so that the
        lesser was there before, hidden.
        """
        rule = finding.rule.id
        if rule == TOO_LARGE:
            return [one for one in self._by_path.get(finding.location.path, ()) if one.lengthens]
        beside = self._by_path.get(finding.location.path, [])
        if any(rule in group.brings for group in beside):
            return []
        own = self._by_object.get(_object(finding), [])
        risky = self._by_risk.get(rule, [])
        if not risky and rule not in NEVER and hides(own, finding):
            return []
        adding = [group for group in beside if group.repair is not None and group.repair.added]
        return risky or own or adding or beside or self._near(finding) or self._made

    def _near(self, finding: Finding) -> list[Group]:
        """The fixes of objects that live where that of a finding lives."""
        namespace = finding.subject.namespace
        return [group for group in self._made if group.finding.subject.namespace == namespace]


def hides(groups: Iterable[Group], finding: Finding) -> bool:
    """Whether a worse finding than this one was mended."""
    return any(group.finding.severity > finding.severity for group in groups)


def _object(finding: Finding) -> tuple[str, ...]:
    return (finding.location.path, *finding.subject[:3])
