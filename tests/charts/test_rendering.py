"""Charts that are rendered: what is found, where it is said to be, and what counts."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from seawall.cli.main import run
from tests.charts.support import (
    DEPLOYMENT,
    RULES,
    VALUES,
    chart,
    needs_helm,
    places,
    rendered,
)
from tests.secrets.rules import drawn
from tests.triage.support import command, write

pytestmark = needs_helm


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def test_findings_are_at_the_lines_of_the_template(tree: Path) -> None:
    chart(tree / "shop")
    report = rendered()
    assert places(report) == [
        ("host-network", "shop/templates/web.yaml", 14),
        ("image-tag-mutable", "shop/templates/web.yaml", 18),
        ("privileged-container", "shop/templates/web.yaml", 20),
    ]
    first, image, privileged = report["findings"]
    assert first["location"]["column"] == DEPLOYMENT.splitlines()[13].index("true") + 1
    assert image["location"]["column"] == DEPLOYMENT.splitlines()[17].index('"') + 1
    # toYaml wrote its line: the key that holds it is what stands in the template.
    assert privileged["location"]["key_path"].endswith("securityContext.privileged")
    assert first["subject"]["name"] == "release-name-web"
    assert first["message"] == "shares the network namespace of its node"
    assert first["details"] == {"chart": "shop", "value_sets": ["defaults"]}
    assert report["coverage"]["not_covered"] == []
    assert report["coverage"]["read"] == ["shop/Chart.yaml", "shop/templates/web.yaml"]
    assert report["summary"]["objects"] == 1


def test_nothing_is_rendered_unless_asked_for(tree: Path) -> None:
    chart(tree / "shop")
    for arguments in ((), ("--render", "--no-render")):
        report = command("scan", "--format", "json", *arguments).report
        assert report["findings"] == []
        assert [item["path"] for item in report["coverage"]["not_covered"]] == [
            "shop/Chart.yaml", "shop/templates/web.yaml",
        ]  # fmt: skip
    (tree / "seawall.toml").write_text("render = true\n")
    assert command("scan", "--format", "json").report["findings"]
    assert command("scan", "--no-render", "--format", "json").report["findings"] == []


def test_harden_renders_nothing(tree: Path) -> None:
    chart(tree / "shop")
    (tree / "seawall.toml").write_text("render = true\n")
    before = (tree / "shop/templates/web.yaml").read_text()
    assert command("harden", "--write", "--unsafe").code == 0
    assert (tree / "shop/templates/web.yaml").read_text() == before


def test_a_template_that_writes_nothing_is_told(tree: Path) -> None:
    template = "{{- if .Values.absent }}\nkind: Pod\n{{- end }}\n"
    chart(tree / "shop", {"web.yaml": DEPLOYMENT, "none.yaml": template, "_x.tpl": "", "a.tpl": ""})
    coverage = rendered()["coverage"]
    told = {item["path"]: item["reason"] for item in coverage["skipped"]}
    nothing = "renders to nothing with the values it is given"
    assert told["shop/templates/none.yaml"] == told["shop/templates/a.tpl"] == nothing
    assert told["shop/templates/_x.tpl"] == "no format that seawall reads"
    assert coverage["not_covered"] == coverage["failed"] == []


def test_plain_documents_of_a_chart_are_judged_once(tree: Path) -> None:
    plain = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {hostNetwork: true}\n"
    chart(tree / "shop", {"plain.yaml": plain}, files={"crds/also.yaml": plain})
    assert places(rendered()) == [
        ("host-network", "shop/crds/also.yaml", 4),
        ("host-network", "shop/templates/plain.yaml", 4),
    ]


def test_relations_end_at_the_rendering(tree: Path) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {app: %s}}\n"
    chart(tree / "one", {"web.yaml": DEPLOYMENT, "own.yaml": service % "web"})
    chart(tree / "two", {"other.yaml": service % "web"})
    write(tree, {"plain.yaml": service % "web"})
    found = places(rendered(rules="service-selector-dangling"))
    assert [path for _, path, _ in found] == ["plain.yaml", "two/templates/other.yaml"]


def test_objects_without_a_namespace_live_in_the_release_s(tree: Path) -> None:
    service = (
        "apiVersion: v1\nkind: Service\n"
        "metadata: {name: s, namespace: {{ .Release.Namespace }}}\nspec: {selector: {app: web}}\n"
    )
    chart(tree / "shop", {"web.yaml": DEPLOYMENT, "service.yaml": service})
    (tree / "seawall.toml").write_text('[value-sets.a]\nnamespace = "shop"\n')
    report = rendered(rules=f"{RULES},service-selector-dangling")
    assert {item["subject"]["namespace"] for item in report["findings"]} == {"shop"}
    assert all("dangling" not in item["rule"] for item in report["findings"])


def test_dependencies_are_part_of_their_chart(tree: Path) -> None:
    more = "dependencies:\n  - name: inner\n    alias: other\n    version: 1.0.0\n"
    outer = chart(tree / "outer", more=more)
    chart(outer / "charts" / "inner")
    report = rendered()
    assert {path for _, path, _ in places(report)} == {
        "outer/templates/web.yaml", "outer/charts/inner/templates/web.yaml",
    }  # fmt: skip
    assert ("host-network", "outer/charts/inner/templates/web.yaml", 14) in places(report)
    assert report["coverage"]["not_covered"] == []


def test_packed_dependencies_are_told_at_their_entry(tree: Path) -> None:
    import tarfile

    more = "dependencies:\n  - name: inner\n    version: 1.0.0\n"
    outer = chart(tree / "outer", more=more)
    chart(tree / "packed" / "inner")
    (outer / "charts").mkdir()
    with tarfile.open(outer / "charts" / "inner-1.0.0.tgz", "w:gz") as archive:
        archive.add(tree / "packed" / "inner", "inner")
    assert places(rendered("outer"))[:3] == [
        ("host-network", "outer/Chart.yaml", 5),
        ("image-tag-mutable", "outer/Chart.yaml", 5),
        ("privileged-container", "outer/Chart.yaml", 5),
    ]


def test_what_a_helper_writes_is_told_where_it_is_called(tree: Path) -> None:
    helper = '{{- define "web" }}\n' + DEPLOYMENT + "{{- end }}\n"
    chart(tree / "shop", {"_web.tpl": helper, "web.yaml": '{{- /* x */}}\n{{ include "web" . }}\n'})
    assert {(path, line) for _, path, line in places(rendered())} == {
        ("shop/templates/web.yaml", 2)
    }


MUTATIONS = [
    "{{- /* a\n b */}}\n", "# c\n", "\n", "{{- $a := 1 }}\n", "{{- if true }}\n{{- end }}\n",
    "{{- if false }}\nx: [\n{{- end }}\n", "  # d {{ 1 }}\n", "{{- range until 3 }}\n{{- end }}\n",
    "{{- with .Values }}# {{ .tag }}{{ end }}\n", "{{- /* b -}}\n*/}}\n", "\r\n", "{{ if }}\n",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_places_are_those_of_the_template_whatever_it_is(tree: Path, seed: int) -> None:
    chance = random.Random(seed)
    lines = DEPLOYMENT.splitlines(keepends=True)
    for _ in range(chance.randint(1, 4)):
        lines.insert(chance.randrange(len(lines)), chance.choice(MUTATIONS))
    template = "".join(lines)
    chart(tree / "shop", {"web.yaml": template})
    texts = template.split("\n")
    telling = {"host-network": "hostNetwork: true", "image-tag-mutable": "image:"}
    report = rendered()
    assert report["findings"] or report["coverage"]["failed"] or "{{ if }}" in template
    for finding in report["findings"]:
        place = finding["location"]
        line = texts[place["line"] - 1]
        assert place["column"] <= len(line) + 1
        if place["line"] > 1:
            assert telling.get(finding["rule"], "") in line


def test_a_library_chart_is_no_gap(tree: Path) -> None:
    chart(tree / "lib", {"_a.tpl": '{{ define "a" }}{{ end }}'}, more="type: library\n")
    coverage = rendered()["coverage"]
    assert coverage["not_covered"] == coverage["failed"] == []
    assert "lib/Chart.yaml" in {item["path"] for item in coverage["skipped"]}


# Ignores --------------------------------------------------------------------------------------


def with_comment(comment: str) -> str:
    return DEPLOYMENT.replace("hostNetwork: true", f"hostNetwork: true  # {comment}")


def hidden(report: Any) -> list[tuple[str, int, dict[str, Any]]]:
    return [(item["rule"], item["location"]["line"], item["by"]) for item in report["suppressed"]]


@pytest.mark.parametrize("lines_before", [0, 3])
def test_comments_of_templates_hide_findings(tree: Path, lines_before: int) -> None:
    text = "{{- /* a */ -}}\n" * lines_before + with_comment("seawall: ignore[host-network] meant")
    chart(tree / "shop", {"web.yaml": text})
    report = rendered()
    line = 14 + lines_before
    assert hidden(report) == [
        (
            "host-network",
            line,
            {"form": "comment", "path": "shop/templates/web.yaml", "line": line},
        )
    ]
    assert [rule for rule, _, _ in places(report)] == ["image-tag-mutable", "privileged-container"]


def test_an_ignore_that_hides_nothing_is_told_at_its_line(tree: Path) -> None:
    chart(
        tree / "shop",
        {"web.yaml": with_comment("seawall: ignore[privileged-container] not here")},
    )
    assert ("ignore-unused", "shop/templates/web.yaml", 14) in places(rendered())


def test_a_comment_that_a_loop_repeats_is_told_once(tree: Path) -> None:
    template = (
        "{{ range until 3 }}\n---\napiVersion: v1\nkind: ConfigMap\n"
        "metadata:\n  name: a{{ . }} # seawall: ignore[host-network] no\n{{ end }}\n"
    )
    chart(tree / "shop", {"a.yaml": template})
    assert places(rendered()) == [("ignore-unused", "shop/templates/a.yaml", 6)]


def test_annotations_of_rendered_objects_hide_findings(tree: Path) -> None:
    text = DEPLOYMENT.replace(
        "metadata:\n  name: {{",
        "metadata:\n  annotations: {seawall/ignore: host-network}\n  name: {{",
        1,
    )
    chart(tree / "shop", {"web.yaml": text})
    report = rendered()
    ((rule, line, by),) = hidden(report)
    assert (rule, line, by["form"], by["line"]) == ("host-network", 15, "annotation", 4)


def test_the_configuration_hides_by_path(tree: Path) -> None:
    chart(tree / "shop")
    (tree / "seawall.toml").write_text(
        'render = true\n[[suppress]]\nrules = ["host-network"]\npaths = ["shop/templates/"]\n'
        '[[override]]\npaths = ["shop/"]\nseverities = { image-tag-mutable = "low" }\n'
    )
    report = rendered()
    assert [item["rule"] for item in report["suppressed"]] == ["host-network"]
    severities = {item["rule"]: item["severity"] for item in report["findings"]}
    assert severities == {"image-tag-mutable": "low", "privileged-container": "critical"}


def test_excluded_templates_count_for_relations_only(tree: Path) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {app: web}}\n"
    chart(tree / "shop", {"web.yaml": DEPLOYMENT, "service.yaml": service})
    (tree / "seawall.toml").write_text('exclude = ["shop/templates/web.yaml"]\n')
    report = rendered(rules=f"{RULES},service-selector-dangling")
    assert report["findings"] == []
    assert "shop/templates/web.yaml" not in report["coverage"]["read"]


# Value sets -----------------------------------------------------------------------------------

TWO = """\
[value-sets.development]
[value-sets.production]
values = ["values-production.yaml", "/env.yaml"]
set = { "tag" = "1.4.2", security.privileged = false }
"""


def test_each_value_set_is_judged_and_what_they_share_is_said_once(tree: Path) -> None:
    chart(tree / "shop", files={"values-production.yaml": "replicas: 3\nhost: false\n"})
    write(tree, {"seawall.toml": TWO, "env.yaml": "host: true\n"})
    report = rendered()
    told = [(f["rule"], f["message"].partition(" (")[2], f["details"]) for f in report["findings"]]
    dev, both = ["development"], ["development", "production"]
    assert told == [
        (
            "host-network",
            "chart shop, value sets development, production)",
            {"chart": "shop", "value_sets": both},
        ),
        (
            "image-tag-mutable",
            "chart shop, value set development)",
            {"chart": "shop", "value_sets": dev},
        ),
        (
            "privileged-container",
            "chart shop, value set development)",
            {"chart": "shop", "value_sets": dev},
        ),
    ]
    assert len({item["fingerprint"] for item in report["findings"]}) == 3
    assert all(len(item["fingerprint"]) == 32 for item in report["findings"])
    assert report["summary"]["objects"] == 2


def test_fingerprints_do_not_depend_on_the_other_value_sets(tree: Path) -> None:
    chart(tree / "shop", files={"values-production.yaml": ""})
    write(tree, {"env.yaml": ""})
    alone = {item["fingerprint"] for item in rendered()["findings"]}
    write(tree, {"seawall.toml": TWO})
    assert {item["fingerprint"] for item in rendered()["findings"]} == alone


def test_an_ignore_of_one_value_set_does_not_hide_the_other_s(tree: Path) -> None:
    text = DEPLOYMENT.replace(
        "      hostNetwork: true\n",
        "      hostNetwork: true"
        "{{ if .Values.quiet }}  # seawall: ignore[host-network] x{{ end }}\n",
    )
    chart(tree / "shop", {"web.yaml": text})
    write(tree, {"seawall.toml": "[value-sets.a]\n[value-sets.b]\nset = { quiet = true }\n"})
    report = rendered()
    (left,) = [item for item in report["findings"] if item["rule"] == "host-network"]
    (gone,) = report["suppressed"]
    assert left["details"]["value_sets"] == ["a"]
    assert gone["details"]["value_sets"] == ["b"]
    assert "ignore-unused" not in {item["rule"] for item in report["findings"]}


def test_release_namespace_version_and_apis(tree: Path) -> None:
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n"
        "  name: {{ .Release.Name }}-{{ .Capabilities.KubeVersion.Minor }}\n"
        "  namespace: {{ .Release.Namespace }}\n"
        '{{- if .Capabilities.APIVersions.Has "example.org/v1" }}\n'
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {hostNetwork: true}\n"
        "{{- end }}\n"
    )
    chart(tree / "shop", {"a.yaml": template})
    write(
        tree,
        {
            "seawall.toml": '[value-sets.a]\nrelease = "r"\nnamespace = "n"\n'
            'kubernetes-version = "1.29"\napi-versions = ["example.org/v1"]\n'
        },
    )
    report = rendered(rules="host-network")
    (finding,) = [item for item in report["findings"] if item["rule"] == "host-network"]
    assert finding["subject"]["namespace"] == "n"
    assert report["summary"]["objects"] == 2


def test_a_value_set_is_for_the_charts_it_names(tree: Path) -> None:
    chart(tree / "a" / "one")
    chart(tree / "b" / "two")
    write(tree, {"seawall.toml": '[value-sets.x]\ncharts = ["/a/"]\nset = { tag = "1.2.3" }\n'})
    found = rendered(rules="image-tag-mutable")["findings"]
    assert [item["location"]["path"] for item in found] == ["b/two/templates/web.yaml"]
    assert found[0]["details"]["value_sets"] == ["defaults"]


def test_values_of_any_kind_arrive_as_they_are(tree: Path) -> None:
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
        "  all: {{ .Values.set | toJson | quote }}\n"
    )
    chart(tree / "shop", {"a.yaml": template})
    write(
        tree,
        {
            "seawall.toml": "[value-sets.x.set]\n"
            'set.a = "x, y=\\"z\\" \\\\ {b}"\nset.b = true\nset.c = 1.5\nset.d = [1, "2"]\n'
            'set.e = {}\n"set.f\\\\.g" = "dot"\n'
        },
    )
    from seawall.charts import helm
    from seawall.configuration import load

    (value_set,) = load(None, (".",)).value_sets
    program = helm.find()
    assert isinstance(program, helm.Helm)
    arguments = helm.arguments(value_set, [], "1.34", check_schema=True)
    with helm.Workshop() as workshop:
        import shutil

        shutil.copytree(tree / "shop", workshop.path("chart"))
        done = workshop.run(program.path, arguments)
    import json

    import yaml

    document = yaml.safe_load(done.output)
    assert json.loads(document["data"]["all"]) == {
        "a": 'x, y="z" \\ {b}', "b": True, "c": 1.5, "d": [1, "2"], "e": {}, "f.g": "dot",
    }  # fmt: skip


# What lasts -----------------------------------------------------------------------------------


def scanned(*arguments: str) -> tuple[int, str]:
    ran = command("scan", "--cache", "--render", "--format", "json", *arguments)
    return ran.code, ran.out


def test_cached_results_are_the_same(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart(tree / "shop")
    calls = counted_runs(monkeypatch)
    plain = scanned("--no-cache")
    assert len(calls) == 3  # its version, the chart, the chart with marks
    assert scanned() == plain
    assert len(calls) == 6
    assert scanned() == plain
    assert len(calls) == 7
    (tree / "shop/values.yaml").write_text(VALUES.replace("latest", "1.2.3"))
    changed = scanned()
    assert changed != plain
    assert changed == scanned("--no-cache")


def test_a_cached_rendering_serves_another_run(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart(tree / "shop")
    calls = counted_runs(monkeypatch)
    scanned()
    write(tree, {"pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n"})
    before = len(calls)
    after = scanned()
    assert len(calls) == before + 1
    assert after == scanned("--no-cache")


def counted_runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from seawall.charts import helm

    calls: list[str] = []
    real = helm.Workshop.run

    def run_and_count(self: helm.Workshop, *arguments: Any, **options: Any) -> helm.Done:
        calls.append(str(arguments))
        return real(self, *arguments, **options)

    monkeypatch.setattr(helm.Workshop, "run", run_and_count)
    return calls


def test_secrets_of_values_are_never_kept_nor_shown(tree: Path) -> None:
    import secrets

    password = f"Blue{secrets.token_hex(8)}"
    template = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n"
        f"  one: {{{{ .Values.password }}}}\n  password: {password}\n"
    )
    chart(tree / "shop", {"a.yaml": template}, values=f"password: {password}\n")
    for arguments in ((), ("--format", "html"), ("--format", "table")):
        ran = command("scan", "--cache", "--render", *arguments)
        assert ran.code == 1
        assert password not in ran.out
    kept = [path for path in (tree.parent / "cache").rglob("*") if path.is_file()]
    assert kept
    assert all(password.encode() not in path.read_bytes() for path in kept)


def test_baselines_know_rendered_findings(tree: Path) -> None:
    chart(tree / "shop")
    assert command("scan", "--render", "--write-baseline").code == 0
    assert command("scan", "--render", "--baseline", "seawall.baseline").code == 0
    text = DEPLOYMENT.replace("containers:", "hostPID: true\n      containers:")
    chart(tree / "shop", {"web.yaml": text})
    ran = command("scan", "--render", "--baseline", "seawall.baseline", "--format", "json")
    assert [item["rule"] for item in ran.report["findings"]] == ["host-pid"]


def test_history_is_rendered_too(tree: Path) -> None:
    from tests.sources.git_support import git

    chart(tree / "shop", files={"values-x.yaml": "tag: '1.2.3'\n", "notes/x.txt": "true"})
    write(tree, {"seawall.toml": 'render = true\n[value-sets.x]\nvalues = ["values-x.yaml"]\n'})
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "a")
    text = DEPLOYMENT.replace("containers:", "hostPID: true\n      containers:")
    write(tree, {"shop/templates/web.yaml": text, "shop/values-x.yaml": "tag: latest\n"})
    report = command("scan", "--since", "HEAD", "--format", "json").report
    assert [item["rule"] for item in report["findings"]] == ["host-pid", "image-tag-mutable"]


def test_watching_looks_at_all_files_of_a_chart(tree: Path) -> None:
    from seawall.charts.value_sets import ValueSet
    from seawall.engine import Options
    from seawall.engine.watching import inputs_of

    chart(tree / "shop", {"_a.tpl": "", "web.yaml": DEPLOYMENT})
    sets = (ValueSet("a", values=("/env.yaml",), directory=str(tree)),)
    names = {Path(path).name for path in inputs_of(Options(charts=sets))}
    assert {"_a.tpl", "web.yaml", "values.yaml", "Chart.yaml", "env.yaml"} <= names
    assert "_a.tpl" not in {Path(path).name for path in inputs_of(Options(secrets=False))}
    assert "_a.tpl" in {Path(path).name for path in inputs_of(Options())}  # it may hold a secret


def test_every_format_can_tell_it(tree: Path) -> None:
    from seawall import reports

    chart(tree / "shop")
    for name in reports.FORMATS:
        assert run(["scan", "--render", "--no-cache", f"--format={name}=out.{name}"]) == 1
        assert (tree / f"out.{name}").stat().st_size


# Secrets -------------------------------------------------------------------------------------

TEMPLATE = """\
{{- if .Values.never }}
a_password: "ONE"
b_password: "TWO"
c_password: "THREE"
{{- end }}
apiVersion: v1
kind: ConfigMap
# seawall: ignore[assigned-secret] about what is rendered below
metadata: {name: a}
data:
  d_password: "FOUR"  # seawall: ignore[assigned-secret, hardcoded-secret] shown to everybody
