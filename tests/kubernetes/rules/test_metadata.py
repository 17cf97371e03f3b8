"""Rules about namespace, labels, annotations and the order of keys."""

import pytest

from seawall.core.rule import ParameterValue
from tests.kubernetes.support import judge


def object_(kind: str = "ConfigMap", metadata: str = "", version: str = "v1") -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: web\n{metadata}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (object_(), True),
        (object_(metadata="  namespace: default\n"), True),
        (object_(metadata='  namespace: ""\n'), True),
        (object_(metadata="  namespace: shop\n"), False),
        (object_(metadata="  namespace: 123\n"), False),  # schema-invalid says what is wrong
        (object_(metadata="  namespace: null\n"), True),
        (object_("ClusterRole"), False),
        (object_("Namespace"), False),
        (object_("Widget", version="example.org/v1"), False),  # may live outside namespaces
        (object_("Widget", "  namespace: default\n", "example.org/v1"), True),
        (object_(metadata="  labels: {helm.sh/chart: web-1.0.0}\n"), False),
        (object_(metadata="  labels: {app.kubernetes.io/managed-by: Helm}\n"), False),
        (object_(metadata="  labels: {helm.sh/chart: web}\n  namespace: default\n"), True),
    ],
)
def test_default_namespace(text: str, found: bool) -> None:
    result = judge("default-namespace", text)
    assert [finding.location.key_path for finding in result] == (
        [("metadata", "namespace")] if found else []
    )


@pytest.mark.parametrize(
    ("key", "value", "messages"),
    [
        ("app", "web", 0),
        ("app", "", 0),
        ("app", "a", 0),
        ("app", "A-b_c.9", 0),
        ("app", "x" * 63, 0),
        ("app", "x" * 64, 1),
        ("app", "-web", 1),
        ("app", "web.", 1),
        ("app", "a b", 1),
        ("app", "ä", 1),
        ("app", r"web\n", 1),
        ("example.org/app", "web", 0),
        ("Example.org/app", "web", 1),
        ("example..org/app", "web", 1),
        ("a/b/c", "web", 1),
        ("/app", "web", 1),
        ("example.org/", "web", 1),
        ("a" * 63, "web", 0),
        ("a" * 64, "web", 1),
        (".".join(["a" * 50] * 5) + "/app", "web", 1),
        ("-app", "-web", 2),
    ],
)
def test_labels_have_a_form(key: str, value: str, messages: int) -> None:
    text = object_(metadata=f'  labels:\n    "{key}": "{value}"\n')
    found = judge("label-invalid", text)
    assert len(found) == messages
    assert all(f.location.key_path == ("metadata", "labels", key) for f in found)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("example.org/Note", False),
        ("Example.ORG/note", False),  # the server lowers annotation keys before it looks
        ("example.org/a b", True),
        ("a" * 64, True),
    ],
)
def test_annotation_keys_have_a_form(key: str, found: bool) -> None:
    text = object_(metadata=f'  annotations: {{"{key}": "any text, of any length"}}\n')
    assert bool(judge("label-invalid", text)) == found


def test_labels_of_pods_count_and_are_told_once() -> None:
    template = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {a: "x y"}}
spec:
  template:
    metadata: {labels: {b: "x y"}}
    spec: {containers: [{name: web, image: web}]}
"""
    found = judge("label-invalid", template)
    assert [finding.location.key_path for finding in found] == [
        ("metadata", "labels", "a"),
        ("spec", "template", "metadata", "labels", "b"),
    ]
    pod = object_("Pod", '  labels: {a: "x y"}\nspec: {containers: [{name: web, image: web}]}\n')
    assert len(judge("label-invalid", pod)) == 1


@pytest.mark.parametrize(("size", "found"), [(256 * 1024 - 4, False), (256 * 1024 - 3, True)])
def test_annotations_have_a_size(size: int, found: bool) -> None:
    text = object_(metadata=f"  annotations: {{note: {'x' * size}}}\n")
    assert bool(judge("label-invalid", text)) == found


def test_values_of_other_types_are_left_to_the_schema() -> None:
    text = object_(metadata="  labels: {a: 1, b: null, c: [x], d: true}\n  annotations: 7\n")
    assert not judge("label-invalid", text)


# What teams ask for ---------------------------------------------------------------------------

POD = """
apiVersion: v1
kind: Pod
metadata:
  name: web
{}spec: {{containers: [{{name: web, image: web}}]}}
"""
Parameters = dict[str, dict[str, ParameterValue]]


def required(labels: str, *wanted: str, kinds: tuple[str, ...] = ()) -> list[str]:
    values: Parameters = {"required-label": {"labels": wanted, "kinds": kinds}}
    return [f.message for f in judge("required-label", POD.format(labels), parameters=values)]


def test_required_labels() -> None:
    owner = "  labels: {owner: team-shop}\n"
    assert required(owner) == []
    assert required("", "owner") == ["has no label owner"]
    assert required(owner, "owner") == []
    assert required(owner, "owner=team-*") == []
    assert required(owner, "owner=shop") == ["has label owner with a value other than shop"]
    assert required("  labels: {coowner-x: a}\n", "owner") == ["has no label owner"]
    assert required("", "owner", "tier") == ["has no label owner", "has no label tier"]
    assert required("", "owner", kinds=("Deployment",)) == []
    assert required("", "owner", kinds=("Pod",)) == ["has no label owner"]


def test_required_labels_are_asked_of_workloads_only_by_default() -> None:
    values: Parameters = {"required-label": {"labels": ("owner",)}}
    assert not judge("required-label", object_(), parameters=values)


def test_required_annotations() -> None:
    values: Parameters = {"required-annotation": {"annotations": ("email=*@*",)}}
    bad, good = "  annotations: {email: me}\n", "  annotations: {email: a@example.org}\n"
    assert judge("required-annotation", POD.format(bad), parameters=values)
    assert not judge("required-annotation", POD.format(good), parameters=values)
    assert not judge("required-annotation", POD.format(bad))


def test_forbidden_annotations() -> None:
    values: Parameters = {
        "forbidden-annotation": {"annotations": ("reloader.example.org/*", "a=b")}
    }

    def keys(annotations: str) -> list[str]:
        text = POD.format(f"  annotations: {annotations}\n")
        return [f.evidence for f in judge("forbidden-annotation", text, parameters=values)]

    assert keys("{reloader.example.org/auto: 'true', other: x}") == ["reloader.example.org/auto"]
    assert keys("{a: b}") == ["a"]
    assert keys("{a: c}") == []


# Order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}, name: c}\n", []),
        ("kind: ConfigMap\napiVersion: v1\nmetadata: {}\n", [("apiVersion",)]),
        ("apiVersion: v1\nkind: A\nmetadata: {b: 1, a: 1, c: 1, B: 1}\n", [("metadata", "a")]),
        ("apiVersion: v1\nkind: A\nmetadata: {a: 1, B: 1}\n", [("metadata", "B")]),
        (
            "apiVersion: v1\nkind: A\nspec: {l: [{a: 1}, {b: 1, a: 1}], z: {b: 1, a: 1}}\n",
            [("spec", "z", "a"), ("spec", "l", 1, "a")],
        ),
    ],
)
def test_order_of_keys(text: str, paths: list[tuple[str | int, ...]]) -> None:
    found = judge("yaml-keys-unsorted", text)
    assert sorted(map(str, (f.location.key_path for f in found))) == sorted(map(str, paths))
