"""XML: what is read, what is refused, and that odd input leads to one error only."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text.xml import MAX_DEPTH, XmlError, iterate, parse

POM = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- a project -->
<project xmlns="http://maven.apache.org/POM/4.0.0" xsi:schemaLocation="a b">
  <artifactId> shop </artifactId>
  <dependencies>
    <dependency><groupId>a</groupId></dependency>
    <dependency><groupId><![CDATA[b&c]]></groupId></dependency>
  </dependencies>
  after
</project>
"""


def test_elements_have_names_texts_attributes_and_lines() -> None:
    root = parse(POM)
    assert (root.name, root.line) == ("project", 3)
    assert root.get("xmlns") == "http://maven.apache.org/POM/4.0.0"
    assert root.get("xsi:schemaLocation") == "a b"
    assert root.value("artifactId") == "shop"
    groups = [each.value("groupId") for each in root.under("dependencies", "dependency")]
    assert groups == ["a", "b&c"]
    assert [each.line for each in root.walk("groupId")] == [6, 7]
    assert root.child("missing") is None
    assert root.value("missing", "too") == ""


def test_a_prefix_is_left_out() -> None:
    root = parse(b'<o:oval xmlns:o="urn:o"><o:definition id="1"/></o:oval>')
    assert root.name == "oval"
    assert [each.get("id") for each in root.named("definition")] == ["1"]


def test_parts_are_given_one_by_one() -> None:
    text = b"<a>" + b"".join(b"<b n='%d'><c/><b/></b>" % n for n in range(1000)) + b"</a>"
    parts = list(iterate((text[i : i + 7] for i in range(0, len(text), 7)), ["b"]))
    assert [each.get("n") for each in parts] == [str(n) for n in range(1000)]
    assert [child.name for child in parts[0].children] == ["c", "b"]


def test_parts_come_before_the_end_was_read() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"<a><b/>"
        raise AssertionError("the rest was asked for")

    assert next(iterate(chunks(), ["b"])).name == "b"


@pytest.mark.parametrize(
    "text",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://registry.example.org/x"> %x;]><a/>',
        b"<!DOCTYPE a [<!ELEMENT a ANY>]><a/>",
        b'<!DOCTYPE a SYSTEM "a.dtd"><a>&x;</a>',
        b"<a>&x;</a>",
    ],
)
def test_dtds_and_entities_are_refused(text: bytes) -> None:
    with pytest.raises(XmlError) as caught:
        parse(text)
    assert caught.value.line == 1


def test_the_dtd_of_a_property_list_is_passed_over() -> None:
    assert (
        parse(b'<!DOCTYPE plist PUBLIC "-//A" "http://a.example.org/x.dtd"><plist/>').name
        == "plist"
    )


def test_the_five_entities_of_xml_and_characters_are_read() -> None:
    assert parse(b"<a>&lt;&gt;&amp;&apos;&quot;&#228;&#x1F600;</a>").text == "<>&'\"ä😀"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [(b"<a>\n <b>\n</a>", 3, 3), (b"", 1, 1), (b"{}", 1, 1), (b"<a/><b/>", 1, 5)],
)
def test_an_error_says_where(text: bytes, line: int, column: int) -> None:
    with pytest.raises(XmlError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_an_encoding_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(XmlError):
        parse(b'<?xml version="1.0" encoding="klingon"?><a/>')


def test_old_encodings_are_read() -> None:
    text = '<?xml version="1.0" encoding="{}"?><a>\xe4</a>'
    for encoding in ("iso-8859-1", "windows-1252", "utf-16"):
        assert parse(text.format(encoding).encode(encoding)).text == "\xe4"


def test_depth_is_limited() -> None:
    deep = b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH
    assert parse(deep).name == "a"
    with pytest.raises(XmlError, match="deep"):
        parse(b"<b>" + deep + b"</b>")


def test_the_number_of_elements_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.text.xml.MAX_ELEMENTS", 10)
    with pytest.raises(XmlError, match="more than 10"):
        parse(b"<a>" + b"<b/>" * 10 + b"</a>")
    assert len(list(iterate([b"<a>" + b"<b/>" * 100 + b"</a>"], ["b"]))) == 100


@given(st.binary(max_size=200), st.integers(0, len(POM)), st.integers(0, 20))
def test_odd_input_leads_to_one_error_only(odd: bytes, at: int, cut: int) -> None:
    for text in (odd, POM[:at] + odd + POM[at + cut :]):
        try:
            told = parse(text).line
        except XmlError as error:
            told = error.line
        assert told >= 0