"""


def test_comments_in_rendered_text_hide_nothing_elsewhere_in_the_template(tree: Path) -> None:
    values = {word: drawn(12, number) for number, word in enumerate("ONE TWO THREE FOUR".split())}
    text = TEMPLATE
    for word, value in values.items():
        text = text.replace(f'"{word}"', f'"{value}"')
    chart(tree, {"cm.yaml": text})
    arguments = ("--select", "assigned-secret,hardcoded-secret", "--no-cache", "--format", "json")
    for render in ((), ("--render",)):
        report = json.loads(command("scan", *render, *arguments).out)
        lines = [item["location"]["line"] for item in report["findings"]]
        assert lines == [2, 3, 4], render
        assert [item["location"]["line"] for item in report["suppressed"]] == [11]


def test_a_secret_in_a_comment_of_a_template_is_told(tree: Path) -> None:
    values = [drawn(12, number) for number in range(3)]
    text = f'# db_password: "{values[0]}"\n{{{{/* api_password = "{values[1]}" */}}}}\n'
    text += "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {}\n"
    chart(tree, {"cm.yaml": text, "_helpers.tpl": f'{{{{/* old_password = "{values[2]}" */}}}}\n'})
    arguments = ("--select", "assigned-secret", "--no-cache", "--format", "json")
    for render in ((), ("--render",)):
        report = json.loads(command("scan", *render, *arguments).out)
        told = {(item["location"]["path"], item["location"]["line"]) for item in report["findings"]}
        assert told == {
            ("templates/cm.yaml", 1), ("templates/cm.yaml", 2), ("templates/_helpers.tpl", 1),
        }  # fmt: skip
