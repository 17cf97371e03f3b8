"""A scan as a whole: coverage, completeness, context, triage, positions."""

from pathlib import Path

import pytest

from seawall.core.rule import Change
from seawall.core.severity import Confidence, Severity
from seawall.engine import Options, Result, scan
from tests.kubernetes.support import rule_named

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
spec:
  hostNetwork: true
  containers:
    - name: app
      image: registry.example.org/app:1
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: registry.example.org/web:1
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(tree: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(result: Result) -> list[tuple[str, str]]:
    return [(finding.location.path, finding.rule.id) for finding in result.report.findings]


def test_one_broken_file_hides_no_other(tree: Path) -> None:
    write(tree, {"a.yaml": "kind: Pod\n  x: [", "b.yaml": POD.format(name="b")})
    result = scan(Options(select=("host-network",)))
    assert found(result) == [("b.yaml", "host-network")]
    assert [item.path for item in result.report.coverage.failed] == ["a.yaml"]


def test_broken_document_hides_no_other_document(tree: Path) -> None:
    text = f"{POD.format(name='a')}---\na: [\n---\n{POD.format(name='b')}"
    write(tree, {"a.yaml": text})
    result = scan(Options(select=("host-network",)))
    lines = [f.location.span.line for f in result.report.findings if f.location.span]
    assert lines == [6, 18]
    (failed,) = result.report.coverage.failed
    assert failed.line in (12, 13)


def test_dangling_needs_a_complete_input(tree: Path) -> None:
    write(tree, {"service.yaml": SERVICE})
    options = Options(select=("service-selector-dangling",))
    assert found(scan(options)) == [("service.yaml", "service-selector-dangling")]
    alone = options._replace(targets=("service.yaml",))
    assert not found(scan(alone))
    low = scan(alone._replace(min_confidence=Confidence.LOW))
    assert [finding.confidence for finding in low.report.findings] == [Confidence.LOW]


def test_context_is_known_but_not_reported(tree: Path) -> None:
    write(tree, {"service.yaml": SERVICE, "other/web.yaml": DEPLOYMENT})
    options = Options(targets=("service.yaml",), select=("service-selector-dangling", "run-as*"))
    assert found(scan(options._replace(context=("service.yaml",)))) == []
    result = scan(options._replace(context=(".",), min_confidence=Confidence.LOW))
    assert found(result) == []
    assert result.report.objects == 1


def test_a_name_in_unreadable_text_is_unresolved(tree: Path) -> None:
    broken = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: builder\n"
    pod = POD.format(name="a").replace("spec:", "spec:\n  serviceAccountName: builder")
    write(tree, {"pods/a.yaml": pod})
    options = Options(select=("service-account-not-found",), min_confidence=Confidence.LOW)
    assert found(scan(options)) == [("pods/a.yaml", "service-account-not-found")]
    write(tree, {"accounts/b.yaml": broken})
    assert not found(scan(options))


def test_templates_charts_and_kustomizations_are_named(tree: Path) -> None:
    write(
        tree,
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
            "chart/templates/web.yaml": DEPLOYMENT.replace("name: web", "name: {{ .Values.n }}"),
            "chart/templates/plain.yaml": POD.format(name="plain"),
            "base/kustomization.yaml": "patches:\n  - path: patch.yaml\n",
            "base/patch.yaml": POD.format(name="patched"),
            "base/pod.yaml": POD.format(name="pod"),
        },
    )
    result = scan(Options(select=("host-network",)))
    coverage = result.report.coverage
    assert {(item.path, item.what) for item in coverage.not_covered} == {
        ("chart/Chart.yaml", "Helm chart"),
        ("chart/templates/web.yaml", "Go template"),
        ("base/kustomization.yaml", "kustomization"),
    }
    assert found(result) == [
        ("base/pod.yaml", "host-network"),
        ("chart/templates/plain.yaml", "host-network"),
    ]
    assert ("base/patch.yaml", "a part of base/kustomization.yaml") in [
        (item.path, item.reason) for item in coverage.skipped
    ]


def test_templates_of_other_tools_are_named(tree: Path) -> None:
    image = "registry.example.org/app:1"
    write(
        tree,
        {
            "kept/name.yaml": POD.format(name="web-${ENV}"),
            "kept/kind.yaml": POD.format(name="web").replace("kind: Pod", "kind: <KIND>"),
            "kept/namespace.yaml": POD.format(name="web\n  namespace: $(NAMESPACE)"),
            "kept/image.yaml": POD.format(name="web").replace(image, "$(REGISTRY)/app:${TAG}"),
            "lost/name.yaml": POD.format(name="##NAME##") + "---\n" + POD.format(name="plain"),
            "lost/kind.yaml": POD.format(name="web").replace("kind: Pod", "kind: ##KIND##"),
            "lost/refused.yaml": POD.format(name="@NAME@"),
            "plain/arguments.yaml": POD.format(name="plain") + "      args: [$(NAME), <x>]\n",
            "plain/step.yaml": "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: build}\n"
            "spec: {steps: [{name: a, image: $(params.image)}]}\n",
        },
    )
    result = scan(Options(select=("host-network", "schema-invalid", "image-tag-mutable")))
    coverage = result.report.coverage
    assert sorted((item.path, item.what) for item in coverage.not_covered) == [
        (f"{path}.yaml", "template")
        for path in (
            "kept/image", "kept/kind", "kept/name", "kept/namespace", "lost/kind", "lost/name",
            "lost/refused",
        )
    ]  # fmt: skip
    # What YAML keeps is plain but for the mark; what it loses cannot be read as it stands.
    assert found(result) == [
        ("kept/image.yaml", "host-network"),
        ("kept/name.yaml", "host-network"),
        ("kept/namespace.yaml", "host-network"),
        ("lost/name.yaml", "host-network"),
        ("plain/arguments.yaml", "host-network"),
    ]
    assert [finding.subject.name for finding in result.report.findings][3] == "plain"
    assert not coverage.failed


