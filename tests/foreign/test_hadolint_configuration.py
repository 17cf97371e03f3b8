"""hadolint's configuration beside the targets."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.cli.main import run

Rules = Callable[..., dict[str, dict[str, str]]]

DOCKERFILE = """\
FROM quay.io/shop/base:1.2
RUN apt-get install -y curl
# hadolint ignore=DL3020
ADD run.sh /run.sh
LABEL org.opencontainers.image.created="yesterday"
USER 10001
"""


@pytest.fixture
def rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Rules:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    monkeypatch.chdir(tmp_path)

    def found(configuration: str = "") -> dict[str, dict[str, str]]:
        if configuration:
            (tmp_path / ".hadolint.yaml").write_text(configuration)
        run(["scan", "--no-cache", "--exit-zero", "--profile", "all", "--format", "json", "."])
        report = json.loads(capsys.readouterr().out)
        return {finding["rule"]: finding for finding in report["findings"]}

    return found


def test_without_it(rules: Rules) -> None:
    found = rules()
    assert {"apt-unpinned", "apt-recommends"} <= found.keys()
    assert "add-instead-of-copy" not in found
    assert "base-image-untrusted" not in found


def test_ignored_checks_are_hidden(rules: Rules) -> None:
    before = rules()
    after = rules("ignored: [DL3008, DL3015]\n")
    assert before.keys() - after.keys() == {"apt-unpinned", "apt-recommends"}


def test_severities_count(rules: Rules) -> None:
    assert rules()["apt-unpinned"]["severity"] != "high"
    assert rules("override: {error: [DL3008]}\n")["apt-unpinned"]["severity"] == "high"


def test_trusted_registries_are_asked_for(rules: Rules) -> None:
    assert "base-image-untrusted" in rules("trustedRegistries: [docker.io]\n")
    assert "base-image-untrusted" not in rules("trustedRegistries: [quay.io]\n")


def test_labels_have_the_types_of_the_schema(rules: Rules) -> None:
    found = rules("label-schema: {org.opencontainers.image.created: rfc3339, vendor: text}\n")
    assert {"label-type", "label-required"} <= found.keys()


def test_pragmas_can_be_turned_off(rules: Rules) -> None:
    assert "add-instead-of-copy" in rules("disable-ignore-pragma: true\n")


def test_the_variables_count(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOLINT_IGNORE", "DL3008")
    assert "apt-unpinned" not in rules()
