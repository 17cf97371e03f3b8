"""Rules about how many pods a workload has, and what scales it."""

from seawall.core.rule import RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.effective import minimum_replicas
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.text.values import integer, mapping, text

REPLICATED = (
    "Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig",
    "Rollout", "CloneSet",
)  # fmt: skip
_STATELESS = tuple(kind for kind in REPLICATED if kind != "StatefulSet")
_BUILT_IN = {
    # What an autoscaler can scale in any cluster -> the API groups it was ever served in.
    "Deployment": ("apps", "extensions"),
    "ReplicaSet": ("apps", "extensions"),
    "StatefulSet": ("apps",),
    "ReplicationController": ("",),
}


@object_rule(
    "replicas-too-few",
    severity=Severity.LOW,
    remedy="Set spec.replicas to two or more, or add a HorizontalPodAutoscaler.",
    profile=RELIABILITY,
    aliases=(
        "kube-score:deployment-replicas",
        "kube-linter:minimum-three-replicas",
        "polaris:deploymentMissingReplicas",
    ),
    kinds=_STATELESS,
    parameters=(Parameter("minimum", 2, "the least number of replicas"),),
)
def replicas_too_few(object_: KubernetesObject, context: Context) -> Hits:
    """Workloads behind a Service should have more than one replica.

    Reports Deployments and their like that a Service sends traffic to, that nothing scales, and
    whose ``replicas`` (1 when unset) is below the parameter ``minimum`` (2).

    Why:

    With one pod, each update, each drained node and each crash is an outage.

    Bad:

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 1
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
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app: web
          ports:
            - port: 80

    Good:

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 2
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
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app: web
          ports:
            - port: 80

    Not reported:

    Workloads that an autoscaler scales (``hpa-min-replicas`` is about those), that no Service
    of the input sends traffic to, or that are scaled to 0 on purpose; and StatefulSets, where
    the number of replicas is a matter of the software in them.

    References:
    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#replicas
    """
    scale = context.index.scale_of(object_)
    minimum = context.integer(replicas_too_few, "minimum")
    if scale.least == 0 or scale.least >= minimum or context.index.scalers_of(object_):
        return
    pods = context.pods(object_)
    if any(context.index.services_of(pod) for pod in pods):
        yield Hit(
            f"runs {_count(scale.least)} behind a Service, at least {minimum} wanted",
            ("spec", "replicas"),
            confidence=context.confidence_of_absence(object_),
        )


@object_rule(
    "hpa-min-replicas",
    severity=Severity.LOW,
    remedy="Set spec.minReplicas to two or more.",
    profile=RELIABILITY,
    aliases=(
        "kube-score:horizontalpodautoscaler-replicas",
        "kube-linter:hpa-minimum-three-replicas",
        "polaris:hpaMinAvailability",
    ),
    kinds=("HorizontalPodAutoscaler",),
    parameters=(Parameter("minimum", 2, "the least value of minReplicas"),),
)
def hpa_min_replicas(object_: KubernetesObject, context: Context) -> Hits:
    """Autoscalers should leave more than one replica running.

    Reports HorizontalPodAutoscalers whose ``minReplicas`` (1 when unset) is below the parameter
    ``minimum`` (2).

    Why:

    In a quiet hour the workload shrinks to one pod, and losing that pod is an outage until a
    new one is ready.

    Bad:

        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: web
        spec:
          scaleTargetRef:
            apiVersion: apps/v1
            kind: Deployment
            name: web
          minReplicas: 1
          maxReplicas: 10

    Good:

        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: web
        spec:
          scaleTargetRef:
            apiVersion: apps/v1
            kind: Deployment
            name: web
          minReplicas: 2
          maxReplicas: 10

    Not reported:

    KEDA's ScaledObjects, which are meant to scale down to nothing.

    References:
    https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
    """
    least = minimum_replicas(object_)
    minimum = context.integer(hpa_min_replicas, "minimum")
    if least < minimum:
        yield Hit(
            f"may scale down to {_count(least)}, at least {minimum} wanted",
            ("spec", "minReplicas"),
        )


