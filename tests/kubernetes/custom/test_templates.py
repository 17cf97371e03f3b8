"""What single templates say and where, beyond what kube-linter's answers already show."""

from typing import Any

import pytest

from seawall.kubernetes.custom.templates import TEMPLATES
from seawall.text import patterns
from tests.kubernetes.custom.support import attempt, found, rule, said
from tests.kubernetes.test_robustness import ODD

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, "k-\u00e9": x}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      volumes:
        - {name: etc, hostPath: {path: /etc/}}
      initContainers:
        - name: init
          image: registry.example.org/init:1
          env: [{name: DEBUG, value: "1"}]
      containers:
        - name: web
          image: registry.example.org/web:1
          ports: [{containerPort: 22}]
          volumeMounts: [{name: etc, mountPath: /etc}]
          resources: {limits: {cpu: 0.1, memory: 128974848}}
"""
CONTAINER = ("spec", "template", "spec", "containers", 0)
BOUND = {"requirementsType": "limit", "lowerBoundMillis": 100, "upperBoundMillis": 100}


@pytest.mark.parametrize(
    ("template", "params", "place", "container"),
    [
        ("env-var", {"name": "DEBUG"},
         ("spec", "template", "spec", "initContainers", 0, "env", 0, "name"), "init"),
        ("ports", {"port": 22}, (*CONTAINER, "ports", 0, "containerPort"), "web"),
        ("host-mounts", {"dirs": ["^/etc/?$"]}, (*CONTAINER, "volumeMounts", 0), "web"),
        ("writable-host-mount", {}, (*CONTAINER, "volumeMounts", 0, "readOnly"), "web"),
        ("latest-tag", {"allowList": ["init"]}, (*CONTAINER, "image"), "web"),
        ("cpu-requirements", BOUND, (*CONTAINER, "resources", "limits", "cpu"), "web"),
        ("memory-requirements",
         {"requirementsType": "request", "lowerBoundMB": 123, "upperBoundMB": 123},
         (*CONTAINER, "resources", "requests", "memory"), "web"),
        ("minimum-replicas", {"minReplicas": 3}, ("spec", "replicas"), ""),
        ("required-label", {"key": "owner"}, ("metadata", "labels"), ""),
        ("required-annotation", {"key": "a"}, ("metadata", "annotations"), ""),
        ("disallowed-api-obj", {"kind": "Deployment"}, ("apiVersion",), ""),
        ("update-configuration", {"strategyTypeRegex": "Recreate"},
         ("spec", "strategy", "type"), ""),
        ("update-configuration", {"strategyTypeRegex": "R", "maxPodsUnavailable": "10%"},
         ("spec", "strategy", "rollingUpdate", "maxUnavailable"), ""),
        ("service-account", {"serviceAccount": "^$"},
         ("spec", "template", "spec", "serviceAccountName"), ""),
    ],
)  # fmt: skip
def test_places(
    template: str, params: dict[str, Any], place: tuple[Any, ...], container: str
) -> None:
    (finding,) = found(rule(template, **params), DEPLOYMENT)
    assert finding.location.key_path == place
    assert finding.subject.container == container
    assert finding.subject.name == "web"


def test_places_in_a_list() -> None:
    body = "".join(f"  {line}\n" for line in DEPLOYMENT.strip().splitlines())
    items = f"apiVersion: v1\nkind: List\nitems:\n- {body.lstrip()}"
    (finding,) = found(rule("ports", port=22), items)
    assert finding.location.key_path[:3] == ("items", 0, "spec")


@pytest.mark.parametrize(
    ("lower", "upper", "reported"),
    [(100, 100, True), (101, None, False), (None, 99, False), (None, None, True), (0, 100, True)],
)
def test_bounds_are_included(lower: int | None, upper: int | None, *, reported: bool) -> None:
    made = rule(
        "cpu-requirements",
        requirementsType="limit",
        lowerBoundMillis=lower,
        upperBoundMillis=upper,
    )
    containers = {finding.subject.container for finding in found(made, DEPLOYMENT)}
    assert ("web" in containers) is reported
    assert ("init" in containers) is (not lower)  # it has no limit, which counts as zero


def test_capabilities_are_the_effective_ones() -> None:
    pod = """
    apiVersion: v1
    kind: Pod
    metadata: {{name: web}}
    spec:
      containers:
        - name: web
          image: registry.example.org/web:1
          securityContext: {context}
    """

    def messages(context: str, **params: Any) -> list[str]:
        return said(rule("verify-container-capabilities", **params), pod.format(context=context))

    assert messages("{}", forbiddenCapabilities=["NET_RAW"]) == ["has CAP_NET_RAW"]
    assert messages("{}", forbiddenCapabilities=["cap_net_raw"]) == []  # as written, as in RE2
    assert messages("{}", forbiddenCapabilities=["CAP_NET_RAW"]) == ["has CAP_NET_RAW"]
    assert messages("{capabilities: {drop: [all]}}", forbiddenCapabilities=["all"]) == []
    dropped = "{capabilities: {drop: [ALL], add: [CHOWN]}}"
    assert messages(dropped, forbiddenCapabilities=["all"]) == ["has CAP_CHOWN"]
    assert messages(dropped, forbiddenCapabilities=["all"], exceptions=["CHOWN"]) == []
    assert messages("{}", forbiddenCapabilities=["all"]) == [
        "has CAP_AUDIT_WRITE, CAP_CHOWN, CAP_DAC_OVERRIDE and 11 more"
    ]
    assert messages("{privileged: true}", forbiddenCapabilities=["X"]) == ["has every capability"]
    assert messages("{}") == []


def test_required_keys_are_patterns() -> None:
    assert not said(rule("required-label", key="^app$", value="^w"), DEPLOYMENT)
    assert not said(rule("required-label", key="\u00e9"), DEPLOYMENT)
    assert said(rule("required-label", key="^app$", value="!^w"), DEPLOYMENT) == [
        "has no label that matches ^app$=!^w"
    ]


def test_sorted_keys_of_the_first_level_only() -> None:
    assert not said(rule("sorted-keys", recursive=False), DEPLOYMENT)
    assert said(rule("sorted-keys", recursive=True), DEPLOYMENT)


MISSING = "needs an optional package"


@pytest.fixture
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without extras."""
    import builtins

    real = builtins.__import__

    def importing(name: str, *more: Any, **named: Any) -> Any:
        if name.partition(".")[0] in ("re2", "celpy") or name.endswith("cel_engine"):
            raise ImportError(name)
        if name == "seawall.kubernetes.custom" and "cel_engine" in (more[2] or ()):
            raise ImportError(name)
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", importing)
    monkeypatch.setattr(patterns, "_re2", lambda: None)


