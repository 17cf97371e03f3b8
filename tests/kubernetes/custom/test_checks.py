"""Custom checks as a configuration gives them: what is taken, and what is said of the rest."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.severity import Severity
from seawall.kubernetes.custom import Origin, read_checks, rules_of
from seawall.kubernetes.custom.object_kinds import OBJECT_KINDS
from seawall.kubernetes.custom.templates import TEMPLATES
from seawall.text.yaml import Document, load
from tests.kubernetes.custom.support import FILE, attempt, fault, found, rule
from tests.shared import ROOT

POD = """
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  hostNetwork: true
  containers:
    - name: web
      image: registry.example.org/web:1
"""


def check(**more: Any) -> dict[str, Any]:
    return {"name": "mine", "template": "host-network", **more}


def messages(*checks: Any) -> list[str]:
    return [str(item) for item in attempt(*checks)[2]]


def test_a_check_becomes_a_rule() -> None:
    (made,), not_covered, faults = attempt(
        check(description="Pods keep to\n  their own network.", remediation="Ask the network team.")
    )
    assert not not_covered
    assert not faults
    assert made.id == "custom:mine"
    assert made.aliases == ("kube-linter:mine",)
    assert made.domain == "kubernetes"
    assert made.severity == Severity.MEDIUM
    assert made.remedy == "Ask the network team."
    assert made.docstring.splitlines()[0] == "Pods keep to their own network."
    assert f"{FILE}:1" in made.docstring
    assert all(made.in_profile(profile) for profile in ("security", "reliability", "all"))
    assert not made.in_profile("pss-baseline")
    (finding,) = found(made, POD)
    assert finding.location.key_path == ("spec", "hostNetwork")
    assert finding.remedy == "Ask the network team."
    assert finding.severity == Severity.MEDIUM


def test_severity_is_for_all_checks() -> None:
    read, _ = read_checks([(check(), Origin(FILE, 1))])
    (made,), _, _ = rules_of(read, Severity.HIGH)
    assert [finding.severity for finding in found(made, POD)] == [Severity.HIGH]


def test_definition_changes_with_what_a_check_says() -> None:
    base = check(template="required-label", params={"key": "owner"})
    others: list[dict[str, Any]] = [
        {**base, "params": {"key": "team"}},
        {**base, "params": {"key": "owner", "value": "x"}},
        {**base, "template": "required-annotation"},
        {**base, "scope": {"objectKinds": ["Pod"]}},
        {**base, "description": "x"},
        {**base, "remediation": "x"},
        {**base, "name": "other"},
    ]
    definitions = [attempt(item)[0][0].definition for item in (base, *others)]
    assert all(definitions)
    assert len(set(definitions)) == len(definitions)
    again = {**base, "params": {"KEY": "owner"}}
    assert attempt(again)[0][0].definition == definitions[0]


def test_keys_and_parameters_have_no_case() -> None:
    rules, _, faults = attempt(
        {"NAME": "mine", "Template": "env-value-from", "PARAMS": {"ignoredsecrets": ["a"]},
         "Scope": {"OBJECTKINDS": ["Pod"]}}
    )  # fmt: skip
    assert not faults
    assert rules[0].kinds == ("Pod",)


def test_a_text_may_stand_for_a_list_of_kinds() -> None:
    rules, _, faults = attempt(check(scope={"objectKinds": "Pod,Job"}))
    assert not faults
    assert rules[0].kinds == ("Pod", "Job")


def test_what_kube_linter_passes_over_is_told_and_does_not_stop_a_check() -> None:
    rules, (told,), faults = attempt(check(parms={"a": 1}))
    assert len(rules) == 1
    assert not faults
    assert told.path == f"{FILE}:1"
    assert "'parms'; did you mean 'params'?" in told.reason


WRONG: list[Any] = [None, 1, 1.5, True, "text", [], ["a"], {}, {"a": 1}]


@pytest.mark.parametrize("value", [item for item in WRONG if not isinstance(item, dict)])
def test_a_check_is_a_mapping(value: Any) -> None:
    (message,) = messages(value)
    assert message.startswith(f"{FILE}:1: custom check number 1: is a mapping with name, ")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "has no name"), ("", "has no name"), (True, "letters, digits"), ([], "letters"),
        ({}, "letters"), ("a b", "letters"), ("ä", "letters"), ("a\n", "letters"), (1.5, "letters"),
        ("x" * 201, "letters"), ("host-network", "a check of its own with this name"),
        ("run-as-non-root", "a check of its own with this name"),
    ],
)  # fmt: skip
def test_names(value: Any, words: str) -> None:
    (message,) = messages(check(name=value))
    assert words in message


def test_a_name_stands_once() -> None:
    rules, _, (wrong,) = attempt(check(), check(name="other"), check())
    assert [item.id for item in rules] == ["custom:mine", "custom:other"]
    assert str(wrong) == f"{FILE}:3: custom check mine: another one at {FILE}:1 has this name"


def test_a_faulty_check_hides_no_other() -> None:
    rules, _, faults = attempt(check(name="a b"), check(template="nothing"), check(name="fine"))
    assert [item.id for item in rules] == ["custom:fine"]
    assert [item.line for item in faults] == [1, 2]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"template": None}, "names no template"),
        ({"template": ""}, "names no template"),
        ({"template": 3}, "its template is a text, not 3"),
        ({"template": "host-netwrk"}, "no template 'host-netwrk'; did you mean 'host-network'?"),
        ({"template": "zzzzzz"}, "see: kube-linter templates list"),
        ({"description": ["a"]}, "its description is a text, not a list"),
        ({"remediation": {"a": 1}}, "its remediation is a text, not a mapping"),
        ({"params": ["a"]}, "its params are a mapping, not a list"),
        ({"params": "a"}, "its params are a mapping, not 'a'"),
        ({"params": {"a": 1}}, "has no parameter 'a'; it takes none"),
        ({"scope": "Pod"}, "its scope is a mapping with objectKinds, not 'Pod'"),
        ({"scope": {}}, "its scope.objectKinds is a list of kinds, not nothing"),
        ({"scope": {"objectKinds": []}}, "its scope.objectKinds is a list of kinds"),
        ({"scope": {"objectKinds": [1]}}, "its scope.objectKinds is a list of kinds, not of 1"),
        ({"scope": {"objectKinds": ["pod"]}}, "no object kind 'pod'; did you mean 'Pod'?"),
        ({"scope": {"objectKinds": ["ConfigMap"]}}, "no object kind 'ConfigMap'"),
        ({"scope": {"objectKinds": {"a": 1}}}, "its scope.objectKinds is a list of kinds"),
        ({"NAME": "x"}, "has the keys 'NAME' twice; capitals make no difference"),
    ],
)
def test_wrong_checks(more: dict[str, Any], words: str) -> None:
    rules, _, (wrong,) = attempt(check(**more))
    assert not rules
    assert words in wrong.message


@pytest.mark.parametrize(
    ("template", "params", "words"),
    [
        ("env-var", {}, "needs the parameter name"),
        ("env-var", {"name": ""}, "needs the parameter name"),
        ("env-var", {"name": None}, "needs the parameter name"),
        ("env-var", {"name": 5}, "parameter name is a text, not 5"),
        ("env-var", {"name": True}, "parameter name is a text, not true"),
        ("env-var", {"name": ["a"]}, "parameter name is a text, not a list"),
        ("env-var", {"name": {"a": 1}}, "parameter name is a text, not a mapping"),
        ("env-var", {"nmae": "a"}, "has no parameter 'nmae'; did you mean 'name'?"),
        (
            "env-var",
            {"name": "("},
            "parameter name: '(' is no regular expression of RE2: missing )",
        ),
        ("env-var", {"name": "a", "value": "!*"}, "parameter value: '*' is no regular expression"),
        ("env-var", {"name": "(?=a)"}, "is no regular expression of RE2"),
        ("env-var", {"name": "a" * 20_000}, "more than 10000 characters"),
        ("env-var", {"name": "(((a{100}){100}){100})"}, "is no regular expression of RE2"),
        ("host-mounts", {"dirs": ["^/etc$", "["]}, "parameter dirs: '[' is no regular expression"),
        ("host-mounts", {"dirs": "^/etc$"}, "parameter dirs is a list of texts, not '^/etc$'"),
        ("host-mounts", {"dirs": ["a", 1]}, "parameter dirs is a list of texts, not one with 1"),
        ("host-mounts", {"dirs": ["a"] * 10_001}, "parameter dirs has more than 10000 items"),
        ("ports", {"port": "22"}, "parameter port is a whole number, not '22'"),
        ("ports", {"port": 22.5}, "parameter port is a whole number, not 22.5"),
        ("ports", {"port": True}, "parameter port is a whole number, not true"),
        ("ports", {"port": 2**70}, "parameter port is a whole number, not 1180591620717411303424"),
        ("sorted-keys", {"recursive": "yes"}, "parameter recursive is true or false, not 'yes'"),
        ("sorted-keys", {"recursive": 1}, "parameter recursive is true or false, not 1"),
        ("cpu-requirements", {}, "needs the parameter requirementsType"),
        (
            "cpu-requirements",
            {"requirementsType": "both"},
            "is one of request, limit, any, not 'both'",
        ),
        (
            "image-pull-policy",
            {"forbiddenPolicies": ["never"]},
            "is one of Always, IfNotPresent, Never",
        ),
        (
            "latest-tag",
            {"blockList": ["a"], "allowList": ["b"]},
            "blockList or allowList, not both",
        ),
        ("verify-container-capabilities", {"forbiddenCapabilities": ["all", "X"]}, "all or a list"),
        ("verify-container-capabilities", {"exceptions": ["X"]}, "exceptions go with"),
        (
            "verify-container-capabilities",
            {"forbiddenCapabilities": ["ALL"], "exceptions": ["all"]},
            "exceptions must not hold all",
        ),
        ("update-configuration", {"strategyTypeRegex": "["}, "parameter strategyTypeRegex: '['"),
        (
            "update-configuration",
            {"strategyTypeRegex": "a", "maxSurge": "x"},
            "maxSurge: 'x' is no",
        ),
        (
            "update-configuration",
            {"strategyTypeRegex": "a", "minSurge": "101%"},
            "minSurge: '101%'",
        ),
        ("update-configuration", {"strategyTypeRegex": "a", "minSurge": "-1"}, "minSurge: '-1'"),
        ("required-label", {"key": "a", "Key": "b"}, "has the parameter 'Key' twice"),
    ],
)
def test_wrong_parameters(template: str, params: dict[str, Any], words: str) -> None:
    assert words in fault(template, **params)


@pytest.mark.parametrize("template", sorted(TEMPLATES))
@pytest.mark.parametrize("value", WRONG)
def test_no_value_of_a_parameter_raises(template: str, value: Any) -> None:
    for parameter in TEMPLATES[template].parameters:
        attempt(check(template=template, params={parameter.name: value}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=4))
@settings(max_examples=200)
def test_any_item_is_a_check_or_a_fault(items: list[Any]) -> None:
    rules, not_covered, faults = attempt(*items)
    assert len(rules) + len(not_covered) + len(faults) >= len(items)


@given(st.sampled_from(sorted(TEMPLATES)), st.data())
@settings(max_examples=300)
def test_any_parameters_make_a_rule_or_are_told(template: str, data: st.DataObject) -> None:
    known = {parameter.name: JSON for parameter in TEMPLATES[template].parameters}
    params = data.draw(st.fixed_dictionaries({}, optional=known))
    scope = data.draw(st.sampled_from(sorted(OBJECT_KINDS)) | st.text(max_size=5))
    rules, not_covered, faults = attempt(
        check(template=template, params=params, scope={"objectKinds": [scope]})
    )
    assert len(rules) + len(not_covered) + len(faults) == 1
    for made in rules:
        found(made, POD)


def test_schemas_from_elsewhere_are_not_covered() -> None:
    rules, (told,), faults = attempt(
        check(template="kubeconform", params={"schemaLocations": ["https://schemas.example.org"]})
    )
    assert not rules
    assert not faults
    assert told.what == "custom check mine"
    assert told.path == f"{FILE}:1"


def test_there_is_an_end_to_checks() -> None:
    read, faults = read_checks((check(name=f"c{n}"), Origin(FILE, n)) for n in range(1, 10_000))
    assert len(read) == 2_000
    assert [item.message for item in faults] == ["there are more than 2000 custom checks"]


def test_nothing_is_said_outside_of_the_scope() -> None:
    assert found(rule("host-network", ["Pod"]), POD)
    assert found(rule("host-network", ["Any"]), POD)
    assert not found(rule("host-network", ["Deployment", "Service"]), POD)


def test_the_checks_of_the_guide() -> None:
    guide = (ROOT / "docs" / "guide" / "custom-checks.md").read_text()
    (document,) = load(guide.split("```yaml\n")[1].split("```")[0])
    assert isinstance(document, Document)
    items: Any = document.value
    rules, not_covered, faults = attempt(*items["customChecks"])
    assert [item.id for item in rules] == ["custom:owner-label", "custom:no-latest-in-production"]
    assert not not_covered
    assert not faults
