"""``seawall config show`` and ``seawall init`` with other tools' configuration."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall import configuration
from seawall.cli.main import run
from seawall.text.toml import comment, key, literal
from tests.foreign.cases import Case, build, cases

CONFIGURED = [case for case in cases() if case.files or case.flags]


def written(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) == 0
    return capsys.readouterr().out


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# config show ------------------------------------------------------------------------------------


def test_every_value_has_an_origin(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "seawall.toml").write_text(
        'profile = "all"\nlocked = ["host-pid"]\n[rules.replicas-too-few]\nminimum = 4\n'
        '[[override]]\npaths = ["a/"]\nseverities = { host-ipc = "low" }\n'
        '[[suppress]]\nkinds = ["Pod"]\npaths = ["b"]\nreason = "r"\n'
    )
    lines = written(capsys, "config", "show", "--fail-on", "low", "--no-gitignore").splitlines()
    assert 'profile = "all"  # seawall.toml:1' in lines
    assert 'fail-on = "low"  # --fail-on' in lines
    assert "gitignore = false  # --no-gitignore" in lines
    assert 'locked = ["host-pid"]  # seawall.toml:2' in lines
    assert "minimum = 4  # seawall.toml:4" in lines
    assert "[[override]]  # seawall.toml:5" in lines
    assert "[[suppress]]  # seawall.toml:8" in lines
    inner = ("paths", "severities", "kinds", "reason")
    values = [x for x in lines if " = " in x and x.partition(" ")[0] not in inner]
    assert len(values) > 15
    assert all("  # " in line for line in values if not line.startswith("#"))


@pytest.mark.parametrize("case", CONFIGURED, ids=lambda case: case.name)
def test_what_is_shown_can_be_read_again(
    case: Case, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(folder, case)
    text = written(capsys, "config", "show", f"--kube-score={case.flags}")
    shown = tomllib.loads(text)
    again = folder / "again.toml"
    again.write_text(text)
    configuration.load(str(again), ())
    assert shown["profile"] == "security"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("config", "list"), "there is no command config 'list'"),
        (("config", "show", "--fail-on", "bad"), "bad"),
        (("config", "show", "--nothing"), "unknown option"),
    ],
)
def test_wrong_use_of_config(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert run(list(arguments)) == 2
    assert message in capsys.readouterr().err


def test_help_of_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert "seawall config show" in written(capsys, "config", "--help")
    assert "seawall config show" in written(capsys, "config", "show", "--help")


def test_hostile_names_stay_in_their_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = '"host-pid\\n[rules]\\u001b[31m"'
    (folder / ".kube-linter.yaml").write_text(f"checks: {{include: [{name}], exclude: [host-ipc]}}")
    text = written(capsys, "config", "show")
    assert "\x1b" not in text
    assert "rules" not in tomllib.loads(text)


# init -------------------------------------------------------------------------------------------


def test_the_starter_is_a_valid_configuration(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(capsys, "init")
    config = configuration.load(None, (".",))
    assert config.settings["profile"] == "security"
    text = (folder / "seawall.toml").read_text()
    # Every example in it works too.
    (folder / "seawall.toml").write_text(
        "\n".join(line.removeprefix("# ") if " = " in line or "[" in line[:4] else line
                  for line in text.splitlines() if not line.startswith("# Whether"))
    )  # fmt: skip
    examples = configuration.load(None, (".",))
    assert examples.locked == ("privileged-container",)
    assert len(examples.ignores) == 1


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "seawall.toml").write_text("strict = true\n")
    assert run(["init"]) == 2
    assert "--force" in capsys.readouterr().err
    assert (folder / "seawall.toml").read_text() == "strict = true\n"
    assert run(["init", "--force"]) == 0
    assert "strict = true" not in (folder / "seawall.toml").read_text()
    assert [path.name for path in folder.iterdir()] == ["seawall.toml"]


def test_no_second_configuration(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pyproject.toml").write_text("[tool.seawall]\n")
    assert run(["init", "--force"]) == 2
    assert "[tool.seawall]" in capsys.readouterr().err
    assert run(["init", "nowhere"]) == 2
    assert "is no directory" in capsys.readouterr().err


def test_git_attributes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".git").mkdir()
    assert run(["init"]) == 0
    assert "merge=union" in capsys.readouterr().err
    assert not (folder / ".gitattributes").exists()
    assert run(["init", "--force", "--gitattributes"]) == 0
    assert (folder / ".gitattributes").read_text() == "seawall.baseline merge=union\n"


@pytest.mark.parametrize("case", CONFIGURED, ids=lambda case: case.name)
def test_what_is_taken_over_says_the_same(
    case: Case, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the translation in place of the tool's files, a scan reports the same."""
    build(folder, case)
    flags = [f"--kube-score={case.flags}"] if case.flags else []
    told = ["scan", "--no-cache", "--exit-zero", "--quiet", "--profile", "all", "."]
    before = written(capsys, *told, *flags)
    assert run(["init", *flags]) == 0
    left = [x for x in capsys.readouterr().err.splitlines() if "not taken over" in x]
    for name in case.files:
        (folder / name).unlink()
    after = written(capsys, *told)
    if not any("only a part of" in line for line in left):
        assert lines(after) == lines(before)


def lines(report: str) -> list[str]:
    return [line for line in report.splitlines() if "ignore-" not in line]


def test_polaris_is_taken_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "polaris.yaml").write_text(
        "checks:\n  hostPIDSet: ignore\n  pullPolicyNotAlways: danger\n"
        "  runAsRootAllowed: warning\nexemptions:\n  - namespace: kube-system\n"
        "    controllerNames: [dns]\n    rules: [hostIPCSet]\n"
        "disallowAnnotationExemptions: true\n"
    )
    assert run(["init"]) == 0
    (folder / "polaris.yaml").unlink()
    config = configuration.load(None, (".",))
    assert config.settings["ignore"] == ("host-pid",)
    assert "image-pull-policy" in config.settings["enable"]
    assert config.severities["image-pull-policy"].label == "high"
    assert "polaris" not in config.settings["foreign"]
    (ignore,) = config.ignores
    assert ignore.rules == ("host-ipc",)
    assert ignore.scope.names == ("dns*",)  # type: ignore[attr-defined]


# TOML -------------------------------------------------------------------------------------------


@given(st.text(), st.lists(st.text()), st.text(max_size=20))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_literals_are_read_again(text: str, items: list[str], remark: str) -> None:
    source = f"{key('a b')} = {literal(text)}  {comment(remark)}\nc = {literal(items)}\n"
    assert tomllib.loads(source) == {"a b": text, "c": items}


@pytest.mark.parametrize("value", [True, False, 3, -1, "a", ["a", 'b"'], []])
def test_literals(value: object) -> None:
    assert tomllib.loads(f"a = {literal(value)}")["a"] == value  # type: ignore[arg-type]
