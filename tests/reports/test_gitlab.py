"""GitLab's Code Quality report."""

from seawall.core.location import Location
from tests.reports.samples import HOSTILE_SOURCES, clean, hostile, shop, text_of
from tests.reports.schemas import valid_gitlab


def test_issues() -> None:
    issues = valid_gitlab(text_of("gitlab", shop()))
    assert [issue["severity"] for issue in issues] == [
        "blocker", "critical", "major", "blocker", "blocker", "minor",
    ]  # fmt: skip
    assert issues[3]["description"].startswith("Deployment/web container app: runs privileged (")
    assert issues[3]["check_name"] == "privileged-container"
    assert issues[3]["location"] == {"path": "shop/web.yaml", "lines": {"begin": 14, "end": 14}}


def test_a_whole_file_is_its_first_line() -> None:
    first = shop().findings[0]._replace(location=Location("image"))
    (issue,) = valid_gitlab(text_of("gitlab", shop()._replace(findings=(first,))))
    assert issue["location"]["lines"] == {"begin": 1}


def test_nothing_found_is_an_empty_list() -> None:
    assert text_of("gitlab", clean()) == "[]\n"


def test_twins_have_fingerprints_of_their_own() -> None:
    first = shop().findings[1]
    issues = valid_gitlab(text_of("gitlab", shop()._replace(findings=(first, first))))
    assert issues[1]["fingerprint"] == issues[0]["fingerprint"] + "-2"


def test_hostile_text() -> None:
    valid_gitlab(text_of("gitlab", hostile(), HOSTILE_SOURCES))
