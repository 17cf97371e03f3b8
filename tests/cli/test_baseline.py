"""``--write-baseline`` destroys nothing."""

from pathlib import Path

import pytest

from seawall.cli.main import run

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n"


def test_a_manifest_is_not_taken_for_a_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(POD)
    assert run(["scan", "--no-cache", "--write-baseline", "a.yaml"]) == 2
    assert "a.yaml is no baseline and would be lost" in capsys.readouterr().err
    assert Path("a.yaml").read_text() == POD


def test_a_baseline_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(POD)
    Path("seawall.baseline").touch()  # an empty file holds nothing to lose
    scan = ["scan", "--no-cache", "--write-baseline"]
    assert run(scan) == 0
    text = Path("seawall.baseline").read_text()
    assert run(scan) == 0
    assert Path("seawall.baseline").read_text() == text
    Path("seawall.baseline").write_text(f"{text}<<<<<<< ours\n")  # reasons stand on both sides
    assert run(scan) == 2
    assert "this is a merge conflict; keep the lines of both" in capsys.readouterr().err
    assert Path("seawall.baseline").read_text() == f"{text}<<<<<<< ours\n"
