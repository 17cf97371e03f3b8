"""What rules about references do beyond their examples."""

from typing import Any

import pytest

from seawall.core.finding import Finding
from seawall.core.severity import Confidence, Severity
from tests.kubernetes.rules.manifests import ODD, container
from tests.kubernetes.rules.relations import obj, pod, stream, workload
from tests.kubernetes.support import judge

RULE = "config-reference-not-found"
ACCOUNT = "service-account-not-found"
ALL = (RULE, ACCOUNT, "duplicate-env-var")


def one(**fields: Any) -> dict[str, Any]:
    return {"containers": [container(**fields)]}


def from_env(kind: str, name: Any = "web", key: str = "a", **more: Any) -> dict[str, Any]:
    field = f"{kind[0].lower()}{kind[1:]}KeyRef"
    return one(env=[{"name": "A", "valueFrom": {field: {"name": name, "key": key, **more}}}])


def config_map(name: str = "web", namespace: str = "", **fields: Any) -> dict[str, Any]:
    return obj(
        "ConfigMap", name, namespace=namespace, version="v1", **{"data": {"a": "1"}, **fields}
    )


def secret(name: str = "web", namespace: str = "", **fields: Any) -> dict[str, Any]:
    return obj("Secret", name, namespace=namespace, version="v1", **{"data": {"a": ""}, **fields})


def missing(*objects: dict[str, Any], **options: Any) -> list[Finding]:
    return judge(RULE, stream(*objects), **options)


WAYS: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    ("ConfigMap", from_env("ConfigMap"),
     ("containers", 0, "env", 0, "valueFrom", "configMapKeyRef", "name")),
    ("Secret", from_env("Secret"),
     ("containers", 0, "env", 0, "valueFrom", "secretKeyRef", "name")),
    ("ConfigMap", one(envFrom=[{"configMapRef": {"name": "web"}}]),
     ("containers", 0, "envFrom", 0, "configMapRef", "name")),
    ("Secret", one(envFrom=[{"secretRef": {"name": "web"}}]),
     ("containers", 0, "envFrom", 0, "secretRef", "name")),
    ("ConfigMap", {"volumes": [{"name": "v", "configMap": {"name": "web"}}]},
     ("volumes", 0, "configMap", "name")),
    ("Secret", {"volumes": [{"name": "v", "secret": {"secretName": "web"}}]},
     ("volumes", 0, "secret", "secretName")),
    ("Secret", {"volumes": [{"name": "v", "csi": {"nodePublishSecretRef": {"name": "web"}}}]},
     ("volumes", 0, "csi", "nodePublishSecretRef", "name")),
    ("ConfigMap",
     {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "web"}}]}}]},
     ("volumes", 0, "projected", "sources", 0, "configMap", "name")),
    ("Secret",
     {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "web"}}]}}]},
     ("volumes", 0, "projected", "sources", 0, "secret", "name")),
    ("Secret", {"imagePullSecrets": [{"name": "web"}]}, ("imagePullSecrets", 0, "name")),
    ("PersistentVolumeClaim",
     {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "web"}}]},
     ("volumes", 0, "persistentVolumeClaim", "claimName")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "spec", "place"), WAYS)
def test_every_way_to_refer(kind: str, spec: dict[str, Any], place: tuple[Any, ...]) -> None:
    (finding,) = missing(pod(**spec))
    assert finding.message == f"{kind} web is not among the manifests of namespace default"
    assert finding.location.key_path == ("spec", *place)
    assert finding.severity == (Severity.LOW if kind == "Secret" else Severity.MEDIUM)
    assert finding.confidence == Confidence.HIGH
    there = obj(kind, version="v1", data={"a": "1"})
    assert not missing(pod(**spec), there)
    assert not missing(pod(**spec), {**there, "metadata": {"name": "web", "namespace": "default"}})
    assert len(missing(pod(**spec), obj("Deployment"))) == 1


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_what_is_optional_may_be_missing(kind: str) -> None:
    assert not missing(pod(**from_env(kind, optional=True)))
    assert missing(pod(**from_env(kind, optional=False)))
    there = {"ConfigMap": config_map, "Secret": secret}[kind]()
    assert not missing(pod(**from_env(kind, key="b", optional=True)), there)


def test_keys() -> None:
    (finding,) = missing(pod(**from_env("ConfigMap", key="b")), config_map())
    assert finding.message == "ConfigMap web has no key b"
    assert finding.location.key_path[-2:] == ("configMapKeyRef", "key")
    assert finding.evidence == "web/b"
    fields: dict[str, Any]
    for fields in ({"data": {"b": ""}}, {"binaryData": {"b": ""}}, {"data": None}, {"data": {}}):
        assert not missing(pod(**from_env("ConfigMap", key="b")), config_map(**fields))
    assert not missing(pod(**from_env("Secret", key="b")), secret(stringData={"b": ""}))
    assert not missing(pod(**from_env("ConfigMap", key="$(KEY)")), config_map())
    volume = {"name": "v", "configMap": {"name": "web", "items": [{"key": "a"}, {"key": "b"}]}}
    (finding,) = missing(pod(volumes=[volume]), config_map())
    assert finding.location.key_path[-3:] == ("items", 1, "key")


