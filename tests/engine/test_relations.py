"""What rests on one file alone is told apart from what rests on others: caches rely on it."""

import random
from collections import Counter
from pathlib import Path

import pytest

from seawall.core.finding import Finding
from seawall.kubernetes.checking import Outcome, Plan
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.reader import read
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules import all_rules
from seawall.text.decoding import decode
from tests.engine.support import manifest
from tests.kubernetes.support import NEWEST
from tests.shared import CORPUS, ROOT, corpus_files, needs_shared

PLAN = Plan(all_rules())


def outcomes(
    objects: list[KubernetesObject], everything: list[KubernetesObject]
) -> list[tuple[Counter[object], frozenset[str]]]:
    """For each object, its findings without those of rules that looked around, and these rules."""
    context = Context(Index(everything), kubernetes_version=NEWEST)
    result = []
    for object_ in objects:
        outcome = Outcome([], [], set())
        PLAN.check(object_, context, outcome)
        assert not outcome.faults
        own = [f._replace(details={}) for f in outcome.findings if f.rule.id not in outcome.related]
        result.append((Counter(map(_key, own)), frozenset(outcome.related)))
    return result


def _key(finding: Finding) -> object:
    return finding._replace(rule=finding.rule.id, details=())  # type: ignore[arg-type]


def check(texts: dict[str, str]) -> int:
    files = {
        path: list(read(text, path, target=True, complete=True).objects)
        for path, text in texts.items()
    }
    everything = [object_ for objects in files.values() for object_ in objects]
    for path, objects in files.items():
        assert outcomes(objects, objects) == outcomes(objects, everything), path
    return len(everything)


def test_made_up_trees() -> None:
    chance = random.Random(5)
    for _ in range(5):
        assert check({f"{n}.yaml": manifest(chance) for n in range(12)}) > 5


def test_the_shop() -> None:
    paths = sorted((ROOT / "examples").rglob("*.yaml"))
    assert check({str(path): path.read_text() for path in paths}) > 5


@needs_shared
@pytest.mark.parametrize("part", range(4))
def test_the_corpus(part: int) -> None:
    texts = {}
    for name in corpus_files()[part::4]:
        text = decode((CORPUS / name).read_bytes()) if name.endswith((".yaml", ".yml")) else ""
        if isinstance(text, str) and text and Path(name).name != "kustomization.yaml":
            texts[name] = text
    chosen = dict(list(texts.items())[:160])
    assert check(chosen) > 100
