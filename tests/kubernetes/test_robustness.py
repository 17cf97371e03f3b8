"""No rule may raise, whatever a manifest holds: seeded mutations of real objects, generated ones.

Real are those of the example shops, the rules' own examples, and the public corpus where it is.
"""

import copy
import random
from typing import Any

import pytest

from seawall.core.documentation import documentation
from seawall.kubernetes.checking import check
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import objects_in
from seawall.kubernetes.reader import read
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules import all_rules
from tests.kubernetes.support import objects_of
from tests.shared import CORPUS, ROOT, corpus_files

SEEDS = 40
MUTATIONS = 1_000
ODD: list[Any] = [None, 0, -1, 2**70, 1.5, float("nan"), True, False, "", "text", "*", [], [None],
                  ["a", 1], {}, {"": None}, {"a": {"b": []}}, [{"name": 1}], "\x00"]  # fmt: skip


def seeds() -> list[dict[str, Any]]:
    values = []
    for rule in all_rules():
        manual = documentation(rule)
        values += [o.value for text in (manual.bad, manual.good) for o in objects_of(text)]
    return values


def real_ones() -> list[dict[str, Any]]:
    files = [path for shop in ("shop", "shop-hardened")
             for path in sorted((ROOT / "examples" / shop / "k8s").glob("*.yaml"))]  # fmt: skip
    if CORPUS.is_dir():
        files += [CORPUS / name for name in corpus_files()]
    return [
        item.value
        for path in files
        for item in read(
            path.read_text(errors="replace"), path.name, target=True, complete=True
        ).objects
    ]


EXAMPLES: list[Any] = seeds()
REAL: list[Any] = real_ones()


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    items = enumerate(value) if isinstance(value, list) else value.items()
    for key, child in list(items):
        found.append((value, key))
        if isinstance(child, dict | list):
            places(child, found)
    return found


def mutated(random_: random.Random) -> Any:
    value = copy.deepcopy(random_.choice(random_.choice((EXAMPLES, REAL))))
    for _ in range(random_.randint(1, 4)):
        if not value:  # an earlier mutation took everything away
            break
        options: list[tuple[Any, Any]] = places(value, [])
        container, key = random_.choice(options)
        action = random_.randrange(4)
        if action == 0 and isinstance(container, dict):
            container.pop(key, None)
        elif action == 1 and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        elif action == 2:
            container[key] = {"items": [container[key]], "spec": container[key]}
        else:
            container[key] = copy.deepcopy(random_.choice(ODD))
    return value


def judged(values: list[Any]) -> list[Any]:
    objects = [
        item
        for number, value in enumerate(values)
        for item in objects_in(value, file="a", document=number, target=True, complete=True)
    ]
    return list(check(all_rules(), Context(Index(objects), kubernetes_version="1.36")).faults)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_rule_raises_on_mutated_objects(seed: int) -> None:
    random_ = random.Random(seed)
    values = [mutated(random_) for _ in range(MUTATIONS)]
    for start in range(0, MUTATIONS, 50):  # small groups, so that relations meet odd objects too
        assert not judged(values[start : start + 50])


def generated(random_: random.Random, depth: int = 0) -> Any:
    words = ["spec", "metadata", "name", "containers", "template", "selector", "rules",
             "subjects", "ports", "env", "volumes", "securityContext", "items"]  # fmt: skip
    if depth > 5 or random_.random() < 0.3:
        return random_.choice(ODD)
    if random_.random() < 0.3:
        return [generated(random_, depth + 1) for _ in range(random_.randint(0, 3))]
    return {random_.choice(words): generated(random_, depth + 1) for _ in range(4)}


@pytest.mark.parametrize("seed", range(4))
def test_no_rule_raises_on_generated_objects(seed: int) -> None:
    random_ = random.Random(seed)
    kinds = sorted({value.get("kind") for value in EXAMPLES if isinstance(value.get("kind"), str)})
    values = []
    for _ in range(500):
        value = {"apiVersion": "v1", "kind": random_.choice(kinds)}
        for key in ("metadata", "spec", "data", "rules", "subjects", "roleRef"):
            value[key] = generated(random_)
        values.append(value)
    for start in range(0, len(values), 50):
        assert not judged(values[start : start + 50])
