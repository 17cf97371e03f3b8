"""Other tools' lists of known secrets: ``.gitleaksignore``, ``.secrets.baseline``, reports."""

import json

import pytest

from seawall.configuration.foreign import gitleaks_ignore, known_secrets
from seawall.configuration.foreign.files import ForeignFile
from seawall.core.errors import UsageError
from seawall.core.finding import Finding, Subject
from seawall.core.ignore import Lines
from seawall.core.location import Location, Span
from seawall.core.redacted import Redacted
from seawall.core.rule import SECURITY, Rule
from seawall.core.severity import Confidence, Severity
from seawall.text.gitignore import Base

RULE = Rule(
    lambda: (), id="npm-token", domain="secrets", scope="text", severity=Severity.HIGH,
    profile=SECURITY, remedy="Revoke it.",
)  # fmt: skip
BASE = Base((("shop/", ""),))


def finding(value: str, path: str = "shop/a.py", line: int = 3, commit: str = "") -> Finding:
    place = Location(path, span=Span(line, 1, line, 9))
    details = {"commit": commit} if commit else {}
    return Finding(
        RULE, RULE.severity, Confidence.HIGH, "m", "r", Subject(), place, details=details,
        secret=Redacted(value),
    )  # fmt: skip


def file(text: str, path: str = "x") -> ForeignFile:
    return ForeignFile(path, "", text.encode())


def test_fingerprints() -> None:
    read = gitleaks_ignore.read(
        file("# made up\n\\a.py:npm-access-token:3\n./b\\c.py:k:7\n\nabc:a.py:k:4\nnonsense\n"),
        BASE,
    )
    first, second, third = read.ignores
    assert first.rules == ("npm-access-token",)
    assert second.scope == Lines("shop/b/c.py", 7, 7)
    assert (second.reason, third.reason) == ("made up", "")
    assert third.scope.covers(finding("x", line=4, commit="abc"))
    assert not third.scope.covers(finding("x", line=4, commit="abd"))
    assert not third.scope.covers(finding("x", line=4))
    assert read.notes == ("x:6: no fingerprint of gitleaks: it hides nothing",)


def test_fingerprints_outside_of_what_is_scanned() -> None:
    assert gitleaks_ignore.read(file("a.py:k:3\n"), Base((("", "sub/"),))).ignores == ()


def test_a_baseline_of_detect_secrets() -> None:
    text = json.dumps({
        "version": "1.5.0",
        "results": {
            "a.py": [
                {"type": "Secret Keyword", "hashed_secret": known_secrets.digest("hunter2"),
                 "line_number": 1, "is_verified": False},
                {"type": "Private Key",
                 "hashed_secret": known_secrets.digest("BEGIN RSA PRIVATE KEY"), "line_number": 2},
            ],
        },
    })  # fmt: skip
    (ignore,) = known_secrets.read_detect_secrets(file(text), BASE).ignores
    assert ignore.tool == "detect-secrets"
    assert ignore.scope.covers(finding("hunter2"))
    assert ignore.scope.covers(finding("-----BEGIN RSA PRIVATE KEY-----\nMII"))
    assert not ignore.scope.covers(finding("hunter3"))
    assert not ignore.scope.covers(finding("hunter2", "shop/b.py"))
    assert not ignore.scope.covers(finding(""))


def test_the_digest_is_that_of_detect_secrets() -> None:
    assert known_secrets.digest("a") == "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"results": []}', "{", "\xff", '{"results": {"a": [1]}}']
)
def test_what_is_no_baseline(text: str) -> None:
    with pytest.raises(UsageError, match=r"^x:\d+: .*make (the file|it)"):
        known_secrets.read_detect_secrets(file(text), BASE)


def test_a_report_of_gitleaks() -> None:
    rows = [
        {"File": "a.py", "Secret": "hunter2", "StartLine": 3, "RuleID": "k"},
        {"File": "a.py", "Secret": "REDACTED", "StartLine": 9, "RuleID": "k"},
        {"File": "a.py", "Secret": "hun...", "StartLine": 11, "RuleID": "k"},
    ]
    data = json.dumps(rows).encode()
    assert known_secrets.is_gitleaks_report(data)
    ignore = known_secrets.read_gitleaks(data, "r.json", BASE)
    assert ignore.scope.covers(finding("hunter2", line=77))
    assert not ignore.scope.covers(finding("hunter3"))
    assert ignore.scope.covers(finding("x", line=9))
    assert ignore.scope.covers(finding("x", line=11))
    assert not ignore.scope.covers(finding("x", "shop/b.py", line=9))


@pytest.mark.parametrize("text", ["{}", "[", "[1]", '[{"File": "a", "RuleID": 1}]'])
def test_what_is_no_report(text: str) -> None:
    with pytest.raises(UsageError, match=r"^r\.json:\d+: .*make "):
        known_secrets.read_gitleaks(text.encode(), "r.json", BASE)


def test_what_may_be_a_report() -> None:
    assert known_secrets.is_gitleaks_report(b" [] ")
    assert not known_secrets.is_gitleaks_report(b'{"findings": []}')
