"""Rules about controllers and their pod templates: selectors, restarts, jobs, priority, DNS."""

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import REGULAR, Pod
from seawall.kubernetes.rule import Context, object_rule, pod_rule
from seawall.kubernetes.selectors import selector_of
from seawall.text.values import integer, labels_of, mapping, mappings, text

SERVING = (
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController",
    "DeploymentConfig", "Rollout", "CloneSet",
)  # fmt: skip
_SERVING = frozenset(SERVING)
_ENDING = frozenset(("Job", "CronJob"))
_WITH_CONTAINERS = _SERVING | _ENDING | {"Pod", "PodTemplate"}
_TEMPLATE_LABELS = ("spec", "template", "metadata", "labels")


@object_rule(
    "selector-template-mismatch",
    severity=Severity.HIGH,
    remedy="Make spec.selector match the labels in spec.template.metadata.labels.",
    profile=RELIABILITY,
    aliases=(
        "kube-score:deployment-pod-selector-labels-match-template-metadata-labels",
        "kube-score:statefulset-pod-selector-labels-match-template-metadata-labels",
        "kube-linter:mismatching-selector",
    ),
    kinds=(*SERVING, "Job"),
)
def selector_template_mismatch(object_: KubernetesObject, context: Context) -> Hits:
    """The selector of a controller must match the pods it makes.

    Reports Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers,
    DeploymentConfigs, Rollouts and CloneSets whose selector is missing, empty, not valid, or
    does not match the labels of the pod template; and Jobs that set a selector of their own
    that does not match.

    Why:

    A controller finds its pods by the selector. The API server refuses the built-in kinds when
    it does not match the template; other controllers go on making pods they never find again.

    Bad:

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          selector:
            matchLabels:
              app: web
          template:
            metadata:
              labels:
                app: frontend
            spec:
              containers:
                - name: web
                  image: registry.example.org/web:1.4.2

    Good:

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          selector:
            matchLabels:
              app: web
          template:
            metadata:
              labels:
                app: web
            spec:
              containers:
                - name: web
                  image: registry.example.org/web:1.4.2

    Not reported:

    A missing selector where the API server takes the labels of the template instead
    (ReplicationController, DeploymentConfig, the old v1beta1 versions); Jobs without a selector,
    as they should be; objects without a pod template, such as patches.

    References:
    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector
    """
    template = mapping(object_.spec, "template")
    if not template:
        return
    selector = selector_of(object_.spec, object_.kind)
    if selector is None:
        is_optional = object_.kind in ("Job", "ReplicationController", "DeploymentConfig")
        if not is_optional and object_.version != "v1beta1":
            yield Hit("has no selector", ("spec", "selector"))
    elif selector.is_empty:
        yield Hit("has an empty selector", ("spec", "selector"))
    elif not selector.valid:
        yield Hit("has a selector that is not valid", ("spec", "selector"))
    elif not selector.matches(labels_of(template, "metadata", "labels")):
        yield Hit(
            "has a selector that does not match the labels of its pod template",
            ("spec", "selector"),
            related=((object_, _TEMPLATE_LABELS, "the labels of the pods"),),
        )


@pod_rule(
    "restart-policy",
    severity=Severity.MEDIUM,
    remedy="Leave restartPolicy out, or set it to Always; in a Job set Never or OnFailure.",
    profile=RELIABILITY,
    aliases=("kube-score:cronjob-restartpolicy", "kube-linter:restart-policy"),
)
def restart_policy(pod: Pod, context: Context) -> Hits:
    """The restart policy of a pod template must be one its controller can work with.

    Reports templates of Deployments, StatefulSets, DaemonSets and their like with another
    ``restartPolicy`` than ``Always``, and Jobs and CronJobs with another one than ``Never`` or
    ``OnFailure`` (unset means ``Always``).

    Why:

    The API server refuses such objects: a controller that keeps pods running cannot use pods
    that stay ended, and a Job whose pods always start again never ends.

    Bad:

        apiVersion: batch/v1
        kind: Job
        metadata:
          name: migrate
        spec:
          template:
            spec:
              containers:
                - name: migrate
                  image: registry.example.org/migrate:1.4.2

    Good:

        apiVersion: batch/v1
        kind: Job
        metadata:
          name: migrate
        spec:
          template:
            spec:
              restartPolicy: Never
              containers:
                - name: migrate
                  image: registry.example.org/migrate:1.4.2

    Not reported:

    Pods that stand alone, for which every policy has its use, and kinds whose own controller
    sets the policy (KEDA's ScaledJob, Argo Workflows, Tekton).

    References:
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
    """
    kind = pod.object.kind
    if kind in _SERVING:
        if pod.restart_policy != "Always":
            yield Hit(
                f"has restartPolicy {pod.restart_policy}, where a {kind} allows only Always",
                pod.at("restartPolicy"),
                evidence=pod.restart_policy,
                remedy="Remove restartPolicy, or set it to Always.",
            )
    elif kind in _ENDING and pod.restart_policy not in ("Never", "OnFailure"):
        yield Hit(
            f"has restartPolicy {pod.restart_policy}, where a {kind} needs Never or OnFailure",
            pod.at("restartPolicy"),
            evidence=pod.restart_policy,
            remedy="Set restartPolicy to Never or OnFailure.",
        )


