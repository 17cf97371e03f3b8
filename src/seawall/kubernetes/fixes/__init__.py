"""The fixes of manifests, by topic. To add one, write it into the module of its topic."""

from functools import cache
from importlib import import_module

from seawall.kubernetes.fix import Mender

TOPICS = (
    "config_maps", "containers", "images", "ingress", "network", "parameters", "pods", "rbac",
    "resources", "secrets", "services", "users", "versions", "volumes", "workloads",
)  # fmt: skip


@cache
def menders() -> dict[str, tuple[Mender, ...]]:
    """The fixes for each rule, by its id."""
    result: dict[str, tuple[Mender, ...]] = {}
    for topic in TOPICS:
        for value in vars(import_module(f"seawall.kubernetes.fixes.{topic}")).values():
            if isinstance(value, Mender):
                for rule in value.rules:
                    result[rule] = (*result.get(rule, ()), value)
    return result
