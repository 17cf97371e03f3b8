"""What rules about seccomp, AppArmor, SELinux and /proc do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules.manifests import ODD, WINDOWS, container, pod
from tests.kubernetes.support import judge

SECCOMP = ("seccomp-profile-missing", "seccomp-unconfined")
APPARMOR = ("apparmor-profile-missing", "apparmor-unconfined")
ALL_RULES = (
    *SECCOMP, *APPARMOR, "apparmor-annotation-deprecated", "apparmor-conflict", "selinux-custom",
    "unsafe-proc-mount",
)  # fmt: skip
OF_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/web"
OF_POD = "seccomp.security.alpha.kubernetes.io/pod"
ANNOTATION = "container.apparmor.security.beta.kubernetes.io/web"

MISSING, UNCONFINED = "missing", "unconfined"


def seccomp(type_: Any) -> dict[str, Any]:
    return {"seccompProfile": {"type": type_}}


def apparmor(type_: Any) -> dict[str, Any]:
    return {"appArmorProfile": {"type": type_}}


@pytest.mark.parametrize(
    ("of_pod", "of_container", "expected"),
    [
        (None, None, "seccomp-profile-missing"),
        (seccomp("RuntimeDefault"), None, ""),
        (seccomp("Localhost"), None, ""),
        (None, seccomp("RuntimeDefault"), ""),
        (seccomp("runtimedefault"), None, "seccomp-profile-missing"),
        (seccomp("LocalHost"), None, "seccomp-profile-missing"),
        (seccomp(""), None, "seccomp-profile-missing"),
        (seccomp(None), None, "seccomp-profile-missing"),
        (seccomp("Unconfined"), None, "seccomp-unconfined"),  # D12
        (seccomp("Unconfined"), seccomp("RuntimeDefault"), ""),
        (seccomp("RuntimeDefault"), seccomp("Unconfined"), "seccomp-unconfined"),
        (seccomp("RuntimeDefault"), {"seccompProfile": None}, ""),
        (None, {"privileged": True}, ""),
        (None, {"privileged": True} | seccomp("Unconfined"), "seccomp-unconfined"),
    ],
)
def test_seccomp(of_pod: Any, of_container: Any, expected: str) -> None:
    text = pod(container(security=of_container), security=of_pod)
    assert [finding.rule.id for finding in judge(SECCOMP, text)] == ([expected] if expected else [])
    assert not judge(SECCOMP, pod(container(security=of_container), security=of_pod, **WINDOWS))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (OF_CONTAINER, "runtime/default", ""),
        (OF_CONTAINER, "docker/default", ""),
        (OF_CONTAINER, "localhost/web.json", ""),
        (OF_CONTAINER, "unconfined", "seccomp-unconfined"),
        (OF_CONTAINER, "other", "seccomp-profile-missing"),
        (OF_POD, "runtime/default", ""),
        (OF_POD, "unconfined", "seccomp-unconfined"),
        ("container.seccomp.security.alpha.kubernetes.io/x", "runtime/default", MISSING),
    ],
)
def test_seccomp_annotations_count_before_1_27(key: str, value: str, expected: str) -> None:
    text = pod(annotations={key: value})
    wanted = {"": [], MISSING: ["seccomp-profile-missing"]}.get(expected, [expected])
    found = judge(SECCOMP, text, kubernetes_version="1.26")
    assert [finding.rule.id for finding in found] == wanted
    found = judge(SECCOMP, text, kubernetes_version="1.27")
    assert [finding.rule.id for finding in found] == ["seccomp-profile-missing"]


def test_seccomp_is_judged_for_each_container_and_named_once() -> None:
    # D13
    text = pod(container("a"), container("b", seccomp("RuntimeDefault")), container("c"))
    found = judge(SECCOMP, text)
    assert [finding.subject.container for finding in found] == ["a", "c"]
    text = pod(container("a"), container("b"), security=seccomp("Unconfined"))
    (finding,) = judge(SECCOMP, text)
    assert finding.location.key_path == ("spec", "securityContext", "seccompProfile", "type")


@pytest.mark.parametrize(
    ("of_pod", "of_container", "annotation", "version", "expected"),
    [
        (None, None, None, "1.36", "apparmor-profile-missing"),
        (apparmor("RuntimeDefault"), None, None, "1.36", ""),
        (apparmor("RuntimeDefault"), None, None, "1.29", "apparmor-profile-missing"),
        (None, apparmor("Localhost"), None, "1.36", ""),
        (None, None, "runtime/default", "1.36", ""),
        (None, None, "localhost/web", "1.29", ""),
        (None, None, "unconfined", "1.36", "apparmor-unconfined"),
        (None, None, "unconfined", "1.20", "apparmor-unconfined"),
        (None, apparmor("Unconfined"), None, "1.36", "apparmor-unconfined"),
        (apparmor("Unconfined"), None, None, "1.36", "apparmor-unconfined"),
        (apparmor("Unconfined"), apparmor("RuntimeDefault"), None, "1.36", ""),
        # A container's annotation goes before the field of the pod, not before its own.
        (apparmor("RuntimeDefault"), None, "unconfined", "1.36", "apparmor-unconfined"),
        (apparmor("Unconfined"), None, "runtime/default", "1.36", ""),
        (None, apparmor("RuntimeDefault"), "unconfined", "1.36", ""),
        (None, apparmor("RuntimeDefault"), "unconfined", "1.29", "apparmor-unconfined"),
        (None, {"privileged": True}, None, "1.36", ""),
    ],
)
def test_apparmor(
    of_pod: Any, of_container: Any, annotation: str | None, version: str, expected: str
) -> None:
    annotations = None if annotation is None else {ANNOTATION: annotation}
    web = container(security=of_container)
    text = pod(web, security=of_pod, annotations=annotations)
    found = judge(APPARMOR, text, kubernetes_version=version)
    assert [finding.rule.id for finding in found] == ([expected] if expected else [])
    assert not judge(APPARMOR, pod(web, security=of_pod, annotations=annotations, **WINDOWS))


def test_the_place_of_an_apparmor_annotation() -> None:
    (finding,) = judge("apparmor-unconfined", pod(annotations={ANNOTATION: "unconfined"}))
    assert finding.location.key_path == ("metadata", "annotations", ANNOTATION)
    assert finding.subject.container == "web"


def test_apparmor_annotations_are_deprecated_since_1_30() -> None:
    text = pod(annotations={ANNOTATION: "runtime/default", "other": "x"})
    rule = "apparmor-annotation-deprecated"
    assert len(judge(rule, text, kubernetes_version="1.30")) == 1
    assert not judge(rule, text, kubernetes_version="1.29")


@pytest.mark.parametrize(
    ("of_pod", "of_container", "annotation", "expected"),
    [
        (None, None, "runtime/default", 0),
        (None, apparmor("RuntimeDefault"), "runtime/default", 0),
        (None, apparmor("Unconfined"), "unconfined", 0),
        (None, apparmor("Unconfined"), "runtime/default", 1),
        (apparmor("RuntimeDefault"), None, "localhost/web", 1),
        (apparmor("Unconfined"), apparmor("RuntimeDefault"), "runtime/default", 0),
        (None, {"appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}},
         "localhost/web", 1),
    ],
)  # fmt: skip
def test_apparmor_conflicts(of_pod: Any, of_container: Any, annotation: str, expected: int) -> None:
    web = container(security=of_container)
    text = pod(web, security=of_pod, annotations={ANNOTATION: annotation})
    assert len(judge("apparmor-conflict", text)) == expected
    assert not judge("apparmor-conflict", text, kubernetes_version="1.29")


def test_apparmor_annotations_name_a_container() -> None:
    text = pod(container("api"), annotations={ANNOTATION: "runtime/default"})
    (finding,) = judge("apparmor-conflict", text, kubernetes_version="1.29")
    assert "web" in finding.message
    text = pod(initContainers=[container("web")], annotations={ANNOTATION: "runtime/default"})
    assert not judge("apparmor-conflict", text)


@pytest.mark.parametrize(
    ("options", "version", "severities"),
    [
        ({"level": "s0:c1,c2"}, "1.36", []),
        ({"type": ""}, "1.36", []),
        ({"type": "container_t"}, "1.36", []),
        ({"type": "container_engine_t"}, "1.36", []),
        ({"type": "container_engine_t"}, "1.30", [Severity.MEDIUM]),
        ({"type": "svirt_lxc_net_t"}, "1.36", [Severity.MEDIUM]),
        ({"type": "spc_t"}, "1.36", [Severity.HIGH]),
        ({"type": "unconfined_t"}, "1.36", [Severity.HIGH]),
        ({"user": "system_u", "role": "system_r"}, "1.36", [Severity.MEDIUM, Severity.MEDIUM]),
    ],
)
def test_selinux(options: Any, version: str, severities: list[Severity]) -> None:
    both = (
        pod(container("a"), container("b"), security={"seLinuxOptions": options}),
        pod(container(security={"seLinuxOptions": options})),
    )
    for text in both:
        found = judge("selinux-custom", text, kubernetes_version=version)
        assert [finding.severity for finding in found] == severities


def test_selinux_options_are_inherited_field_by_field() -> None:
    web = container(security={"seLinuxOptions": {"type": "container_t"}})
    text = pod(web, security={"seLinuxOptions": {"type": "spc_t", "user": "root"}})
    (finding,) = judge("selinux-custom", text)
    assert finding.evidence == "root"
    assert finding.location.key_path == ("spec", "securityContext", "seLinuxOptions", "user")
    assert not judge("selinux-custom", pod(security={"seLinuxOptions": {"type": "x"}}, **WINDOWS))


@pytest.mark.parametrize(
    ("value", "expected"), [("Default", 0), ("", 0), (None, 0), ("Unmasked", 1), ("unmasked", 1)]
)
def test_proc_mount(value: str | None, expected: int) -> None:
    web = container(security={"procMount": value})
    assert len(judge("unsafe-proc-mount", pod(web))) == expected
    found = judge("unsafe-proc-mount", pod(web, hostUsers=False))
    assert [finding.severity for finding in found] == [Severity.LOW] * expected


@pytest.mark.parametrize("version", ["1.20", "1.36"])
@pytest.mark.parametrize("odd", ODD)
def test_odd_values_raise_nothing(odd: Any, version: str) -> None:
    fields = {
        "seccompProfile": odd, "appArmorProfile": odd, "seLinuxOptions": odd, "procMount": odd,
    }  # fmt: skip
    inner = {
        "seccompProfile": {"type": odd}, "appArmorProfile": {"type": odd},
        "seLinuxOptions": {"type": odd, "user": odd},
    }  # fmt: skip
    for security in (odd, fields, inner):
        for annotations in (odd, {OF_CONTAINER: odd, OF_POD: odd, ANNOTATION: odd}):
            text = pod(container(security=security), security=security, annotations=annotations)
            judge(ALL_RULES, text, kubernetes_version=version)
