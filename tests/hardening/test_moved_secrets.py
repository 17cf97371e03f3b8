"""Credentials move from ConfigMaps and scripts into Secrets, with all that reads them."""

from pathlib import Path

import pytest

from seawall.cli.main import run
from seawall.text.values import Map, at, mapping
from seawall.text.yaml import Broken, load
from tests.hardening.support import hardened
from tests.reports.schemas import valid_report, valid_sarif

VALUE = "Bluebell-27xKq"
CONFIG = f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  MODE: a
  DB_PASSWORD: {VALUE}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
spec:
  containers:
    - name: web
      image: registry.example.org/web:1.4.2
{rest}"""
REFERENCE = """\
      env:
        - name: PASSWORD
          valueFrom:
            configMapKeyRef:
              name: web
              key: DB_PASSWORD
              optional: true
"""


def spec(directory: Path) -> Map:
    (document,) = load((directory / "pod.yaml").read_text())
    assert not isinstance(document, Broken)
    return mapping(document.value, "spec")


def mended(directory: Path, rest: str, **files: str) -> bool:
    """Write the files and what harden makes of them; gives whether anything changed."""
    (directory / "config.yaml").write_text(CONFIG)
    (directory / "pod.yaml").write_text(POD.format(name="web", rest=rest))
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
    result = hardened(directory, select=("hardcoded-secret",))
    for change in result.changes:
        assert VALUE not in change.after.decode()
        Path(change.real).write_bytes(change.after)
    assert not hardened(directory, select=("hardcoded-secret",)).changes
    return bool(result.changes)


def test_a_variable(tmp_path: Path) -> None:
    assert mended(tmp_path, REFERENCE)
    assert (tmp_path / "config.yaml").read_text() == CONFIG.replace(f"  DB_PASSWORD: {VALUE}\n", "")
    text = (tmp_path / "pod.yaml").read_text()
    wanted = REFERENCE.replace("configMapKeyRef", "secretKeyRef").replace(
        "name: web\n", "name: web-credentials\n"
    )
    assert text == POD.format(name="web", rest=wanted)


def test_all_variables_of_a_map(tmp_path: Path) -> None:
    rest = "      envFrom:\n        - prefix: X_\n          configMapRef:\n            name: web\n"
    assert mended(tmp_path, rest)
    assert at(spec(tmp_path), "containers", 0, "envFrom") == [
        {"prefix": "X_", "configMapRef": {"name": "web"}},
        {"prefix": "X_", "secretRef": {"name": "web-credentials"}},
    ]


VOLUMES = [
    (
        {"configMap": {"name": "web", "defaultMode": 256}},
        {
            "projected": {
                "defaultMode": 256,
                "sources": [
                    {"configMap": {"name": "web"}},
                    {
                        "secret": {
                            "name": "web-credentials",
                            "items": [{"key": "DB_PASSWORD", "path": "DB_PASSWORD"}],
                        }
                    },
                ],
            }
        },
    ),
    (
        {"configMap": {"name": "web", "items": [{"key": "DB_PASSWORD", "path": "p"}]}},
        {
            "projected": {
                "sources": [
                    {
                        "secret": {
                            "name": "web-credentials",
                            "items": [{"key": "DB_PASSWORD", "path": "p"}],
                        }
                    }
                ]
            }
        },
    ),
    (
        {"projected": {"sources": [{"configMap": {"name": "web"}}]}},
        {
            "projected": {
                "sources": [
                    {"configMap": {"name": "web"}},
                    {
                        "secret": {
                            "name": "web-credentials",
                            "items": [{"key": "DB_PASSWORD", "path": "DB_PASSWORD"}],
                        }
                    },
                ]
            }
        },
    ),
]


@pytest.mark.parametrize(("before", "after"), VOLUMES)
def test_a_volume(tmp_path: Path, before: dict[str, object], after: dict[str, object]) -> None:
    assert mended(tmp_path, f"  volumes:\n    - name: v\n      {str(before)[1:-1]}\n")
    assert spec(tmp_path)["volumes"] == [{"name": "v", **after}]


def test_one_fix_of_two_files_in_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "pod.yaml").write_text(POD.format(name="web", rest=REFERENCE))
    arguments = ["scan", ".", "--select", "hardcoded-secret", "--format"]
    run([*arguments, "sarif"])
    (result,) = valid_sarif(capsys.readouterr().out)["results"]
    changes = result["fixes"][0]["artifactChanges"]
    assert [item["artifactLocation"]["uri"] for item in changes] == ["config.yaml", "pod.yaml"]
    run([*arguments, "json"])
    report = valid_report(capsys.readouterr().out)
    (fix,) = report["findings"][0]["fixes"]
    assert {edit["path"] for edit in fix["edits"]} == {"config.yaml", "pod.yaml"}
    assert fix["note"].startswith("kubectl create secret generic web-credentials")


def test_two_keys(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG + "  API_PASSWORD: Harebell-31mTz\n")
    rest = "  volumes:\n    - name: v\n      configMap: {name: web}\n"
    (tmp_path / "pod.yaml").write_text(POD.format(name="web", rest=rest))
    result = hardened(tmp_path, select=("hardcoded-secret",))
    (pod,) = [change for change in result.changes if change.path.endswith("pod.yaml")]
    assert pod.after.count(b"key: ") == 2
    assert pod.after.count(b"name: web-credentials") == 1


@pytest.mark.parametrize(
    ("rest", "other"),
    [
        ("", ""),  # nobody reads it
        (REFERENCE, "kind: A\nspec:\n  x: {{ if }}\n  configMapRef:\n    name: web\n"),
        (REFERENCE, CONFIG.replace("MODE: a", "MODE: b")),  # which of the two?
    ],
)
def test_left_to_people(tmp_path: Path, rest: str, other: str) -> None:
    assert not mended(tmp_path, rest, **({"other": other} if other else {}))
    assert VALUE in (tmp_path / "config.yaml").read_text()


def test_all_or_nothing(tmp_path: Path) -> None:
    """A reader whose text cannot be edited keeps the key where it is."""
    shared = REFERENCE.replace("valueFrom:", "valueFrom: &f").replace(
        "              optional: true\n",
        "              optional: true\n        - name: OTHER\n          valueFrom: *f\n",
    )
    assert not mended(tmp_path, shared)
    assert VALUE in (tmp_path / "config.yaml").read_text()


SCRIPT = f"""\
      command:
        - sh
        - -c
        - |
          # the night's work
          dump > /b/a.sql
          curl -u backup:{VALUE} -T /b/a.sql https://files.example.org/
