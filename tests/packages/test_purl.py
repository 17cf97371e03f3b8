"""Package URLs against the specification's own test suite."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.packages.purl import Purl, PurlError, parse
from tests.shared import DATA

SUITE: list[dict[str, Any]] = json.loads(
    (DATA / "purl" / "test-suite-data.json").read_text(encoding="utf-8")
)
VALID = [case for case in SUITE if not case["is_invalid"]]
INVALID = [case for case in SUITE if case["is_invalid"]]
OTHER_TEXT = {
    # The suite leaves a slash in a qualifier as it is; since 2025 the specification encodes it.
    f"pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?{each}&repository_url=repo.spring.io/release"
    for each in ("classifier=sources", "extension=pom")
}
OTHER_PARTS = {
    # The suite has a namespace that ends in a slash, which the specification strips.
    "pkg:golang/github.com/nats-io/nats-server/v2/server@v1.2.9",
}


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["purl"])
def test_what_is_valid_is_read_and_written(case: dict[str, Any]) -> None:
    purl, canonical = parse(case["purl"]), case["canonical_purl"]
    parts = tuple(case[part] or "" for part in ("namespace", "version", "subpath"))
    same_parts = (purl.namespace, purl.version, purl.subpath) == parts
    assert same_parts != (canonical in OTHER_PARTS)
    assert (purl.type, purl.name) == (case["type"], case["name"])
    assert dict(purl.qualifiers) == (case["qualifiers"] or {})
    assert (str(purl) == canonical) != (canonical in OTHER_TEXT)
    assert parse(canonical) == purl


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["description"])
def test_what_is_not_valid_is_refused(case: dict[str, Any]) -> None:
    if case["purl"]:
        with pytest.raises(PurlError):
            parse(case["purl"])


_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(
    st.sampled_from(["npm", "maven", "generic", "golang", "cargo", "nuget"]),
    _TEXT.filter(lambda text: text.strip("/.") != ""),
    _TEXT,
    st.dictionaries(st.sampled_from(["arch", "distro", "a-b", "x.y"]), _TEXT),
)
def test_what_is_written_is_read_again(
    type_: str, name: str, version: str, qualifiers: dict[str, str]
) -> None:
    purl = Purl(type_, "", name, version, tuple(sorted(qualifiers.items())))
    assert parse(str(purl)) == purl


@given(
    st.text(max_size=60) | st.text(alphabet="pkg:npm/@%2F?#&=.0", max_size=60).map("pkg:{}".format)
)
def test_nothing_breaks_it(text: str) -> None:
    try:
        purl = parse(text)
    except PurlError:
        return
    assert parse(str(purl)).name == purl.name
