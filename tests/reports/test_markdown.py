"""The comment of a pull request, rendered by a CommonMark parser with GitHub's tables."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.report import Coverage, Failed
from seawall.reports.markdown import MARKER, code, prose
from tests.reports.samples import HOSTILE_SOURCES, clean, hostile, nothing, shop, text_of

markdown_it = pytest.importorskip("markdown_it")

OURS = {"h3", "h4", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "br", "details",
        "summary", "ul", "li"}  # fmt: skip
GITHUB_LIMIT = 65_536


class Rendered(HTMLParser):
    """The elements and the text of what was rendered."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table")
        self.feed(parser.render(markdown))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        assert all(name == "style" and (value or "").startswith("text-align")
                   for name, value in attrs)  # fmt: skip

    def handle_data(self, data: str) -> None:
        self.text += data


def rows(text: str) -> list[str]:
    return re.findall(r"^\|.*\|$", text, re.MULTILINE)


def test_a_comment() -> None:
    text = text_of("markdown", shop())
    assert text.startswith(f"{MARKER}\n### seawall: 6 findings: 3 critical, 1 high, ")
    assert (
        "| critical | <code>privileged-container</code> | Deployment/web (namespace shop) "
        "| container app&#58; runs privileged<br>Set securityContext.privileged to false; add the "
        "few capabilities it needs. | 14 |\n"
    ) in text
    page = Rendered(text)
    assert set(page.elements) <= OURS
    assert page.elements.count("table") == 3
    assert page.elements.count("tr") == 1 + 4 + 1 + 1 + 1 + 5
    assert page.elements.count("details") == 3
    assert "a mapping value is not allowed here" in page.text


def test_the_worst_findings_of_a_file_come_first() -> None:
    text = text_of("markdown", shop()).split("shop/web.yaml")[1]
    severities = [row.split(" ")[1] for row in rows(text)[2:]]
    assert severities == ["critical", "critical", "high", "medium", "low"]


def test_a_clean_comment_and_an_empty_one() -> None:
    assert text_of("markdown", clean()) == (
        f"{MARKER}\n### seawall: No findings.\n\n"
        "3 objects in 2 files checked with 99 rules of rule set 2026.1.\n"
    )
    assert "### seawall: Nothing was checked: no input was read.\n" in text_of(
        "markdown", nothing()
    )


def test_it_fits_into_a_comment() -> None:
    first = shop().findings[1]
    many = tuple(
        first._replace(location=first.location._replace(path=f"dir{n % 40}/web.yaml"),
                       subject=first.subject._replace(name=f"web{n}"))
        for n in range(5000)
    )  # fmt: skip
    text = text_of("markdown", shop()._replace(findings=many))
    assert len(text) < GITHUB_LIMIT
    (left,) = re.findall(
        r"^(\d+) findings more: a comment has no room for them\.$", text, re.MULTILINE
    )
    assert text.count("<code>host-network</code>") == 5000 - int(left)
    failed = tuple(Failed(f"{n}" * 300, 1, 1, "<>" * 300) for n in range(500))
    coverage = Coverage(failed=failed)
    assert len(text_of("markdown", hostile()._replace(coverage=coverage))) < GITHUB_LIMIT


def test_hostile_text_is_no_markup() -> None:
    text = text_of("markdown", hostile(), HOSTILE_SOURCES)
    page = Rendered(text)
    assert set(page.elements) <= OURS
    assert page.elements.count("table") == 2
    assert page.elements.count("tr") == 1 + 3 + 1 + 3
    assert "<script>alert(1)</script>" in page.text  # as text


@pytest.mark.parametrize(
    "text", ["@team", "see #12", "!34", "a@b.example", "GH-7", "~bug", "www.evil.example",
             "https://evil.example", ":smile:", "$x$", "%2", "&3", "*4"],
)  # fmt: skip
def test_references_are_broken(text: str) -> None:
    rendered = Rendered(f"| a |\n| - |\n| {prose(text)} |").text
    assert text not in rendered
    assert "\u200b" in rendered
    assert rendered.replace("\u200b", "").split()[-1] == text.split()[-1]


HARD = st.text(st.sampled_from("`|<>*_[]()!#@\\&;~\n\r ab-+.:/\"'$1\u200b=h"), max_size=40)


@given(HARD)
def test_a_cell_stays_a_cell(text: str) -> None:
    for cell in (prose(text), code(text)):
        page = Rendered(f"| a | b |\n| - | - |\n| x | {cell} |\n\nafter")
        assert page.elements.count("td") == 2
        assert set(page.elements) <= {"table", "thead", "tbody", "tr", "th", "td", "code", "p"}
        assert page.elements.count("p") == 1
