"""Why some findings are left to people, for those who ask for their fix.

What is neither here nor has a fix is a rule that nobody has thought of a fix for.
"""

from collections.abc import Mapping

_WHICH = "which object is meant only a person can say"
_NEEDED = "which rights are needed only a person can say"
_VALUE = "the value is the team's to choose"

REASONS: Mapping[str, str] = {
    "apparmor-annotation-deprecated": "the field means the same only on nodes of 1.30 or later",
    "apparmor-unconfined": "before 1.30 there is only the annotation",
    "automount-service-account-token": "the account has rights, so its token is used",
    "container-port-invalid": "a number or a name that others ask for is theirs to change too",
    "curl-pipe-sh-in-command": "what the script installs belongs into the image",
    "default-namespace": "which namespace is meant only a person can say",
    "deprecated-api-version": "the newer version has other fields, or means something else by them",
    "hardcoded-secret": "how the program gets at a value that stands in a text only a person can "
    "say; what ConfigMaps hold others read, too",
    "host-aliases-set": "the addresses are of hosts that no manifest knows",
    "host-path-volume": "several pods may share the directory, or each need that of its own node",
    "host-users-not-isolated": "it needs a cluster of 1.33 or later and no namespace of the node",
    "hpa-target-missing": _WHICH,
    "image-not-pinned-by-digest": "the lock file has no digest for it: seawall lock, then --lock",
    "image-tag-mutable": "the lock file has no digest for it: seawall lock, then --lock; which "
    "version is meant only a person can say",
    "ingress-backend-dangling": _WHICH,
    "ingress-nginx-snippet": "what it does beside setting headers may keep people out",
    "label-invalid": "who selects by it would have to change too",
    "limit-range-missing": _VALUE,
    "liveness-probe-missing": "a probe that asks the wrong question restarts what is well",
    "naked-pod": "what is to make its replicas only a person can say",
    "network-policy-allow-all": "who may use the ports only a person can say",
    "network-policy-dangling": _WHICH,
    "network-policy-missing": "what the pods talk to is not known from labels that select them",
    "network-policy-peer-dangling": _WHICH,
    "network-policy-world": "which addresses outside are called stands in no manifest",
    "node-affinity-missing": _VALUE,
    "pod-anti-affinity-missing": "no labels are known that select the replicas",
    "priority-class-not-allowed": _VALUE,
    "privilege-escalation-allowed": "beside privileged and CAP_SYS_ADMIN the API server refuses it",
    "probe-port-not-declared": "which of the ports is meant only a person can say",
    "probes-identical": "what tells a stuck program from a busy one only a person can say",
    "pss-enforce-version-outdated": "the newer checks may refuse pods that nobody sees here",
    "pss-namespace-unlabelled": "some pods ask for more than the level baseline allows",
    "rbac-cluster-admin": _NEEDED,
    "rbac-cluster-admin-equivalent": _NEEDED,
    "rbac-create-workloads": _NEEDED,
    "rbac-secrets-access": _NEEDED,
    "rbac-wildcard": _NEEDED,
    "read-only-root-filesystem": "its entry point is known to change files of the image",
    "readiness-probe-missing": "no Service tells which port is open once it is ready",
    "replicas-too-few": "it writes to what a second one would not share, or must be alone",
    "resource-quota-missing": _VALUE,
    "resource-out-of-range": _VALUE,
    "schema-invalid": "what was meant only a person can say",
    "secret-in-env": "the program has to read a file in place of the variable",
    "secret-plaintext-in-manifest": "where the secret is kept from now on only a person can say, "
    "and it has to be replaced",
    "selector-template-mismatch": "the selector has expressions, and cannot be changed later",
    "service-account-not-found": "no name of an account is known",
    "service-selector-dangling": _WHICH,
    "service-target-port-invalid": _WHICH,
    "service-type-exposed": "a load balancer is there to be reached from outside",
    "statefulset-headless-service": "a Service cannot become headless: it has to be made anew",
    "topology-spread-invalid": _VALUE,
    "update-strategy-not-rolling": "it may not run twice, such as with a volume of its own",
    "yaml-keys-unsorted": "the order is the author's; comments would lose their place",
}
"""Reasons by rule: what is left when a rule has no fix, or none for a case."""
