"""Which pods a network policy isolates, for every kind of policy: Kubernetes', Cilium's, Calico's.

A pod that a policy selects for a direction takes (or sends) only what policies allow; one that
none selects takes and sends everything. What of a policy cannot be decided here is read widely:
it then isolates more pods than it may, and no pod is said to be open without reason.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.selectors import Requirement, Selector, parse_selector
from seawall.text.values import (
    Map,
    at,
    labels_of,
    mapping,
    mappings,
    sequence,
    text,
    texts,
)

if TYPE_CHECKING:
    from seawall.text.scalars import Value

NETWORK_POLICY_KINDS = (
    "NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy",
    "GlobalNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy",
    "ClusterNetworkPolicy",
)  # fmt: skip

POLICY_KINDS_OF_NAMESPACES = ("NetworkPolicy", "CiliumNetworkPolicy")
"""Those of them that isolate no pod outside of their own namespace."""


class Isolation(NamedTuple):
    """The directions in which traffic is limited to what policies allow."""

    ingress: bool
    egress: bool


OPEN = Isolation(ingress=False, egress=False)


class Reach(NamedTuple):
    """The pods a policy isolates: those of some namespaces (``None``: all) a selector matches."""

    namespaces: tuple[str, ...] | None
    selector: Selector
    isolation: Isolation


EVERYTHING = Selector({})


def is_plain(policy: KubernetesObject) -> bool:
    """Whether it is Kubernetes' own NetworkPolicy; Calico and Antrea have kinds of this name."""
    return policy.kind == "NetworkPolicy" and policy.group in ("networking.k8s.io", "extensions")


def directions(policy: KubernetesObject) -> Isolation:
    """What a plain NetworkPolicy isolates: ``policyTypes``, or else what the API server assumes."""
    types = texts(policy.spec, "policyTypes")
    if types:
        return Isolation("Ingress" in types, "Egress" in types)
    return Isolation(ingress=True, egress=bool(sequence(policy.spec, "egress")))


def pod_selector(policy: KubernetesObject) -> Selector:
    """The pods of its namespace a plain NetworkPolicy is about; no selector means all of them."""
    return parse_selector(policy.spec.get("podSelector")) or EVERYTHING


def reaches(policy: KubernetesObject) -> Iterator[Reach]:
    """What a policy of any kind isolates."""
    own = (policy.namespace,) if policy.namespace else None
    if is_plain(policy):
        yield Reach(own, pod_selector(policy), directions(policy))
    elif policy.kind.startswith("Cilium"):
        yield from _cilium(policy, own)
    elif policy.group.endswith("projectcalico.org"):
        yield _calico(policy, own)
    elif policy.kind in NETWORK_POLICY_KINDS:
        # Admin and Antrea policies: their subjects have many forms, so they count for all pods.
        within = own if policy.kind == "NetworkPolicy" else None
        rules = (bool(sequence(policy.spec, key)) for key in ("ingress", "egress"))
        yield Reach(within, EVERYTHING, Isolation(*rules))


# Cilium ---------------------------------------------------------------------------------------

_CILIUM_NAMESPACE = "io.kubernetes.pod.namespace"


def _cilium(policy: KubernetesObject, own: tuple[str, ...] | None) -> Iterator[Reach]:
    rules = [policy.spec, *(rule for _, rule in mappings(policy.value, "specs"))]
    for rule in rules:
        if "endpointSelector" not in rule:
            continue  # nothing here, or a policy for nodes
        selector = mapping(rule, "endpointSelector")
        labels = {_cilium_key(k): v for k, v in labels_of(selector, "matchLabels").items()}
        namespace = labels.pop(_CILIUM_NAMESPACE, "")
        expressions: list[Value] = [
            {**item, "key": _cilium_key(text(item, "key"))}
            for _, item in mappings(selector, "matchExpressions")
        ]
        known: Map = {
            "matchLabels": {k: v for k, v in labels.items() if not _is_derived(k)},
            "matchExpressions": [e for e in expressions if not _is_derived(text(e, "key"))],
        }
        yield Reach(
            (namespace,) if namespace and own is None else own,
            parse_selector(known) or EVERYTHING,
            Isolation(_cilium_denies(rule, "ingress"), _cilium_denies(rule, "egress")),
        )


def _cilium_key(key: str) -> str:
    return key.removeprefix("any:").removeprefix("k8s:")


def _is_derived(key: str) -> bool:
    """Whether Cilium makes this label itself, from the namespace or the service account."""
    return key.startswith(("io.cilium.k8s.", "io.kubernetes.", "reserved:"))


def _cilium_denies(rule: Map, direction: str) -> bool:
    stated = at(rule, "enableDefaultDeny", direction)
    if stated is True or stated is False:
        return stated
    return bool(sequence(rule, direction) or sequence(rule, f"{direction}Deny"))


# Calico ---------------------------------------------------------------------------------------

_EQUALS = r"""\(*\s*([\w./-]+)\s*==\s*(['"])(.*?)\2\s*\)*"""
_HAS = r"\(*\s*has\(\s*([\w./-]+)\s*\)\s*\)*"


def _calico(policy: KubernetesObject, own: tuple[str, ...] | None) -> Reach:
    types = texts(policy.spec, "types")
    if types:
        isolation = Isolation("Ingress" in types, "Egress" in types)
    else:
        out = bool(sequence(policy.spec, "egress"))
        isolation = Isolation(bool(sequence(policy.spec, "ingress")) or not out, out)
    labels: dict[str, str] = {}
    requirements = []
    expression = text(policy.spec, "selector")
    for term in expression.split("&&") if "||" not in expression else ():
        equals, has = re.fullmatch(_EQUALS, term.strip()), re.fullmatch(_HAS, term.strip())
        if equals is not None:
            labels[equals[1]] = equals[3]
        elif has is not None:
            requirements.append(Requirement(has[1], "Exists", ()))
    namespace = labels.pop("projectcalico.org/namespace", "")
    labels = {key: value for key, value in labels.items() if "projectcalico.org/" not in key}
    namespaces = (namespace,) if namespace and own is None else own
    return Reach(namespaces, Selector(labels, tuple(requirements)), isolation)
