"""Checks of other tools that no rule of ours stands for, each with the reason."""

_NODE_FILES = "permissions and owners of files on a node, which no manifest tells"
_GONE_PLUGINS = "SecurityContextDeny and PodSecurityPolicy left Kubernetes with 1.30 and 1.25"
_ANY_CONTEXT = (
    "any security context satisfies it; our rules report each setting that is missing from one"
)
_POLICY_OBJECT = (
    "about PodSecurityPolicy, which left Kubernetes with 1.25; deprecated-api-version reports it"
)

UNMATCHED: dict[str, dict[str, str]] = {
    "trivy": {
        **{f"KCV-{number:04}": _NODE_FILES for number in range(48, 79)},
        "KCV-0003": "reports that DenyServiceExternalIPs is on; it should be, and our rule on "
        "admission plugins wants it",
        "KCV-0013": _GONE_PLUGINS,
        "KCV-0135": "another id of KCV-0035, which we have",
        "KSV-0038": "can report nothing: it asks for a podSelector, which every NetworkPolicy has",
        "KSV-0118": _ANY_CONTEXT,
    },
    "checkov": {
        "CKV_K8S_29": _ANY_CONTEXT,
        "CKV_K8S_30": _ANY_CONTEXT,
        **{f"CKV_K8S_{number}": _POLICY_OBJECT for number in (1, 2, 3, 4, 5, 6, 7, 24, 32, 36)},
        "CKV_K8S_81": _GONE_PLUGINS,
        "CKV_K8S_84": _GONE_PLUGINS,
        "CKV_K8S_41": "about the ServiceAccount default itself; we report the pods that run as it "
        "and hold its token",
        "CKV_K8S_44": "about the Service of Tiller; our rule tiller reports the Deployment behind "
        "it",
        "CKV2_K8S_1": "about the binding of a role with the verb bind; our rule rbac-bind reports "
        "the role",
    },
    "dockle": {
        "CIS-DI-0005": "about a variable of the machine that dockle runs on, not about the image",
    },
}
"""By tool and id as the tool writes it."""