@pytest.mark.usefixtures("_bare")
def test_without_the_extras() -> None:
    rules, not_covered, faults = attempt(
        {"name": "plain", "template": "required-label", "params": {"key": "^owner$"}},
        {"name": "complex", "template": "required-label", "params": {"key": "(a+)+$"}},
        {"name": "expression", "template": "cel-expression", "params": {"check": "''"}},
    )
    assert [item.id for item in rules] == ["custom:plain"]
    assert not faults
    assert [(item.path, item.what, item.remedy) for item in not_covered] == [
        (".kube-linter.yaml:2", "custom check complex", "pip install 'seawall[re2]'"),
        (".kube-linter.yaml:3", "custom check expression", "pip install 'seawall[cel]'"),
    ]
    assert all(item.reason.endswith(MISSING) for item in not_covered)


GIVEN: dict[str, dict[str, Any]] = {
    "cel-expression": {"check": "object.spec.containers[0].name + ''"},
    "cpu-requirements": {"requirementsType": "any"},
    "memory-requirements": {"requirementsType": "any", "upperBoundMB": 1},
    "env-var": {"name": "a", "value": "!b"},
    "forbidden-annotation": {"key": "."},
    "required-annotation": {"key": "a", "value": "b"},
    "required-label": {"key": "a", "value": "b"},
    "host-mounts": {"dirs": ["/"]},
    "service-account": {"serviceAccount": "."},
    "statefulset-volumeclaimtemplate-annotation": {"annotation": "a"},
    "update-configuration": {"strategyTypeRegex": "a", "maxSurge": "1", "minPodsUnavailable": "5%"},
    "verify-container-capabilities": {"forbiddenCapabilities": ["all"]},
    "access-to-resources": {"resources": ["."], "verbs": ["."], "flagRolesNotFound": True},
    "minimum-replicas": {"minReplicas": 3},
    "hpa-minimum-replicas": {"minReplicas": 3},
    "unsafe-sysctls": {"unsafeSysCtls": [""]},
    "anti-affinity": {"topologyKey": "a"},
    "latest-tag": {"allowList": ["a"]},
}


def test_no_template_raises_on_odd_objects() -> None:
    """Every template on the manifests of the comparison, each value replaced by odd ones."""
    import copy
    import random

    from seawall.kubernetes.checking import check
    from seawall.kubernetes.index import Index
    from seawall.kubernetes.objects import objects_in
    from seawall.kubernetes.rule import Context
    from tests.kubernetes.support import objects_of
    from tests.kubernetes.test_robustness import places
    from tests.shared import DATA

    rules, _, faults = attempt(
        *({"name": name, "template": name, "params": GIVEN.get(name, {}),
           "scope": {"objectKinds": ["Any"]}} for name in TEMPLATES if name not in TAKEN),
        *({"name": f"x-{name}", "template": name, "params": GIVEN.get(name, {}),
           "scope": {"objectKinds": ["Any"]}} for name in TAKEN),
    )  # fmt: skip
    assert not faults
    assert len(rules) == len(TEMPLATES)
    files = sorted((DATA / "custom_checks" / "manifests").glob("*.yaml"))
    values = [object_.value for path in files for object_ in objects_of(path.read_text())]
    random_ = random.Random(1)
    for _ in range(150):
        value: Any = copy.deepcopy(random_.choice(values))
        for _ in range(3):
            options: list[tuple[Any, Any]] = places(value, [])
            container, key = random_.choice(options)
            container[key] = copy.deepcopy(random_.choice(ODD))
        objects = list(objects_in(value, file="a", document=0, target=True, complete=True))
        outcome = check(rules, Context(Index(objects), kubernetes_version="1.36"))
        assert not outcome.faults, (outcome.faults[:1], value)


TAKEN = [name for name in TEMPLATES if attempt({"name": name, "template": "host-pid"})[2]]
"""Templates with the name of a built-in check, which no custom check may have."""
