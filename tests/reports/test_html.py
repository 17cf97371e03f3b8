"""The page, read as text and used in a real browser."""

import re
import time
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from seawall.core.finding import Subject
from seawall.core.location import Location, Span
from seawall.core.report import Report
from seawall.reports import Options
from tests.reports.browser import Browser, browser, missing
from tests.reports.samples import (
    HOSTILE_SOURCES,
    SOURCES,
    Texts,
    clean,
    hostile,
    nothing,
    real_rule,
    shop,
    text_of,
)

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "div",
    "button", "span", "main", "section", "form", "label", "input", "select", "option", "article",
    "figure", "figcaption", "pre", "code", "mark", "details", "summary", "dl", "dt", "dd", "table",
    "thead", "tbody", "tr", "th", "td", "ul", "li", "footer", "script",
}  # fmt: skip
VOID = {"meta", "input"}


class Page(HTMLParser):
    """Checks the nesting and gathers elements and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.stack: list[str] = []
        self.feed(text)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        assert len({name for name, _ in attrs}) == len(attrs)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def check(text: str) -> Page:
    """What holds for every page, whatever is in it."""
    page = Page(text)
    assert page.elements <= ELEMENTS
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in {"src", "style", "srcset", "action", "formaction", "background"}
        if name == "href":
            assert tag == "a"
            assert value.startswith(("#", "https://"))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert text.count("<script>") == text.count("</script>") == 1
    assert text.count("<style>") == text.count("</style>") == 1
    return page


@pytest.mark.parametrize("report", [shop(), clean(), nothing(), hostile()])
def test_pages_are_well_formed(report: Report) -> None:
    check(text_of("html", report, HOSTILE_SOURCES))


def test_the_policy_allows_this_script_and_this_style_alone() -> None:
    text = text_of("html", shop())
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert directives[directive] == f"'sha256-{digest}'"
    assert set(directives) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}


def test_neither_style_nor_script_reach_for_the_network_or_build_html() -> None:
    text = text_of("html", clean())
    for word in ("@import", "url(", "innerHTML", "outerHTML", "insertAdjacent", "document.write",
                 "eval(", "fetch(", "XMLHttpRequest", "import("):  # fmt: skip
        assert word not in text


def test_source_lines_stand_in_their_context() -> None:
    text = text_of("html", shop())
    assert (
        '<span class="line"><span class="no">8</span><code>    spec:</code></span>\n'
        '<span class="line hit"><span class="no">9</span><code>      <mark>hostNetwork: true</mark>'
        "  # the old load balancer wanted this</code></span>\n"
    ) in text
    assert '<span class="no">7</span>' in text
    assert '<span class="no">6</span>' not in text.split('<h2 id="file-1">')[1].split("</pre>")[0]


def lines_of(span: Span, source: str) -> list[tuple[str, str]]:
    first = shop().findings[1]._replace(location=Location("f", 0, (), span))
    text = text_of("html", shop()._replace(findings=(first,)), Texts({"f": source}))
    return re.findall(r'<span class="line( hit)?">.*?<code>(.*?)</code>', text)


def test_many_marked_lines() -> None:
    source = "a:\n  b: 1\n  c: 2\nd: 3\n"
    assert lines_of(Span(1, 1, 4, 1), source) == [
        (" hit", "<mark>a:</mark>"),
        (" hit", "  <mark>b: 1</mark>"),
        (" hit", "  <mark>c: 2</mark>"),
        ("", "d: 3"),
    ]


def test_no_context_from_another_document_and_no_blank_edges() -> None:
    found = lines_of(Span(3, 1, 3, 2), "a\n---\nb\n\n\nc\n")
    assert found == [(" hit", "<mark>b</mark>")]
    found = lines_of(Span(3, 1, 3, 2), "a\n\nb\n\nc\n---\n")
    assert [text for _, text in found] == ["a", "", "<mark>b</mark>", "", "c"]


def test_around_credentials_there_is_no_context() -> None:
    source = "a\nb\nc: x\nd\n"
    first = shop().findings[1]._replace(location=Location("f", 0, (), Span(3, 4, 3, 5)))
    for changed, line in (
        (first._replace(rule=real_rule("hardcoded-secret")), "c: <mark>*</mark>"),
        (first._replace(subject=Subject("Secret", "", "s")), "c: <mark>x</mark>"),
        (
            first._replace(
                subject=Subject("Secret", "", "s"),
                location=Location("f", 0, (), Span(3, 1, 5, 1)),
            ),
            "<mark>c: x</mark>",
        ),
    ):
        text = text_of("html", shop()._replace(findings=(changed,)), Texts({"f": source}))
        assert re.findall(r'<span class="line(?: hit)?">.*?<code>(.*?)</code>', text) == [line]


def test_no_more_than_eight_marked_lines() -> None:
    found = lines_of(Span(1, 1, 900, 1), "x\n" * 1000)
    assert [hit for hit, _ in found].count(" hit") == 8
    assert len(found) == 10


def test_a_point_is_marked_too() -> None:
    assert lines_of(Span(1, 3, 1, 3), "spec")[0] == (" hit", 'sp<mark class="point"></mark>ec')


def test_nothing_checked_is_said_loudly() -> None:
    text = text_of("html", nothing())
    assert "<h1>Nothing was checked: no input was read.</h1>" in text
    assert "this report says nothing about safety" in text
    assert "No rule found anything" not in text


def test_a_clean_page() -> None:
    text = text_of("html", clean())
    assert '<section class="empty good" id="main"><p>No rule found anything to report.</p>' in text


def test_meta_is_shown_when_given() -> None:
    assert "<span>time 12:00</span>" in text_of(
        "html", clean(), options=Options(meta={"time": "12:00"})
    )


needs_browser = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a browser")


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as made:
        yield made


@pytest.fixture
def page(window: Browser, tmp_path: Path) -> Browser:
    """The shop's report, opened afresh."""
    show(window, shop(), SOURCES, tmp_path)
    return window


