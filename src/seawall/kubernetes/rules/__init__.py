"""The rules, by topic. To add one, write it into the module of its topic: nothing else is needed.

A dozen modules, not one for each rule: 170 modules would cost 100 ms at start-up.
"""

from functools import cache
from importlib import import_module

from seawall.core.rule import Rule

TOPICS = (
    "accounts",
    "admission",
    "api_server",
    "audit",
    "bindings",
    "capabilities",
    "claims",
    "commands",
    "control_plane",
    "disruption",
    "etcd",
    "host",
    "images",
    "ingress",
    "kubelet",
    "metadata",
    "network",
    "placement",
    "pod_security",
    "ports",
    "probes",
    "profiles",
    "rbac",
    "rbac_configuration",
    "rbac_roles",
    "rbac_workloads",
    "references",
    "resources",
    "scaling",
    "schema",
    "secrets",
    "services",
    "tenancy",
    "users",
    "volumes",
    "workloads",
)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every Kubernetes rule, in the order of their ids."""
    rules = [
        value
        for topic in TOPICS
        for value in vars(import_module(f"seawall.kubernetes.rules.{topic}")).values()
        if isinstance(value, Rule)
    ]
    return tuple(sorted(set(rules), key=lambda rule: rule.id))
