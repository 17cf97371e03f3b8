"""What the rules about namespaces and their levels do beyond their examples."""

from typing import Any

import pytest

from tests.kubernetes.rules.relations import obj, pod, stream
from tests.kubernetes.support import judge

ENFORCE = "pod-security.kubernetes.io/enforce"
REFUSED = "pss-deployment-will-be-rejected"


def namespace(level: str | None, **labels: Any) -> Any:
    own = {} if level is None else {ENFORCE: level}
    return obj("Namespace", "shop", labels={**own, **labels} or None)


@pytest.mark.parametrize(
    ("levels", "refused_by"),
    [
        (["baseline"], ["baseline:latest"]),
        (["restricted"], ["restricted:latest"]),
        (["privileged"], []),
        ([None], []),
        (["nonsense"], ["restricted:latest"]),  # the server takes it for restricted
        # Overlays: nobody can say which of them will be applied.
        (["baseline", "privileged"], []),
        (["privileged", "baseline"], []),
        (["restricted", "baseline"], ["restricted:latest"]),
        (["baseline", None], ["baseline:latest"]),
        ([None, "baseline"], ["baseline:latest"]),
    ],
)
def test_every_definition_of_the_namespace_must_refuse_the_pod(
    levels: list[str | None], refused_by: list[str]
) -> None:
    namespaces = [namespace(level) for level in levels]
    found = judge(REFUSED, stream(*namespaces, pod(namespace="shop", hostNetwork=True)))
    assert [finding.evidence for finding in found] == refused_by
    for finding in found:
        level, _, _ = finding.evidence.partition(":")
        assert finding.message.startswith("pods will be refused by namespace shop: violates ")
        assert f'"{level}:latest"' in finding.message
        (related,) = finding.related
        assert related.location.key_path == ("metadata", "labels", ENFORCE)
        assert levels[related.location.document] in (level, "nonsense")


def test_a_namespace_of_another_name_does_not_matter() -> None:
    text = stream(namespace("restricted"), pod(namespace="other"))
    assert not judge(REFUSED, text)


def test_the_enforced_version_counts() -> None:
    enforced = namespace("restricted", **{f"{ENFORCE}-version": "v1.0"})
    (found,) = judge(REFUSED, stream(enforced, pod(namespace="shop")))
    assert found.evidence == "restricted:v1.0"
    assert "runAsNonRoot" in found.message
    assert "seccompProfile" not in found.message  # came with v1.19


@pytest.mark.parametrize(
    ("labels", "messages"),
    [
        ({}, ["enforces no Pod Security level"]),
        ({ENFORCE: "privileged"}, ["enforces the privileged level, which forbids nothing"]),
        ({ENFORCE: "baseline"}, []),
    ],
)
def test_unlabelled_namespaces_that_hold_pods(labels: Any, messages: list[str]) -> None:
    text = stream(obj("Namespace", "shop", labels=labels), pod(namespace="shop"))
    assert [found.message for found in judge("pss-namespace-unlabelled", text)] == messages


@pytest.mark.parametrize(
    ("version", "rules"),
    [
        (None, {"pss-enforce-version-unpinned"}),
        ("latest", {"pss-enforce-version-unpinned"}),
        ("v1.36", set()),
        ("v1.33", set()),
        ("v1.32", {"pss-enforce-version-outdated"}),
        ("v1.9", {"pss-enforce-version-outdated"}),
    ],
)
def test_versions(version: str | None, rules: set[str]) -> None:
    labels = {} if version is None else {f"{ENFORCE}-version": version}
    chosen = ["pss-enforce-version-unpinned", "pss-enforce-version-outdated"]
    found = judge(chosen, stream(namespace("baseline", **labels)), kubernetes_version="1.36")
    assert {finding.rule.id for finding in found} == rules
