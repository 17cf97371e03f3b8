"""The templates a custom check may be made of: parameters, objects, and how each judges.

Source: kube-linter's templates (``kube-linter templates list``) for names, parameters and object
kinds. What each says is decided by our own rules and effective values.
"""

from collections.abc import Callable
from typing import NamedTuple

from seawall.core.rule import Hit, Rule
from seawall.kubernetes.custom import cel, containers, objects, workloads
from seawall.kubernetes.custom.judging import Judge, Keep, Ours, ours
from seawall.kubernetes.custom.object_kinds import ANY, DEPLOYMENT_LIKE, JOB_LIKE
from seawall.kubernetes.custom.parameters import (
    BOOLEAN,
    INTEGER,
    TEXT,
    TEXTS,
    Parameter,
    Values,
)
from seawall.kubernetes.rules.accounts import deprecated_service_account_field
from seawall.kubernetes.rules.bindings import rbac_cluster_admin
from seawall.kubernetes.rules.capabilities import (
    capability_sys_admin_added,
    privilege_escalation_allowed,
    privileged_container,
)
from seawall.kubernetes.rules.disruption import pdb_blocks_eviction, pdb_unhealthy_eviction_policy
from seawall.kubernetes.rules.host import host_ipc, host_network, host_pid
from seawall.kubernetes.rules.ingress import ingress_backend_dangling
from seawall.kubernetes.rules.metadata import default_namespace, yaml_keys_unsorted
from seawall.kubernetes.rules.network import network_policy_dangling, network_policy_peer_dangling
from seawall.kubernetes.rules.placement import node_affinity_missing
from seawall.kubernetes.rules.ports import (
    container_port_invalid,
    privileged_port,
    service_target_port_invalid,
)
from seawall.kubernetes.rules.probes import liveness_probe_missing, probe_port_not_declared
from seawall.kubernetes.rules.profiles import unsafe_proc_mount
from seawall.kubernetes.rules.rbac import rbac_cluster_admin_equivalent, rbac_wildcard
from seawall.kubernetes.rules.references import duplicate_env_var, service_account_not_found
from seawall.kubernetes.rules.scaling import hpa_target_missing
from seawall.kubernetes.rules.secrets import secret_in_env
from seawall.kubernetes.rules.services import service_monitor_dangling
from seawall.kubernetes.rules.users import run_as_non_root, run_as_root_conflict, run_as_root_group
from seawall.kubernetes.rules.volumes import read_only_root_filesystem
from seawall.kubernetes.rules.workloads import (
    job_ttl,
    restart_policy,
    selector_template_mismatch,
)

Build = Callable[[Values], Judge]


class Template(NamedTuple):
    """A template: what a check of it looks at unless it says so, and what it may be given."""

    build: Build
    object_kinds: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()


_PODS = (DEPLOYMENT_LIKE,)
_EVERYTHING = (ANY,)
_SERVICE = ("Service",)
_BUDGET = ("PodDisruptionBudget",)
_POLICY = ("NetworkPolicy",)
_SCALER = ("HorizontalPodAutoscaler",)
_KEY_AND_VALUE = (Parameter("key", TEXT, required=True), Parameter("value", TEXT))
_REQUIREMENT = Parameter(
    "requirementsType", TEXT, required=True, choices=("request", "limit", "any")
)


def _ours(*parts: Rule | Ours) -> Build:
    return lambda _: ours(*parts)


def _at(*keys: str) -> Keep:
    """Keep hits whose place names any of some fields."""
    return lambda hit: any(key in hit.at for key in keys)


def _probe_port(probe: str) -> Template:
    return Template(_ours(Ours(probe_port_not_declared, keep=_at(probe))), _PODS)


def _sorted_keys(values: Values) -> Judge:
    recursive = values.flag("recursive")
    keep: Keep = lambda hit: recursive or len(hit.at) == 1  # noqa: E731 - a predicate in place
    return ours(Ours(yaml_keys_unsorted, keep=keep))


def _is_of_cluster_admin(hit: Hit) -> bool:
    return hit.evidence == "cluster-admin"


