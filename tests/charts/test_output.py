"""What helm writes, taken apart."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.charts.output import Sources, complaint, dependency_lines, documents, is_library
from seawall.charts.value_sets import DEFAULTS, ValueSet, sets_of
from seawall.text.gitignore import Paths, RootedPaths


def test_documents_and_their_templates() -> None:
    text = "---\n# Source: a/templates/x.yaml\na: 1\n# Source: b\n---\n# Source: c/d.yaml\nb: 2\n"
    found = documents(text)
    assert [item.source for item in found] == ["a/templates/x.yaml", "c/d.yaml"]
    assert "".join(item.text for item in found) == text
    assert documents("") == documents("a: 1\n") == []


@given(st.text("-\n# Source: ab/", max_size=60))
def test_no_output_is_refused(text: str) -> None:
    found = documents(text)
    assert text.endswith("".join(item.text for item in found))


def files(**charts: str) -> Mapping[str, bytes]:
    result = {}
    for directory, text in charts.items():
        below = "" if directory == "top" else directory.replace("__", "/charts/")[1:] + "/"
        result[f"{below}Chart.yaml"] = text.encode()
        result[f"{below}templates/a.yaml"] = b""
        result[f"{below}templates/_b.tpl"] = b""
    return result


def test_charts_are_known_by_name_and_alias() -> None:
    sources = Sources(
        files(
            top="name: t\ndependencies: [{name: x, alias: q}, {name: x, alias: z}, {name: w}]",
            __first="name: x\n",
            __second="name: w\n",
            __second__third="name: v\n",
            __second__fourth="name: [",
        )
    )
    paths = {
        "t/templates/a.yaml": "templates/a.yaml",
        "t/charts/q/templates/a.yaml": "charts/first/templates/a.yaml",
        "t/charts/z/templates/a.yaml": "charts/first/templates/a.yaml",
        "t/charts/w/templates/a.yaml": "charts/second/templates/a.yaml",
        "t/charts/w/charts/v/templates/a.yaml": "charts/second/charts/third/templates/a.yaml",
        "t/charts/x/templates/a.yaml": None,
        "t/templates/../../a.yaml": None,
        "t/templates/none.yaml": None,
        "/etc/passwd": None,
        "": None,
    }
    assert {source: sources.path(source) for source in paths} == paths
    assert all(not path.endswith(".tpl") for path in sources.templates)
    assert len(sources.templates) == 5


@pytest.mark.parametrize(
    "text", ["", "a", "[", "- a\n", "name: 1\n", "dependencies: [1, {}]", "\xff"]
)
def test_odd_charts_are_borne(text: str) -> None:
    found = {"Chart.yaml": text.encode("latin-1"), "charts/a/Chart.yaml": b"name: a"}
    assert Sources(found).path("a/templates/b") is None
    assert not is_library(found)
    dependency_lines(found)


def test_lines_of_dependencies() -> None:
    chart = b"name: a\ndependencies:\n  - name: b\n    alias: c\n  - name: d\n"
    assert dependency_lines({"Chart.yaml": chart}) == {"b": 3, "c": 3, "d": 5}


def test_complaints() -> None:
    said = complaint(
        "walk.go:75: found symbolic link\nError: parse error at (a/templates/x.yaml:12): bad\nmore",
        "/tmp/w", "deploy/a",
    )  # fmt: skip
    assert said[:4] == ("parse error at (a/templates/x.yaml:12): bad", "a/templates/x.yaml", 12, 0)
    said = complaint("Error: stat /tmp/w/chart/x: /tmp/w/home", "/tmp/w", "deploy/a")
    assert said.text == "stat deploy/a/x: /home"
    assert complaint("", "/tmp/w", "").text == "helm failed without a word"
    assert complaint("oh\nno", "/tmp/w", "").text == "no"


@given(st.text(max_size=200))
def test_complaints_are_printable(text: str) -> None:
    said = complaint(f"Error: {text}", "/tmp/w", "a")
    assert said.text.isprintable()
    assert said.line >= 0


def test_value_sets_of_a_chart() -> None:
    every = ValueSet("every")
    some = ValueSet("some", RootedPaths(Paths(["/a/", "b/*"])))
    assert sets_of("x", ()) == sets_of("x", (some,)) == (DEFAULTS,)
    assert sets_of("", (every,)) == (every,)
    assert sets_of("a/chart", (every, some)) == (every, some)
    assert sets_of("b/chart", (some,)) == (some,)
