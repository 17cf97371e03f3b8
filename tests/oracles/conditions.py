"""Conditions of declared differences: small tests of the object that two tools judge differently.

A condition is named in ``differences.toml`` by its function's name with dashes, so that a reason
("privileged containers are reported as such and as nothing else") is proved of every object it is
given for. ``not-`` before a name turns it round; several conditions must all hold.
"""

from collections.abc import Callable, Iterator

from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import EPHEMERAL, INIT, REGULAR, Container, Pod
from seawall.kubernetes.values import at, integer, is_false, mappings, text
from tests.oracles.verdicts import Difference, contents


class Case:
    """A subject that two tools judge differently, and what stands beside it in its file."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        self.index: Index
        self.index, subjects = contents(difference.file)
        self.objects: list[KubernetesObject] = subjects[difference.subject]
        self.pods: list[Pod] = [pod for item in self.objects for pod in self.index.pods(item)]
        self.containers: list[Container] = [item for pod in self.pods for item in pod.containers]


Condition = Callable[[Case], bool]


def no_containers(case: Case) -> bool:
    """The object has no container, often not even a pod template: a fragment."""
    return not case.containers


def no_pod_spec(case: Case) -> bool:
    """The object has no pod template, or one without a spec."""
    return not any(pod.spec for pod in case.pods)


def privileged(case: Case) -> bool:
    """Some container is privileged."""
    return any(item.is_privileged for item in case.containers)


def all_privileged(case: Case) -> bool:
    """Every container is privileged."""
    return bool(case.containers) and all(item.is_privileged for item in case.containers)


def several_containers(case: Case) -> bool:
    """A pod has several containers."""
    return any(len(pod.containers) > 1 for pod in case.pods)


def init_containers(case: Case) -> bool:
    """A pod has init containers."""
    return any(item.type == INIT for item in case.containers)


def ephemeral_containers(case: Case) -> bool:
    """A pod has ephemeral containers."""
    return any(item.type == EPHEMERAL for item in case.containers)


def job(case: Case) -> bool:
    """The object is a Job or CronJob."""
    return case.difference.subject.kind in ("Job", "CronJob")


def user_above_zero(case: Case) -> bool:
    """Every container has a user id above 0."""
    return _all(case, lambda item: (item.run_as_user or 0) > 0)


def user_zero(case: Case) -> bool:
    """Some container runs as user 0."""
    return any(item.run_as_user == 0 for item in case.containers)


def group_zero(case: Case) -> bool:
    """Some container runs as group 0."""
    return any(item.run_as_group == 0 for item in case.containers)


def limit_without_request(case: Case) -> bool:
    """Some container has a limit of CPU or memory and no request of it."""
    return any(
        at(item.value, "resources", "limits", resource) is not None
        and at(item.value, "resources", "requests", resource) is None
        for item in case.containers
        for resource in ("cpu", "memory")
    )


def digest(case: Case) -> bool:
    """Some image is named by its digest."""
    return any("@" in text(item.value, "image") for item in case.containers)


def no_image(case: Case) -> bool:
    """Some container has no image."""
    return any(not text(item.value, "image") for item in case.containers)


def host_users_false(case: Case) -> bool:
    """The pod has a user namespace."""
    return any(is_false(pod.spec, "hostUsers") for pod in case.pods)


def host_network(case: Case) -> bool:
    """The pod shares its node's network."""
    return any(pod.host_network for pod in case.pods)


def by_service(case: Case) -> bool:
    """A Service of the file selects the pod."""
    return any(case.index.services_of(pod) for pod in case.pods)


def unset_escalation(case: Case) -> bool:
    """No container says allowPrivilegeEscalation."""
    return _all(
        case, lambda item: at(item.security_context, "allowPrivilegeEscalation") is None
    )


def no_capabilities(case: Case) -> bool:
    """Some container has no capabilities block."""
    return any(at(item.security_context, "capabilities") is None for item in case.containers)


def replicas_unset(case: Case) -> bool:
    """The workload does not say how many replicas it wants."""
    return all(integer(item.spec, "replicas") is None for item in case.objects)


def selectorless(case: Case) -> bool:
    """The Service, or some Service of its file, has no selector."""
    return any(not at(item.spec, "selector") for item in case.index.of_kind("Service"))


def hpa(case: Case) -> bool:
    """The file has a HorizontalPodAutoscaler."""
    return bool(case.index.of_kind("HorizontalPodAutoscaler"))


def restart_unset(case: Case) -> bool:
    """No restartPolicy is written."""
    return all(not text(pod.spec, "restartPolicy") for pod in case.pods)


def _all(case: Case, test: Callable[[Container], bool]) -> bool:
    return bool(case.containers) and all(test(item) for item in case.containers)


def _conditions() -> Iterator[tuple[str, Condition]]:
    for name, value in globals().items():
        if not name.startswith("_") and callable(value) and name.islower():
            yield name.replace("_", "-"), value


CONDITIONS: dict[str, Condition] = {
    name: value for name, value in _conditions() if getattr(value, "__module__", "") == __name__
}
