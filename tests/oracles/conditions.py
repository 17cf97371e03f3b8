"""Conditions of declared differences: small tests of the object that two tools judge differently.

A condition is named in ``differences.toml`` by its function's name with dashes, so that a reason
("a privileged container is reported as such and as nothing else") is proved of every object it
is given for. ``not-`` before a name turns it round; several conditions must all hold.
"""

from collections.abc import Callable, Iterable

from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.text.values import (
    at,
    is_false,
    is_true,
    mapping,
    mappings,
    sequence,
    text,
    texts,
)
from tests.oracles.verdicts import Difference, contents


class Case:
    """A subject that two tools judge differently, and what stands beside it in its file."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        self.index, subjects = contents(difference.file)
        self.objects: list[KubernetesObject] = subjects[difference.subject]
        self.pods: list[Pod] = [pod for item in self.objects for pod in self.index.pods(item)]
        self.containers: list[Container] = [item for pod in self.pods for item in pod.containers]


Condition = Callable[[Case], bool]
CONDITIONS: dict[str, Condition] = {}


def _condition(function: Condition) -> Condition:
    CONDITIONS[function.__name__.replace("_", "-")] = function
    return function


def holds(names: Iterable[str], case: Case) -> bool:
    """Whether all conditions of an entry hold."""
    return all(
        not CONDITIONS[name.removeprefix("not-")](case)
        if name.startswith("not-")
        else CONDITIONS[name](case)
        for name in names
    )


# Shape ----------------------------------------------------------------------------------------


@_condition
def no_containers(case: Case) -> bool:
    """The object has no container, often not even a pod template: a fragment."""
    return not case.containers


@_condition
def no_image(case: Case) -> bool:
    """Some container names no image that could be one."""
    images = [text(item.value, "image") for item in case.containers]
    return any(not image or "<" in image for image in images)


@_condition
def several_containers(case: Case) -> bool:
    """A pod has several containers of whatever type."""
    return any(len(pod.containers) > 1 for pod in case.pods)


@_condition
def job(case: Case) -> bool:
    """The object is a Job or CronJob."""
    return case.difference.subject.kind in ("Job", "CronJob")


@_condition
def no_name(case: Case) -> bool:
    """The object has no name, or one that is no text."""
    return not case.difference.subject.name


@_condition
def repeated_keys(case: Case) -> bool:
    """Some key stands twice in the object, or the document holds two objects in one."""
    return any(item.duplicates for item in case.objects)


# Security context -----------------------------------------------------------------------------


@_condition
def privileged(case: Case) -> bool:
    """Every container is privileged."""
    return _all(case, lambda item: item.is_privileged)


@_condition
def escalation_unset(case: Case) -> bool:
    """Some container does not say allowPrivilegeEscalation."""
    return any(
        at(item.security_context, "allowPrivilegeEscalation") is None for item in case.containers
    )


@_condition
def sys_admin(case: Case) -> bool:
    """Some container adds CAP_SYS_ADMIN."""
    return any("SYS_ADMIN" in item.added_capabilities for item in case.containers)


@_condition
def adds_default_capabilities(case: Case) -> bool:
    """The containers add only capabilities that the runtime's default set has."""
    allowed = {"NET_BIND_SERVICE", "CHOWN", "SETGID", "SETUID", "DAC_OVERRIDE"}
    return all(item.added_capabilities.keys() <= allowed for item in case.containers)


@_condition
def no_capabilities(case: Case) -> bool:
    """Some container has no capabilities block."""
    return any(at(item.security_context, "capabilities") is None for item in case.containers)


@_condition
def user_above_zero(case: Case) -> bool:
    """Every container has a user id above 0."""
    return _all(case, lambda item: (item.run_as_user or 0) > 0)


@_condition
def user_zero(case: Case) -> bool:
    """Some container is told to run as user 0."""
    return any(item.run_as_user == 0 for item in case.containers)


@_condition
def group_zero(case: Case) -> bool:
    """Some container is told to run as group 0."""
    return any(item.run_as_group == 0 for item in case.containers)


@_condition
def user_unset(case: Case) -> bool:
    """Some container leaves its user to the image."""
    return any(item.run_as_user is None for item in case.containers)


@_condition
def pod_security_context(case: Case) -> bool:
    """The pod has a security context, from which its containers inherit."""
    return any(pod.security_context for pod in case.pods)


