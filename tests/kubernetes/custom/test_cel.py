"""Expressions: held against a real API server's evaluator, and kept within limits."""

import json
from typing import Any

import pytest
from celpy.evaluation import CELEvalError
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.kubernetes.custom.cel import DEEPEST, LONGEST
from seawall.kubernetes.custom.cel_engine import Program, converted
from tests.kubernetes.custom.support import fault, found, rule, said
from tests.shared import oracle

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  priority: 9223372036854775808
  containers:
    - {name: web, image: "registry.example.org/web:latest"}
    - {name: side, image: "registry.example.org/side:1"}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}], selector: {app: web}}
"""

ROWS = [json.loads(line) for line in oracle("kubernetes-cel.jsonl").read_text().splitlines()]
LIBRARIES = (
    ".find(", ".findAll(", ".join(", "upperAscii", "lowerAscii", ".split(", ".replace(",
    ".substring(", ".indexOf(", ".charAt(", ".trim(", "uantity(", "isURL(", "url(", "isIP(", "ip(",
    "cidr(", "isCIDR(", ".sum(", "isSorted", "sets.", "format", "emver(", "cel.bind", "(i, c,",
)  # fmt: skip
"""Functions Kubernetes adds to the language; kube-linter's environment has none of them."""
VARIABLES = ("request.", "oldObject", "namespaceObject", "variables.")
DEFAULTED = (
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "metadata.namespace",
    "imagePullPolicy",
)
"""Fields the API server had filled in before it evaluated."""
OPTIONAL = (".?", "[?")


RELIABLE = {"object.spec.containers[5].name == 'x'": 2}
"""How many answers of a row count: that this holds for a pod of one container cannot be right."""


def applies(row: dict[str, Any]) -> bool:
    """Whether an expression is in the standard language and about what is written."""
    words = (*LIBRARIES, *VARIABLES, *DEFAULTED, *OPTIONAL)
    return row["accepted"] and not any(word in row["expression"] for word in words)


APPLYING = [row for row in ROWS[1:] if applies(row)]


def outcome(expression: str, pod: dict[str, Any]) -> str:
    value: Any = {"apiVersion": "v1", "kind": "Pod", **pod}
    variables = {"object": converted(value), "objects": converted([value])}
    try:
        result = Program(expression).value_of(variables)
    except CELEvalError:
        return "error"
    return "true" if result == True else "false"  # noqa: E712 - CEL's own truth


def recorded(result: Any) -> str:
    if result is True:
        return "true"
    return "false" if result.startswith("failed expression") else "error"


def test_enough_of_the_recorded_expressions_apply() -> None:
    assert len(ROWS) == 93
    assert len(APPLYING) >= 30


@pytest.mark.parametrize("row", APPLYING, ids=lambda row: row["expression"][:60])
def test_the_engine_decides_as_the_api_server_does(row: dict[str, Any]) -> None:
    pods = ROWS[0]["pods"][: RELIABLE.get(row["expression"], 3)]
    ours = [outcome(row["expression"], pod) for pod in pods]
    assert ours == [recorded(result) for result in row["results"][: len(pods)]]


LATEST = """
    has(object.spec.containers) && object.spec.containers.exists(c, c.image.matches('(?i):LATEST$'))
    ? object.spec.containers.filter(c, c.image.endsWith(':latest'))[0].name : ''
"""


