"""GitLab's report of secret detection."""

from seawall.core.report import Coverage, Failed
from tests.reports.samples import SECRET, clean, shop, text_of
from tests.reports.schemas import valid_gitlab_secrets


def test_secrets_alone_are_told() -> None:
    (item,) = valid_gitlab_secrets(text_of("gitlab-secrets", shop()))["vulnerabilities"]
    assert item["severity"] == "Critical"
    assert item["name"] == "holds a GitHub personal access token"
    assert item["solution"] == "Take the token out of the image and revoke it."
    assert [each["value"] for each in item["identifiers"]] == ["github-token", "798"]
    assert item["location"] == {
        "file": "Dockerfile", "start_line": 2, "end_line": 2, "commit": {"sha": "0000000"},
    }  # fmt: skip


def test_nothing_of_the_source_is_told() -> None:
    text = text_of("gitlab-secrets", shop())
    assert SECRET not in text
    assert "raw_source_code_extract" not in text


def test_the_commit_that_brought_it() -> None:
    first = shop().findings[0]._replace(details={"commit": "ab" * 20})
    text = text_of("gitlab-secrets", shop()._replace(findings=(first, first)))
    one, two = valid_gitlab_secrets(text)["vulnerabilities"]
    assert one["location"]["commit"] == {"sha": "ab" * 20}
    assert two["id"] == one["id"] + "-2"


def test_what_could_not_be_read_is_told() -> None:
    report = clean()._replace(coverage=Coverage(failed=(Failed("a", 0, 0, "too large"),)))
    scan = valid_gitlab_secrets(text_of("gitlab-secrets", report))["scan"]
    assert scan["status"] == "failure"
    assert scan["messages"] == [{"level": "warn", "value": "a could not be read: too large"}]