"""


def test_a_script(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format(name="web", rest=SCRIPT))
    (change,) = hardened(tmp_path, select=("hardcoded-secret",)).changes
    text = change.after.decode()
    assert (
        POD.format(name="web", rest=SCRIPT).replace(f"backup:{VALUE}", '"backup:${CURL_PASSWORD}"')
        in text
    )
    assert "key: curl-password" in text


@pytest.mark.parametrize("word", [f"'backup:{VALUE}'", f"$(echo backup:{VALUE})"])
def test_a_script_that_would_say_something_else(tmp_path: Path, word: str) -> None:
    text = POD.format(name="web", rest=SCRIPT.replace(f"backup:{VALUE}", word))
    (tmp_path / "pod.yaml").write_text(text)
    assert not hardened(tmp_path, select=("hardcoded-secret",)).changes


ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: reader
rules:
  - apiGroups: {groups}
    resources: {resources}
    verbs: {verbs}
"""


@pytest.mark.parametrize(
    ("groups", "resources", "verbs"),
    [
        ('["*"]', '["*"]', "[get, list]"),
        ('[""]', "[secrets]", '["*"]'),
        ('["*"]', '["*"]', '["*"]'),
    ],
)
def test_wildcards(tmp_path: Path, groups: str, resources: str, verbs: str) -> None:
    text = ROLE.format(groups=groups, resources=resources, verbs=verbs)
    (tmp_path / "role.yaml").write_text(text)
    result = hardened(tmp_path, select=("rbac-wildcard",))
    left = [item for item in result.after.findings if item.rule.id == "rbac-wildcard"]
    assert not left
    if verbs == '["*"]' and resources == '["*"]':
        assert not result.changes  # every right: only a person knows which are needed
    else:
        (change,) = result.changes
        assert b'"*"' not in change.after
        assert b"create" not in change.after
