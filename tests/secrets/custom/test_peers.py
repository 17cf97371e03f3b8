"""What of ours stands for other tools' rules."""

import pytest

from seawall.secrets.custom.peers import (
    EVERY,
    GITLEAKS_RULES,
    TRIVY_RULES,
    catalogued,
    stands_for,
)
from seawall.secrets.rules import loading

READERS = {"assignment", "address", "header", "command", "private-key"}


@pytest.mark.parametrize("table", [GITLEAKS_RULES, TRIVY_RULES], ids=["gitleaks", "trivy"])
def test_they_are_rules_that_there_are(table: dict[str, tuple[str, ...]]) -> None:
    ours = {rule.id for rule in loading.shipped()} | READERS
    assert {name for names in table.values() for name in names} <= ours
    assert len(table) >= 105


def test_all_of_gitleaks_are_there() -> None:
    assert len(GITLEAKS_RULES) == 222
    without = [id_ for id_, names in GITLEAKS_RULES.items() if not names]
    assert without == ["pkcs12-file"]


def test_what_stands_for_what() -> None:
    assert stands_for("gitleaks", "github-pat", "github-classic-token")
    assert not stands_for("gitleaks", "github-pat", "npm-token")
    assert stands_for("gitleaks", "generic-api-key", "npm-token")
    assert stands_for("gitleaks", "curl-auth-user", "secret-in-command")
    assert stands_for("gitleaks", "shop-key", "secret:shop-key")
    assert stands_for("trufflehog", EVERY, "npm-token")
    assert catalogued(("assignment", "npm-token")) == ("assigned-secret", "npm-token")
