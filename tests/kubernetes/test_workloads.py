"""Pods are found in controllers, in known custom resources and by shape in unknown ones."""

import pytest

from seawall.kubernetes.index import Index
from seawall.kubernetes.pods import INIT, REGULAR, SIDECAR
from tests.kubernetes.support import objects_of

CONTAINERS = "containers: [{name: app, image: a}]"
TEMPLATE = f"template: {{spec: {{{CONTAINERS}}}}}"


def found(text: str) -> list[tuple[str, str, str]]:
    index = Index(objects_of(text))
    return [
        (container.name, container.type, ".".join(map(str, container.path)))
        for object_ in index.objects
        for pod in index.pods(object_)
        for container in pod.containers
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"kind: Pod\napiVersion: v1\nspec: {{{CONTAINERS}}}", "spec.containers.0"),
        (f"kind: CronJob\napiVersion: batch/v1\nspec: {{jobTemplate: {{spec: {{{TEMPLATE}}}}}}}",
         "spec.jobTemplate.spec.template.spec.containers.0"),
        (f"kind: PodTemplate\napiVersion: v1\n{TEMPLATE}", "template.spec.containers.0"),
        (f"kind: ScaledJob\napiVersion: keda.sh/v1alpha1\nspec: {{jobTargetRef: {{{TEMPLATE}}}}}",
         "spec.jobTargetRef.template.spec.containers.0"),
        (f"kind: Unheard\napiVersion: x.example.org/v1\nspec: {{deep: [{{in: {{{TEMPLATE}}}}}]}}",
         "spec.deep.0.in.template.spec.containers.0"),
        (f"kind: Odd\napiVersion: x/v1\nspec: {{replicas: {{worker: {{{TEMPLATE}}}}}}}",
         "spec.replicas.worker.template.spec.containers.0"),
        *[
            (f"kind: {kind}\napiVersion: x/v1\nspec: {{{TEMPLATE}}}",
             "spec.template.spec.containers.0")
            for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job",
                         "ReplicationController", "DeploymentConfig", "Rollout", "CloneSet",
                         "Service")
        ],
    ],
)  # fmt: skip
def test_pod_templates(text: str, path: str) -> None:
    assert found(text) == [("app", REGULAR, path)]


def test_argo_workflow() -> None:
    text = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  securityContext: {runAsNonRoot: true}
  templates:
    - name: build
      container: {image: a}
      sidecars: [{name: proxy, image: b}]
    - name: script
      script: {image: c, source: echo}
    - name: steps
      steps: []
"""
    assert found(text) == [
        ("proxy", SIDECAR, "spec.templates.0.sidecars.0"),
        ("main", REGULAR, "spec.templates.0.container"),
        ("main", REGULAR, "spec.templates.1.script"),
    ]
    index = Index(objects_of(text))
    assert all(pod.containers[-1].run_as_non_root for pod in index.all_pods)


def test_tekton_task() -> None:
    text = """
apiVersion: tekton.dev/v1
kind: Task
spec:
  stepTemplate: {securityContext: {privileged: true}}
  steps:
    - {image: a}
    - {name: push, image: b}
  sidecars: [{name: docker, image: c}]
"""
    assert found(text) == [
        ("step-0", REGULAR, "spec.steps.0"),
        ("push", REGULAR, "spec.steps.1"),
        ("docker", SIDECAR, "spec.sidecars.0"),
    ]
    (pod,) = Index(objects_of(text)).all_pods
    assert [container.is_privileged for container in pod.containers] == [True, True, False]


def test_container_types() -> None:
    text = """
apiVersion: v1
kind: Pod
spec:
  initContainers: [{name: setup}, {name: proxy, restartPolicy: Always}]
  containers: [{name: app}]
  ephemeralContainers: [{name: debug}]
"""
    assert [(name, type_) for name, type_, _ in found(text)] == [
        ("setup", INIT), ("proxy", SIDECAR), ("app", REGULAR), ("debug", "ephemeral"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "kind: ConfigMap\napiVersion: v1\ndata: {spec: x}",
        "kind: Service\napiVersion: v1\nspec: {ports: []}",
        "kind: Deployment\napiVersion: apps/v1\nspec: [1]",
        "kind: Deployment\napiVersion: apps/v1\nspec: {template: {spec: null}}",
        "kind: Other\napiVersion: x/v1\nspec: {containers: [1, two]}",
    ],
)
def test_no_pods(text: str) -> None:
    assert found(text) == []


def test_lists_are_taken_apart() -> None:
    text = f"""
apiVersion: v1
kind: List
items:
  - {{kind: Pod, apiVersion: v1, spec: {{{CONTAINERS}}}}}
  - apiVersion: v1
    kind: PodList
    items:
      - spec: {{{CONTAINERS}}}
"""
    assert [path for _, _, path in found(text)] == [
        "items.0.spec.containers.0",
        "items.1.items.0.spec.containers.0",
    ]