@object_rule(
    "hpa-target-missing",
    severity=Severity.MEDIUM,
    remedy="Name an existing workload of the same namespace in spec.scaleTargetRef.",
    profile=RELIABILITY,
    aliases=(
        "kube-score:horizontalpodautoscaler-has-target",
        "kube-linter:dangling-horizontalpodautoscaler",
    ),
    kinds=("HorizontalPodAutoscaler", "ScaledObject"),
)
def hpa_target_missing(object_: KubernetesObject, context: Context) -> Hits:
    """Autoscalers must name a workload that exists.

    Reports HorizontalPodAutoscalers and KEDA ScaledObjects whose ``scaleTargetRef`` names no
    object of the input in their namespace, or names it in an API group that does not have its
    kind. A kind other than the built-in ones is looked for only where the input has objects of
    that kind; otherwise whether the target exists cannot be known.

    Why:

    The autoscaler does nothing, and nobody notices before the load comes.

    Bad:

        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: web
        spec:
          scaleTargetRef:
            apiVersion: apps/v1
            kind: Deployment
            name: web
          minReplicas: 2
          maxReplicas: 10

    Good:

        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: web
        spec:
          scaleTargetRef:
            apiVersion: apps/v1
            kind: Deployment
            name: web
          minReplicas: 2
          maxReplicas: 10
        ---
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

    Targets whose name occurs in a part of the input that could not be read.

    References:
    https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
    """
    target = mapping(object_.spec, "scaleTargetRef")
    name = text(target, "name")
    kind, version = text(target, "kind"), text(target, "apiVersion")
    if object_.kind == "ScaledObject":
        kind, version = kind or "Deployment", version or "apps/v1"
    if not name or not kind or context.index.is_unresolved(name):
        return
    groups = _BUILT_IN.get(kind)
    group = version.rpartition("/")[0]
    if groups is not None and group not in groups:
        yield Hit(
            f"scales {kind}/{name} by apiVersion {version or 'none'}, which has no {kind}",
            ("spec", "scaleTargetRef", "apiVersion"),
            evidence=version,
            remedy=f"Set spec.scaleTargetRef.apiVersion to that of the {kind}.",
        )
        return
    is_known = groups is not None or context.index.holds(kind)
    if is_known and context.index.find(kind, object_.namespace, name) is None:
        yield Hit(
            f"scales {kind}/{name}, which does not exist",
            ("spec", "scaleTargetRef", "name"),
            confidence=context.confidence_of_absence(object_),
            evidence=f"{kind}/{name}",
        )


@object_rule(
    "hpa-static-replicas",
    severity=Severity.LOW,
    remedy="Remove spec.replicas, and let the autoscaler set it.",
    profile=RELIABILITY,
    aliases=("kube-score:deployment-targeted-by-hpa-does-not-have-replicas-configured",),
    kinds=REPLICATED,
)
def hpa_static_replicas(object_: KubernetesObject, context: Context) -> Hits:
    """Workloads that an autoscaler scales should not set their own number of replicas.

    Reports workloads with ``replicas`` that a HorizontalPodAutoscaler or a KEDA ScaledObject of
    the input scales.

    Why:

    Each time the manifest is applied the workload falls back to that number, under whatever
    load there is, until the autoscaler corrects it.

    Bad:

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 2
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
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: web
        spec:
          scaleTargetRef:
            apiVersion: apps/v1
            kind: Deployment
            name: web
          minReplicas: 2
          maxReplicas: 10

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
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: web
        spec:
          scaleTargetRef:
            apiVersion: apps/v1
            kind: Deployment
            name: web
          minReplicas: 2
          maxReplicas: 10

    References:
    https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling
    """
    replicas = integer(object_.spec, "replicas")
    scalers = context.index.scalers_of(object_)
    if replicas is not None and scalers:
        scaler = scalers[0]
        yield Hit(
            f"sets replicas, which {scaler.kind}/{scaler.name} sets too",
            ("spec", "replicas"),
            related=((scaler, ("spec", "scaleTargetRef"), "scales it"),),
        )


def _count(replicas: int) -> str:
    return "1 replica" if replicas == 1 else f"{replicas} replicas"
