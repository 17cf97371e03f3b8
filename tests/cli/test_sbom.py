"""``seawall sbom``: bills of materials from the command line."""

import json
from pathlib import Path

import pytest

from tests.cli.support import command

LOCK = """\
{
  "name": "web",
  "lockfileVersion": 3,
  "packages": {
    "": {"name": "web", "dependencies": {"lodash": "^4.17.0"}},
    "node_modules/lodash": {"version": "4.17.20"}
  }
}
"""
POM = """\
<project>
  <groupId>org.example</groupId><artifactId>app</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>g</groupId><artifactId>a</artifactId><version>1.0</version></dependency>
    <dependency><groupId>g</groupId><artifactId>b</artifactId></dependency>
  </dependencies>
</project>
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (tmp_path / "package-lock.json").write_text(LOCK)
    (tmp_path / "java").mkdir()
    (tmp_path / "java" / "pom.xml").write_text(POM)


def test_cyclonedx() -> None:
    outcome = command("sbom")
    bill = json.loads(outcome.output)
    assert outcome.code == 0
    assert bill["metadata"]["component"]["name"] == "web"
    assert [item["purl"] for item in bill["components"]] == [
        "pkg:maven/g/a@1.0", "pkg:npm/lodash@4.17.20",
    ]  # fmt: skip
    places = [item["evidence"]["occurrences"] for item in bill["components"]]
    assert places == [
        [{"location": "java/pom.xml", "line": 4}], [{"location": "package-lock.json", "line": 6}],
    ]  # fmt: skip
    (gap,) = bill["metadata"]["properties"]
    assert gap["value"].startswith("java/pom.xml:5: g:b: it has no version")
    assert "2 packages of 2 files; 1 gap named in the bill" in outcome.errors


def test_spdx_into_a_file(tmp_path: Path) -> None:
    outcome = command(
        "sbom", "--format", "spdx", "-o", "shop.json", "--name", "shop", "--quiet", "."
    )
    assert (outcome.code, outcome.output, outcome.errors) == (0, "", "")
    bill = json.loads((tmp_path / "shop.json").read_text())
    assert bill["spdxVersion"] == "SPDX-2.3"
    assert bill["name"] == "shop"


def test_a_bill_of_a_bill(tmp_path: Path) -> None:
    command("sbom", "--output", "shop.cdx.json", "package-lock.json")
    bill = json.loads(command("sbom", "--format", "spdx", "shop.cdx.json").output)
    urls = [
        ref["referenceLocator"] for item in bill["packages"] for ref in item.get("externalRefs", ())
    ]
    assert urls == ["pkg:npm/lodash@4.17.20"]


def test_the_time_is_that_of_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    bill = json.loads(command("sbom").output)
    assert bill["metadata"]["timestamp"] == "2027-01-15T08:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    outcome = command("sbom")
    assert outcome.code == 2
    assert "SOURCE_DATE_EPOCH" in outcome.errors


def test_what_cannot_be_read_makes_the_bill_incomplete(tmp_path: Path) -> None:
    (tmp_path / "mix.lock").write_text("nonsense")
    outcome = command("sbom")
    bill = json.loads(outcome.output)
    assert outcome.code == 3
    assert "mix.lock:1: mix.lock: a map of Elixir is expected" in outcome.errors
    assert bill["compositions"][0]["aggregate"] == "incomplete"
    assert any("mix.lock" in item["value"] for item in bill["metadata"]["properties"])


def test_excluded_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("java/\n")
    assert "maven" not in command("sbom").output
    assert "maven" in command("sbom", "--no-gitignore").output


def test_bills_are_known_by_their_content_where_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("cyclonedx", "spdx"):
        command("sbom", "--format", kind, "--output", "image.txt", "package-lock.json")
        found = json.loads(command("sbom", "image.txt").output)
        assert [item["purl"] for item in found["components"]] == ["pkg:npm/lodash@4.17.20"]
    (tmp_path / "package-lock.json").unlink()
    found = json.loads(command("sbom", ".").output)
    assert "pkg:npm/lodash@4.17.20" not in json.dumps(found), "it was not named"