@pod_rule(
    "no-containers",
    severity=Severity.MEDIUM,
    remedy="List at least one container in spec.containers.",
    profile=RELIABILITY,
    aliases=("kube-score:container-resources",),
)
def no_containers(pod: Pod, context: Context) -> Hits:
    """Pods must have at least one container.

    Reports pods and pod templates of the built-in kinds whose ``containers`` is missing or
    empty, whatever init containers they have.

    Why:

    The API server refuses such a pod, and a scan finds nothing to complain of in it: a template
    that lost its containers by a wrong indent looks perfectly safe.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers: []

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    Custom resources, which may have their containers added by their controller.

    References:
    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec
    """
    if pod.object.kind in _WITH_CONTAINERS and next(pod.of_type(REGULAR), None) is None:
        yield Hit("has no containers", pod.at("containers"))


@object_rule(
    "cronjob-deadline-missing",
    severity=Severity.LOW,
    remedy="Set spec.startingDeadlineSeconds to the delay after which a run should be skipped.",
    profile=RELIABILITY,
    aliases=("kube-score:cronjob-has-deadline",),
    kinds=("CronJob",),
)
def cronjob_deadline_missing(object_: KubernetesObject, context: Context) -> Hits:
    """CronJobs should say what becomes of runs that are late, overlap or fail.

    Reports a missing ``startingDeadlineSeconds``, or one below 10; and as information a missing
    ``concurrencyPolicy`` and a ``failedJobsHistoryLimit`` of 0.

    Why:

    Without a deadline a run that was missed by hours still starts, and after a hundred missed
    runs the CronJob stops altogether. The controller looks every ten seconds, so a shorter
    deadline makes it skip runs. Without a concurrency policy a slow run and the next one work
    side by side.

    Bad:

        apiVersion: batch/v1
        kind: CronJob
        metadata:
          name: report
        spec:
          schedule: "0 3 * * *"
          concurrencyPolicy: Forbid
          jobTemplate:
            spec:
              template:
                spec:
                  restartPolicy: Never
                  containers:
                    - name: report
                      image: registry.example.org/report:1.4.2

    Good:

        apiVersion: batch/v1
        kind: CronJob
        metadata:
          name: report
        spec:
          schedule: "0 3 * * *"
          startingDeadlineSeconds: 600
          concurrencyPolicy: Forbid
          jobTemplate:
            spec:
              template:
                spec:
                  restartPolicy: Never
                  containers:
                    - name: report
                      image: registry.example.org/report:1.4.2

    References:
    https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
    """
    deadline = integer(object_.spec, "startingDeadlineSeconds")
    if deadline is None:
        yield Hit("sets no startingDeadlineSeconds", ("spec", "startingDeadlineSeconds"))
    elif deadline < 10:
        yield Hit(
            f"has a deadline of {deadline} s, shorter than the controller's own pace of 10 s",
            ("spec", "startingDeadlineSeconds"),
            evidence=str(deadline),
            remedy="Set spec.startingDeadlineSeconds to 10 or more.",
        )
    if not text(object_.spec, "concurrencyPolicy"):
        yield Hit(
            "does not say whether runs may overlap",
            ("spec", "concurrencyPolicy"),
            severity=Severity.INFO,
            remedy="Set spec.concurrencyPolicy to Forbid or Replace, or to Allow on purpose.",
        )
    if integer(object_.spec, "failedJobsHistoryLimit") == 0:
        yield Hit(
            "keeps no failed run to look into",
            ("spec", "failedJobsHistoryLimit"),
            severity=Severity.INFO,
            remedy="Set spec.failedJobsHistoryLimit to 1 or more.",
        )


