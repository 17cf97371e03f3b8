"""Where pods stand in objects: built-in controllers, known custom resources, other shapes."""

from collections.abc import Callable, Iterator

from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import INIT, REGULAR, SIDECAR, Pod
from seawall.text.scalars import COLLECTIONS, Value
from seawall.text.values import Map, at, mapping, mappings, text

_TEMPLATE: KeyPath = ("spec", "template")

POD_PATHS: dict[str, tuple[KeyPath, ...]] = {
    # kind -> where that which has metadata and spec stands; the group does not matter, so that
    # a Deployment of a version long gone is still looked into.
    "Pod": ((),),
    "PodTemplate": (("template",),),
    "Deployment": (_TEMPLATE,),
    "StatefulSet": (_TEMPLATE,),
    "DaemonSet": (_TEMPLATE,),
    "ReplicaSet": (_TEMPLATE,),
    "ReplicationController": (_TEMPLATE,),
    "Job": (_TEMPLATE,),
    "CronJob": (("spec", "jobTemplate", "spec", "template"),),
    "DeploymentConfig": (_TEMPLATE,),  # apps.openshift.io
    "Rollout": (_TEMPLATE,),  # argoproj.io
    "CloneSet": (_TEMPLATE,),  # apps.kruise.io
    "BroadcastJob": (_TEMPLATE,),  # apps.kruise.io
    "AdvancedCronJob": (("spec", "template", "jobTemplate", "spec", "template"),),
    "Service": (_TEMPLATE,),  # serving.knative.dev; a core Service has no template
    "Configuration": (_TEMPLATE,),  # serving.knative.dev
    "Revision": ((),),  # serving.knative.dev
    "ScaledJob": (("spec", "jobTargetRef", "template"),),  # keda.sh
    "SandboxTemplate": (("spec", "podTemplate"),),  # agents.x-k8s.io
    "Sandbox": (("spec", "podTemplate"),),
    "SparkApplication": (("spec", "driver", "template"), ("spec", "executor", "template")),
}

