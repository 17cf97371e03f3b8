"""Other tools' marks in a text."""

import pytest

from seawall.secrets.markers import ignores


def marks(text: str, first: int = 1, last: int = 0, path: str = "a.py") -> list[str]:
    """The tools whose marks are about a secret on some lines."""
    found = ignores(path, text.encode(), [(first, last or first)])
    return [ignore.tool for ignore in found]


@pytest.mark.parametrize(
    ("line", "tool"),
    [
        ("x = 1  # gitleaks:allow", "gitleaks"),
        ("# gitleaks:allow x = 1", "gitleaks"),
        ("x = 1  // trufflehog:ignore", "trufflehog"),
        ("x = 1  # pragma: allowlist secret", "detect-secrets"),
        ("x = 1  #pragma:allowlist-secret", "detect-secrets"),
        ("x = 1  # pragma: whitelist secret", "detect-secrets"),
        ("x = 1  // pragma: allowlist secret", "detect-secrets"),
        ("x = 1  /* pragma: allowlist secret */", "detect-secrets"),
        ("x = 1  ' pragma: allowlist secret", "detect-secrets"),
        ("x = 1  -- pragma: allowlist secret", "detect-secrets"),
        ("<a>1</a> <!-- pragma: allowlist secret -->", "detect-secrets"),
    ],
)
def test_marks_on_the_line(line: str, tool: str) -> None:
    assert marks(line) == [tool]
    assert marks("\n" + line, 1) == []
    assert marks(line + "\nx", 2) == []


@pytest.mark.parametrize(
    "line",
    ["x = 1", "gitleaks: allow", "x = 'pragma: allowlist secret", "# pragma: allow secret",
     "x /* pragma: allowlist secret", "# pragma allowlist secret", "x = 1 # nosec"],
)  # fmt: skip
def test_what_is_no_mark(line: str) -> None:
    assert marks(line, path="a.yaml") == []


def test_a_mark_for_the_next_line() -> None:
    line = "  # pragma: allowlist nextline secret\nx = 1\ny = 1"
    assert marks(line, 2) == ["detect-secrets"]
    assert marks(line, 1) == []
    assert marks(line, 3) == []
    assert marks("x = 1 # pragma: allowlist nextline secret\ny = 1", 2) == []
    assert marks("<!-- pragma: allowlist nextline secret -->\ny", 2) == ["detect-secrets"]


def test_yaml_has_one_kind_of_comment() -> None:
    assert marks("x: 1 // pragma: allowlist secret", path="a.yaml") == []
    assert marks("x: 1 # pragma: allowlist secret", path="a.yaml") == ["detect-secrets"]


def test_lines_and_no_reason_that_might_be_the_secret() -> None:
    (ignore,) = ignores("a.py", b"a\r\nx = [\r\n1] # gitleaks:allow hunter2\r\n", [(2, 3)])
    assert ignore.reason == ""
    assert (ignore.scope.first, ignore.scope.last) == (2, 2)  # type: ignore[attr-defined]
    assert ignore.origin.span is not None
    assert (ignore.origin.span.line, ignore.origin.span.column) == (3, 6)


def test_odd_bytes() -> None:
    assert marks("\udcff # gitleaks:allow".encode("utf-8", "surrogateescape").decode("latin-1"))
    assert list(ignores("a", b"# gitleaks:allow", [(0, 9), (5, 6), (-2, -1)]))
