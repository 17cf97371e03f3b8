"""Findings joined into blocks: what one edit would mend is told once."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seawall.core.finding import Finding, Subject
from seawall.core.location import Location
from seawall.core.severity import Severity


class Place(NamedTuple):
    """A place of a statement, with the containers it holds for."""

    location: Location
    containers: tuple[str, ...]


class Statement(NamedTuple):
    """One message and every place it is true of."""

    message: str
    containers: tuple[str, ...]
    places: tuple[Place, ...]


class Block(NamedTuple):
    """Findings of one object with one remedy; the severity is that of the worst."""

    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        """The worst severity in the block."""
        return max(finding.severity for finding in self.findings)

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules, each once, in the order of the findings."""
        return tuple(dict.fromkeys(finding.rule.id for finding in self.findings))

    @property
    def subject(self) -> Subject:
        """What the block is about."""
        return self.findings[0].subject

    @property
    def remedy(self) -> str:
        """How all of it is mended."""
        return self.findings[0].remedy

    def statements(self) -> Iterator[Statement]:
        """The messages, each once, with its containers and places."""
        by_message: dict[str, dict[Location, dict[str, None]]] = {}
        for finding in self.findings:
            places = by_message.setdefault(finding.message, {})
            containers = places.setdefault(finding.location, {})
            if finding.subject.container:
                containers[finding.subject.container] = None
        for message, places in by_message.items():
            together = [Place(location, tuple(names)) for location, names in places.items()]
            named = dict.fromkeys(name for place in together for name in place.containers)
            yield Statement(message, tuple(named), tuple(together))


def by_file(findings: Iterable[Finding]) -> dict[str, list[Block]]:
    """The blocks of each file; files and blocks in the order of their first finding."""
    files: dict[str, dict[object, list[Finding]]] = {}
    for index, finding in enumerate(findings):
        groups = files.setdefault(finding.location.path, {})
        groups.setdefault(_key(finding, index), []).append(finding)
    return {
        path: [Block(tuple(group)) for group in groups.values()] for path, groups in files.items()
    }


def _key(finding: Finding, index: int) -> object:
    subject = finding.subject
    if not subject.name:  # nothing says that two nameless things are the same
        return index
    return (
        subject.kind,
        subject.namespace,
        subject.name,
        finding.location.document,
        finding.remedy,
    )