@pytest.mark.parametrize(
    ("expression", "messages"),
    [
        ("''", []),
        ("object.kind == 'Pod' ? 'is a pod' : ''", ["is a pod"]),
        ("object.metadata.name + ' is here'", ["web is here", "web is here"]),
        ("object.kind == 'Service' && !objects.exists(o, o.kind == 'Ingress') ? 'no way in' : ''",
         ["no way in"]),
        (LATEST, ["web"]),
        ("object.kind == 1 ? 'never' : ''", []),
        ("object.kind != 1 && object.kind == 'Pod' ? 'unlike' : ''", ["unlike"]),
        ("1 in ['a', 1] && object.kind == 'Pod' ? 'in' : ''", ["in"]),
        ("object.kind in ['Pod'] ? 'listed' : ''", ["listed"]),
        ("'app' in object.metadata ? 'x' : ''", []),
        ("has(object.spec.nosuch.deeper) ? 'x' : ''", []),
        ("object.kind == 'Pod' ? 'two\\nlines' : ''", ["two lines"]),
        ("object.kind == 'Service' ? string(object.spec.ports[0].port + 1) : ''", ["81"]),
    ],
)  # fmt: skip
def test_expressions(expression: str, messages: list[str]) -> None:
    assert said(rule("cel-expression", check=expression), PODS) == messages


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("object.spec.nosuch", "cannot be evaluated: no such member in mapping: 'nosuch'"),
        ("nosuch", "cannot be evaluated: undeclared reference to 'nosuch'"),
        ("object.nosuch()", "cannot be evaluated: undeclared reference to 'nosuch'"),
        ("1", "gives int, not a text"),
        ("true", "gives bool, not a text"),
        ("null", "gives null, not a text"),
        ("object", "gives map, not a text"),
        ("1 / 0 == 1 ? '' : ''", "cannot be evaluated"),
        ("'a'.matches('[') ? '' : 'b'", "is no regular expression"),
        ("'a' + 1", "cannot be evaluated"),
        ("[1][5]", "cannot be evaluated"),
        ("int('x') == 1 ? '' : ''", "cannot be evaluated"),
        ("timestamp('x') == timestamp('y') ? '' : ''", "cannot be evaluated"),
    ],
)
def test_what_cannot_be_evaluated_is_a_finding(expression: str, words: str) -> None:
    messages = said(rule("cel-expression", ["Pod"], check=expression), PODS)
    assert len(messages) == 1
    assert words in messages[0]
    assert "Activation" not in messages[0]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("'a' +", "is no CEL expression"),
        ("object..kind", "is no CEL expression"),
        ("a b", "is no CEL expression"),
        ("object.?kind", "is no CEL expression"),
        ("'" + "a" * LONGEST + "'", f"more than {LONGEST} characters"),
        ("(" * (DEEPEST + 1) + "1", f"more than {DEEPEST} brackets open at once"),
    ],
)
def test_no_expressions(expression: str, words: str) -> None:
    assert words in fault("cel-expression", check=expression)


def nested(depth: int) -> str:
    """Ten to the power of a depth evaluations."""
    inner = "true"
    for name in "abcdefgh"[:depth]:
        inner = f"[1,2,3,4,5,6,7,8,9,10].all({name}, {inner})"
    return inner


@pytest.mark.parametrize(
    "expression",
    [
        f"{nested(8)} ? '' : ''",
        f"false || {nested(8)} ? '' : ''",
        "['" + "x" * 1_000 + "']" + ".map(x, x + x)" * 40 + "[0]",
        "[[1]]" + ".map(x, x + x)" * 40 + "[0] == [] ? '' : ''",
    ],
)
def test_expressions_without_end_are_given_up(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.kubernetes.custom.cel_engine.MOST_STEPS", 20_000)
    (message,) = said(rule("cel-expression", ["Pod"], check=expression), PODS)
    assert "was given up" in message


def test_what_all_evaluations_take_together_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.kubernetes.custom.cel_engine.MOST_STEPS_IN_ALL", 100)
    made = rule("cel-expression", ["Pod"], check="[1, 2, 3].all(a, a > 0) ? '' : ''")
    pods = "---\n".join(PODS.split("---")[0] for _ in range(5))
    messages = said(made, pods)
    assert messages
    assert all("more than 100 steps in all" in message for message in messages)


def test_deep_nesting_is_told() -> None:
    expression = "!" * 5_000 + "true ? '' : ''"
    try:
        made = rule("cel-expression", ["Pod"], check=expression)
    except (AssertionError, ValueError):
        assert "parameter check" in fault("cel-expression", check=expression)
    else:
        assert len(said(made, PODS)) <= 1


@given(st.text(alphabet="object.spc()[]{}'\"?:!&|<>=+-*/%, 019asinhmtr\\\n", max_size=40))
@settings(max_examples=300)
def test_any_text_is_an_expression_or_a_fault(expression: str) -> None:
    try:
        made = rule("cel-expression", check=expression)
    except (AssertionError, ValueError):
        assert fault("cel-expression", check=expression)
    else:
        found(made, PODS)


def test_only_what_is_asked_for_is_looked_at() -> None:
    from seawall.kubernetes.index import Index
    from seawall.kubernetes.rule import Context
    from tests.kubernetes.support import objects_of

    objects = objects_of(PODS)
    for expression, asks in (("object.kind", False), ("string(size(objects))", True)):
        context = Context(Index(objects), kubernetes_version="1.36")
        list(rule("cel-expression", check=expression).check(objects[0], context))
        assert context.asked_index is asks
