import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.dockerfile.ignores import compile_pattern, parse_ignores
from seawall.dockerfile.names import ignore_files


@pytest.mark.parametrize(
    ("patterns", "excluded", "kept"),
    [
        ("*.md\n!README.md", ["a.md"], ["README.md", "x/a.md"]),
        ("!README.md\n*.md", ["README.md"], []),
        ("**/*.md", ["a.md", "x/y/a.md"], ["a.mdx"]),
        ("/build/", ["build", "build/x"], ["x/build"]),
        ("a/../b", ["b"], ["a"]),
        ("node_modules", ["node_modules/x/y"], ["x/node_modules"]),
        ("**", ["a", "a/b"], []),
        ("*\n!src", ["a", "b/c"], ["src", "src/x"]),
        ("temp?", ["temp1"], ["temp", "temp12"]),
        ("[ab].txt", ["a.txt"], ["c.txt"]),
        ("# comment\n#a", [], ["#a", "# comment"]),
        (" spaced \r\n", ["spaced"], []),
        ("\ufeffx", ["x"], []),
        ("a\\*b", ["a*b"], ["axb"]),
    ],
)
def test_patterns(patterns: str, excluded: list[str], kept: list[str]) -> None:
    ignores = parse_ignores(patterns)
    assert not ignores.problem
    assert [path for path in excluded if not ignores.excludes(path)] == []
    assert [path for path in kept if ignores.excludes(path)] == []


@pytest.mark.parametrize("pattern", ["!", "[", "a\\", "/!"])
def test_refused(pattern: str) -> None:
    problem = parse_ignores(pattern).problem
    assert problem or pattern == "a\\"  # moby tries a pattern as far as it matches "."


def test_lines_and_negations() -> None:
    ignores = parse_ignores("# c\n\na\n!b\n")
    assert [(one.line, one.text, one.negated) for one in ignores.patterns] == [
        (3, "a", False), (4, "b", True),
    ]  # fmt: skip
    assert ignores.has_negations


def test_where_the_file_is() -> None:
    beside = "docker/Dockerfile.dockerignore"
    assert ignore_files("docker/Dockerfile") == (beside, "docker/.dockerignore")
    assert ignore_files("docker/Dockerfile", "") == (beside, ".dockerignore")


def test_hostile_patterns_end() -> None:
    path = "a/" * 300 + "b"
    assert not parse_ignores("**/a*" * 30 + "/c").excludes(path)
    assert parse_ignores("**/a/" * 30 + "**/b").excludes(path)


@given(st.text(alphabet="a/*?[]!\\b.-\n ", max_size=12), st.text(alphabet="ab/.", max_size=8))
def test_both_matchers_agree(pattern: str, path: str) -> None:
    parse_ignores(pattern).excludes(path)
    matcher = compile_pattern(pattern.replace("\n", ""))
    fast = matcher.matches(path)
    if matcher.is_expression:
        assert matcher.matches_slowly(path) == fast