_WITH_SELECTOR = frozenset(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"))
_PATCHED = _WITH_SELECTOR | {"Pod", "ReplicationController", "Job", "CronJob"}
_CONTAINER_LISTS = ("initContainers", "containers")
_MAX_DEPTH = 14
_NO_PODS = frozenset(
    """
    ConfigMap Secret CustomResourceDefinition Role ClusterRole RoleBinding ClusterRoleBinding
    Ingress NetworkPolicy HorizontalPodAutoscaler PodDisruptionBudget Namespace PersistentVolume
    PersistentVolumeClaim StorageClass ServiceAccount Endpoints
    """.split()
)


def pods_of(object_: KubernetesObject) -> tuple[Pod, ...]:
    """All pods and pod templates of an object."""
    special = _SPECIAL.get(object_.kind)
    if special is not None:
        return tuple(special(object_))
    paths = POD_PATHS.get(object_.kind)
    if paths is None:
        if object_.kind in _NO_PODS:
            return ()
        paths = tuple(_by_shape(object_.value, (), 0))
    pods = []
    for path in paths:
        holder = at(object_.value, *path)
        if isinstance(holder, dict) and isinstance(holder.get("spec"), dict):
            pods.append(_pod(object_, holder, path))
    return tuple(pods)


def bare_templates_of(object_: KubernetesObject) -> tuple[Pod, ...]:
    """Pods and pod templates of built-in and known kinds that have metadata and no spec.

    The API server refuses them, and there is nothing in them to judge. Their labels are known
    all the same: a Service that selects them is not without pods.
    """
    bare = []
    for path in POD_PATHS.get(object_.kind, ()):
        holder = at(object_.value, *path)
        if (
            isinstance(holder, dict)
            and isinstance(holder.get("metadata"), dict)
            and not isinstance(holder.get("spec"), dict)
        ):
            bare.append(_pod(object_, holder, path))
    return tuple(bare)


def images_of(object_: KubernetesObject) -> Iterator[str]:
    """The images of built-in and known kinds as they are written.

    Those of kinds with a language of their own (Argo's and Tekton's) are left out.
    """
    for path in POD_PATHS.get(object_.kind, ()):
        template = at(object_.value, *path)
        for key in _CONTAINER_LISTS:
            for _, item in mappings(template, "spec", key):
                yield text(item, "image")


def is_patch(object_: KubernetesObject) -> bool:
    """Whether a workload, or the definition of a custom resource, only changes another.

    Then none of its containers has an image, or there is neither a selector where the API asks
    for one nor a whole template to select. The API server refuses both; kustomize, kubeadm and
    others merge such files into whole objects. What is missing in one is no finding. A workload of
    a file that a kustomization lists as a resource is whole: its images, labels and selectors may
    come from there. A definition that only changes another has no ``spec``; such files stand in
    every project that kubebuilder has set up.
    """
    if object_.listed:
        return False
    if object_.kind == "CustomResourceDefinition":
        return "spec" not in object_.value
    if object_.kind not in _PATCHED:
        return False
    template = at(object_.value, *POD_PATHS[object_.kind][0])
    containers = [item for key in _CONTAINER_LISTS for _, item in mappings(template, "spec", key)]
    if containers and not any(text(item, "image") for item in containers):
        return True
    if not _needs_selector(object_) or mapping(object_.spec, "selector"):
        return False
    # With labels and images it is more likely whole, and the selector forgotten.
    has_images = bool(containers) and all(text(item, "image") for item in containers)
    return not (has_images and mapping(template, "metadata", "labels"))


def _needs_selector(object_: KubernetesObject) -> bool:
    """Whether the API takes no default for the selector (until apps/v1beta1 it was the labels)."""
    return (
        object_.kind in _WITH_SELECTOR and object_.group == "apps" and object_.version != "v1beta1"
    )


def _pod(object_: KubernetesObject, holder: Map, path: KeyPath) -> Pod:
    place = (*object_.path, *path)
    return Pod(
        object_,
        spec=mapping(holder, "spec"),
        spec_path=(*place, "spec"),
        metadata=mapping(holder, "metadata"),
        path=place,
    )


def _by_shape(value: Value, path: KeyPath, depth: int) -> Iterator[KeyPath]:
    """Paths of mappings whose ``spec`` has containers: pod templates in unknown kinds."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        if _is_pod_spec(value.get("spec")):
            yield path
            return
        for key, child in value.items():
            if type(child) in COLLECTIONS:
                yield from _by_shape(child, (*path, key), depth + 1)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            if type(child) in COLLECTIONS:
                yield from _by_shape(child, (*path, index), depth + 1)


def _is_pod_spec(value: Value) -> bool:
    """Containers with an image each, under their own field names: nothing else looks so."""
    if not isinstance(value, dict):
        return False
    containers = [item for _, item in mappings(value, "containers")]
    return bool(containers) and all(
        isinstance(item.get("image"), str) and isinstance(item.get("name"), str)
        for item in containers
    )


_Found = tuple[Map, str, KeyPath]


def _argo_templates(object_: KubernetesObject, base: KeyPath) -> Iterator[Pod]:
    """Argo Workflows: each template of type container, script or containerSet is a pod."""
    workflow = mapping(object_.value, *base)
    for index, template in mappings(workflow, "templates"):
        place = (*object_.path, *base, "templates", index)
        found: list[_Found] = []
        for key, type_ in (("initContainers", INIT), ("sidecars", SIDECAR)):
            found.extend((item, type_, (*place, key, i)) for i, item in mappings(template, key))
        for key in ("container", "script"):
            own = mapping(template, key)
            if own:
                found.append(({"name": "main", **own}, REGULAR, (*place, key)))
        found.extend(
            (item, REGULAR, (*place, "containerSet", "containers", i))
            for i, item in mappings(template, "containerSet", "containers")
        )
        if found:
            # What a template leaves out it takes from the workflow's spec.
            spec = {key: value for key, value in workflow.items() if key != "templates"} | template
            yield Pod(
                object_,
                spec=spec,
                spec_path=place,
                metadata=mapping(template, "metadata"),
                path=place,
                containers=tuple(found),
            )


def _argo_workflow(object_: KubernetesObject) -> Iterator[Pod]:
    base = ("spec", "workflowSpec") if object_.kind == "CronWorkflow" else ("spec",)
    return _argo_templates(object_, base)


class _Run(NamedTuple):
    """What starts a Tekton task: its account and pod template, each with where it belongs."""

    account: str
    account_at: KeyPath
    template: Map
    template_at: KeyPath


def _task_run(object_: KubernetesObject) -> _Run:
    spec = mapping(object_.value, "spec")
    return _Run(
        text(spec, "serviceAccountName"), ("spec", "serviceAccountName"),
        mapping(spec, "podTemplate"), ("spec", "podTemplate"),
    )  # fmt: skip


def _pipeline_run(object_: KubernetesObject, task: str) -> _Run:
    """What a PipelineRun sets for one of its tasks, else for all (v1; v1beta1 below it)."""
    spec = mapping(object_.value, "spec")
    shared = ("spec", "taskRunTemplate") if object_.version == "v1" else ("spec",)
    run = _Run(
        text(object_.value, *shared, "serviceAccountName"), (*shared, "serviceAccountName"),
        mapping(object_.value, *shared, "podTemplate"), (*shared, "podTemplate"),
    )  # fmt: skip
    for index, own in mappings(spec, "taskRunSpecs"):
        if text(own, "pipelineTaskName") != task:
            continue
        for key in ("serviceAccountName", "taskServiceAccountName"):
            if text(own, key):
                place = ("spec", "taskRunSpecs", index, key)
                run = run._replace(account=text(own, key), account_at=place)
        for key in ("podTemplate", "taskPodTemplate"):
            if mapping(own, key):
                place = ("spec", "taskRunSpecs", index, key)
                whole = run.template | mapping(own, key)
                run = run._replace(template=whole, template_at=place)
    return run


def _tekton_task(
    object_: KubernetesObject, base: KeyPath, run: _Run | None = None
) -> Iterator[Pod]:
    """Tekton: the steps of a task are the containers of one pod, with a common template.

    The pod has the labels of the object. What it has beside containers and volumes the run says.
    """
    task = mapping(object_.value, *base)
    place = (*object_.path, *base)
    shared = mapping(task, "stepTemplate")
    found: list[_Found] = []
    for index, step in mappings(task, "steps"):
        if isinstance(step.get("ref"), dict):
            continue  # a StepAction elsewhere
        name = text(step, "name") or f"step-{index}"
        whole = _with_resources(shared | step | {"name": name})
        found.append((whole, REGULAR, (*place, "steps", index)))
    found.extend(
        (_with_resources(item), SIDECAR, (*place, "sidecars", index))
        for index, item in mappings(task, "sidecars")
    )
    if found:
        spec: Map = {"volumes": task.get("volumes"), "restartPolicy": "Never"}
        places: dict[str, KeyPath] = {}
        if run is not None:
            spec = run.template | spec | {"serviceAccountName": run.account}
            places = {
                "": run.template_at,
                "serviceAccountName": run.account_at,
                "volumes": (*base, "volumes"),
            }
        yield Pod(
            object_,
            spec=spec,
            spec_path=place,
            metadata=object_.metadata,
            path=object_.path,
            containers=tuple(found),
            places=places,
            started_elsewhere=run is None,
        )


def _with_resources(container: Map) -> Map:
    """A step or sidecar with its resources where containers have them: Tekton v1 renamed them."""
    renamed = container.get("computeResources")
    return container if renamed is None else container | {"resources": renamed}


def _step_action(object_: KubernetesObject) -> Iterator[Pod]:
    step = object_.spec
    if text(step, "image"):
        place = (*object_.path, "spec")
        yield Pod(
            object_, spec={"restartPolicy": "Never"}, spec_path=place,
            metadata=object_.metadata, path=object_.path,
            containers=(({"name": "step", **step}, REGULAR, place),), started_elsewhere=True,
        )  # fmt: skip


def _tekton(object_: KubernetesObject) -> Iterator[Pod]:
    kind = object_.kind
    if kind == "StepAction":
        yield from _step_action(object_)
    elif kind in ("Task", "ClusterTask"):
        yield from _tekton_task(object_, ("spec",))
    elif kind == "TaskRun":
        yield from _tekton_task(object_, ("spec", "taskSpec"), _task_run(object_))
    else:  # Pipeline, PipelineRun
        base = ("spec", "pipelineSpec") if kind == "PipelineRun" else ("spec",)
        for key in ("tasks", "finally"):
            for index, task in mappings(object_.value, *base, key):
                run = None
                if kind == "PipelineRun":
                    run = _pipeline_run(object_, text(task, "name"))
                yield from _tekton_task(object_, (*base, key, index, "taskSpec"), run)


_SPECIAL: dict[str, Callable[[KubernetesObject], Iterator[Pod]]] = {
    "Workflow": _argo_workflow,
    "WorkflowTemplate": _argo_workflow,
    "ClusterWorkflowTemplate": _argo_workflow,
    "CronWorkflow": _argo_workflow,
    "Task": _tekton,
    "ClusterTask": _tekton,
    "TaskRun": _tekton,
    "Pipeline": _tekton,
    "PipelineRun": _tekton,
    "StepAction": _tekton,
}