def show(window: Browser, report: Report, sources: Texts, directory: Path) -> None:
    file = directory / "report.html"
    file.write_text(text_of("html", report, sources), encoding="utf-8")
    window.log()
    window.open(file)


def shown(window: Browser) -> list[str]:
    """The rules of the findings a person can see."""
    found: list[str] = window.run(
        "return [...document.querySelectorAll('.finding')]"
        ".filter((e) => e.checkVisibility({contentVisibilityAuto: false}))"
        ".map((e) => e.querySelector('.rule').textContent)"
    )
    return found


def status(window: Browser) -> str:
    return str(window.run("return document.getElementById('shown').textContent"))


ALL = [
    "github-token", "host-network", "image-tag-mutable", "privileged-container",
    "readiness-probe-missing",
]  # fmt: skip


@needs_browser
def test_everything_is_visible_at_first(page: Browser) -> None:
    assert shown(page) == ALL
    assert status(page) == "6 of 6 findings shown"
    assert page.log() == []


@needs_browser
def test_filter_by_severity(page: Browser) -> None:
    assert page.run("return document.querySelector('.tile[data-severity=info]').disabled") is True
    page.click(".tile.critical")
    assert shown(page) == ["host-network", "image-tag-mutable", "readiness-probe-missing"]
    assert status(page) == "3 of 6 findings shown"
    assert page.run("return document.querySelector('[data-file=\"0\"]').hidden") is True
    page.click(".tile.critical")
    assert shown(page) == ALL


