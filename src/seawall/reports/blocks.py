"""Findings joined into blocks: what one edit would mend is told once."""

from collections.abc import Iterable, Iterator, Sequence

from seawall.core.finding import Finding, Subject
from seawall.core.location import Location, made
from seawall.core.named_tuple import NamedTuple
from seawall.core.severity import Severity


class Place(NamedTuple):
    """A place of a statement, with the containers it holds for."""

    location: Location
    containers: tuple[str, ...]


class Statement(NamedTuple):
    """What one rule says in the same words, and every place it is true of."""

    message: str
    containers: tuple[str, ...]
    places: tuple[Place, ...]
    rule: str
    severity: Severity
    """The worst of the findings that say so."""


class Block(NamedTuple):
    """Findings of one object that one edit would mend; the severity is that of the worst."""

    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        """The worst severity in the block."""
        return max([finding.severity for finding in self.findings])

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules, each once, in the order of the findings."""
        return tuple(dict.fromkeys([finding.rule.id for finding in self.findings]))

    @property
    def subject(self) -> Subject:
        """What the block is about."""
        return self.findings[0].subject

    @property
    def remedies(self) -> tuple[str, ...]:
        """How all of it is mended: parts of one edit, in the order of the findings."""
        return tuple(dict.fromkeys([finding.remedy for finding in self.findings]))

    @property
    def is_mixed(self) -> bool:
        """Whether its findings differ in severity."""
        return len(self.findings) > 1 and len({item.severity for item in self.findings}) > 1

    def statements(self) -> list[Statement]:
        """The messages of each rule, each once, with its containers and places."""
        if len(self.findings) == 1:  # nearly always
            return [_statement(self.findings)]
        said: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.findings:
            said.setdefault((finding.rule.id, finding.message), []).append(finding)
        return [_statement(findings) for findings in said.values()]


def _statement(findings: Sequence[Finding]) -> Statement:
    """What findings with one rule and one message say."""
    first = findings[0]
    rule, message = first.rule.id, first.message
    if len(findings) == 1:  # nearly always
        name = first.subject.container
        named: tuple[str, ...] = (name,) if name else ()
        there = made(Place, (first.location, named))
        return made(Statement, (message, named, (there,), rule, first.severity))
    places = tuple(_places(findings))
    named = tuple(dict.fromkeys(name for place in places for name in place.containers))
    return Statement(message, named, places, rule, max(item.severity for item in findings))


def _places(findings: Iterable[Finding]) -> Iterator[Place]:
    """Where findings that say the same are, each place once with its containers."""
    places: dict[Location, dict[str, None]] = {}
    for finding in findings:
        containers = places.setdefault(finding.location, {})
        if finding.subject.container:
            containers[finding.subject.container] = None
    for location, names in places.items():
        yield Place(location, tuple(names))


def by_file(findings: Iterable[Finding], *, joined: bool = False) -> dict[str, list[Block]]:
    """The blocks of each file; files and blocks in the order of their first finding.

    A block has the findings of one object with one remedy, whatever their containers. ``joined``
    blocks go further: what stands at one place of a container is mended there at once (one that
    says nothing of its security gets one ``securityContext``), so blocks that share such a place
    are one block with several remedies.
    """
    findings = tuple(findings)
    numbers: dict[_Key, int] = {}
    groups = [numbers.setdefault(_key(*item), len(numbers)) for item in enumerate(findings)]
    same = list(range(len(numbers)))
    if joined:
        _join(findings, groups, same)
    files: dict[str, dict[int, list[Finding]]] = {}
    for finding, group in zip(findings, groups, strict=True):
        files.setdefault(finding.location.path, {}).setdefault(_first(group, same), []).append(
            finding
        )
    return {
        path: [Block(tuple(group)) for group in groups.values()] for path, groups in files.items()
    }


def _join(findings: Sequence[Finding], groups: Sequence[int], same: list[int]) -> None:
    """Note which groups share a place of a container."""
    first_there: dict[_Key, int] = {}
    for finding, group in zip(findings, groups, strict=True):
        subject, location = finding.subject, finding.location
        if subject.name and subject.container and location.span:
            place = (location.path, location.document, subject, location.span)
            other = first_there.setdefault(place, group)
            if other != group:
                same[_first(group, same)] = _first(other, same)


_Key = tuple[object, ...]


def _key(index: int, finding: Finding) -> _Key:
    kind, namespace, name, _ = finding.subject
    if not name:  # nothing says that two nameless things are the same
        return (index,)
    location = finding.location
    return (location.path, location.document, kind, namespace, name, finding.remedy)


def _first(group: int, same: list[int]) -> int:
    """The group that stands for all that are the same as this one."""
    while same[group] != group:
        same[group] = same[same[group]]  # halves the way for the next
        group = same[group]
    return group