@_condition
def host_users_false(case: Case) -> bool:
    """The pod has a user namespace of its own."""
    return any(is_false(pod.spec, "hostUsers") for pod in case.pods)


@_condition
def host_namespace(case: Case) -> bool:
    """The pod shares the network, process or IPC namespace of its node."""
    fields = ("hostNetwork", "hostPID", "hostIPC")
    return any(is_true(pod.spec, field) for pod in case.pods for field in fields)


@_condition
def host_network(case: Case) -> bool:
    """The pod shares its node's network."""
    return any(pod.host_network for pod in case.pods)


@_condition
def host_network_as_text(case: Case) -> bool:
    """hostNetwork is set to something that is no boolean."""
    return any(not isinstance(pod.spec.get("hostNetwork", False), bool) for pod in case.pods)


@_condition
def apparmor_annotation(case: Case) -> bool:
    """An AppArmor profile is set by annotation."""
    return _has_annotation(case, "container.apparmor.security.beta.kubernetes.io/")


@_condition
def apparmor_field(case: Case) -> bool:
    """An AppArmor profile is set by field, for the pod or a container."""
    return any("appArmorProfile" in pod.security_context for pod in case.pods) or any(
        "appArmorProfile" in item.security_context for item in case.containers
    )


@_condition
def invented_seccomp_annotation(case: Case) -> bool:
    """The pod has the annotation that kube-score reads and Kubernetes never did."""
    return _has_annotation(case, "seccomp.security.alpha.kubernetes.io/defaultProfileName")


@_condition
def host_path(case: Case) -> bool:
    """The pod has a volume of type hostPath."""
    return any("hostPath" in volume for pod in case.pods for _, volume in pod.volumes)


@_condition
def cephfs(case: Case) -> bool:
    """The pod has a volume of type cephfs."""
    return any("cephfs" in volume for pod in case.pods for _, volume in pod.volumes)


# Accounts -------------------------------------------------------------------------------------


@_condition
def no_token(case: Case) -> bool:
    """The pod, or its ServiceAccount in the same file, declines the API token."""
    return any(not case.index.mounts_token(pod) for pod in case.pods)


@_condition
def token_unset(case: Case) -> bool:
    """Nothing says whether the pod gets an API token, so it does."""
    return all("automountServiceAccountToken" not in pod.spec for pod in case.pods)


@_condition
def old_account_field(case: Case) -> bool:
    """The account is named by the deprecated field alone."""
    return any(
        text(pod.spec, "serviceAccount") and not text(pod.spec, "serviceAccountName")
        for pod in case.pods
    )


@_condition
def default_account(case: Case) -> bool:
    """The pod names the account default."""
    return any(text(pod.spec, "serviceAccountName") == "default" for pod in case.pods)


@_condition
def role_of_binding(case: Case) -> bool:
    """The object is a binding, and the role it grants stands in the same file."""
    return any(case.index.role_of(item) is not None for item in case.objects)


@_condition
def role_with_wildcard_verb(case: Case) -> bool:
    """Some rule of the role allows every verb."""
    return any(
        "*" in texts(rule, "verbs")
        for item in case.objects
        for _, rule in mappings(item.value, "rules")
    )


@_condition
def to_cluster_admin(case: Case) -> bool:
    """The binding grants cluster-admin."""
    return any(text(item.value, "roleRef", "name") == "cluster-admin" for item in case.objects)


# Resources, images, environment ---------------------------------------------------------------


@_condition
def limit_without_request(case: Case) -> bool:
    """Some container has a limit of CPU, memory or ephemeral storage and no such request."""
    return any(
        at(item.value, "resources", "limits", resource) is not None
        and at(item.value, "resources", "requests", resource) is None
        for item in case.containers
        for resource in ("cpu", "memory", "ephemeral-storage")
    )


@_condition
def no_requests(case: Case) -> bool:
    """Some container has a resources block without requests."""
    return any(
        "resources" in item.value and not mapping(item.value, "resources", "requests")
        for item in case.containers
    )


@_condition
def pull_if_not_present(case: Case) -> bool:
    """Some container pulls its image only where it is not present, said or by default."""
    return any(item.image_pull_policy == "IfNotPresent" for item in case.containers)


