"""The Pod Security Standards, judged as the Kubernetes API server judges them.

Source of the rules: the Pod Security Standards page of the Kubernetes documentation
(https://kubernetes.io/docs/concepts/security/pod-security-standards/) and KEP-2579, which made
them the built-in PodSecurity admission plugin. Verdicts, their order and their wording are those
of that plugin, so that a scan can be compared with what a cluster answers.
"""

from seawall.core.location import KeyPath
from seawall.kubernetes.pod_security.evaluate import Violation, evaluate, message
from seawall.kubernetes.pod_security.policy import (
    BASELINE,
    LATEST,
    PRIVILEGED,
    RESTRICTED,
    LevelVersion,
    NamespacePolicy,
    namespace_policy,
)

__all__ = [
    "BASELINE",
    "LATEST",
    "PRIVILEGED",
    "RESTRICTED",
    "KeyPath",
    "LevelVersion",
    "NamespacePolicy",
    "Violation",
    "evaluate",
    "message",
    "namespace_policy",
]
