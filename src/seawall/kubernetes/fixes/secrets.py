"""Moves credentials out of manifests. No value enters anything that is written."""

import re

from seawall.core.edit import Operation, Remove, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, at_hit, mends, repair
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context
from seawall.kubernetes.values import at, text

_NAME = re.compile(r"[^a-z0-9.-]+")


@mends("hardcoded-secret")
def take_from_secret(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """An environment variable is filled from a Secret that somebody makes by hand."""
    if len(hit.at) < 3 or hit.at[-1] != "value" or hit.at[-3] != "env":
        return
    place = at_hit(object_, hit)[:-1]
    entry = at(object_.value, *hit.at[:-1])
    variable = text(entry, "name")
    if not variable or not isinstance(entry, dict) or "valueFrom" in entry:
        return
    name = f"{_NAME.sub('-', (object_.name or object_.kind).lower()).strip('-')}-credentials"
    key = _NAME.sub("-", variable.lower().replace("_", "-")).strip("-")
    namespace = text(object_.metadata, "namespace")
    operations: list[Operation] = [
        Remove((*place, "value")),
        Set((*place, "valueFrom", "secretKeyRef", "name"), name),
        Set((*place, "valueFrom", "secretKeyRef", "key"), key),
    ]
    inside = f" --namespace {namespace}" if namespace else ""
    yield repair(
        object_,
        f"Take {variable} from the Secret {name}",
        *operations,
        safety=Safety.UNSAFE,
        effect="the pod does not start before the Secret is there",
        brings=("config-reference-not-found",),
        note=(
            f"kubectl create secret generic {name}{inside} --from-literal={key}=NEW-VALUE, with a "
            "new value: the old one is known to everybody who has read the file or its history"
        ),
    )
