"""seawall.toml: what it takes, and how clearly it refuses the rest."""

from pathlib import Path

import pytest

from seawall import configuration
from seawall.cli.main import run
from seawall.core.errors import UsageError
from seawall.core.severity import Severity


def written(folder: Path, text: str) -> str:
    path = folder / "team.toml"
    path.write_text(text)
    return str(path)


def test_severities_and_parameters(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "[rules.replicas-too-few]\nseverity = 'high'\nminimum = 3\n"
        "[rules.image-registry-not-allowed]\nregistries = ['registry.example.org']\n",
    )
    config = configuration.load(path, ())
    assert config.severities == {"replicas-too-few": Severity.HIGH}
    assert config.parameters["replicas-too-few"] == {"minimum": 3}
    assert config.parameters["image-registry-not-allowed"] == {
        "registries": ("registry.example.org",)
    }


def test_other_tools_ids(tmp_path: Path) -> None:
    config = configuration.load(written(tmp_path, '[rules."KSV-0017"]\nseverity = "low"\n'), ())
    assert config.severities == {"privileged-container": Severity.LOW}


def test_without_a_file_nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert configuration.load(None, (".",)) == configuration.EMPTY
    (tmp_path / "seawall.toml").write_text("[rules.host-pid]\nseverity = 'info'\n")
    assert configuration.load(None, (".",)).severities == {"host-pid": Severity.INFO}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rule]\n", "unknown key 'rule'; did you mean 'rules'?"),
        ("rules = 3\n", "rules must be a table"),
        ("[rules]\nhost-pid = 3\n", "rules.host-pid must be a table"),
        ("[rules.host-pod]\n", "no rule is called 'host-pod'"),
        ("[rules.host-pid]\nseverity = 'bad'\n", "is no severity"),
        ("[rules.replicas-too-few]\nminimun = 3\n", "did you mean 'minimum'?"),
        ("[rules.replicas-too-few]\nminimum = 'three'\n", "minimum must be a whole number"),
        ("[rules.replicas-too-few]\nminimum = true\n", "minimum must be a whole number"),
        ("[rules.image-registry-not-allowed]\nregistries = 'a'\n", "must be a list of texts"),
        ("[rules.image-registry-not-allowed]\nregistries = [1]\n", "must be a list of texts"),
        ("a = \n", "no valid TOML"),
    ],
)
def test_faults_are_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        configuration.load(written(tmp_path, text), ())
    assert message in str(caught.value)


def test_missing_and_undecodable_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        configuration.load(str(tmp_path / "none.toml"), ())
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="a configuration must be UTF-8"):
        configuration.load(str(binary), ())


@pytest.mark.parametrize("pattern", ["host-pid", "KSV-0010", "host-*"])
def test_the_command_line_ignores_no_locked_rule(
    pattern: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, 'strict = true\nlocked = ["host-pid"]\n')
    assert run(["scan", "--config", path, "--ignore", pattern, str(tmp_path)]) == 2
    assert f"--ignore {pattern}: host-pid is locked by team.toml:2" in capsys.readouterr().err
