"""The table of deprecated and removed API versions against what releases really served."""

import json
import re

import pytest
import zstandard

from seawall.kubernetes.api_versions import ApiStatus, api_status, minor
from seawall.kubernetes.schema import load
from tests.shared import CORPUS, SHARED, needs_shared, oracle, read_rows

SCHEMAS = SHARED / "schemas" / "kubernetes"

# Kinds that the OpenAPI documents of Kubernetes 1.28 to 1.36 show up to the release before.
VANISHED = """
1.29 flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema PriorityLevelConfiguration
1.29 networking.k8s.io/v1alpha1 ClusterCIDR
1.31 networking.k8s.io/v1alpha1 IPAddress ServiceCIDR
1.31 resource.k8s.io/v1alpha2 PodSchedulingContext ResourceClaim ResourceClaimParameters
1.31 resource.k8s.io/v1alpha2 ResourceClaimTemplate ResourceClass ResourceClassParameters
1.31 resource.k8s.io/v1alpha2 ResourceSlice
1.32 admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicy
1.32 admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicyBinding
1.32 coordination.k8s.io/v1alpha1 LeaseCandidate
1.32 flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema PriorityLevelConfiguration
1.32 resource.k8s.io/v1alpha3 PodSchedulingContext
1.34 admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy
1.34 admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicyBinding
1.34 resource.k8s.io/v1alpha3 DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
1.35 certificates.k8s.io/v1alpha1 PodCertificateRequest
1.35 storage.k8s.io/v1alpha1 VolumeAttributesClass
1.35 storagemigration.k8s.io/v1alpha1 StorageVersionMigration
1.36 scheduling.k8s.io/v1alpha1 Workload
"""

# What a kube-apiserver 1.36 says in its warnings, "deprecated in, unavailable in".
WARNINGS = {
    ("v1", "ComponentStatus"): ("1.19", ""),
    ("v1", "Endpoints"): ("1.33", ""),
    ("admissionregistration.k8s.io/v1alpha1", "MutatingAdmissionPolicy"): ("1.35", "1.38"),
    ("coordination.k8s.io/v1alpha2", "LeaseCandidate"): ("1.35", "1.38"),
    ("coordination.k8s.io/v1beta1", "LeaseCandidate"): ("1.36", "1.39"),
    ("networking.k8s.io/v1beta1", "IPAddress"): ("1.34", "1.37"),
    ("networking.k8s.io/v1beta1", "ServiceCIDR"): ("1.34", "1.37"),
    ("resource.k8s.io/v1alpha3", "DeviceTaintRule"): ("1.36", "1.39"),
    ("resource.k8s.io/v1beta1", "DeviceClass"): ("1.35", "1.38"),
    ("resource.k8s.io/v1beta2", "ResourceClaim"): ("1.36", "1.39"),
    ("storage.k8s.io/v1beta1", "VolumeAttributesClass"): ("1.34", "1.37"),
}

# The releases that the migration guide names.
GUIDE = [
    ("1.16", "extensions/v1beta1", "DaemonSet Deployment NetworkPolicy ReplicaSet"),
    ("1.16", "extensions/v1beta1", "PodSecurityPolicy"),
    ("1.16", "apps/v1beta1", "Deployment StatefulSet"),
    ("1.16", "apps/v1beta2", "DaemonSet Deployment ReplicaSet StatefulSet"),
    ("1.22", "admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"),
    ("1.22", "admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"),
    ("1.22", "apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
    ("1.22", "apiregistration.k8s.io/v1beta1", "APIService"),
    ("1.22", "authentication.k8s.io/v1beta1", "TokenReview"),
    ("1.22", "authorization.k8s.io/v1beta1", "LocalSubjectAccessReview SubjectAccessReview"),
    ("1.22", "authorization.k8s.io/v1beta1", "SelfSubjectAccessReview"),
    ("1.22", "certificates.k8s.io/v1beta1", "CertificateSigningRequest"),
    ("1.22", "coordination.k8s.io/v1beta1", "Lease"),
    ("1.22", "extensions/v1beta1", "Ingress"),
    ("1.22", "networking.k8s.io/v1beta1", "Ingress IngressClass"),
    ("1.22", "rbac.authorization.k8s.io/v1beta1", "ClusterRole ClusterRoleBinding Role"),
    ("1.22", "scheduling.k8s.io/v1beta1", "PriorityClass"),
    ("1.22", "storage.k8s.io/v1beta1", "CSIDriver CSINode StorageClass VolumeAttachment"),
    ("1.25", "batch/v1beta1", "CronJob"),
    ("1.25", "discovery.k8s.io/v1beta1", "EndpointSlice"),
    ("1.25", "events.k8s.io/v1beta1", "Event"),
    ("1.25", "autoscaling/v2beta1", "HorizontalPodAutoscaler"),
    ("1.25", "policy/v1beta1", "PodDisruptionBudget PodSecurityPolicy"),
    ("1.25", "node.k8s.io/v1beta1", "RuntimeClass"),
    ("1.26", "flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema PriorityLevelConfiguration"),
    ("1.26", "autoscaling/v2beta2", "HorizontalPodAutoscaler"),
    ("1.27", "storage.k8s.io/v1beta1", "CSIStorageCapacity"),
    ("1.29", "flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema PriorityLevelConfiguration"),
    ("1.32", "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema PriorityLevelConfiguration"),
]


def vanished() -> list[tuple[str, str, str]]:
    """(removed in, API version, kind)."""
    lines = [line.split(" ") for line in VANISHED.strip().split("\n")]
    return [(line[0], line[1], kind) for line in lines for kind in line[2:]]


def table() -> dict[tuple[str, str], ApiStatus]:
    """Every entry, read back from the text of the module."""
    from seawall.kubernetes import api_versions

    return api_versions._statuses()


@pytest.mark.parametrize(("release", "api_version", "kind"), vanished())
def test_what_vanished_between_two_releases_is_marked_removed(
    release: str, api_version: str, kind: str
) -> None:
    status = api_status(api_version, kind)
    assert status is not None
    assert status.removed_in == release


@pytest.mark.parametrize(("release", "api_version", "kinds"), GUIDE)
def test_agrees_with_the_migration_guide(release: str, api_version: str, kinds: str) -> None:
    for kind in kinds.split(" "):
        status = api_status(api_version, kind)
        assert status is not None, kind
        assert status.removed_in == release, kind


@pytest.mark.parametrize("key", WARNINGS)
def test_agrees_with_the_warnings_of_a_server(key: tuple[str, str]) -> None:
    status = api_status(*key)
    assert status is not None
    assert (status.deprecated_in, status.removed_in) == WARNINGS[key]


def test_names_the_replacement_with_its_kind() -> None:
    assert api_status("extensions/v1beta1", "Ingress") == ApiStatus(
        "1.14", "1.22", "networking.k8s.io/v1 Ingress"
    )
    assert api_status("v1", "Endpoints") == ApiStatus(
        "1.33", "", "discovery.k8s.io/v1 EndpointSlice"
    )
    assert api_status("policy/v1beta1", "PodSecurityPolicy") == ApiStatus("1.21", "1.25", "")


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("apps/v1", "Deployment"), ("v1", "Pod"), ("example.org/v1beta1", "Ingress"), ("", "")],
)
def test_has_nothing_to_say_of_others(api_version: str, kind: str) -> None:
    assert api_status(api_version, kind) is None


