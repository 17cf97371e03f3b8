"""The documents of the corpus as a real API server answered for them."""

from functools import cache
from typing import Any, NamedTuple

import yaml

from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.reader import read
from seawall.text.decoding import decode
from tests.shared import CORPUS, oracle, read_rows

_ACCEPTED = 201


class Accepted(NamedTuple):
    """An object that the server took, and its spec after defaulting."""

    file: str
    document: int
    object: KubernetesObject
    spec: dict[str, Any]


@cache
def accepted() -> list[Accepted]:
    """Every accepted document that has a spec."""
    result = []
    for row in read_rows(oracle("kube-apiserver-manifests.jsonl.zst")):
        defaulted: Any = row.get("defaulted")
        if row.get("status") != _ACCEPTED or not isinstance(defaulted, dict):
            continue
        file, number = str(row["file"]), int(str(row["document"]))
        object_ = _object(file, number)
        if object_ is not None:
            assert object_.kind == row["kind"], (file, number)
            result.append(Accepted(file, number, object_, defaulted))
    return result


def _object(file: str, number: int) -> KubernetesObject | None:
    """Our object of a document; the server's numbers count empty documents too."""
    return _objects(file).get(number)


@cache
def _objects(file: str) -> dict[int, KubernetesObject]:
    text = decode((CORPUS / file).read_bytes())
    assert isinstance(text, str)
    objects = [o for o in read(text, file, target=True, complete=True).objects if not o.path]
    filled = [
        number
        for number, value in enumerate(yaml.load_all(text, Loader=yaml.CBaseLoader))
        if isinstance(value, dict) and "kind" in value and str(value["kind"]) != "List"
    ]
    return dict(zip(filled, objects, strict=False))
