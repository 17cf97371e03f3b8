"""A table that several processes tell is the one that a single process tells."""

from pathlib import Path

import pytest

from seawall import engine, reports
from seawall.cli import telling

POD = """
apiVersion: v1
kind: Pod
metadata:
  name: web-{number}
spec:
  containers:
    - name: web
      image: web
      env:
        - name: PASSWORD
          value: correct-horse-{number}
"""


@pytest.fixture
def result(tmp_path: Path) -> engine.Result:
    for number in range(5):
        (tmp_path / f"{number}.yaml").write_text(POD.format(number=number))
    return engine.scan(engine.Options(targets=(str(tmp_path),), cache=False))


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("quiet", [False, True])
def test_the_parts_make_up_the_whole(
    result: engine.Result, workers: int, monkeypatch: pytest.MonkeyPatch, *, quiet: bool
) -> None:
    monkeypatch.setattr(telling, "WORTH_SPREADING", 1)
    look = reports.Options(quiet=quiet)
    whole = "".join(reports.write("table", result.report, result.texts, look))
    assert "web-4" in whole
    assert "correct-horse" not in whole
    assert "".join(telling.table_of(result, look, workers)) == whole


def test_no_file_is_told_in_two_parts(result: engine.Result) -> None:
    parts = telling._parts(result.report, 3)
    assert [item for part in parts for item in part.findings] == list(result.report.findings)
    files = [{item.location.path for item in part.findings} for part in parts]
    assert len(files) == 3
    assert sum(map(len, files)) == len(set().union(*files))


def test_a_report_without_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "WORTH_SPREADING", 0)
    result = engine.scan(engine.Options(targets=(str(tmp_path),), cache=False))
    look = reports.Options()
    whole = "".join(reports.write("table", result.report, result.texts, look))
    assert "".join(telling.table_of(result, look, 2)) == whole
