"""Fixes of what a pod takes from its node, and of the account it runs as."""

from collections.abc import Mapping

from seawall.core.edit import Data, Operation, Remove, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, drop, in_pod, mends, remove_at, repair, set_at
from seawall.kubernetes.fixes.naming import metadata_of
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context
from seawall.text.values import text


@mends("host-network", "host-pid", "host-ipc", "share-process-namespace")
def leave_the_node(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The field is deleted: its default is no sharing."""
    operations: list[Operation] = [remove_at(pod, hit)]
    if hit.at[-1] == "hostNetwork":
        if text(pod.spec, "dnsPolicy") == "ClusterFirstWithHostNet":
            operations.append(Remove(in_pod(pod, "dnsPolicy")))
        for container in pod.containers:
            operations += [
                drop(container, ("ports", index, "hostPort"))
                for index, port in container.ports
                if "hostPort" in port
            ]
    yield repair(
        pod,
        f"Remove {hit.at[-1]}",
        *operations,
        safety=Safety.UNSAFE,
        effect="what looks at the node or at other containers' processes fails",
    )


@mends("host-port")
def free_host_port(container: Container, hit: Hit, context: Context) -> Repairs:
    """A Service does the same without a place on each node."""
    if hit.at and hit.at[-1] == "hostPort":
        yield repair(
            container,
            "Leave the node's port alone",
            remove_at(container, hit),
            safety=Safety.UNSAFE,
            effect="who calls the node's address does not reach it any more",
        )


@mends("host-users-not-isolated")
def own_user_namespace(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """User namespaces are on by default since 1.33 (KEP-127); host namespaces exclude them."""
    shares = any(pod.spec.get(key) is True for key in ("hostNetwork", "hostPID", "hostIPC"))
    if context.minor >= 33 and not shares:
        yield repair(
            pod,
            "Give it a user namespace of its own",
            Set(in_pod(pod, "hostUsers"), value=False),
            safety=Safety.UNSAFE,
            effect="the node needs a kernel, runtime and file system that map users",
        )


@mends("unsafe-sysctls")
def remove_sysctl(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The kubelet refuses unsafe parameters unless its node allows them."""
    if len(hit.at) > 1 and isinstance(hit.at[-2], int):
        yield repair(
            pod,
            f"Do not set {hit.evidence}",
            Remove((*pod.path, *hit.at[:-1])),
            safety=Safety.UNSAFE,
            effect="the kernel's default holds",
        )


@mends("automount-service-account-token")
def withhold_token(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """An account with rights is bound for a reason."""
    if not context.index.has_rights(pod):
        yield repair(
            pod,
            "Mount no API token",
            Set(in_pod(pod, "automountServiceAccountToken"), value=False),
            safety=Safety.UNSAFE,
            effect="a program that calls the Kubernetes API fails",
        )


@mends("default-service-account")
def own_account(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """An account of its own, without rights, as the default one should be."""
    namespace, name = pod.object.namespace, pod.object.name
    if not name or hit.at[-1:] != ("serviceAccountName",):
        return
    loses = context.index.has_rights(pod)
    is_new = context.index.find("ServiceAccount", namespace, name) is None
    yield repair(
        pod,
        f"Run it as a ServiceAccount of its own, {name}",
        set_at(pod, hit, name),
        added=(_account(pod, name),) if is_new else (),
        safety=Safety.UNSAFE if loses else Safety.SAFE,
        effect="it loses the rights that the default account is bound to" if loses else "",
    )


@mends("service-account-not-found")
def make_account(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Without it the API server refuses the pod."""
    name = pod.service_account_name
    if name:
        yield repair(pod, f"Add the ServiceAccount {name}", added=(_account(pod, name),))


def _account(pod: Pod, name: str) -> Mapping[str, Data]:
    """An account as the API server makes them; whether a token is mounted is the pod's to say."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata_of(pod.object, name)}


@mends("deprecated-service-account-field")
def rename_account_field(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """``serviceAccount`` is the old name of ``serviceAccountName`` (core/v1 PodSpec)."""
    operations: list[Operation] = [Remove(in_pod(pod, "serviceAccount"))]
    if not text(pod.spec, "serviceAccountName"):
        name = text(pod.spec, "serviceAccount")
        operations.append(Set(in_pod(pod, "serviceAccountName"), name))
    yield repair(pod, "Name the account in serviceAccountName", *operations)


@mends("restart-policy")
def fit_restart_policy(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Controllers take one policy, Jobs the two others."""
    policy = "OnFailure" if pod.is_job else "Always"
    yield repair(pod, f"Restart it {policy}", Set(in_pod(pod, "restartPolicy"), policy))