def test_the_table_is_sound_and_fits_the_newest_schema() -> None:
    schema = load()
    for (api_version, kind), status in table().items():
        assert minor(status.deprecated_in) <= minor(schema.version)
        removed = status.removed_in
        if removed:
            assert minor(status.deprecated_in) <= minor(removed)
        is_gone = bool(removed) and minor(removed) <= minor(schema.version)
        assert (schema.kind(api_version, kind) is None) == is_gone, (api_version, kind)
        if status.replacement:
            assert schema.kind(*status.replacement.split(" ")) is not None, status
            assert api_status(*status.replacement.split(" ")) is None or kind in {
                "DeviceTaintRule",
                "LeaseCandidate",
            }


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.25", 25), ("v1.25.3", 25), ("1.9", 9), (" 1.36 ", 36), ("1.28+", 28), ("v1.30-gke", None)],
)
def test_minor(text: str, number: int | None) -> None:
    if number is None:
        with pytest.raises(ValueError, match="is no Kubernetes version"):
            minor(text)
    else:
        assert minor(text) == number


@pytest.mark.parametrize("text", ["", "1", "2.1", "v", "1.x", "1.-3", "latest", "1.99999", "1.²"])
def test_minor_refuses_other_text(text: str) -> None:
    with pytest.raises(ValueError, match="is no Kubernetes version"):
        minor(text)


def served_kinds(path: str) -> set[tuple[str, str]]:
    data = (SCHEMAS / path).read_bytes()
    document = json.loads(zstandard.ZstdDecompressor().decompressobj().decompress(data))
    kinds = (key.lstrip("/").rpartition("/") for key in document["kinds"])
    return {(version, kind) for version, _, kind in kinds}


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the schema documents are not here")
def test_the_facts_above_are_all_that_vanished() -> None:
    releases = {
        int(match[1]): served_kinds(match[0])
        for path in SCHEMAS.iterdir()
        if (match := re.fullmatch(r"v1\.(\d+)\.json\.zst", path.name))
    }
    found = [
        (f"1.{number}", api_version, kind)
        for number in sorted(releases)[1:]
        for api_version, kind in releases[number - 1] - releases[number]
    ]
    assert sorted(found) == sorted(vanished())
    for number, kinds in releases.items():
        for api_version, kind in kinds:
            status = api_status(api_version, kind)
            if status and status.removed_in:
                assert number < minor(status.removed_in), (api_version, kind)


@needs_shared
def test_built_in_kinds_that_a_server_did_not_serve_are_known() -> None:
    from tests.kubernetes.test_schema import documents

    unknown = set()
    for row in read_rows(oracle("kube-apiserver-manifests.jsonl.zst")):
        if row["status"] != "kind not served":
            continue
        value = documents(CORPUS / str(row["file"]))[int(str(row["document"]))]
        api_version = str(value.get("apiVersion"))
        if api_status(api_version, str(value["kind"])) is None:
            unknown.add((api_version, value["kind"]))
    assert unknown == {
        ("None", "Pod"),
        ("apps/v1", "Deployment2"),
        ("apps.openshift.io/v1", "DeploymentConfig"),
        ("example.com/v1", "CustomResource"),
        ("keda.sh/v1alpha1", "ScaledObject"),
        ("monitoring.coreos.com/v1", "PrometheusRule"),
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
        ("networking.istio.io/v1alpha3", "VirtualService"),
        ("security.openshift.io/v1", "SecurityContextConstraints"),
    }