def test_several_objects_of_one_name_have_all_their_keys() -> None:
    second = config_map(data={"b": ""})
    assert not missing(pod(**from_env("ConfigMap", key="b")), config_map(), second)


def test_namespaces() -> None:
    spec = from_env("ConfigMap")
    (finding,) = missing(pod(namespace="shop", **spec), config_map())
    assert finding.message.endswith("namespace shop; it is in default")
    assert finding.confidence == Confidence.HIGH
    (finding,) = missing(pod(**spec), config_map(namespace="shop"))  # kubectl -n shop apply ...
    assert finding.confidence == Confidence.LOW
    assert not missing(pod(namespace="shop", **spec), config_map(namespace="shop"))


def test_confidence_and_what_could_not_be_read() -> None:
    (finding,) = missing(pod(**from_env("ConfigMap")), complete=False)
    assert finding.confidence == Confidence.LOW
    assert not missing(pod(**from_env("ConfigMap")), opaque=("name: web",))


@pytest.mark.parametrize("name", ["$(NAME)", "${NAME}", "{{ .name }}", "<name>", None, 1])
def test_names_still_to_be_filled_in(name: Any) -> None:
    assert not missing(pod(**from_env("ConfigMap", name)))


def test_objects_a_cluster_has() -> None:
    assert not missing(pod(**from_env("ConfigMap", "kube-root-ca.crt")))
    assert not missing(pod(**from_env("Secret", "web-token-x7k2p")))
    assert not missing(pod(imagePullSecrets=[{"name": "default-dockercfg-abcde"}]))
    assert missing(pod(**from_env("Secret", "web-token-secret")))


def custom(kind: str, version: str, name: str = "other", **spec: Any) -> dict[str, Any]:
    return obj(kind, name, version=version, spec=spec)


@pytest.mark.parametrize(
    "maker",
    [
        custom("ExternalSecret", "external-secrets.io/v1", "web"),
        custom("ExternalSecret", "external-secrets.io/v1", target={"name": "web"}),
        custom("ClusterExternalSecret", "external-secrets.io/v1", externalSecretName="web"),
        custom("SealedSecret", "bitnami.com/v1alpha1", "web"),
        custom("Certificate", "cert-manager.io/v1", secretName="web"),
        custom("VaultStaticSecret", "secrets.hashicorp.com/v1beta1", destination={"name": "web"}),
        custom("OnePasswordItem", "onepassword.com/v1", "web"),
        custom("SecretProviderClass", "secrets-store.csi.x-k8s.io/v1",
               secretObjects=[{"secretName": "web"}]),
        custom("Bucket", "s3.aws.upbound.io/v1", writeConnectionSecretToRef={"name": "web"}),
        custom("KafkaUser", "kafka.strimzi.io/v1beta2", "web"),
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
         "secretGenerator": [{"name": "web"}]},
        obj("Ingress", annotations={"cert-manager.io/cluster-issuer": "x"},
            spec={"tls": [{"secretName": "web"}]}),
        obj("Gateway", annotations={"cert-manager.io/issuer": "x"},
            spec={"listeners": [{"tls": {"certificateRefs": [{"name": "web"}]}}]}),
        obj("Service", annotations={"service.beta.openshift.io/serving-cert-secret-name": "web"}),
        secret(namespace="other") | {"metadata": {
            "name": "web", "namespace": "other",
            "annotations": {"replicator.v1.mittwald.de/replicate-to": "x"}}},
        obj("Job", "certgen", spec={"template": {"spec": one(args=["--secret-name=web"])}}),
        obj("Job", "create", spec={"template": {"spec": one(
            command=["kubectl", "create", "secret", "generic", "web"])}}),
    ],
    ids=lambda item: item["kind"],
)  # fmt: skip
def test_secrets_that_something_makes(maker: dict[str, Any]) -> None:
    assert not missing(pod(**from_env("Secret")), maker)


