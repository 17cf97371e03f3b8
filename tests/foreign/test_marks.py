"""Other tools' annotations and comments in manifests."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.ignore import Enable, Ignore, Lines
from seawall.kubernetes import ignores, reader
from seawall.kubernetes.ignores.trivy import parse
from tests.foreign.running import report

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    example.org/a: b
{annotations}
spec:
  hostPID: true
  containers:
    - name: web
      image: registry.example.org/web:latest
      securityContext:
        privileged: true
"""


def words(text: str) -> tuple[list[Ignore], list[Enable]]:
    objects = reader.read(text, "x.yaml", target=True, complete=True, template=False).objects
    found = ignores.read(text, "x.yaml", objects)
    return found.ignores, found.enables


def annotated(*lines: str) -> str:
    return POD.format(annotations="\n".join(f"    {line}" for line in lines))


@pytest.mark.parametrize(
    ("line", "tool", "rules", "reason"),
    [
        ("ignore-check.kube-linter.io/host-pid: it must", "kube-linter", ("host-pid",), "it must"),
        ("kube-linter.io/ignore-all: gone soon", "kube-linter", (), "gone soon"),
        ("kube-score/ignore: ' a , b,, '", "kube-score", ("a", "b"), ""),
        ("checkov.io/skip1: CKV_K8S_16=it = must", "checkov", ("CKV_K8S_16",), "it = must"),
        ("checkov.io/skip1: CKV_K8S_16", "checkov", ("CKV_K8S_16",), ""),
        ("cortex.io/skip9: CKV_K8S_16", "checkov", ("CKV_K8S_16",), ""),
        ("polaris.fairwinds.com/exempt: 'TRUE'", "polaris", (), ""),
        ("polaris.fairwinds.com/hostPIDSet-exempt: 'true'", "polaris", ("hostPIDSet",), ""),
    ],
)
def test_annotations(line: str, tool: str, rules: tuple[str, ...], reason: str) -> None:
    ((ignore,), _) = words(annotated(line))
    assert (ignore.tool, ignore.rules, ignore.reason) == (tool, rules, reason)
    assert ignore.form == "annotation"
    assert ignore.subject.name == "web"
    assert ignore.origin.key_path[:2] == ("metadata", "annotations")


@pytest.mark.parametrize(
    "line",
    [
        "polaris.fairwinds.com/exempt: 'yes'", "polaris.fairwinds.com/exempt: true",
        "polaris.fairwinds.com/other: 'true'", "ignore-check.kube-linter.io/: x",
        "kube-score/ignore: ''", "kube-score/ignored: a", "checkov.io/skip1: 3",
    ],
)  # fmt: skip
def test_what_is_no_ignore(line: str) -> None:
    assert words(annotated(line)) == ([], [])


def test_a_file_without_marks_is_not_looked_into() -> None:
    assert ignores.read(POD, "x.yaml", []) is ignores.NOTHING


@pytest.mark.parametrize(
    ("comment", "rules", "reason"),
    [
        ("trivy:ignore:KSV-0017", [("KSV-0017", "", "")], ""),
        ("trivy:ignore:AVD-KSV-0017 it must", [("AVD-KSV-0017", "", "")], "it must"),
        ("trivy:ignore:A:exp:2027-01-01", [("A", "2026-12-31", "")], ""),
        ("trivy:exp:2027-01-01:ignore:A", [("A", "2026-12-31", "")], ""),
        ("trivy:ignore:A trivy:ignore:B why", [("A", "", ""), ("B", "", "")], "why"),
        ("tfsec:ignore:A #trivy:ignore:B", [("A", "", ""), ("B", "", "")], ""),
        ("trivy:ignore:A[name=x]", [("A", "", "")], ""),
        ("trivy:ignore", [], "trivy:ignore"),
        ("trivy:ignored:A", [], "trivy:ignored:A"),
    ],
)
def test_comments_of_trivy(comment: str, rules: list[tuple[str, str, str]], reason: str) -> None:
    found, rest = parse(comment)
    assert [tuple(rule) for rule in found] == rules
    assert rest == reason


def test_a_date_of_trivy_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = POD.replace("  hostPID", "  # trivy:ignore:KSV-0010:exp:soon\n  hostPID")
    (tmp_path / "pod.yaml").write_text(text.format(annotations=""))
    found = {f.rule.id for f in report(tmp_path, monkeypatch).findings}
    assert {"host-pid", "ignore-invalid"} <= found


