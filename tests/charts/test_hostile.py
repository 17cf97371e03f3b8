"""Charts of strangers: nothing of this machine is shown, nothing is called, everything ends."""

import http.server
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.charts import helm
from tests.charts.support import chart, needs_helm, rendered
from tests.triage.support import command, write

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def coverage(*arguments: str) -> Any:
    return rendered(*arguments)["coverage"]


def reason(found: Any, what: str) -> str:
    (entry,) = found[what]
    return str(entry["reason"])


# Without helm ---------------------------------------------------------------------------------


def test_without_helm_charts_are_not_covered(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart(tree / "shop", {})
    monkeypatch.setenv("PATH", f"bin:{tree}/bin")
    write(tree, {"bin/helm": "#!/bin/sh\n"})  # no program: it may not be run
    (entry,) = coverage()["not_covered"]
    assert entry["path"] == "shop/Chart.yaml"
    assert entry["reason"] == "helm is not installed"
    assert "install helm 3.10 or newer" in entry["remedy"]
    assert command("scan", "--render").code == 0
    assert command("scan", "--render", "--strict").code == 3


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo v2.16.1", "helm is older than 3.10"),
        ("echo v3.9.4", "helm is older than 3.10"),
        ("echo hello", "helm does not tell its version"),
        ("exit 1", "helm does not tell its version"),
    ],
)
def test_a_helm_that_will_not_do(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    chart(tree / "shop", {})
    program(tmp_path, monkeypatch, script)
    assert reason(coverage(), "not_covered") == said


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A helm that is a script; relative entries of PATH are not looked at."""
    path = tmp_path / "bin" / "helm"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"bin:{path.parent}:/usr/bin:/bin")


FAKE = 'if [ "$1" = version ]; then echo v3.99.0; exit; fi\n'


def test_helm_runs_in_an_environment_of_its_own(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart(tree / "shop", {})
    program(tmp_path, monkeypatch, f"{FAKE}env >&2; pwd >&2; exit 1")
    for name in ("HELM_DEBUG", "HELM_KUBECONTEXT", "A_TOKEN", "KUBECONFIG", "HOME", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "of-this-machine")
    seen = []
    real = helm.Workshop.run

    def run(self: helm.Workshop, *arguments: Any, **options: Any) -> helm.Done:
        seen.append(real(self, *arguments, **options))
        return seen[-1]

    monkeypatch.setattr(helm.Workshop, "run", run)
    coverage()
    text = seen[-1].complaint
    assert "of-this-machine" not in text
    assert "HELM_NO_PLUGINS=1" in text
    assert "KUBECONFIG=/dev/null" in text
    assert str(tree) not in text


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("sleep 100", "helm had not rendered it after 1 seconds"),
        ("sleep 100 & echo a >&2; exec 1>&- 2>&-; sleep 100", "after 1 seconds"),
        (
            "yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "renders to more than 20 MiB; raise the limit",
        ),
        ("kill -9 $$", "more memory than it may have"),
        ("printf '\\377\\377\\000\\001'", "bytes that are no text"),
        ("exit 7", "exit code 7 without a word"),
        ("echo 'Error: a\033[31mb' >&2; exit 1", "a?[31mb"),
        (f"echo 'Error: {'x' * 1000}' >&2; exit 1", " ... "),
    ],
)
def test_whatever_helm_does_it_ends(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    chart(tree / "shop", {})
    monkeypatch.setitem(helm.Workshop.run.__kwdefaults__ or {}, "patience", 1.0)
    program(tmp_path, monkeypatch, f"{FAKE}{script}")
    found = reason(coverage(), "failed")
    assert said in found
    assert len(found) < 500
    assert command("scan", "--render").code == 3


def test_nothing_stays_behind(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart(tree / "shop", {})
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setitem(helm.Workshop.run.__kwdefaults__ or {}, "patience", 1.0)
    mark = tmp_path / "still-here"
    program(tmp_path, monkeypatch, f"{FAKE}(sleep 3; touch {mark}) & sleep 100")
    coverage()
    assert list((tmp_path / "temporary").iterdir()) == []
    threading.Event().wait(3.5)
    assert not mark.exists()


# With helm ------------------------------------------------------------------------------------


@needs_helm
def test_templates_see_nothing_of_this_machine(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside").write_text("of-this-machine")
    template = f"""{CONFIG_MAP}
  a: {{{{ .Files.Get "../../outside" | quote }}}}
  b: {{{{ .Files.Get "{tmp_path}/outside" | quote }}}}
  c: {{{{ lookup "v1" "Secret" "default" "x" | toJson | quote }}}}
  d: {{{{ getHostByName "localhost" | quote }}}}
  e: {{{{ .Files.Get "own.txt" | quote }}}}
"""
    chart(tree / "shop", {"a.yaml": template}, files={"own.txt": "mine"})
    seen = outputs(monkeypatch)
    assert coverage()["failed"] == []
    (text, *_) = [done.output.decode() for done in seen if b"ConfigMap" in done.output]
    assert "of-this-machine" not in text
    assert '  a: ""\n  b: ""\n  c: "{}"\n  d: ""\n  e: "mine"' in text


def outputs(monkeypatch: pytest.MonkeyPatch) -> list[helm.Done]:
    seen: list[helm.Done] = []
    real = helm.Workshop.run

    def run(self: helm.Workshop, *arguments: Any, **options: Any) -> helm.Done:
        seen.append(real(self, *arguments, **options))
        return seen[-1]

    monkeypatch.setattr(helm.Workshop, "run", run)
    return seen


@needs_helm
@pytest.mark.parametrize(
    "template",
    [
        '{{ define "x" }}{{ include "x" . }}{{ end }}\na: {{ include "x" . }}\n',
        'a: {{ repeat 2000000000 "x" }}\n',
        '{{ define "x" }}{{ template "x" . }}{{ end }}\na: {{ template "x" . }}\n',
    ],
)
def test_bombs_end_as_failures(tree: Path, template: str) -> None:
    chart(tree / "shop", {"a.yaml": template})
    found = reason(coverage(), "failed")
    assert "could not render the chart" in found
    assert command("scan", "--render").code == 3


@needs_helm
@pytest.mark.full
@pytest.mark.parametrize(
    "template",
    [
        "a: {{ until 2000000000 | len }}\n",
        'a: |\n  {{ repeat 100000000 "x" }}\n',
        'a: {{ tpl (repeat 20000000 "{{ 1 }}") . }}\n',
        "{{ range until 30000 }}{{ range until 1000 }}\n---\nkind: A{{ . }}\n{{ end }}{{ end }}\n",
    ],
)
def test_slow_bombs_end_as_failures(tree: Path, template: str) -> None:
    chart(tree / "shop", {"a.yaml": template})
    assert "could not render the chart" in reason(coverage(), "failed")


@needs_helm
def test_links_out_of_the_tree_are_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(f"{CONFIG_MAP}  a: of-this-machine\n")
    chart(tree / "shop", {})
    (tree / "shop" / "templates").mkdir()
    (tree / "shop" / "templates" / "a.yaml").symlink_to(tmp_path / "outside.yaml")
    found = reason(coverage(), "failed")
    assert "templates/a.yaml is a symbolic link that leads out of the tree" in found
    assert command("scan", "--render").code == 3


@needs_helm
def test_links_within_the_tree_are_followed(tree: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n"
    chart(tree / "shop", {"own.yaml": pod})
    write(tree, {"common/a.yaml": pod.replace("name: a", "name: b")})
    (tree / "shop" / "templates" / "more").symlink_to(tree / "common")
    report = rendered(rules="host-network")
    found = {item["location"]["path"] for item in report["findings"]}
    assert found == {"common/a.yaml", "shop/templates/own.yaml"}  # the link's is known already
    assert "shop" not in {item["path"] for item in report["coverage"]["failed"]}


@needs_helm
@pytest.mark.parametrize("to", ["..", ".", "../.."])
def test_loops_of_links_end(tree: Path, to: str) -> None:
    chart(tree / "shop", {"a.yaml": CONFIG_MAP})
    (tree / "shop" / "templates" / "up").symlink_to(to)
    found = reason(coverage(), "failed")
    assert "nested too deeply" in found or "files; keep" in found or "leads out" in found


@needs_helm
def test_large_charts_are_refused(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.charts import content

    monkeypatch.setattr(content, "MAX_SIZE", 1000)
    chart(tree / "shop", {"a.yaml": "# x\n" * 300})
    assert "too large" in reason(coverage(), "failed")
    monkeypatch.setattr(content, "MAX_SIZE", 1000000)
    monkeypatch.setattr(content, "MAX_FILES", 3)
    assert "more than 3 files" in reason(coverage(), "failed")


@needs_helm
def test_a_run_has_limits_too(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.engine import charts

    chart(tree / "one", {"a.yaml": CONFIG_MAP})
    chart(tree / "two", {"a.yaml": CONFIG_MAP})
    monkeypatch.setattr(charts, "PATIENCE", -1.0)
    failed = coverage()["failed"]
    assert [item["path"] for item in failed] == ["one/Chart.yaml", "two/Chart.yaml"]
    assert "not rendered within -1 seconds" in failed[0]["reason"]
    monkeypatch.setattr(charts, "PATIENCE", 100.0)
    monkeypatch.setattr(charts, "MAX_SIZE", 1000)
    write(tree / "two", {"values.yaml": f"# {'x' * 1000}\n"})
    (entry,) = coverage()["failed"]
    assert entry["path"] == "two/Chart.yaml"
    assert "scan it by itself" in entry["reason"]


@needs_helm
def test_special_files_of_a_chart_are_passed_over(tree: Path) -> None:
    chart(tree / "shop", {"a.yaml": '{{ .Files.Get "x" }}'})
    os.mkfifo(tree / "shop" / "templates" / "pipe")
    os.mkfifo(tree / "shop" / "x")
    assert coverage()["failed"] == []


class _Server(http.server.BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (_Server,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()
        thread.join()


@needs_helm
def test_schemas_send_helm_nowhere(tree: Path, server: tuple[str, list[str]]) -> None:
    address, asked = server
    refs = [
        f'{{"$ref": "{address}/a"}}',
        f'{{"properties": {{"a": {{"\\u0024ref": "{address}/a"}}}}}}',
        f'{{"$schema": "{address}/a"}}',
        f'{{"allOf": [{{"$id": "{address}/b/"}}, {{"$ref": "{address}/b/c"}}]}}',
        '{"$ref": "file:///etc/passwd"}',
        "[" * 100000,
    ]
    for number, schema in enumerate(refs):
        chart(tree / f"chart{number}", {"a.yaml": CONFIG_MAP}, files={"values.schema.json": schema})
    assert coverage()["failed"] == []
    assert asked == []


@needs_helm
def test_harmless_schemas_are_checked(tree: Path) -> None:
    schema = (
        '{"$schema": "http://json-schema.org/draft-07/schema#", "required": ["x"], '
        '"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {}}}'
    )
    chart(tree / "shop", {"a.yaml": CONFIG_MAP}, files={"values.schema.json": schema})
    found = coverage()
    assert "missing propert" in reason(found, "not_covered")
    (tree / "seawall.toml").write_text("[value-sets.a]\nset = { x = 1 }\n")
    assert coverage()["not_covered"] == []


@needs_helm
def test_missing_dependencies_are_told(tree: Path, server: tuple[str, list[str]]) -> None:
    address, asked = server
    more = f"dependencies:\n  - {{name: redis, version: 1.0.0, repository: {address}}}\n"
    chart(tree / "shop", {"a.yaml": CONFIG_MAP}, more=more)
    (entry,) = coverage()["not_covered"]
    assert entry["path"] == "shop/Chart.yaml"
    assert entry["reason"] == "dependencies are missing: redis"
    assert "helm dependency build shop" in entry["remedy"]
    assert asked == []
    assert command("scan", "--render").code == 0
    assert command("scan", "--render", "--strict").code == 3


@needs_helm
@pytest.mark.parametrize(
    ("template", "line", "said"),
    [
        ("a: 1\n{{ if }\n", 2, "in if"),
        ("apiVersion: v1\nkind: [\n", 0, "YAML parse error"),
        ('a: {{ env "HOME" }}\n', 1, 'function "env" not defined'),
    ],
)
def test_failures_name_file_and_line(tree: Path, template: str, line: int, said: str) -> None:
    chart(tree / "shop", {"a.yaml": template})
    failed = [item for item in coverage()["failed"] if item["reason"].startswith("helm")]
    (entry,) = failed
    assert (entry["path"], entry["line"]) == ("shop/templates/a.yaml", line)
    assert said in entry["reason"]
    assert "/tmp" not in entry["reason"]


@needs_helm
def test_charts_that_need_values_say_so(tree: Path) -> None:
    template = f'{CONFIG_MAP}  a: {{{{ required "a password is needed" .Values.password }}}}\n'
    chart(tree / "shop", {"a.yaml": template})
    entry = next(item for item in coverage()["not_covered"] if item["what"] == "Helm chart")
    assert "a password is needed" in entry["reason"]
    assert "[value-sets.NAME]" in entry["remedy"]
    assert command("scan", "--render").code == 0
    (tree / "seawall.toml").write_text('[value-sets.a]\nset = { other = "x" }\n')
    assert "with value set a: " in reason(coverage(), "failed")
    assert command("scan", "--render").code == 3
    (tree / "seawall.toml").write_text('[value-sets.a]\nset = { password = "x" }\n')
    assert coverage()["failed"] == []


@needs_helm
def test_values_outside_of_the_tree_are_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("a: of-this-machine\n")
    chart(tree / "shop", {"a.yaml": CONFIG_MAP})
    (tree / "linked.yaml").symlink_to(tmp_path / "outside.yaml")
    (tree / "shop" / "linked.yaml").symlink_to(tmp_path / "outside.yaml")
    for name in ("/linked.yaml", "linked.yaml", "missing.yaml", "/", "templates"):
        (tree / "seawall.toml").write_text(f'[value-sets.a]\nvalues = ["{name}"]\n')
        ran = command("scan", "--render", "--format", "json")
        assert ran.code == (2 if name == "/" else 3), name
        assert "of-this-machine" not in ran.out


@needs_helm
def test_charts_with_the_marks_of_ours_get_no_lines(tree: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {hostNetwork: true}\n"
    template = f"{CONFIG_MAP}  a: ' #@seawall:0:1@'\n---\n{pod}"
    chart(tree / "shop", {"a.yaml": template})
    (finding,) = rendered(rules="host-network")["findings"]
    assert finding["location"]["line"] == 1


def test_the_limits_hold_on_this_machine() -> None:
    if sys.platform != "linux":
        pytest.skip("limits of other processes are Linux' own")
    assert shutil.which("sh")
    with helm.Workshop() as workshop:
        done = workshop.run("/bin/sh", ["-c", "sleep 0.2; ulimit -c; ulimit -d"])
    assert done.output.split() == [b"0", b"524288"]
