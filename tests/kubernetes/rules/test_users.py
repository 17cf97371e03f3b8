"""What rules about users and groups do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules.manifests import ODD, WINDOWS, container, pod
from tests.kubernetes.support import judge

ROOT = ("run-as-non-root", "run-as-root-conflict")
ALL_RULES = (
    *ROOT, "run-as-root-group", "fsgroup-root", "low-uid", "low-gid", "windows-container-admin",
)  # fmt: skip

Case = tuple[str, Severity]
EXPLICIT: Case = ("run-as-non-root", Severity.HIGH)
UNSET: Case = ("run-as-non-root", Severity.MEDIUM)
CONFLICT: Case = ("run-as-root-conflict", Severity.HIGH)


@pytest.mark.parametrize(
    ("of_pod", "of_container", "expected"),
    [
        (None, None, UNSET),
        ({}, {}, UNSET),
        ({"runAsNonRoot": False}, None, UNSET),
        ({"runAsNonRoot": True}, {"runAsNonRoot": False}, UNSET),
        ({"runAsNonRoot": True}, {"runAsNonRoot": None}, None),
        ({"runAsNonRoot": True}, None, None),
        (None, {"runAsNonRoot": True}, None),
        (None, {"runAsNonRoot": "true"}, UNSET),
        (None, {"runAsUser": 1}, None),
        ({"runAsUser": 1}, None, None),
        ({"runAsUser": 0}, {"runAsUser": 1}, None),
        ({"runAsUser": 1}, {"runAsUser": 0}, EXPLICIT),
        ({"runAsUser": 0}, None, EXPLICIT),
        ({"runAsUser": 0}, {"runAsUser": None}, EXPLICIT),
        (None, {"runAsUser": 0, "runAsNonRoot": False}, EXPLICIT),
        (None, {"runAsUser": 1, "runAsNonRoot": False}, None),
        (None, {"runAsUser": 0, "runAsNonRoot": True}, CONFLICT),
        ({"runAsNonRoot": True}, {"runAsUser": 0}, CONFLICT),
        ({"runAsUser": 0}, {"runAsNonRoot": True}, CONFLICT),
        ({"runAsUser": 0, "runAsNonRoot": True}, {"runAsNonRoot": False}, EXPLICIT),
    ],
)
def test_root(of_pod: Any, of_container: Any, expected: Case | None) -> None:
    text = pod(container(security=of_container), security=of_pod)
    found = [(finding.rule.id, finding.severity) for finding in judge(ROOT, text)]
    assert found == ([] if expected is None else [expected])
    assert not judge(ROOT, pod(container(security=of_container), security=of_pod, **WINDOWS))


def test_an_inherited_root_is_named_once_where_it_is_set() -> None:
    other = container("c", {"runAsUser": 0})
    text = pod(container("a"), container("b"), other, security={"runAsUser": 0})
    found = judge("run-as-non-root", text)
    assert [finding.location.key_path for finding in found] == [
        ("spec", "securityContext", "runAsUser"),
        ("spec", "containers", 2, "securityContext", "runAsUser"),
    ]
    assert [finding.subject.container for finding in found] == ["", "c"]


def test_missing_values_are_named_for_each_container() -> None:
    # D13
    good = container("b", {"runAsNonRoot": True})
    text = pod(container("a"), good, initContainers=[container("c")])
    found = judge("run-as-non-root", text)
    assert [finding.subject.container for finding in found] == ["c", "a"]
    assert found[1].location.key_path[-2:] == ("securityContext", "runAsNonRoot")


def test_root_of_a_user_namespace_is_nobody_on_the_node() -> None:
    (finding,) = judge("run-as-non-root", pod(hostUsers=False, security={"runAsUser": 0}))
    assert finding.severity == Severity.LOW
    (finding,) = judge("run-as-non-root", pod(hostUsers=False))
    assert finding.severity == Severity.LOW


def test_a_conflict_names_both_places() -> None:
    text = pod(container(security={"runAsUser": 0}), security={"runAsNonRoot": True})
    (finding,) = judge("run-as-root-conflict", text)
    assert finding.location.key_path[-1] == "runAsUser"
    assert finding.related[0].location.key_path == ("spec", "securityContext", "runAsNonRoot")


@pytest.mark.parametrize(
    ("of_pod", "of_container", "places"),
    [
        ({}, {}, []),
        ({"runAsGroup": 0}, {}, [("securityContext", "runAsGroup")]),
        ({"runAsGroup": 0}, {"runAsGroup": 5}, []),
        ({"runAsGroup": 5}, {"runAsGroup": 0}, [("securityContext", "runAsGroup")]),
        ({"supplementalGroups": [5, 0]}, {}, [("supplementalGroups", 1)]),
        ({"supplementalGroups": [5, "0", None, False]}, {}, []),
        ({"fsGroup": 0}, {}, []),
    ],
)
def test_the_group_of_root(of_pod: Any, of_container: Any, places: list[Any]) -> None:
    text = pod(container(security=of_container), security=of_pod)
    found = judge("run-as-root-group", text)
    assert [finding.location.key_path[-2:] for finding in found] == places


@pytest.mark.parametrize(("value", "expected"), [(0, 1), (0.0, 1), (1, 0), ("0", 0), (False, 0)])
def test_fs_group(value: Any, expected: int) -> None:
    assert len(judge("fsgroup-root", pod(security={"fsGroup": value}))) == expected
    assert not judge("fsgroup-root", pod(security={"fsGroup": value}, **WINDOWS))


@pytest.mark.parametrize(("rule", "field"), [("low-uid", "runAsUser"), ("low-gid", "runAsGroup")])
@pytest.mark.parametrize(
    ("value", "expected"), [(None, 1), (0, 0), (1, 1), (9999, 1), (10000, 0), (10001, 0)]
)
def test_low_numbers(rule: str, field: str, value: int | None, expected: int) -> None:
    # D11: 10000 itself is accepted
    assert len(judge(rule, pod(security={field: value}))) == expected
    assert len(judge(rule, pod(container(security={field: value})))) == expected
    assert not judge(rule, pod(security={field: value}, hostUsers=False))
    assert not judge(rule, pod(security={field: value}, **WINDOWS))


def test_a_team_may_choose_the_lowest_number() -> None:
    parameters: dict[str, dict[str, Any]] = {"low-uid": {"minimum": 1000}}
    assert not judge("low-uid", pod(security={"runAsUser": 1000}), parameters=parameters)
    (finding,) = judge("low-uid", pod(security={"runAsUser": 999}), parameters=parameters)
    assert finding.evidence == "999"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ContainerAdministrator", 1),
        ("containeradministrator", 1),
        ("User Manager\\ContainerAdministrator", 1),
        ("ContainerUser", 0),
        ("NT AUTHORITY\\SYSTEM", 0),
        (None, 0),
    ],
)
def test_windows_administrators(name: str | None, expected: int) -> None:
    options = {"windowsOptions": {"runAsUserName": name}}
    rule = "windows-container-admin"
    assert len(judge(rule, pod(container("a"), container("b"), security=options))) == expected
    assert len(judge(rule, pod(container("a", options), container("b", options)))) == 2 * expected


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_raise_nothing(odd: Any) -> None:
    judge(ALL_RULES, pod(container(security=odd), security=odd))
    fields = {
        "runAsUser": odd, "runAsGroup": odd, "runAsNonRoot": odd, "fsGroup": odd,
        "supplementalGroups": odd, "windowsOptions": odd,
    }  # fmt: skip
    judge(ALL_RULES, pod(container(security=fields), security=fields, hostUsers=odd))
    options = {"windowsOptions": {"runAsUserName": odd}, "supplementalGroups": [odd]}
    judge(ALL_RULES, pod(container(security=options), security=options))
