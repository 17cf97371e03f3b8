"""Recorded verdicts of other tools on the corpus, and ours, in one form.

A verdict is about (tool's id, file, object): does the tool hold something against it?
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from seawall.catalogue import all_rules, canonical
from seawall.kubernetes.checking import check
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.reader import read
from seawall.kubernetes.rule import Context
from seawall.peers import PEER_RULES
from seawall.text.decoding import decode
from tests.shared import CORPUS, oracle, read_rows

SERVER_VERSION = "1.34"
WHOLE_FILE = ("", "")

Subject = tuple[str, str]
"""Kind and name; ``WHOLE_FILE`` where a tool names no object we can be sure of."""


class Difference(NamedTuple):
    """A subject that one of two tools holds something against and the other does not."""

    tool: str
    id: str
    side: str  # "ours": only we report; "theirs": only they do
    file: str
    subject: Subject


class Ours(NamedTuple):
    """Our verdicts on one file."""

    subjects: frozenset[Subject]
    found: dict[str, set[Subject]]  # rule id -> subjects


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """Every alias with the ids of the rules that bear it."""
    result: dict[str, list[str]] = defaultdict(list)
    for rule in all_rules():
        for alias in rule.aliases:
            result[alias].append(rule.id)
    return {alias: tuple(ids) for alias, ids in result.items()}


@cache
def ours(file: str) -> Ours:
    """What every rule says of a file of the corpus, given alone."""
    text = decode((CORPUS / file).read_bytes())
    objects: tuple[KubernetesObject, ...] = ()
    opaque: tuple[str, ...] = ()
    if isinstance(text, str):
        contents = read(text, file, target=True, complete=True)
        objects, opaque = contents.objects, contents.opaque
    outcome = check(all_rules(), Context(Index(objects, opaque), kubernetes_version=SERVER_VERSION))
    assert not outcome.faults, outcome.faults
    found: dict[str, set[Subject]] = defaultdict(set)
    for finding in outcome.findings:
        found[finding.rule.id].add((finding.subject.kind, finding.subject.name))
    return Ours(frozenset((item.kind, item.name) for item in objects), dict(found))


def reported(alias: str, file: str) -> set[Subject]:
    """The subjects that rules with an alias report in a file."""
    found = ours(file).found
    return {subject for id_ in aliases()[alias] for subject in found.get(id_, ())}


class Verdicts(NamedTuple):
    """A tool's verdicts on one file: what it judged and what it holds against it, by its id."""

    tool: str
    file: str
    judged: dict[str, set[Subject]]
    against: dict[str, set[Subject]]


def linters() -> Iterator[Verdicts]:
    """kubesec, kube-score and kube-linter, for each file and each of their ids we have."""
    for row in read_rows(oracle("kubernetes-linters.jsonl.zst")):
        file = str(row["file"])
        record: dict[str, Any] = row
        yield _kubesec(file, record.get("kubesec", {}))
        yield _kube_score(file, record.get("kube-score", {}))
        yield _kube_linter(file, record.get("kube-linter", {}))


def _kubesec(file: str, row: dict[str, Any]) -> Verdicts:
    judged: dict[str, set[Subject]] = defaultdict(set)
    against: dict[str, set[Subject]] = defaultdict(set)
    ids = [alias.removeprefix("kubesec:") for alias in aliases() if alias.startswith("kubesec:")]
    for item in row.get("objects", []):
        kind, _, rest = item["object"].partition("/")
        subject = (kind, rest.rpartition(".")[0])
        if "not supported" not in item.get("message", ""):
            for id_ in ids:
                judged[id_].add(subject)
        for key in ("critical", "advise"):
            for id_ in item[key]:
                against[id_].add(subject)
    return Verdicts("kubesec", file, judged, against)


_KUBE_SCORE_OK = 10


def _kube_score(file: str, row: dict[str, Any]) -> Verdicts:
    judged: dict[str, set[Subject]] = defaultdict(set)
    against: dict[str, set[Subject]] = defaultdict(set)
    for item in row.get("objects", []):
        parts = item["object"].split("/")
        subject = (parts[0], parts[-1])
        for id_, grade in item["checks"]:
            if grade == "skipped":
                judged[id_].add(subject)
                continue
            judged[id_].add(subject)
            if grade < _KUBE_SCORE_OK:
                against[id_].add(subject)
    return Verdicts("kube-score", file, judged, against)


_KUBE_LINTER_RAN = [id_ for id_ in PEER_RULES["kube-linter"] if id_ != "schema-validation"]


def _kube_linter(file: str, row: dict[str, Any]) -> Verdicts:
    against: dict[str, set[Subject]] = defaultdict(set)
    judged: dict[str, set[Subject]] = {}
    if "findings" in row:
        for id_, kind, _, name, _ in row["findings"]:
            against[id_].add((kind, name))
        for id_ in _KUBE_LINTER_RAN:
            judged[id_] = set(ours(file).subjects)
    return Verdicts("kube-linter", file, judged, against)


def by_file(tool: str, name: str) -> Iterator[Verdicts]:
    """Trivy and checkov: their rows name lines, so a verdict is about the file as a whole."""
    prefixes = ("ksv-", "kcv-", "kube-0") if tool == "trivy" else ("ckv",)
    ids = [alias for alias in aliases() if canonical(alias).startswith(prefixes)]
    for row in read_rows(oracle(name)):
        failed: Any = row["failed"]
        theirs = {canonical(item[0]) for item in failed}
        yield Verdicts(
            tool,
            str(row["file"]),
            {id_: {WHOLE_FILE} for id_ in ids},
            {id_: {WHOLE_FILE} for id_ in ids if canonical(id_) in theirs},
        )


def compare(verdicts: Verdicts) -> Iterator[tuple[str, int, list[Difference]]]:
    """For each id of a tool that we have: how many subjects agree, and which differ."""
    for id_, judged in verdicts.judged.items():
        alias = id_ if verdicts.tool in ("trivy", "checkov") else f"{verdicts.tool}:{id_}"
        if alias not in aliases():
            continue
        mine = reported(alias, verdicts.file)
        theirs = verdicts.against.get(id_, set())
        if judged == {WHOLE_FILE}:
            mine = {WHOLE_FILE} if mine else set()
            universe = judged
        else:
            universe = judged & ours(verdicts.file).subjects
        differences = [
            Difference(
                verdicts.tool, id_, "ours" if subject in mine else "theirs", verdicts.file, subject
            )
            for subject in sorted(universe)
            if (subject in mine) != (subject in theirs)
        ]
        yield id_, len(universe) - len(differences), differences