def test_where_comments_count() -> None:
    text = annotated().replace("  containers:", "  # trivy:ignore:*\n  containers:")
    ((ignore,), _) = words(text)
    assert isinstance(ignore.scope, Lines)
    assert (ignore.scope.first, ignore.scope.last) == (11, 15)
    skip = "# checkov:skip=CKV_K8S_16,CKV_K8S_17:it must"
    text = annotated().replace("  containers:", f"  {skip}\n  containers:")
    ((ignore,), _) = words(f"kind: Other\n---\n{text}")
    assert ignore.rules == ("CKV_K8S_16", "CKV_K8S_17")
    assert ignore.reason == "it must"
    assert isinstance(ignore.scope, Lines)
    assert (ignore.scope.first, ignore.scope.last) == (2, 17)


def test_a_skip_within_a_list_is_about_its_block() -> None:
    items = "".join(
        f"  - apiVersion: v1\n    kind: Pod\n    metadata: {{name: {name}}}\n" for name in "ab"
    )
    text = f"apiVersion: v1\nkind: List\nitems:\n  # checkov:skip=CKV_K8S_16\n{items}"
    ((ignore,), _) = words(text)
    assert isinstance(ignore.scope, Lines)
    assert (ignore.scope.first, ignore.scope.last) == (5, 7)


def test_marks_in_scalars_are_no_comments() -> None:
    text = annotated("script: |", "  # trivy:ignore:KSV-0010", "  # checkov:skip=CKV_K8S_17")
    assert words(text) == ([], [])


# What applies them ------------------------------------------------------------------------------


def shown(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, *arguments: str) -> set[str]:
    (folder / "pod.yaml").write_text(text)
    return {f.rule.id for f in report(folder, monkeypatch, *arguments).findings}


def test_everything_of_an_object_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = annotated("kube-linter.io/ignore-all: x")
    assert shown(tmp_path, monkeypatch, text) == set()
    assert "host-pid" in shown(tmp_path, monkeypatch, text, "--no-ignores")


def test_a_tool_that_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = annotated("kube-linter.io/ignore-all: x")
    (tmp_path / "seawall.toml").write_text('foreign = ["trivy"]\n')
    assert "host-pid" in shown(tmp_path, monkeypatch, text)


def test_locked_rules_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seawall.toml").write_text('locked = ["host-pid"]\n')
    (tmp_path / ".kube-linter.yaml").write_text("checks: {exclude: [host-pid]}\n")
    found = shown(tmp_path, monkeypatch, annotated("kube-linter.io/ignore-all: x"))
    assert found == {"host-pid", "ignore-locked"}


def test_foreign_ids_of_no_use_are_no_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = annotated(
        "ignore-check.kube-linter.io/nothing-known: x", "kube-score/ignore: label-values"
    )
    assert not {id_ for id_ in shown(tmp_path, monkeypatch, text) if id_.startswith("ignore-")}


def test_an_own_rule_is_not_called_by_a_foreign_annotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``image-tag-mutable`` is an id of ours, and of no check of kube-linter."""
    text = annotated("ignore-check.kube-linter.io/image-tag-mutable: x")
    assert "image-tag-mutable" in shown(tmp_path, monkeypatch, text)


# Enabling ---------------------------------------------------------------------------------------

OPTIONAL = "ephemeral-storage-missing"
ENABLE = "kube-score/enable: container-ephemeral-storage-request-and-limit"


def two(first: str, second: str) -> str:
    other = annotated(second).replace("name: web", "name: other")
    return f"{annotated(first)}---\n{other}"


def test_only_objects_that_enable_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pods.yaml").write_text(two(ENABLE, "a: b"))
    found = report(tmp_path, monkeypatch).findings
    assert {f.subject.name for f in found if f.rule.id == OPTIONAL} == {"web"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--ignore", OPTIONAL), ("--select", "host-pid"), ("--no-ignores",),
        ("--kube-score", "--disable-optional-checks-annotations"),
    ],
)  # fmt: skip
def test_what_objects_cannot_enable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    found = shown(tmp_path, monkeypatch, annotated(ENABLE), *arguments)
    assert OPTIONAL not in found
    assert "host-pid" in found


def test_a_rule_that_runs_anyway_is_not_narrowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pods.yaml").write_text(two(ENABLE, "a: b"))
    found = report(tmp_path, monkeypatch, "--enable", OPTIONAL).findings
    assert {f.subject.name for f in found if f.rule.id == OPTIONAL} == {"web", "other"}


@settings(deadline=None)
@given(st.text(alphabet="#: \n-trivycheko=ignskp*'[]exp2027", max_size=80))
def test_odd_comments_break_nothing(text: str) -> None:
    words(f"apiVersion: v1\nkind: Pod\nmetadata: {{}}\n# trivy:ignore:{text}")
    words(f"# checkov:skip={text}\napiVersion: v1\nkind: Pod\nmetadata: {{}}\n")