@pytest.mark.parametrize(
    "other",
    [
        custom("VirtualService", "networking.istio.io/v1", "web"),
        custom("ServiceMonitor", "monitoring.coreos.com/v1", "web"),
        custom("HTTPRoute", "gateway.networking.k8s.io/v1", "web"),
        custom("KafkaUser", "kafka.strimzi.io/v1beta2", "we"),
        obj("Ingress", spec={"tls": [{"secretName": "web"}]}),
        obj("Deployment", "web"),
        obj("Job", "certgen", spec={"template": {"spec": one(args=["--secret-name=website"])}}),
        obj("Job", "print", spec={"template": {"spec": one(args=["echo", "web"])}}),
    ],
    ids=lambda item: item["kind"],
)
def test_objects_that_make_nothing(other: dict[str, Any]) -> None:
    assert missing(pod(**from_env("Secret")), other)


def test_operators_derive_names() -> None:
    cluster = custom("Cluster", "postgresql.cnpg.io/v1", "shop-db")
    assert not missing(pod(**from_env("Secret", "shop-db-app")), cluster)
    assert missing(pod(**from_env("Secret", "shop-dbase")), cluster)


def test_controllers_may_add_keys() -> None:
    external = custom("ExternalSecret", "external-secrets.io/v1", target={"name": "web"})
    assert not missing(pod(**from_env("Secret", key="b")), secret(), external)


def test_claims_of_stateful_sets() -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    templates = [{"metadata": {"name": "data"}}]
    with_templates = workload(
        "StatefulSet", template={"volumes": [volume]}, volumeClaimTemplates=templates
    )
    assert not missing(with_templates)
    assert missing(workload("StatefulSet", template={"volumes": [volume]}))


def test_one_finding_for_each_container_and_name() -> None:
    env = from_env("ConfigMap")["containers"][0]["env"]
    containers = [container("one", env=env * 2), container("two", env=env)]
    found = missing(pod(containers=containers))
    assert [f.subject.container for f in found] == ["one", "two"]


def account(name: str = "web", **fields: Any) -> dict[str, Any]:
    return obj("ServiceAccount", name, version="v1", **fields)


@pytest.mark.parametrize("field", ["serviceAccountName", "serviceAccount"])
def test_service_accounts(field: str) -> None:
    (finding,) = judge(ACCOUNT, stream(workload(template={field: "web"})))
    assert finding.location.key_path[-1] == field
    assert finding.evidence == "web"
    assert not judge(ACCOUNT, stream(workload(template={field: "web"}), account()))
    assert not judge(ACCOUNT, stream(workload(template={field: "default"})))
    assert not judge(ACCOUNT, stream(workload()))
    assert not judge(ACCOUNT, stream(workload(template={field: "$(NAME)"})))
    assert not judge(ACCOUNT, stream(workload(template={field: "web"})), opaque=("web",))


def test_service_accounts_of_namespaces() -> None:
    in_shop = workload(namespace="shop", template={"serviceAccountName": "web"})
    (finding,) = judge(ACCOUNT, stream(in_shop, account()))
    assert finding.message.endswith("it is in default")
    assert not judge(ACCOUNT, stream(in_shop, account(namespace="shop")))
    unplaced = workload(template={"serviceAccountName": "web"})
    (finding,) = judge(ACCOUNT, stream(unplaced, account(namespace="shop")))
    assert finding.confidence == Confidence.LOW
    assert not judge(ACCOUNT, stream(unplaced, account(namespace="default")))


def test_duplicate_variables() -> None:
    def named(*names: Any) -> dict[str, Any]:
        return pod(containers=[container(env=[{"name": n} for n in names])])

    (finding,) = judge("duplicate-env-var", stream(named("A", "B", "A", "A")))
    assert finding.location.key_path[-3:] == ("env", 2, "name")
    assert finding.related[0].location.key_path[-3:] == ("env", 0, "name")
    assert not judge("duplicate-env-var", stream(named("A", "a", "", "", None, None)))


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd: Any) -> None:
    spec: dict[str, Any] = {
        "volumes": [odd, {"name": odd, "secret": odd, "configMap": odd, "projected": odd},
                    {"name": "v", "configMap": {"name": "web", "items": odd}},
                    {"name": "v", "projected": {"sources": [odd, {"secret": odd}]}}],
        "imagePullSecrets": odd,
        "serviceAccountName": odd,
        "containers": [container(env=odd, envFrom=odd),
                       container(env=[odd, {"name": odd, "valueFrom": odd}], envFrom=[odd]),
                       *from_env("ConfigMap", odd)["containers"],
                       *from_env("Secret", "web", odd)["containers"]],
    }  # fmt: skip
    others = [
        config_map(data=odd), secret(data={"a": odd}), obj("Ingress", annotations={"a": odd}),
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
         "secretGenerator": odd, "configMapGenerator": [odd]},
        custom("ExternalSecret", "external-secrets.io/v1", target=odd),
    ]  # fmt: skip
    judge(ALL, stream(pod(**spec), *others))
    judge(ALL, stream(workload("StatefulSet", template=spec, volumeClaimTemplates=odd)))
