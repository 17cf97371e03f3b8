"""Schema validation against recorded answers of a kube-apiserver v1.34.2, and by properties."""

import copy
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.kubernetes.schema import (
    KindInfo,
    Schema,
    SchemaProblem,
    UnknownSchemaError,
    load,
)
from seawall.kubernetes.schema.checks import MAX_TRACES
from seawall.kubernetes.schema.formats import is_base64, is_micro_time, is_quantity, is_time
from seawall.kubernetes.schema.suggest import close_name
from seawall.text.yaml import Document
from seawall.text.yaml import load as load_yaml
from tests.shared import CORPUS, ROOT, SHARED, needs_shared, oracle, read_rows

Json = dict[str, Any]
SCHEMA = load()
DOCUMENTS = SHARED / "schemas" / "kubernetes"


# The recorded answers.


@cache
def documents(path: Path) -> dict[int, Json]:
    """The objects of a file by the recording's index, which counts empty documents too."""
    text = path.read_text(encoding="utf-8")
    values = [item.value for item in load_yaml(text) if isinstance(item, Document)]
    try:
        loaded = list(yaml.load_all(text, yaml.BaseLoader))
    except yaml.YAMLError:
        loaded = ["text"] * len(values)
    indices = [index for index, value in enumerate(loaded) if value != ""]
    return {
        index: value
        for index, value in zip(indices, values, strict=True)
        if isinstance(value, dict)
    }


def rows() -> Iterator[tuple[str, Json, Json]]:
    """(where, recorded answer, object)."""
    for row in read_rows(oracle("kube-apiserver-manifests.jsonl.zst")):
        file, index = str(row["file"]), int(str(row["document"]))
        value = documents(CORPUS / file)[index]
        assert value["kind"] == row["kind"]
        yield f"{file}:{index}", row, value


