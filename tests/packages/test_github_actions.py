"""Actions that workflows and actions use."""

import pytest

from seawall.packages.package import Unreadable
from tests.packages.files import read

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("v4.1.2", ("4.1.2", "")), ("4.1.2", ("4.1.2", "")),
        ("v1.2.3-beta.1", ("1.2.3-beta.1", "")),
        ("v4", ("", "v4")), ("v4.1", ("", "v4.1")), ("4", ("", "4")),
        (f"{COMMIT} # v4.1.2", ("4.1.2", "")), (f"{COMMIT} # tag=v4.1.2", ("4.1.2", "")),
        (f"{COMMIT} # 4.1.2 and more", ("4.1.2", "")), (f"{COMMIT} # a/b@v4.1.2", ("4.1.2", "")),
        (f"{COMMIT}  #v4.1.2", ("4.1.2", "")),
    ],
)  # fmt: skip
def test_references(reference: str, expected: tuple[str, str]) -> None:
    text = f"on: push\njobs:\n  a:\n    steps:\n      - uses: a/b@{reference}\n"
    (package,) = read(".github/workflows/ci.yml", text).packages
    assert (package.version, package.constraint) == expected
    assert (package.type, package.name, package.line) == ("githubactions", "a/b", 5)
    assert package.direct


@pytest.mark.parametrize(
    "reference",
    ["main", COMMIT, f"{COMMIT} # v4", f"{COMMIT} # main", "0123456", "release/v4", f"{'1' * 40}"],
)
def test_references_that_name_no_version(reference: str) -> None:
    text = f"runs:\n  steps:\n    - uses: a/b@{reference}\n"
    contents = read("action.yml", text)
    assert contents.packages == ()
    assert [problem.line for problem in contents.problems] == [3]


def test_all_places_and_forms() -> None:
    contents = read(
        ".github/workflows/ci.yaml",
        f"""\
        on: push
        jobs:
          build:
            steps:
              - uses: "github/codeql-action/init@v3.1.0"
              - {{uses: x/y@v1.0.0, with: {{uses: no/no@v1.0.0}}}}
              - uses: './local'
              - uses: docker://alpine:3.19
              - run: echo uses; uses=a/b@v1
              - uses: 'quoted/one@{COMMIT}' # v2.0.0
              - uses: nonsense
              - uses:
              - uses: [a, b]
          reused:
            uses: o/r/.github/workflows/x.yml@v1.2.3
        """,
    )
    assert [(p.name, p.version, p.line) for p in contents.packages] == [
        ("github/codeql-action", "3.1.0", 5), ("x/y", "1.0.0", 6), ("quoted/one", "2.0.0", 10),
        ("o/r", "1.2.3", 15),
    ]  # fmt: skip
    assert [problem.line for problem in contents.problems] == [8, 11]


def test_windows_ends_of_lines() -> None:
    text = f"jobs:\r\n  a:\r\n    steps:\r\n    - uses: a/b@{COMMIT} # v1.2.3\r\n"
    (package,) = read("action.yaml", text).packages
    assert (package.version, package.line) == ("1.2.3", 4)


def test_empty_and_other_files() -> None:
    assert read("action.yml", "").packages == ()
    assert read("action.yml", "- a\n").packages == ()
    assert read("action.yml", '{"runs": {"steps": [{"uses": "a/b@v1.0.0"}]}}').packages
    with pytest.raises(Unreadable):
        read("action.yml", "a: [")
