"""Verdicts of other tools on the corpus, and ours, in one form.

A verdict is about (tool's id, file, object): does the tool hold something against it? What each
tool judges, and with which parameters ours are to be compared, stands in ``peers``.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from seawall.catalogue import all_rules
from seawall.core.location import KeyPath
from seawall.core.rule import ParameterValue
from seawall.core.severity import Severity
from seawall.kubernetes.checking import check
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import CLUSTER_SCOPED, DEFAULT_NAMESPACE, KubernetesObject
from seawall.kubernetes.reader import read
from seawall.kubernetes.rule import Context
from seawall.text.decoding import decode
from tests.shared import CORPUS

OURS, THEIRS = "ours", "theirs"


class Subject(NamedTuple):
    """An object as all tools name it; objects of one file that share these are one subject."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def subject(kind: str, namespace: str, name: str) -> Subject:
    """A subject with the namespace it would live in."""
    return Subject(kind, "" if kind in CLUSTER_SCOPED else namespace or DEFAULT_NAMESPACE, name)


class Settings(NamedTuple):
    """How our rules are run for a comparison with a tool: its thresholds, its target version."""

    version: str = "1.34"
    parameters: Mapping[str, Mapping[str, ParameterValue]] = {}


class Verdicts(NamedTuple):
    """A tool's verdicts on one file: by its id, what it judged and what it holds against it.

    Ids are aliases of our rules (``kubesec:HostPID``, ``KSV-0010``, ``CKV_K8S_17``).
    """

    tool: str
    file: str
    judged: dict[str, set[Subject]]
    against: dict[str, set[Subject]]


class Difference(NamedTuple):
    """A subject that one of two tools holds something against and the other does not."""

    tool: str
    id: str
    side: str
    file: str
    subject: Subject

    def __str__(self) -> str:
        return f"{self.file} {self.subject}"


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """Every alias with the ids of the rules that bear it."""
    result: dict[str, list[str]] = defaultdict(list)
    for rule in all_rules():
        for alias in rule.aliases:
            result[alias].append(rule.id)
    return {alias: tuple(ids) for alias, ids in result.items()}


@cache
def contents(file: str) -> tuple[Index, dict[Subject, list[KubernetesObject]]]:
    """The objects of a file of the corpus, given alone."""
    text = decode((CORPUS / file).read_bytes())
    objects: tuple[KubernetesObject, ...] = ()
    opaque: tuple[str, ...] = ()
    if isinstance(text, str):
        found = read(text, file, target=True, complete=True)
        objects, opaque = found.objects, found.opaque
    by_subject: dict[Subject, list[KubernetesObject]] = defaultdict(list)
    for item in objects:
        by_subject[Subject(item.kind, item.namespace, item.name)].append(item)
    return Index(objects, opaque), dict(by_subject)


def subjects(file: str) -> dict[Subject, list[KubernetesObject]]:
    """The subjects of a file of the corpus with their objects."""
    return contents(file)[1]


PARTS = {
    "kube-linter:liveness-port": "livenessProbe",
    "kube-linter:readiness-port": "readinessProbe",
    "kube-linter:startup-port": "startupProbe",
    "kube-linter:pdb-max-unavailable": "maxUnavailable",
    "kube-linter:pdb-min-available": "minAvailable",
    "kube-score:cronjob-has-deadline": "startingDeadlineSeconds",
}
"""Checks that a rule of ours does more than: which of its findings count, by a key they name."""


class Reported(NamedTuple):
    """A finding of ours: about which subject, at which field."""

    subject: Subject
    key_path: KeyPath
    severity: Severity


Ours = Mapping[str, list[Reported]]
"""What each of our rules reports in a file."""


def found(file: str, settings: Settings) -> Ours:
    """What our rules report in a file of the corpus, given alone."""
    index, _ = contents(file)
    context = Context(
        index,
        kubernetes_version=settings.version,
        parameters={rule: dict(values) for rule, values in settings.parameters.items()},
    )
    outcome = check(all_rules(), context)
    assert not outcome.faults, outcome.faults
    result: dict[str, list[Reported]] = defaultdict(list)
    for finding in outcome.findings:
        about = Subject(*finding.subject[:3])
        result[finding.rule.id].append(Reported(about, finding.location.key_path, finding.severity))
    return result


def reported(alias: str, ours: Ours) -> list[Reported]:
    """What our rules that stand for another tool's check report."""
    part = PARTS.get(alias)
    return [
        item
        for rule in aliases()[alias]
        for item in ours.get(rule, ())
        if part is None or part in item.key_path
    ]


class Comparison(NamedTuple):
    """How we and a tool judge the subjects of one file for one of its ids."""

    id: str
    both: int
    neither: int
    differences: list[Difference]


def compare(verdicts: Verdicts, settings: Settings) -> Iterator[Comparison]:
    """A tool's verdicts on a file against ours, for each of its ids that we have."""
    ours = found(verdicts.file, settings)
    present = subjects(verdicts.file).keys()
    for id_, judged in verdicts.judged.items():
        universe = judged & present
        mine = {item.subject for item in reported(id_, ours)} & universe
        theirs = verdicts.against.get(id_, set()) & universe
        differences = [
            Difference(verdicts.tool, id_, OURS if item in mine else THEIRS, verdicts.file, item)
            for item in sorted(mine ^ theirs)
        ]
        both = len(mine & theirs)
        yield Comparison(id_, both, len(universe) - both - len(differences), differences)