@object_rule(
    "job-ttl",
    severity=Severity.LOW,
    remedy="Set spec.ttlSecondsAfterFinished.",
    profile=RELIABILITY,
    aliases=("kube-linter:job-ttl-seconds-after-finished",),
    kinds=("Job", "CronJob"),
)
def job_ttl(object_: KubernetesObject, context: Context) -> Hits:
    """Finished Jobs should be cleaned up by one mechanism.

    Reports Jobs without ``ttlSecondsAfterFinished``, and as information CronJobs that set it in
    their job template.

    Why:

    A finished Job and its pods stay, with their logs and environment, until somebody deletes
    them. The Jobs of a CronJob are cleaned up by its history limits; a time to live beside them
    removes the runs those limits are meant to keep.

    Bad:

        apiVersion: batch/v1
        kind: Job
        metadata:
          name: migrate
        spec:
          template:
            spec:
              restartPolicy: Never
              containers:
                - name: migrate
                  image: registry.example.org/migrate:1.4.2

    Good:

        apiVersion: batch/v1
        kind: Job
        metadata:
          name: migrate
        spec:
          ttlSecondsAfterFinished: 86400
          template:
            spec:
              restartPolicy: Never
              containers:
                - name: migrate
                  image: registry.example.org/migrate:1.4.2

    Not reported:

    Jobs that something else deletes: hooks of Helm and Argo CD, and Jobs with an owner.

    References:
    https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/
    """
    if object_.kind == "CronJob":
        at = ("spec", "jobTemplate", "spec", "ttlSecondsAfterFinished")
        if integer(object_.value, *at) is not None:
            yield Hit(
                "sets a time to live beside its history limits",
                at,
                severity=Severity.INFO,
                remedy="Remove ttlSecondsAfterFinished; set the history limits of the CronJob.",
            )
        return
    is_hook = "helm.sh/hook" in object_.annotations
    is_hook = is_hook or "argocd.argoproj.io/hook" in object_.annotations
    is_owned = next(mappings(object_.metadata, "ownerReferences"), None) is not None
    if integer(object_.spec, "ttlSecondsAfterFinished") is None and not is_hook and not is_owned:
        yield Hit("stays for ever after it has finished", ("spec", "ttlSecondsAfterFinished"))


@pod_rule(
    "priority-class-not-allowed",
    severity=Severity.INFO,
    remedy="Set priorityClassName to one of the classes your team allows.",
    profile=OPT_IN,
    aliases=("kube-linter:priority-class-name",),
    parameters=(
        Parameter("allowed", (), "the priority classes pods may name; empty turns the rule off"),
    ),
)
def priority_class_not_allowed(pod: Pod, context: Context) -> Hits:
    """Pods should name only priority classes from a list.

    Reports pods with a ``priorityClassName`` that is not in the parameter ``allowed``. Without
    that list nothing is reported.

    Why:

    A pod of a high priority class makes the scheduler evict others. Who may do so is for a team
    to decide.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          priorityClassName: system-node-critical
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          priorityClassName: business
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Parameters:

        allowed = ["business", "batch"]

    Not reported:

    Pods that name no class.

    References:
    https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
    """
    allowed = context.texts(priority_class_not_allowed, "allowed")
    name = text(pod.spec, "priorityClassName")
    if allowed and name and name not in allowed:
        yield Hit(
            f"has priority class {name}, which is not on the list",
            pod.at("priorityClassName"),
            evidence=name,
        )


@pod_rule(
    "dns-config-option",
    severity=Severity.INFO,
    remedy="Add the option to spec.dnsConfig.options.",
    profile=OPT_IN,
    aliases=("kube-linter:dnsconfig-options",),
    parameters=(
        Parameter("option", "ndots", "the name of the resolver option"),
        Parameter("value", "2", "the value it must have"),
    ),
)
def dns_config_option(pod: Pod, context: Context) -> Hits:
    """Pods should set a resolver option to the value a team has chosen.

    Reports pods whose ``dnsConfig.options`` does not set the parameter ``option`` (``ndots``)
    to the parameter ``value`` (``2``).

    Why:

    With the cluster's own ``ndots:5`` each name of the outside world is first asked for in
    every search domain: five times the queries, and names leak to the cluster's resolver.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          dnsConfig:
            options:
              - name: ndots
                value: "2"
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-dns-config
    """
    name = str(context.parameter(dns_config_option, "option"))
    wanted = str(context.parameter(dns_config_option, "value"))
    place = pod.at("dnsConfig", "options")
    for index, option in mappings(pod.spec, "dnsConfig", "options"):
        if text(option, "name") == name:
            if text(option, "value") == wanted:
                return
            place = pod.at("dnsConfig", "options", index, "value")
    yield Hit(f"does not set the DNS option {name} to {wanted}", place, evidence=name)
