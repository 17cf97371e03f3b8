"""What three tools' own tests expect of their files, against what we say of them.

The expectations are facts in expectations.toml, and so are the differences: a file on which we
are not of the tool's opinion is listed with the number of the disagreement and the reason.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seawall.core.severity import Severity
from tests.oracles.peers import KUBESEC_KINDS, SETTINGS
from tests.oracles.verdicts import Ours, Settings, Subject, aliases, found, reported, subjects
from tests.shared import ROOT, needs_shared

EXPECTATIONS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "expectations.toml").read_text(encoding="utf-8")
)
DIFFERENCES: list[dict[str, Any]] = EXPECTATIONS["differs"]


class Expectation(NamedTuple):
    """What a tool's test wants, and what we say in its words."""

    tool: str
    check: str
    file: str
    theirs: str
    ours: str


def differences(tool: str) -> dict[tuple[str, str], str]:
    """The declared differences: (check, file with its options) to what we say instead."""
    return {
        (check, file): str(item["ours"])
        for item in DIFFERENCES
        for check in item["checks"]
        for file in item["files"]
        if item["tool"] == tool
    }


def settle(tool: str, expectations: list[Expectation]) -> None:
    """Fail on every difference that is not declared and every declaration that is none."""
    declared = differences(tool)
    differing = {
        (item.check, item.file): item.ours for item in expectations if item.ours != item.theirs
    }
    problems = [
        f"{item.check} on {item.file}: they say {item.theirs}, we say {item.ours}"
        for item in expectations
        if item.ours != item.theirs and declared.get((item.check, item.file)) != item.ours
    ]
    problems += [
        f"declared, but no difference: {key}" for key in declared.keys() - differing.keys()
    ]
    print(f"\n{tool}: {len(expectations)} expectations, {len(differing)} differ as declared")
    assert not problems, "\n".join(problems)


def test_every_difference_has_a_number() -> None:
    text = (ROOT / "docs" / "disagreements.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^### (D\d+)\b", text, re.MULTILINE))
    assert {item["number"] for item in DIFFERENCES} <= explained
    assert all(item["reason"] for item in DIFFERENCES)


# kube-score -----------------------------------------------------------------------------------


def kube_score() -> Iterator[Expectation]:
    """Grades below OK are reports; OK and skipped are none. An ignored check is not compared."""
    for check, grades in EXPECTATIONS["kube-score"].items():
        for grade, files in grades.items():
            for file in files:
                name, *options = file.split()
                if {"ignored", "off"} & set(options) or grade == "judged":
                    continue
                ours = judge_kube_score(check, name, options)
                theirs = "silent" if grade in ("ok", "skipped") else "reported"
                yield Expectation("kube-score", check, file, theirs, ours)


def judge_kube_score(check: str, name: str, options: list[str]) -> str:
    """Whether we report something in a file that stands for a check."""
    version, parameters = SETTINGS["kube-score"]
    left_out = set()
    for option in options:
        key, _, value = option.partition("=")
        if key == "min":
            minimum = {"minimum": int(value)}
            parameters = {**parameters, "replicas-too-few": minimum, "hpa-min-replicas": minimum}
        elif key == "k8s":
            version = value
        else:
            left_out.add(value)
    ours = found(f"kube-score/{name}", Settings(version, parameters))
    kept = {rule: items for rule, items in ours.items() if rule not in left_out}
    return "reported" if reported(f"kube-score:{check}", kept) else "silent"


@needs_shared
def test_kube_score_grades() -> None:
    expectations = list(kube_score())
    assert len(expectations) > 180
    settle("kube-score", expectations)


# kube-linter ----------------------------------------------------------------------------------

_CHECK_OF = {
    "dangling-hpa": "dangling-horizontalpodautoscaler",
    "dnsconfig-options-ndots": "dnsconfig-options",
    "env-var-value-from": "env-value-from",
}
_PARAMETERS = EXPECTATIONS["kube-linter-parameters"]


def kube_linter() -> Iterator[Expectation]:
    """How many findings the check has in the file that its tests have for it."""
    base = SETTINGS["kube-linter"]
    own = {
        rule: {key: tuple(value) for key, value in values.items()}
        for rule, values in _PARAMETERS.items()
    }
    settings = Settings(base.version, {**base.parameters, **own})
    for file, count in EXPECTATIONS["kube-linter"].items():
        stem = file.rpartition(".")[0]
        check = _CHECK_OF.get(stem, stem)
        alias = f"kube-linter:{check}"
        ours = reported(alias, found(f"kube-linter/{file}", settings)) if alias in aliases() else []
        yield Expectation("kube-linter", check, file, str(count), str(len(ours)))


@needs_shared
def test_kube_linter_counts() -> None:
    expectations = list(kube_linter())
    assert len(expectations) == 65
    settle("kube-linter", expectations)


# kubesec --------------------------------------------------------------------------------------

POINTS = {
    "HostNetwork": -9, "HostPID": -9, "HostIPC": -9, "HostAliases": -3, "Privileged": -30,
    "AllowPrivilegeEscalation": -7, "CapSysAdmin": -30, "DockerSock": -9, "ProcMount": -9,
    "SeccompUnconfined": -1, "ApparmorUnconfined": -1, "SecretsAsEnvironmentVariables": -5,
    "BindingsToSystemAnonymous": -30,
    "HostUsers": 1, "AutomountServiceAccountToken": 1, "ServiceAccountName": 3,
    "ReadOnlyRootFilesystem": 1, "RunAsNonRoot": 1, "RunAsUser": 1, "RunAsGroup": 1,
    "CapDropAny": 1, "CapDropAll": 1, "RequestsCPU": 1, "LimitsCPU": 1, "RequestsMemory": 1,
    "LimitsMemory": 1, "SeccompAny": 1, "ApparmorAny": 3,
    "VolumeClaimAccessModeReadWriteOnce": 1, "VolumeClaimRequestsStorage": 1,
}  # fmt: skip


def score(about: Subject, ours: Ours) -> int:
    """kubesec's score from our findings: what we report costs points, what we do not earns them.

    An escalation that is not forbidden costs nothing here (D1): kubesec means those that are
    asked for, which we report as high.
    """
    total = 0
    for id_, points in POINTS.items():
        if about.kind not in KUBESEC_KINDS.get(id_, KUBESEC_KINDS[""]):
            continue
        findings = [item for item in reported(f"kubesec:{id_}", ours) if item.subject == about]
        if id_ == "AllowPrivilegeEscalation":
            findings = [item for item in findings if item.severity >= Severity.HIGH]
        if bool(findings) == (points < 0):
            total += points
    return total


def kubesec() -> Iterator[Expectation]:
    """The sign of the score, or the score itself where the reference has it."""
    for what, values in EXPECTATIONS["kubesec"].items():
        for file in values:
            ours = found(f"kubesec/{file}", SETTINGS["kubesec"])
            scores = [
                score(about, ours)
                for about in subjects(f"kubesec/{file}")
                if about.kind in KUBESEC_KINDS[""]
            ]
            number = min(scores)
            if what == "scores":
                yield Expectation("kubesec", what, file, str(values[file]), str(number))
            else:
                sign = "negative" if number < 0 else "positive" if number else "zero"
                yield Expectation("kubesec", "signs", file, what, sign)


@needs_shared
def test_kubesec_scores() -> None:
    expectations = list(kubesec())
    assert len(expectations) > 50
    settle("kubesec", expectations)


@pytest.mark.parametrize("id_", POINTS)
def test_every_rule_of_kubesec_has_points(id_: str) -> None:
    assert f"kubesec:{id_}" in aliases()
