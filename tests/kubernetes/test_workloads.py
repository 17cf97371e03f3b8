"""Pods are found in controllers, in known custom resources and by shape in unknown ones."""

import pytest

from seawall.kubernetes.index import Index
from seawall.kubernetes.pods import INIT, REGULAR, SIDECAR, Pod
from seawall.kubernetes.rules import all_rules
from seawall.kubernetes.workloads import POD_PATHS
from tests.kubernetes.support import judge, objects_of

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


def test_tekton_names_resources_otherwise() -> None:
    limits = "{limits: {memory: 1Gi}}"
    text = f"""
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {{name: build}}
spec:
  taskSpec:
    stepTemplate: {{image: a, computeResources: {limits}}}
    steps: [{{name: a}}, {{name: b, computeResources: {limits}}}]
    sidecars: [{{name: c, image: c, computeResources: {limits}}}]
"""
    assert not judge("memory-limit-missing", text)
    assert len(judge("memory-limit-missing", text.replace("limits:", "requests:"))) == 3


STEPS = "steps: [{name: a, image: a}]"


def pods(text: str) -> list[Pod]:
    index = Index(objects_of(text))
    return [pod for object_ in index.objects for pod in index.pods(object_)]


def test_tekton_task_run() -> None:
    (pod,) = pods(f"""
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {{name: build, labels: {{app: build}}}}
spec:
  serviceAccountName: builder
  podTemplate: {{securityContext: {{runAsNonRoot: true}}}}
  taskSpec: {{{STEPS}, volumes: [{{name: x, emptyDir: {{}}}}]}}
""")
    assert pod.service_account_name == "builder"
    assert pod.labels == {"app": "build"}
    assert pod.containers[0].run_as_non_root
    assert not pod.started_elsewhere
    assert pod.path == ()
    assert pod.at("serviceAccountName") == ("spec", "serviceAccountName")
    assert pod.at("hostNetwork") == ("spec", "podTemplate", "hostNetwork")
    assert pod.at("volumes", 0) == ("spec", "taskSpec", "volumes", 0)


def test_tekton_pipeline_run() -> None:
    text = f"""
apiVersion: tekton.dev/v1
kind: PipelineRun
spec:
  taskRunTemplate: {{serviceAccountName: builder, podTemplate: {{hostNetwork: true}}}}
  taskRunSpecs: [{{pipelineTaskName: b, serviceAccountName: pusher}}]
  pipelineSpec:
    tasks: [{{name: a, taskSpec: {{{STEPS}}}}}, {{name: b, taskSpec: {{{STEPS}}}}}]
"""
    first, second = pods(text)
    assert (first.service_account_name, second.service_account_name) == ("builder", "pusher")
    assert first.host_network
    assert second.host_network
    assert first.at("serviceAccountName") == ("spec", "taskRunTemplate", "serviceAccountName")
    assert second.at("serviceAccountName") == ("spec", "taskRunSpecs", 0, "serviceAccountName")
    old = text.replace("tekton.dev/v1", "tekton.dev/v1beta1").replace(
        "taskRunTemplate: {serviceAccountName: builder, podTemplate: {hostNetwork: true}}",
        "serviceAccountName: builder",
    )
    first, second = pods(old)
    assert first.at("serviceAccountName") == ("spec", "serviceAccountName")


def test_what_several_pods_take_from_one_place_is_said_once() -> None:
    text = f"""
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {{name: build}}
spec:
  pipelineSpec:
    tasks: [{{name: a, taskSpec: {{{STEPS}}}}}, {{name: b, taskSpec: {{{STEPS}}}}}]
"""
    (finding,) = judge("default-service-account", text)
    assert finding.location.key_path == ("spec", "taskRunTemplate", "serviceAccountName")
    assert len(judge("run-as-non-root", text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"kind: Task\napiVersion: tekton.dev/v1\nspec: {{{STEPS}}}",
        "kind: StepAction\napiVersion: tekton.dev/v1\nspec: {image: a}",
        f"kind: Pipeline\napiVersion: tekton.dev/v1\nspec: {{tasks: [{{taskSpec: {{{STEPS}}}}}]}}",
    ],
)
def test_tasks_are_run_by_others(text: str) -> None:
    (pod,) = pods(text)
    assert pod.started_elsewhere
    assert judge("run-as-non-root", text)
    rules = ("default-service-account", "automount-service-account-token", "network-policy-missing")
    assert not judge(rules, text)


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


SELECTING = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}}
---
"""
DANGLING = (
    "service-selector-dangling", "service-target-port-invalid", "network-policy-dangling",
    "service-monitor-dangling",
)  # fmt: skip


@pytest.mark.parametrize("spec", ["", ", spec: null", ", spec: none"])
@pytest.mark.parametrize("kind", sorted(POD_PATHS))
def test_labels_of_a_template_without_a_spec_are_known_to_selectors(kind: str, spec: str) -> None:
    for path in POD_PATHS[kind]:
        # A Pod and a Revision are templates themselves, and have the name beside the labels.
        template = f"metadata: {{name: web, labels: {{app: web}}}}{spec}"
        for key in reversed(path):
            template = f"{key}: {{{template}}}"
        name = ", metadata: {name: web}" if path else ""
        text = f"{SELECTING}{{apiVersion: x/v1, kind: {kind}{name}, {template}}}"
        found = {finding.rule.id for finding in judge(all_rules(), text)}
        assert found.isdisjoint(DANGLING)
        assert "run-as-non-root" not in found, "there is no container to judge"
    without = {finding.rule.id for finding in judge(all_rules(), SELECTING)}
    assert without >= {"service-selector-dangling", "network-policy-dangling"}
