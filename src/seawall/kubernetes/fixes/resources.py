"""Fixes of what containers ask for and may use."""

from seawall.core.edit import Safety
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, mends, repair, set_at
from seawall.kubernetes.pods import Container
from seawall.kubernetes.rule import Context

_MEMORY, _CPU, _STORAGE = "256Mi", "100m", "1Gi"
"""What a small service needs; teams measure and set their own."""


@mends("memory-limit-missing", "ephemeral-storage-missing")
def set_limit(container: Container, hit: Hit, context: Context) -> Repairs:
    """Where a request is there the limit is at least that."""
    resource = str(hit.at[-1])
    if not hit.at or hit.at[-2:-1] not in (("limits",), ("requests",)):
        return
    value = container.request(resource) or (_MEMORY if resource == "memory" else _STORAGE)
    if isinstance(value, str | int | float):
        yield repair(
            container,
            f"Limit its {resource}",
            set_at(container, hit, value),
            safety=Safety.UNSAFE,
            effect=f"it is killed when it uses more than {value}",
        )


@mends("cpu-request-missing", "memory-request-missing")
def set_request(container: Container, hit: Hit, context: Context) -> Repairs:
    """A request that is missing beside a limit is that limit (API defaulting of core/v1)."""
    resource = str(hit.at[-1])
    limit = container.limit(resource)
    if isinstance(limit, str | int | float):
        yield repair(
            container,
            f"Request the {resource} that it is limited to",
            set_at(container, hit, limit),
        )
    else:
        value = _MEMORY if resource == "memory" else _CPU
        yield repair(
            container,
            f"Request {value} of {resource}",
            set_at(container, hit, value),
            safety=Safety.UNSAFE,
            effect="it is placed only on a node that has this free",
        )


@mends("cpu-request-not-equal-limit", "memory-request-not-equal-limit",
       "ephemeral-storage-not-equal")  # fmt: skip
def request_limit(container: Container, hit: Hit, context: Context) -> Repairs:
    """What is asked for is what may be used: the pod is of the class Guaranteed."""
    resource = str(hit.at[-1]) if hit.at else ""
    limit = container.limit(resource)
    if isinstance(limit, str | int | float) and hit.at[-2:-1] == ("requests",):
        yield repair(
            container,
            f"Request the {resource} that it is limited to",
            set_at(container, hit, limit),
            safety=Safety.UNSAFE,
            effect="it is placed only on a node that has this free",
        )
