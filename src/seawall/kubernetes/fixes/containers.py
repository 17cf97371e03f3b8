"""Fixes of a container's security context."""

from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, mends, put, repair
from seawall.kubernetes.pods import Container
from seawall.kubernetes.rule import Context
from seawall.kubernetes.values import texts

_KEEPS_ESCALATION = frozenset(("SYS_ADMIN", "CAP_SYS_ADMIN", "ALL"))


@mends("privilege-escalation-allowed")
def forbid_privilege_escalation(container: Container, hit: Hit, context: Context) -> Repairs:
    """The API server refuses it beside ``privileged`` and CAP_SYS_ADMIN (validation of core/v1)."""
    added = texts(container.value, "securityContext", "capabilities", "add")
    if not container.is_privileged and not _KEEPS_ESCALATION.intersection(added):
        yield repair(
            container,
            "Forbid privilege escalation",
            put(container, ("securityContext", "allowPrivilegeEscalation"), value=False),
        )