TEMPLATES: dict[str, Template] = {
    "access-to-resources": Template(
        objects.access,
        ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
        (
            Parameter("flagRolesNotFound", BOOLEAN),
            Parameter("resources", TEXTS),
            Parameter("verbs", TEXTS),
        ),
    ),
    "anti-affinity": Template(
        workloads.anti_affinity,
        _PODS,
        (Parameter("minReplicas", INTEGER), Parameter("topologyKey", TEXT)),
    ),
    "cel-expression": Template(
        cel.judge_of, _EVERYTHING, (Parameter("check", TEXT, required=True),)
    ),
    "cluster-admin-role-binding": Template(
        _ours(Ours(rbac_cluster_admin, keep=_is_of_cluster_admin)), ("ClusterRoleBinding",)
    ),
    "cpu-requirements": Template(
        containers.cpu,
        _PODS,
        (
            _REQUIREMENT,
            Parameter("lowerBoundMillis", INTEGER),
            Parameter("upperBoundMillis", INTEGER),
        ),
    ),
    "dangling-horizontalpodautoscaler": Template(_ours(hpa_target_missing), _SCALER),
    "dangling-ingress": Template(_ours(ingress_backend_dangling), ("Ingress",)),
    "dangling-networkpolicy": Template(_ours(network_policy_dangling), _POLICY),
    "dangling-networkpolicypeer-podselector": Template(
        _ours(network_policy_peer_dangling), _POLICY
    ),
    "dangling-service": Template(
        objects.dangling_service, _SERVICE, (Parameter("ignoredLabels", TEXTS),)
    ),
    "dangling-servicemonitor": Template(_ours(service_monitor_dangling), ("ServiceMonitor",)),
    "deprecated-service-account-field": Template(_ours(deprecated_service_account_field), _PODS),
    "disallowed-api-obj": Template(
        objects.disallowed_api,
        _EVERYTHING,
        (Parameter("group", TEXT), Parameter("version", TEXT), Parameter("kind", TEXT)),
    ),
    "dnsconfig-options": Template(
        workloads.dns_config, _PODS, (Parameter("key", TEXT), Parameter("value", TEXT))
    ),
    "duplicate-env-var": Template(_ours(duplicate_env_var), _PODS),
    "env-value-from": Template(
        objects.env_value_from,
        _PODS,
        (Parameter("ignoredSecrets", TEXTS), Parameter("ignoredConfigMaps", TEXTS)),
    ),
    "env-var": Template(
        containers.env_var,
        _PODS,
        (Parameter("name", TEXT, required=True), Parameter("value", TEXT)),
    ),
    "forbidden-annotation": Template(objects.forbidden_annotation, _EVERYTHING, _KEY_AND_VALUE),
    "forbidden-service-types": Template(
        objects.service_types, _SERVICE, (Parameter("forbiddenServiceTypes", TEXTS),)
    ),
    "host-ipc": Template(_ours(host_ipc), _PODS),
    "host-mounts": Template(workloads.host_mounts, _PODS, (Parameter("dirs", TEXTS),)),
    "host-network": Template(_ours(host_network), _PODS),
    "host-pid": Template(_ours(host_pid), _PODS),
    "hpa-minimum-replicas": Template(
        objects.scaler_replicas, _SCALER, (Parameter("minReplicas", INTEGER),)
    ),
    "image-pull-policy": Template(
        containers.image_pull_policy,
        _PODS,
        (Parameter("forbiddenPolicies", TEXTS, choices=("Always", "IfNotPresent", "Never")),),
    ),
    "job-ttl-seconds-after-finished": Template(_ours(job_ttl), (JOB_LIKE,)),
    "kubeconform": Template(
        objects.kubeconform,
        _EVERYTHING,
        (
            Parameter("schemaLocations", TEXTS),
            Parameter("cache", TEXT),
            Parameter("skipKinds", TEXTS),
            Parameter("rejectKinds", TEXTS),
            Parameter("kubernetesVersion", TEXT),
            Parameter("strict", BOOLEAN),
            Parameter("ignoreMissingSchemas", BOOLEAN),
        ),
    ),
    "latest-tag": Template(
        containers.image, _PODS, (Parameter("blockList", TEXTS), Parameter("allowList", TEXTS))
    ),
    "liveness-port": _probe_port("livenessProbe"),
    "liveness-probe": Template(_ours(liveness_probe_missing), _PODS),
    "memory-requirements": Template(
        containers.memory,
        _PODS,
        (_REQUIREMENT, Parameter("lowerBoundMB", INTEGER), Parameter("upperBoundMB", INTEGER)),
    ),
    "minimum-replicas": Template(
        workloads.minimum_replicas, _PODS, (Parameter("minReplicas", INTEGER),)
    ),
    "mismatching-selector": Template(_ours(selector_template_mismatch), _PODS),
    "no-node-affinity": Template(_ours(node_affinity_missing), _PODS),
    "non-existent-service-account": Template(_ours(service_account_not_found), _PODS),
    "non-isolated-pod": Template(workloads.non_isolated_pod, _PODS),
    "pdb-max-unavailable": Template(
        _ours(Ours(pdb_blocks_eviction, keep=_at("maxUnavailable"))), _BUDGET
    ),
    "pdb-min-available": Template(
        _ours(Ours(pdb_blocks_eviction, keep=_at("minAvailable"))), _BUDGET
    ),
    "pdb-unhealthy-pod-eviction-policy": Template(_ours(pdb_unhealthy_eviction_policy), _BUDGET),
    "ports": Template(
        containers.ports, _PODS, (Parameter("port", INTEGER), Parameter("protocol", TEXT))
    ),
    "priority-class-name": Template(
        workloads.priority_class, _PODS, (Parameter("acceptedPriorityClassNames", TEXTS),)
    ),
    "privilege-escalation-container": Template(
        _ours(privilege_escalation_allowed, privileged_container, capability_sys_admin_added),
        _PODS,
    ),
    "privileged": Template(_ours(privileged_container), _PODS),
    "privileged-ports": Template(_ours(privileged_port), _PODS),
    "read-only-root-fs": Template(_ours(read_only_root_filesystem), _PODS),
    "read-secret-from-env-var": Template(_ours(secret_in_env), _PODS),
    "readiness-port": _probe_port("readinessProbe"),
    "readiness-probe": Template(containers.readiness_probe, _PODS),
    "required-annotation": Template(objects.required_annotation, _EVERYTHING, _KEY_AND_VALUE),
    "required-label": Template(objects.required_label, _EVERYTHING, _KEY_AND_VALUE),
    "restart-policy": Template(_ours(restart_policy), _PODS),
    "run-as-non-root": Template(
        _ours(run_as_non_root, run_as_root_conflict, run_as_root_group), _PODS
    ),
    "scc-deny-privileged-container": Template(
        objects.privileged_constraints,
        ("SecurityContextConstraints",),
        (Parameter("allowPrivilegedContainer", BOOLEAN),),
    ),
    "service-account": Template(
        workloads.service_account, _PODS, (Parameter("serviceAccount", TEXT, required=True),)
    ),
    "sorted-keys": Template(_sorted_keys, _EVERYTHING, (Parameter("recursive", BOOLEAN),)),
    "startup-port": _probe_port("startupProbe"),
    "statefulset-volumeclaimtemplate-annotation": Template(
        workloads.volume_claim_annotation, _PODS, (Parameter("annotation", TEXT, required=True),)
    ),
    "target-port": Template(
        _ours(container_port_invalid, service_target_port_invalid), (DEPLOYMENT_LIKE, "Service")
    ),
    "unsafe-proc-mount": Template(_ours(unsafe_proc_mount), _PODS),
    "unsafe-sysctls": Template(workloads.sysctls, _PODS, (Parameter("unsafeSysCtls", TEXTS),)),
    "update-configuration": Template(
        workloads.update_configuration,
        _PODS,
        (
            Parameter("strategyTypeRegex", TEXT, required=True),
            Parameter("maxPodsUnavailable", TEXT),
            Parameter("minPodsUnavailable", TEXT),
            Parameter("maxSurge", TEXT),
            Parameter("minSurge", TEXT),
        ),
    ),
    "use-namespace": Template(_ours(default_namespace), (DEPLOYMENT_LIKE, "Service")),
    "verify-container-capabilities": Template(
        containers.capabilities,
        _PODS,
        (Parameter("forbiddenCapabilities", TEXTS), Parameter("exceptions", TEXTS)),
    ),
    "wildcard-in-rules": Template(
        _ours(rbac_wildcard, rbac_cluster_admin_equivalent), ("ClusterRole", "Role")
    ),
    "writable-host-mount": Template(workloads.writable_host_mounts, _PODS),
}
"""Every template by its name."""
