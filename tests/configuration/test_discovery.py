"""Which configuration holds, and how its paths are meant from any directory."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall import configuration
from seawall.configuration.reading import base_of
from seawall.core.errors import UsageError
from seawall.core.severity import Severity
from seawall.sources import files
from tests.triage.support import command, json_scan, pod, rules_of, write

INFO = "[rules.host-pid]\nseverity = 'info'\n"
LOW = "[rules.host-pid]\nseverity = 'low'\n"
IN_PYPROJECT = "[project]\nname = 'x'\n[tool.seawall.rules.host-pid]\nseverity = 'low'\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = tmp_path / "top"
    top.mkdir()
    monkeypatch.chdir(top)
    return top


def severity(*targets: str, path: str | None = None) -> Severity | None:
    return configuration.load(path, targets or (".",)).severities.get("host-pid")


def test_the_nearest_one_upwards_holds(tree: Path) -> None:
    write(tree, {"seawall.toml": INFO, "a/b/x.yaml": "", "a/seawall.toml": LOW})
    assert severity() is Severity.INFO
    assert severity("a") is Severity.LOW
    assert severity("a/b/x.yaml") is Severity.LOW
    assert severity(str(tree / "a/b")) is Severity.LOW
    assert severity("a/absent/x.yaml") is Severity.LOW
    assert severity("-") is Severity.INFO


def test_it_is_not_sought_above_the_repository(tree: Path) -> None:
    write(tree, {"seawall.toml": INFO, "repo/.git/HEAD": "x", "repo/a/x.yaml": ""})
    assert severity("repo/a") is None
    write(tree, {"repo/seawall.toml": LOW})
    assert severity("repo/a") is Severity.LOW


def test_a_work_tree_has_a_file_in_place_of_the_directory(tree: Path) -> None:
    write(tree, {"seawall.toml": INFO, "repo/.git": "gitdir: ../x", "repo/a/x.yaml": ""})
    assert severity("repo/a") is None


@pytest.mark.parametrize(
    "text",
    [IN_PYPROJECT, "[tool]\nseawall = { rules = { host-pid = { severity = 'low' } } }\n",
     "[ tool . seawall . rules . host-pid ]\nseverity = 'low'\n",
     "[tool.\"seawall\"]\nrules.host-pid.severity = 'low'\n",
     "tool.seawall.rules.host-pid.severity = 'low'\n"],
)  # fmt: skip
def test_a_table_of_pyproject(tree: Path, text: str) -> None:
    write(tree, {"pyproject.toml": text, "a/x.yaml": ""})
    assert severity("a") is Severity.LOW
    assert severity(path="pyproject.toml") is Severity.LOW


@pytest.mark.parametrize(
    "text",
    ["[project]\nname = 'seawall'\n", "[tool.other]\nuses = 'seawall'\n", "[tool.seawallx]\n",
     "seawall tool = broken", "# tool.seawall\n"],
)  # fmt: skip
def test_other_pyprojects_are_not_ours(tree: Path, text: str) -> None:
    write(tree, {"seawall.toml": INFO, "a/pyproject.toml": text})
    assert severity("a") is Severity.INFO


def test_errors_in_pyproject_have_their_line(tree: Path) -> None:
    write(tree, {"pyproject.toml": IN_PYPROJECT + "mode = 3\n"})
    with pytest.raises(UsageError, match=r"^pyproject\.toml:5: unknown key 'mode'"):
        severity()


def test_both_at_once(tree: Path) -> None:
    write(tree, {"seawall.toml": INFO, "pyproject.toml": IN_PYPROJECT})
    with pytest.raises(UsageError, match="two configurations at once"):
        severity()
    assert severity(path="pyproject.toml") is Severity.LOW


def test_two_targets_with_different_ones(tree: Path) -> None:
    write(tree, {"a/seawall.toml": INFO, "b/seawall.toml": LOW, "c/x": ""})
    for targets in (("a", "b"), ("a", "c"), ("c", "b")):
        with pytest.raises(UsageError, match=r"two configurations at once: .*scan them apart"):
            severity(*targets)
    assert severity("a", "a/../a") is Severity.INFO
    assert severity("a", "b", path="b/seawall.toml") is Severity.LOW


def test_none_is_heeded_when_the_person_says_so(tree: Path) -> None:
    write(tree, {"seawall.toml": "nonsense", "a.yaml": pod()})
    assert command("scan", "--select", "host-pid").code == 2
    assert command("scan", "--select", "host-pid", "--no-config").code == 1


@pytest.mark.parametrize("name", ["seawall.toml", "pyproject.toml"])
def test_what_is_no_file_is_told(tree: Path, name: str) -> None:
    (tree / name).mkdir()
    assert severity() is None
    (tree / name).rmdir()
    os.mkfifo(tree / name)  # reading it would never end
    with pytest.raises(UsageError, match=re.escape(f"cannot read {name}: is no file")):
        severity()


def test_a_named_file(tree: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read absent\.toml"):
        severity(path="absent.toml")
    with pytest.raises(UsageError, match="is a directory"):
        severity(path=str(tree))
    write(tree, {"big.toml": "#" * 1_100_000})
    with pytest.raises(UsageError, match="is larger than 1 MiB"):
        severity(path="big.toml")


# Paths ----------------------------------------------------------------------------------------

PATHS = """\
exclude = ["out/", "*.gen.yaml"]
[[override]]
paths = ["test/**"]
severities = { host-pid = "low" }
[[suppress]]
rules = ["host-network"]
paths = ["/test/a.yaml"]
reason = "a test"
"""


def findings(*arguments: str) -> set[tuple[str, str, str]]:
    report = json_scan("--select", "host-pid,host-network", *arguments)
    return {
        (os.path.basename(f["location"]["path"]), f["rule"], f["severity"])
        for f in report["findings"]
    }


def test_paths_start_at_the_configuration(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tree,
        {"seawall.toml": PATHS, "test/a.yaml": pod("a"), "b.yaml": pod("b"), "out/c.yaml": pod("c"),
         "test/out/d.yaml": pod("d"), "e.gen.yaml": pod("e")},
    )  # fmt: skip
    expected = {
        ("a.yaml", "host-pid", "low"), ("b.yaml", "host-pid", "high"),
        ("b.yaml", "host-network", "high"),
    }  # fmt: skip
    only_a = {item for item in expected if item[0] == "a.yaml"}
    assert findings() == expected
    assert findings(str(tree)) == expected
    assert findings("test") == findings("test/a.yaml") == only_a
    assert findings(str(tree / "test")) == findings(str(tree / "test/a.yaml")) == only_a
    monkeypatch.chdir(tree / "test")
    assert findings() == findings("a.yaml") == only_a
    assert findings("..") == findings(str(tree)) == expected
    monkeypatch.chdir(tree.parent)
    assert findings("top") == expected
    assert findings("top/test", "top/b.yaml") == expected
    assert findings("--config", "top/seawall.toml") == expected
    monkeypatch.chdir("/")
    assert findings(str(tree)) == expected
    assert findings(str(tree / "test/a.yaml"), str(tree / "b.yaml")) == expected


def test_what_lies_outside_is_not_meant(tree: Path) -> None:
    write(
        tree,
        {
            "c/seawall.toml": 'exclude = ["*"]\n',
            "c/a.yaml": pod("a"),
            "d/a.yaml": pod("d"),
            "e.yaml": pod("e"),
        },
    )
    assert findings("d", "e.yaml", "--config", "c/seawall.toml") != set()
    assert findings("c", "--config", "c/seawall.toml") == set()
    found = json_scan("--select", "host-pid", "--config", "c/seawall.toml", ".")
    assert {f["subject"]["name"] for f in found["findings"]} == {"d", "e"}


def test_excluded_inputs_are_told(tree: Path) -> None:
    write(
        tree,
        {"seawall.toml": 'exclude = ["out/", "b.yaml"]\n', "out/a.yaml": pod(), "b.yaml": pod()},
    )
    report = json_scan()
    skipped = {item["path"]: item["reason"] for item in report["coverage"]["skipped"]}
    assert skipped["out/"] == skipped["b.yaml"] == "excluded by seawall.toml"
    named = json_scan("b.yaml")
    assert named["coverage"]["skipped"] == [
        {"path": "b.yaml", "reason": "excluded by seawall.toml"}
    ]


NAMES = ["a", "b", "..c", "a.b"]
DIRECTORIES = st.lists(st.sampled_from(NAMES), max_size=3).map("/".join)


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All directories of these names, three deep, with a file in each."""
    top = tmp_path_factory.mktemp("forest")
    pending = [(top, 0)]
    while pending:
        folder, depth = pending.pop()
        (folder / "f.yaml").touch()
        for name in NAMES if depth < 3 else ():
            (folder / name).mkdir()
            pending.append((folder / name, depth + 1))
    return top


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    own=DIRECTORIES, here=DIRECTORIES, absolute=st.booleans(),
    below=st.lists(st.tuples(DIRECTORIES, st.booleans()), min_size=1, max_size=2),
)  # fmt: skip
def test_paths_of_reports_against_the_file_system(
    forest: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    here: str,
    absolute: bool,
    below: list[tuple[str, bool]],
) -> None:
    """What a path of a report is from the configuration on, asked of the file system itself."""
    with monkeypatch.context() as patch:
        patch.chdir(forest / here)
        targets = []
        for directory, is_file in below:
            path = forest / directory / ("f.yaml" if is_file else "")
            targets.append(str(path) if absolute else os.path.relpath(path))
        shown = files.names(targets)
        if len(set(shown)) < len({os.path.realpath(target) for target in targets}):
            return  # two targets of one name: their paths in the report are the same as well
        base = base_of(os.path.relpath(forest / own), targets)
        inside = os.path.realpath(forest / own)
        for item in files.discover(targets):
            assert isinstance(item, files.SourceFile)
            relative = os.path.relpath(os.path.realpath(item.real), inside)
            outside = relative == ".." or relative.startswith("../")
            if _is_ambiguous(item, shown):
                continue
            assert base.relative(item.path) == (None if outside else relative)


def _is_ambiguous(item: files.SourceFile, shown: list[str]) -> bool:
    """Whether a path of the report may be one below either of two targets."""
    roots = {
        name for name in shown
        if name in (".", item.path) or item.path.startswith(f"{name}/")
    }  # fmt: skip
    return len(roots) > 1 and not item.named


def test_rules_of_the_support(tree: Path) -> None:
    write(tree, {"a.yaml": pod()})
    assert rules_of(json_scan("--select", "host-pid")) == ["host-pid"]
