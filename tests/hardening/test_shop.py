"""The flawed example, mended without a manual step but for what a person has to decide."""

import re
import shutil
from pathlib import Path

import pytest

from seawall.cli.main import run
from seawall.core.severity import Severity
from seawall.engine import Options, scan
from tests.hardening.support import PROFILE
from tests.shared import ROOT

LEFT = {
    "add-remote-no-checksum": "which bytes are the right ones, nobody knows but who looks at them",
    "image-tag-mutable": "which version is meant? a lock file knows: --lock",
    "pipe-to-shell": "which script is the right one? it is the server's word that day",
    "rbac-cluster-admin": "which rights does the deployment need?",
    "secret-plaintext-in-manifest": "where is the secret kept from now on?",
}
"""Rules of which something is left, and the question that a person has to answer."""
PARTS = ("shop/k8s", "shop/mailer", "shop/orders", "shop/web")
"""The manifests and the Dockerfiles.

Charts, overlays, compose and lock files are no part of it, nor are programs: none is searched for
secrets here."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "examples" / "shop", tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop"


def test_the_shop_is_mended(shop: Path) -> None:
    """No step by hand: what is left of medium severity or above asks one of the questions."""
    arguments = ["--write", "--unsafe", "--quiet", "--output", "/dev/null"]
    assert run(["harden", "shop", *arguments]) == 0
    assert len(LEFT) <= 5
    report = scan(Options(targets=PARTS, packages=False, secrets=False)).report
    found = [item for item in report.findings if item.severity >= Severity.MEDIUM]
    assert {item.rule.id for item in found} == set(LEFT)
    assert {item.rule.domain for item in found} == {"dockerfile", "kubernetes"}
    assert len(found) <= 8
    assert not report.coverage.failed
    assert run(["harden", "shop", "--check", "--unsafe", "--quiet"]) == 0


def test_more_rules_leave_no_more(shop: Path) -> None:
    """Also by the rules of reliability, which harden mends too."""
    assert run(["harden", "shop", "--write", "--unsafe", "-q", "--output", "/dev/null"]) == 0
    report = scan(Options(targets=PARTS, profile=PROFILE, packages=False, secrets=False)).report
    found = [item for item in report.findings if item.severity >= Severity.MEDIUM]
    assert {item.rule.id for item in found} == set(LEFT)


def test_no_secret_is_written(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No value enters an added line of the diff, a new file or what is said of it."""
    known = set(re.findall(r"[A-Za-z0-9-]{11,}", (shop / ".env").read_text()))
    text = (shop / "web" / "Dockerfile").read_text() + (shop / "mailer" / "Dockerfile").read_text()
    known |= set(re.findall(r"(?:KEY|TOKEN)=\"?([A-Za-z0-9]{20,})", text))
    secrets = {word for word in known if re.search(r"[0-9]", word) and re.search(r"[a-z]", word)}
    assert len(secrets) >= 5
    assert run(["harden", "shop", "--unsafe"]) == 0
    shown = capsys.readouterr()
    added = [line for line in shown.out.splitlines() if line.startswith("+")]
    assert len(added) > 200
    for secret in secrets:
        assert not [line for line in added if secret in line]
        assert secret not in shown.err


def test_the_shop_without_consent(shop: Path) -> None:
    """Safe fixes alone: no value is lost, nothing that runs is taken away."""
    before = (shop / "k8s" / "log-agent.yaml").read_text()
    assert run(["harden", "shop", "--write", "--quiet", "--output", "/dev/null"]) == 0
    after = (shop / "k8s" / "log-agent.yaml").read_text()
    lines = after.splitlines()
    assert [line for line in before.splitlines() if line not in lines] == []