def render(path: tuple[str | int, ...]) -> str:
    """A path as the server writes it."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def found(value: Json, *codes: str) -> list[str]:
    return [
        render(problem.path)
        for problem in SCHEMA.validate(value)
        if not codes or problem.code in codes
    ]


@needs_shared
def test_accepted_objects_have_no_problems() -> None:
    accepted = 0
    for where, row, value in rows():
        if row["status"] in {201, 409}:  # 409: the name existed
            accepted += 1
            assert SCHEMA.validate(value) == (), where
    assert accepted > 500


@needs_shared
def test_undecodable_objects_have_the_fields_that_the_server_names() -> None:
    refused = 0
    for where, row, value in rows():
        if row["status"] != 400:
            continue
        refused += 1
        message = str(row["message"])
        decoding = found(value, "wrong-type", "invalid-value")
        if "strict decoding error" in message:
            named = re.findall(r'unknown field "([^"]+)"', message)
            assert found(value, "unknown-field") == named, where
            assert decoding == [], where
        else:
            # The decoder names the first field only, by Go type and without indices.
            match = re.search(r"Go struct field \w+\.(\S+) of type", message)
            assert match, message
            assert re.sub(r"\[\d+\]", "", decoding[0]) == match[1], where
    assert refused > 30


# What we report of refused objects and the server does not, with the reason.
DECLARED = {
    # A missing selector is told as "`selector` does not match template `labels`" here.
    ("DaemonSet", "spec.selector"): "spec.template.metadata.labels",
}
_CAUSES = re.compile(
    r"([a-zA-Z][\w/-]*(?:\.[\w/-]+|\[[^\]]*\])*): "
    r"(?:(Required)|Invalid|Unsupported|Duplicate|Too many|Too long) value|"
    r"([a-zA-Z][\w/-]*(?:\.[\w/-]+|\[[^\]]*\])*): Forbidden"
)
# Fields that a server asks for in its own validation and OpenAPI does not list.
_NOT_IN_OPENAPI = re.compile(
    r"""spec\.selector$                           # a ReplicationController's, from its labels
    | spec\.ports$ | \.ports\[\d+\]\.name$        # a service's, unless headless; several ports
    | \.image$ | \.restartPolicy$
    | \.accessModes$ | \.resources\[storage\]$
    """,
    re.VERBOSE,
)


@needs_shared
def test_invalid_objects_have_the_required_fields_of_openapi() -> None:
    refused = 0
    for where, row, value in rows():
        if row["status"] != 422:
            continue
        refused += 1
        causes = list(_CAUSES.finditer(str(row["message"])))
        complaints = [cause[1] or cause[3] for cause in causes]
        required = [cause[1] for cause in causes if cause[2]]
        ours = found(value)
        assert ours == found(value, "missing-field"), where
        for path in ours:
            declared = DECLARED.get((str(row["kind"]), path), path)
            # spec.template is missing: the server asks for its spec.containers.
            assert any(one.startswith(declared) for one in complaints), (where, path)
        for path in required:
            if not any(path.startswith(one) for one in ours):
                assert _NOT_IN_OPENAPI.search(path), (where, path)
                assert path != "spec.selector" or row["kind"] == "ReplicationController", where
    assert refused > 200


@needs_shared
def test_admission_comes_before_validation() -> None:
    refused = {where: found(value) for where, row, value in rows() if row["status"] == 403}
    # Refused for its priority class before anybody looked for containers.
    assert refused == {"kube-linter/priority-class-name.yaml:8": ["spec.containers"]}


# Examples.


def pod(**container: object) -> Json:
    containers = [{"name": "app", "image": "app:1", **container}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app"},
        "spec": {"containers": containers},
    }


DEPLOYMENT: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "template": {
            "metadata": {"labels": {"app": "web"}, "creationTimestamp": None},
            "spec": {
                "securityContext": {"runAsNonRoot": True},
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx:1",
                        "env": [{"name": "A", "value": "b"}],
                        "ports": [{"containerPort": 8080}],
                        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}},
                        "livenessProbe": {"httpGet": {"port": "http"}, "periodSeconds": 5},
                    }
                ],
                "volumes": [{"name": "tmp", "emptyDir": {}}],
            },
        },
    },
}


def config_map(**fields: object) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, **fields}


def crd(**properties: object) -> Json:
    schema = {"type": "object", "properties": properties}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "xs", "kind": "X"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "xs.example.org"},
        "spec": {
            "group": "example.org",
            "names": names,
            "scope": "Namespaced",
            "versions": [version],
        },
    }


def only(value: Json) -> SchemaProblem:
    (problem,) = SCHEMA.validate(value)
    return problem


def test_a_valid_deployment_has_no_problems() -> None:
    assert SCHEMA.validate(DEPLOYMENT) == ()


def test_names_the_field_and_what_it_should_be() -> None:
    problem = only(pod(imagePullPolcy="Always"))
    assert problem == SchemaProblem(
        ("spec", "containers", 0, "imagePullPolcy"),
        "unknown-field",
        "imagePullPolcy is no field of this object; did you mean imagePullPolicy?",
    )
    assert only(pod(runAsUser=1)).message.endswith("; it belongs in securityContext")
    assert only(pod(args=["a", 1])) == SchemaProblem(
        ("spec", "containers", 0, "args", 1),
        "wrong-type",
        "args[1] must be a string, not a number; quote it",
    )
    value = pod()
    del value["spec"]["containers"][0]["name"]
    assert only(value).message == "name is required"
    assert only(pod(name="")).message == "name is required and must not be empty"


def test_messages_do_not_repeat_values() -> None:
    secret = "hunter2hunter2"
    value = config_map(data=secret, binaryData={"key": secret + "!"}, immutable=secret)
    assert len(SCHEMA.validate(value)) == 3
    assert secret not in str(SCHEMA.validate(value))


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        # Every answer here is that of a kube-apiserver.
        (pod(Image="x"), ["unknown-field"]),
        (pod(ports=[None]), ["missing-field"]),
        (pod(ports=[{}, None]), ["missing-field", "missing-field"]),
        (pod(env={}), ["wrong-type"]),
        (pod(env=["A=b"]), ["wrong-type"]),
        (pod(args=[None]), []),
        (pod(args=None, env=None, ports=None), []),
        (pod(stdin="true"), ["wrong-type"]),
        (pod(stdin=1), ["wrong-type"]),
        (pod(resources={"limits": {"cpu": 1.5, "memory": None}}), []),
        (pod(resources={"limits": {"cpu": True}}), ["wrong-type"]),
        (pod(resources={"limits": {"cpu": "lots"}}), ["invalid-value"]),
        (pod(livenessProbe={"httpGet": {"port": 1.5}}), ["wrong-type"]),
        (pod(livenessProbe={"httpGet": {"port": True}}), ["wrong-type"]),
        (pod(livenessProbe={"httpGet": {"port": 2**31}}), ["wrong-type"]),
        (pod(livenessProbe={"httpGet": {}}), ["missing-field"]),
        (pod(livenessProbe={"periodSeconds": 5.0}), []),
        (pod(livenessProbe={"periodSeconds": -0.0}), []),
        (pod(livenessProbe={"periodSeconds": 2**31}), ["wrong-type"]),
        (pod(livenessProbe={"periodSeconds": float("inf")}), ["wrong-type"]),
        (pod(livenessProbe={"terminationGracePeriodSeconds": 2**31}), []),
        (pod(livenessProbe={"terminationGracePeriodSeconds": 2**63}), ["wrong-type"]),
        (pod(livenessProbe={"httpGet": {"port": 1, "httpHeaders": [{"name": "a"}]}}), []),
        (config_map(binaryData={"a": "eA==", "b": "", "c": "eA=\n=", "d": None, "e": [1]}), []),
        (config_map(binaryData={"a": "eA"}), ["invalid-value"]),
        (config_map(binaryData={"a": [256]}), ["wrong-type"]),
        (config_map(binaryData={"a": 1}), ["wrong-type"]),
        (config_map(data={"a": None}), []),
        (config_map(data={"a": 1}), ["wrong-type"]),
        (config_map(data=[]), ["wrong-type"]),
        (config_map(metadata=[]), ["wrong-type"]),
        (config_map(metadata=None), []),
        (config_map(status={}), ["unknown-field"]),
        (config_map(metadata={"creationTimestamp": "yesterday"}), ["invalid-value"]),
        (config_map(metadata={"creationTimestamp": 5}), ["wrong-type"]),
        (config_map(metadata={"managedFields": [{"fieldsV1": 5}]}), []),
        (crd(a={"type": "string", "default": {"z": 1}, "enum": [1, None]}), []),
        (crd(a={"type": "string", "foo": 1}), ["unknown-field"]),
        (crd(a={"type": "number", "maximum": 1.5}), []),
        (crd(a={"maximum": float("nan")}), ["invalid-value"]),
        (crd(a={"maximum": "1"}), ["wrong-type"]),
        # A decoder of their own, which lets unknown fields pass.
        (crd(a={"items": {"type": "string", "foo": 1}}), []),
        (crd(a={"items": {"type": 5}}), ["wrong-type"]),
        (crd(a={"items": [{"type": "string"}, None]}), []),
        (crd(a={"items": "x"}), ["wrong-type"]),
        (crd(a={"additionalProperties": False}), []),
        (crd(a={"additionalProperties": {"foo": 1}}), []),
        (crd(a={"additionalProperties": "x"}), ["wrong-type"]),
        (crd(a={"dependencies": {"x": ["a"], "y": {"foo": 1}}}), []),
        (crd(a={"dependencies": {"x": [1]}}), ["wrong-type"]),
        (crd(a=None), []),
    ],
)
def test_decodes_like_a_server(value: Json, codes: list[str]) -> None:
    assert [problem.code for problem in SCHEMA.validate(value)] == codes


def test_what_a_server_sets_itself_may_be_incomplete() -> None:
    value = crd(a={"type": "string"})
    value["spec"]["versions"][0]["subresources"] = {"status": {}}
    value["status"] = {"conditions": [{"message": "only this"}], "foo": 1}
    assert [problem.code for problem in SCHEMA.validate(value)] == ["unknown-field"]
    value = copy.deepcopy(DEPLOYMENT) | {"status": {"conditions": [{}], "replicas": "3"}}
    assert [problem.code for problem in SCHEMA.validate(value)] == ["wrong-type"]


def test_defaulted_fields_are_not_missing() -> None:
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "x"},
        "roleRef": {"kind": "Role", "name": "x"},
    }
    assert SCHEMA.validate(binding) == ()


def test_an_absent_spec_is_missed_where_a_server_misses_its_fields() -> None:
    value = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}}
    assert found(value) == ["spec"]
    value["spec"] = {"selector": {}, "template": {}}
    assert found(value) == ["spec.template.spec"]
    value["kind"], value["spec"] = "Lease", {}
    assert found(value | {"apiVersion": "coordination.k8s.io/v1"}) == []


# Kinds and versions.


def test_knows_kinds() -> None:
    assert SCHEMA.version == "1.36"
    assert SCHEMA.kind("apps/v1", "Deployment") == KindInfo(
        "apps", "v1", "Deployment", "deployments", namespaced=True
    )
    assert SCHEMA.kind("v1", "Node") == KindInfo("", "v1", "Node", "nodes", namespaced=False)
    assert SCHEMA.kind("extensions/v1beta1", "Deployment") is None
    assert {(kind.group, kind.version) for kind in SCHEMA.kinds_named("Event")} == {
        ("", "v1"),
        ("events.k8s.io", "v1"),
    }
    assert SCHEMA.kinds_named("Rollout") == ()


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"apiVersion": "v1"},
        {"apiVersion": "v1", "kind": 3},
        {"apiVersion": ["v1"], "kind": "Pod"},
        {"apiVersion": "example.org/v1", "kind": "Pod", "spec": 3},
    ],
)
def test_unknown_kinds_have_no_problems(value: Json) -> None:
    assert SCHEMA.validate(value) == ()


def test_versions_that_are_not_shipped_are_refused_by_name() -> None:
    assert load("1.36").version == load().version
    with pytest.raises(UnknownSchemaError, match=r"no schema of Kubernetes 1\.5; there is one"):
        load("1.5")
    with pytest.raises(UnknownSchemaError):
        load("../../etc/passwd")


def test_every_definition_can_be_parsed_and_is_used() -> None:
    text = (ROOT / "src/seawall/kubernetes/schema/v1.36.txt").read_text(encoding="ascii")
    assert len(text) < 150_000
    definitions = SCHEMA._definitions
    names = [line.split(" ")[0] for line in text.split("\n\n", 2)[2].split("\n") if line]
    assert names == sorted(set(names))
    for name in names:
        assert definitions.object(name).fields.checks or name.endswith(
            ("BasicSchedulingPolicy", "CustomResourceSubresourceStatus", "StorageVersionSpec")
        )
    assert set(definitions._objects) <= set(names)


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the schema documents are not here")
def test_the_shipped_text_is_what_the_generator_writes(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "build_schemas.py"), str(DOCUMENTS)]
    subprocess.run([*command, "--output", str(tmp_path)], check=True, capture_output=True)
    (written,) = tmp_path.iterdir()
    shipped = ROOT / "src/seawall/kubernetes/schema" / written.name
    assert written.read_bytes() == shipped.read_bytes()


def test_forms_that_the_newest_schema_does_not_use() -> None:
    schema = Schema(
        "1.0", "#\n\nv1 A as cluster x.A\n\nx.A apiVersion:s kind:s e:s|A|B f:[]s|C@ *:*\n"
    )
    value = {"apiVersion": "v1", "kind": "A", "e": "A", "f": ["C"], "unknown": 1}
    assert schema.validate(value) == ()
    problems = schema.validate(value | {"e": "C", "f": ["D", 1]})
    assert [problem.message for problem in problems] == [
        "e must be one of A, B",
        "f[0] must be one of C",
        "f[1] must be a string, not a number; quote it",
    ]


# Texts with a meaning; every answer is that of the Go decoder.


@pytest.mark.parametrize(
    "text",
    [
        *"0 1 -1 +1 1.5 .5 1. 100m 1Ki 1k 1E .5Pi 1e3 1E-3 1e+5 m + . Ki".split(),
        "12e0000000000000000003",
        " 1 ",
    ],
)
def test_quantities(text: str) -> None:
    assert is_quantity(text)


@pytest.mark.parametrize(
    "text",
    [
        *"1Gib e 1e 0x1 1mi 1.5.5 1,5 true 1e5m ¹ 1K 1Ki5 ++1 Pi -.Ei".split(),
        "1e99999999999999999999",
        "",
        " ",
        "1 Gi",
        "1Gi\n",
    ],
)
def test_other_texts_are_no_quantities(text: str) -> None:
    assert not is_quantity(text)


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-01T00:00:00Z",
        "2020-01-01T00:00:00.5Z",
        "2020-01-01T00:00:00,5Z",
        "2020-01-01T0:00:00Z",
        "2020-02-29T23:59:59+05:30",
        "2000-02-29T23:59:59-24:00",
        "0000-01-01T00:00:00+23:60",
        "2020-01-01T00:00:00.123456789012Z",
    ],
)
def test_times(text: str) -> None:
    assert is_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020-01-01",
        "2020-01-01t00:00:00z",
        "2020-01-01 00:00:00Z",
        "2020-01-01T00:00:00",
        "2020-1-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2020-13-01T00:00:00Z",
        "2019-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2020-02-30T00:00:00Z",
        "2020-01-01T24:00:00Z",
        "2020-01-01T00:60:00Z",
        "2020-01-01T00:00:60Z",
        "2020-01-01T00:00:00.Z",
        "2020-01-01T00:00:00+0530",
        "2020-01-01T00:00:00+25:00",
        "2020-01-01T00:0:00Z",
        "2020-01-01T00:00Z",
        "٢٠٢٠-01-01T00:00:00Z",
    ],
)
def test_other_texts_are_no_times(text: str) -> None:
    assert not is_time(text)


def test_times_with_microseconds() -> None:
    assert is_micro_time("2020-01-01T00:00:00.123456Z")
    assert is_micro_time("2020-01-01T0:00:00,123456+05:30")
    for text in ("", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5Z"):
        assert not is_micro_time(text)
    assert not is_micro_time("2020-01-01T00:00:00.1234567Z")
    assert not is_micro_time("2020-01-01T00:00:00.123456")


def test_base64() -> None:
    for text in ("", "eA==", "eB==", "eHg=", "eHh4", "eA\r\n=="):
        assert is_base64(text)
    for text in ("eA", "e A==", "eA==eA==", "-_==", "====", "é", "eA=", "=", "eHh4="):
        assert not is_base64(text)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("containerport", "containerPort"),
        ("container_port", "containerPort"),
        ("contanerPort", "containerPort"),
        ("conatinerPort", "containerPort"),
        ("hosPort", "hostPort"),
        ("image", ""),
        ("nmae", "name"),
        ("na", ""),
        ("", ""),
        ("x" * 1000, ""),
    ],
)
def test_suggestions(name: str, meant: str) -> None:
    assert close_name(name, ["containerPort", "hostPort", "name", "protocol"]) == meant


# Odd input.

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["1Gi", "eA==", "2020-01-01T00:00:00Z", b"bytes", ()]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)
SAMPLES = [DEPLOYMENT, pod(), config_map(data={"a": "b"}), crd(a={"items": {"type": "string"}})]


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else ()
    for key, item in items or (enumerate(value) if isinstance(value, list) else ()):
        yield from places(item, (*path, key))


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_never_raises_on_mutated_objects(data: st.DataObject) -> None:
    value = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(list(places(value))))
        parent: Any = value
        for key in parents:
            parent = parent[key]
        action = data.draw(st.sampled_from(["drop", "retype", "rename"]))
        if action == "retype":
            parent[last] = data.draw(ODD)
        elif action == "drop" or not isinstance(parent, dict):
            del parent[last]
        else:
            parent[data.draw(st.text(max_size=9) | st.integers())] = parent.pop(last)
        if not value:
            return
    problems = SCHEMA.validate(value)
    assert problems == SCHEMA.validate(value)
    for problem in problems:
        assert problem.message
        assert all(isinstance(key, str | int) for key in problem.path)


@given(ODD)
def test_never_raises_on_any_content(content: object) -> None:
    for field in ("metadata", "spec", "status"):
        SCHEMA.validate({"apiVersion": "apps/v1", "kind": "Deployment", field: content})


def test_depth_has_a_limit_and_says_so() -> None:
    schema: Json = {}
    inner = schema
    for _ in range(5_000):
        inner["not"] = {}
        inner = inner["not"]
    problem = only(crd(a=schema))
    assert problem.code == "invalid-value"
    assert "nested deeper than 100 objects; the rest was not checked" in problem.message


def test_objects_that_hold_themselves_end() -> None:
    schema: Json = {"type": "object"}
    schema["properties"] = {"a": schema}
    assert "nested deeper" in only(crd(a=schema)).message


def test_aliases_without_end_are_not_followed() -> None:
    schema: Json = {"type": "string"}
    for _ in range(30):  # 10 to the power of 30 objects
        schema = {"properties": dict.fromkeys("abcdefghij", schema)}
    assert "more than 1,000,000 values; the rest was not checked" in only(crd(a=schema)).message
    args = ["x"] * 600_000
    value = pod(args=args, command=args)
    assert "more than 1,000,000 values" in only(value).message


def test_problems_have_a_limit_and_say_so() -> None:
    problems = SCHEMA.validate(pod(args=[1] * 100_000))
    assert len(problems) == MAX_TRACES + 1
    assert problems[-1].message == "Pod has more than 1,000 problems; the rest was not checked"
    problems = SCHEMA.validate(config_map(**{f"field{number}": 1 for number in range(5_000)}))
    assert len(problems) == MAX_TRACES + 1


def test_long_names_are_shortened() -> None:
    assert len(only(config_map(**{"x" * 100_000: 1})).message) < 200


# Start-up.


def test_validation_loads_no_costly_module() -> None:
    costly = ["dataclasses", "importlib.resources", "json", "yaml", "zlib"]
    code = (
        "import sys; before = set(sys.modules)\n"
        "from seawall.kubernetes.schema import load\n"
        f"load().validate({DEPLOYMENT!r})\n"
        f"print([name for name in {costly!r} if name in set(sys.modules) - before])"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