@_condition
def secret_in_env_from(case: Case) -> bool:
    """A container takes all keys of a Secret into its environment."""
    return any(
        isinstance(source.get("secretRef"), dict)
        for item in case.containers
        for _, source in mappings(item.value, "envFrom")
    )


# Relations ------------------------------------------------------------------------------------


@_condition
def behind_service(case: Case) -> bool:
    """A Service of the file selects the pod."""
    return any(case.index.services_of(pod) for pod in case.pods)


@_condition
def selectorless_service(case: Case) -> bool:
    """Some Service of the file has no selector."""
    return any(not item.spec.get("selector") for item in case.index.of_kind("Service"))


@_condition
def selects_other_controllers(case: Case) -> bool:
    """The Service selects pods of controllers that are not in the group apps or batch."""
    return any(
        pod.object.group not in ("apps", "batch") and pod.object.kind != "Pod"
        for pod in case.index.all_pods
        if any(service in case.objects for service in case.index.services_of(pod))
    )


@_condition
def autoscaled(case: Case) -> bool:
    """An autoscaler of the file scales the workload."""
    return any(case.index.scalers_of(item) for item in case.objects)


@_condition
def replicas_unset(case: Case) -> bool:
    """The workload does not say how many replicas it wants."""
    return all(item.spec.get("replicas") is None for item in case.objects)


@_condition
def refers_beyond_env(case: Case) -> bool:
    """The pod refers to claims, ConfigMaps or Secrets other than by single variables."""
    kinds = ("persistentVolumeClaim", "configMap", "secret", "projected")
    return any(
        pod.spec.get("imagePullSecrets")
        or any(kind in volume for _, volume in pod.volumes for kind in kinds)
        or any(item.value.get("envFrom") for item in pod.containers)
        for pod in case.pods
    )


@_condition
def rolling_update(case: Case) -> bool:
    """The workload is updated step by step, said or by default."""
    return all(
        text(item.spec, field, "type") in ("", "Rolling", "RollingUpdate")
        for item in case.objects
        for field in ("strategy", "updateStrategy")
    )


@_condition
def restart_unset(case: Case) -> bool:
    """No restartPolicy is written."""
    return all(not text(pod.spec, "restartPolicy") for pod in case.pods)


@_condition
def never_restarted(case: Case) -> bool:
    """The pod runs to its end: its restartPolicy is Never or OnFailure."""
    return any(pod.restart_policy in ("Never", "OnFailure") for pod in case.pods)


@_condition
def node_selector(case: Case) -> bool:
    """The pod says by nodeSelector or nodeName which nodes it belongs on."""
    return any(pod.spec.get("nodeSelector") or pod.spec.get("nodeName") for pod in case.pods)


@_condition
def one_direction(case: Case) -> bool:
    """The policies of the file limit the pod in one direction only."""
    return any(
        case.index.isolation_of(pod).ingress != case.index.isolation_of(pod).egress
        for pod in case.pods
    )


@_condition
def empty_pod_selector(case: Case) -> bool:
    """The NetworkPolicy selects every pod of its namespace."""
    return all(
        not mapping(item.spec, "podSelector", "matchLabels")
        and not sequence(item.spec, "podSelector", "matchExpressions")
        for item in case.objects
    )


@_condition
def load_balancer(case: Case) -> bool:
    """The Service is of type LoadBalancer."""
    return any(text(item.spec, "type") == "LoadBalancer" for item in case.objects)


@_condition
def selector_optional(case: Case) -> bool:
    """The API server takes the template's labels where this kind or version has no selector."""
    return any(
        item.kind in ("DeploymentConfig", "ReplicationController") or item.version == "v1beta1"
        for item in case.objects
    )


@_condition
def old_version(case: Case) -> bool:
    """The object's apiVersion is one that newer clusters no longer serve."""
    return any("beta" in item.version or item.group == "extensions" for item in case.objects)


@_condition
def default_namespace_unsaid(case: Case) -> bool:
    """The object says no namespace."""
    return all(not text(item.metadata, "namespace") for item in case.objects)


# Helpers --------------------------------------------------------------------------------------


def _all(case: Case, test: Callable[[Container], bool]) -> bool:
    return bool(case.containers) and all(test(item) for item in case.containers)


def _has_annotation(case: Case, prefix: str) -> bool:
    return any(key.startswith(prefix) for pod in case.pods for key in pod.annotations)