@needs_browser
def test_filter_by_rule_and_file(page: Browser) -> None:
    pick = (
        "const field = document.getElementById(arguments[0]);"
        "field.value = [...field.options].find((o) => o.text === arguments[1]).value;"
        "field.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    page.run(pick, "rule", "privileged-container")
    assert shown(page) == ["privileged-container"]
    assert status(page) == "2 of 6 findings shown"
    page.run(pick, "file", "Dockerfile")
    assert shown(page) == []
    assert page.run("return document.getElementById('none').checkVisibility()") is True
    page.run(pick, "rule", "all rules")
    assert shown(page) == ["github-token"]
    page.click("#clear")
    assert shown(page) == ALL


@needs_browser
def test_search(page: Browser) -> None:
    page.type("#search", "Privileged METRICS")
    assert shown(page) == ["privileged-container"]
    page.click("#clear")
    page.type("#search", "dockerfile")
    assert shown(page) == ["github-token"]
    page.press("\ue007")  # Enter sends nothing anywhere
    assert shown(page) == ["github-token"]
    page.type("#search", " nowhere")
    assert shown(page) == []


@needs_browser
def test_the_keyboard_is_enough(page: Browser) -> None:
    page.press("/")
    page.press("probe")
    assert shown(page) == ["readiness-probe-missing"]
    page.press("/")
    assert page.run("return document.getElementById('search').value") == "probe/"
    page.run(
        "document.getElementById('clear').click(); document.querySelector('.tile.high').focus()"
    )
    page.press(" ")
    assert "host-network" not in shown(page)
    unreachable = page.run(
        "return [...document.querySelectorAll('pre')]"
        ".filter((e) => e.scrollWidth > e.clientWidth && e.tabIndex < 0).length"
    )
    assert unreachable == 0


@needs_browser
def test_every_control_has_a_name(page: Browser) -> None:
    page.devtools("Accessibility.enable")
    nodes = page.devtools("Accessibility.getFullAXTree")["nodes"]
    controls = {"button", "searchbox", "combobox", "link", "textbox", "listbox"}
    unnamed = [
        node
        for node in nodes
        if node.get("role", {}).get("value") in controls
        and not node.get("name", {}).get("value", "").strip()
    ]
    assert not unnamed
    assert page.run("return document.documentElement.lang") == "en"


@needs_browser
def test_a_link_to_a_rule_opens_it(page: Browser) -> None:
    page.click("a.rule[href='#rule-1']")
    opened = "return document.getElementById('rule-1').open"
    for _ in range(100):  # the browser tells of a new fragment when it finds the time
        if page.run(opened) is True:
            return
        time.sleep(0.05)
    assert page.run(opened) is True


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(page: Browser, *, dark: bool) -> None:
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    page.devtools("Emulation.setEmulatedMedia", features=[scheme])
    weak = page.run(CONTRAST)
    assert weak == []


CONTRAST = """
const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const ground = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const colour = parse(getComputedStyle(e).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const weak = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!own || !element.checkVisibility() || element.matches("script, option")) continue;
  let opacity = 1;
  for (let e = element; e; e = e.parentElement) opacity *= getComputedStyle(e).opacity;
  const back = ground(element);
  const fore = parse(getComputedStyle(element).color)
    .slice(0, 3).map((c, i) => c * opacity + back[i] * (1 - opacity));
  const [a, b] = [light(fore), light(back)].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) weak.push(`${element.className || element.tagName}: ${ratio.toFixed(2)}`);
}
return weak;
"""


@needs_browser
def test_without_its_script_the_page_is_complete(window: Browser, tmp_path: Path) -> None:
    window.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        show(window, shop(), SOURCES, tmp_path)
    finally:
        window.devtools("Emulation.setScriptExecutionDisabled", value=False)
    assert shown(window) == ALL
    assert window.run("return document.querySelector('.filters').checkVisibility()") is False


@needs_browser
def test_hostile_text_does_nothing(window: Browser, tmp_path: Path) -> None:
    show(window, hostile(), HOSTILE_SOURCES, tmp_path)
    assert window.run("return document.querySelectorAll('script').length") == 1
    assert window.run("return document.querySelectorAll('img, iframe, object, svg').length") == 0
    assert status(window) == "3 of 3 findings shown"
    assert window.log() == []  # an alert would raise, a blocked script would be logged here


@needs_browser
def test_the_page_asks_nothing_of_the_network(page: Browser) -> None:
    names = page.run("return performance.getEntriesByType('resource').map((e) => e.name)")
    assert names == []


@needs_browser
def test_the_policy_is_in_force(page: Browser) -> None:
    page.run(
        "const s = document.createElement('script'); s.textContent = 'window.broken = 1';"
        "document.body.append(s)"
    )
    assert page.run("return window.broken === undefined") is True
    page.run("document.body.append(Object.assign(new Image(), {src: 'https://evil.example/x'}))")
    assert any("Content Security Policy" in entry["message"] for entry in page.log())


@needs_browser
@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_sticks_out(window: Browser, tmp_path: Path, width: int) -> None:
    for report, sources in ((shop(), SOURCES), (hostile(), HOSTILE_SOURCES)):
        show(window, report, sources, tmp_path)
        window.run("document.querySelectorAll('details').forEach((e) => e.open = true)")
        window.screenshot(tmp_path / "page.png", width=width)
        assert window.run("return document.documentElement.scrollWidth - innerWidth") <= 0
    window.devtools("Emulation.clearDeviceMetricsOverride")