def test_an_image_to_be_filled_in_hides_nothing_beside_it(tree: Path) -> None:
    image = DEPLOYMENT.replace("registry.example.org/web:1", "${IMAGE}")
    other = SERVICE.replace("app: web", "app: other")
    write(tree, {"image.yaml": image, "service.yaml": other})
    options = Options(select=("service-selector-dangling",))
    assert found(scan(options)) == [("service.yaml", "service-selector-dangling")]
    write(tree, {"image.yaml": image.replace("name: web", "name: ${NAME}")})
    assert not found(scan(options))  # it may be named anything


PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      hostNetwork: true
      containers: [{name: web, image: registry.example.org/web:1.4.2}]
"""


def test_patches_are_named_unless_a_kustomization_takes_them_as_whole(tree: Path) -> None:
    write(
        tree,
        {
            "base/kustomization.yaml": "resources:\n  - web.yaml\n",
            "base/web.yaml": PATCH,  # whole, with the labels that the kustomization may add
            "patches/web.yaml": PATCH,
            "patches/pod.yaml": POD.format(name="pod"),
        },
    )
    result = scan(Options(select=("host-network", "run-as-non-root")))
    assert found(result) == [
        ("base/web.yaml", "host-network"),
        ("base/web.yaml", "run-as-non-root"),
        ("patches/pod.yaml", "host-network"),
        ("patches/pod.yaml", "run-as-non-root"),
        ("patches/web.yaml", "host-network"),  # what is there counts, what is not may be elsewhere
    ]
    assert {(item.path, item.what) for item in result.report.coverage.not_covered} == {
        ("base/kustomization.yaml", "kustomization"),
        ("patches/web.yaml", "patch"),
    }
    assert "patches/web.yaml" in result.report.coverage.read


def test_the_order_of_targets_changes_nothing(tree: Path) -> None:
    write(tree, {f"{name}.yaml": POD.format(name=name) for name in "abc"})
    options = Options(profile="all", min_confidence=Confidence.LOW)
    forward = scan(options._replace(targets=("a.yaml", "b.yaml", "c.yaml"))).report
    backward = scan(options._replace(targets=("c.yaml", "b.yaml", "a.yaml", "a.yaml"))).report
    assert forward == backward


def test_configured_severity_wins(tree: Path) -> None:
    write(tree, {"a.yaml": POD.format(name="a")})
    options = Options(select=("host-network",), severities={"host-network": Severity.INFO})
    assert [f.severity for f in scan(options).report.findings] == [Severity.INFO]


def test_a_pinned_rule_set_keeps_old_severities(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tree, {"a.yaml": POD.format(name="a")})
    monkeypatch.setattr("seawall.core.rule.RULESETS", ("2026.1", "2026.2"))
    monkeypatch.setattr(rule_named("host-network"), "changes", (Change("2026.2", Severity.LOW),))
    pinned = scan(Options(select=("host-network",), ruleset="2026.1")).report
    newest = scan(Options(select=("host-network",), ruleset="2026.2")).report
    assert [f.severity for f in pinned.findings] == [Severity.LOW]
    assert [f.severity for f in newest.findings] == [Severity.HIGH]


def test_a_broken_rule_is_our_fault_and_hides_nothing(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("oops")

    write(tree, {"a.yaml": POD.format(name="a")})
    monkeypatch.setattr(rule_named("host-pid"), "check", broken)
    report = scan(Options(select=("host-*",))).report
    assert [fault.rule for fault in report.faults] == ["host-pid"]
    assert "oops" in report.faults[0].error
    assert [f.rule.id for f in report.findings] == ["host-network"]
    assert report.exit_code(None, strict=False) == 4


def test_duplicate_keys_are_reported_with_both_places(tree: Path) -> None:
    write(tree, {"a.yaml": POD.format(name="a") + "  hostNetwork: false\n"})
    (finding,) = scan(Options(select=("duplicate-key",))).report.findings
    assert finding.rule.domain == "input"
    assert finding.location.span is not None
    assert finding.location.span.line == 10
    assert [item.location.span and item.location.span.line for item in finding.related] == [6]


def test_a_list_item_is_located(tree: Path) -> None:
    items = "".join(
        "  - " + "    ".join(POD.format(name=name).splitlines(keepends=True)) for name in "ab"
    )
    write(tree, {"a.yaml": f"apiVersion: v1\nkind: List\nitems:\n{items}"})
    report = scan(Options(select=("host-network",))).report
    assert [f.location.span and f.location.span.line for f in report.findings] == [9, 18]
    assert report.findings[1].location.key_path == ("items", 1, "spec", "hostNetwork")


def test_the_description_of_a_mesh_is_told_and_its_policies_are_read(tree: Path) -> None:
    """No rule judges it: nobody is to take silence for that."""
    mesh = "mesh: shop\ntrustDomain: shop.example.org\nworkloads:\n  web: {}\n"
    write(tree, {
        "mesh.yaml": mesh, "more.yaml": f"{mesh}---\n{POD.format(name='web')}",
        "other.yaml": "workloads: []\nmesh: shop\n",
    })  # fmt: skip
    report = scan(Options(select=("host-network",))).report
    assert [(item.path, item.what) for item in report.coverage.not_covered] == [
        ("mesh.yaml", "mesh"), ("more.yaml", "mesh"),
    ]  # fmt: skip
    assert [item.path for item in report.coverage.skipped] == ["other.yaml"]
    assert "host-network" in {finding.rule.id for finding in report.findings}
